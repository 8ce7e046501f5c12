"""A callback that notes what a fit was given."""

from lightning.pytorch.callbacks import Callback


class Heard(Callback):
    """Notes of each batch its epoch, padded samples, lengths by utterance, and which sides were given."""

    batches: list[dict] = []  # noqa: RUF012

    def on_fit_start(self, trainer, pl_module):
        self.batches.clear()

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.batches.append(
            {
                "epoch": trainer.current_epoch,
                "samples": batch.waveform.numel(),
                "lengths": dict(zip(batch.index.tolist(), batch.lengths.tolist(), strict=True)),
                "speech": batch.speech_given,
                "text": batch.text_given,
            }
        )
