"""A callback that stands for an interruption."""

from lightning.pytorch.callbacks import Callback


class StopAfterFirst(Callback):
    """Ends the fit after its first epoch, as if it had been stopped there."""

    def on_train_epoch_end(self, trainer, pl_module):
        trainer.should_stop = True
