"""The one LightningModule: two encoders, a fusion, a head, an objective and how they are trained."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.strategies import FSDPStrategy
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, fully_shard

from mser.callbacks.enough_updates import planned_updates
from mser.data.batch import Batch, UtteranceDataset
from mser.data.gathered import Collected
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.float32_norms import norms_in_float32
from mser.encoders.outputs import Encoded
from mser.encoders.pooling import Pooling
from mser.errors import UserError, require
from mser.fusion import Fusion, Shallow
from mser.objectives import CrossEntropy, Objective
from mser.optim import schedule as schedule
from mser.tasks import score

FusionCallable = Callable[[int, int], Fusion]
ObjectiveCallable = Callable[[list[str]], Objective]
OptimizerCallable = Callable[[Iterable[Any]], torch.optim.Optimizer]
log = logging.getLogger(__name__)


class EmotionRecognizer(LightningModule):
    """Recognises the emotion of an utterance from its waveform, its transcript, or both.

    Args:
        labels: the classes; comes from the data.
        speech: the speech encoder; null for a model that only reads.
        text: the text encoder; null for a model that only hears.
        fusion: how both become one vector.
        objective: what is asked and how it is decided.
        optimizer: its learning rate is the encoders'.
        head_lr: learning rate of everything that is not pretrained; the encoders' when null.
        warmup: share of the updates over which the learning rates rise, in [0, 1].
        decay_power: how the rates fall to 0 after that: 1 is a straight line.
        dropout: on the fused vector, in [0, 1).
    """

    def __init__(
        self,
        labels: list[str],
        *,
        speech: SpeechEncoder | None = None,
        text: TextEncoder | None = None,
        fusion: FusionCallable = Shallow,
        objective: ObjectiveCallable = CrossEntropy,
        optimizer: OptimizerCallable = torch.optim.AdamW,
        head_lr: float | None = 1e-3,
        warmup: float = 0.1,
        decay_power: float = 1.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if speech is None and text is None:
            raise UserError("the model has neither ears nor eyes: give model.speech or model.text an encoder, or both")
        require("model.warmup", warmup, 0 <= warmup <= 1, "a share of the updates, from 0 to 1")
        require("model.decay_power", decay_power, decay_power >= 0, "0 (no fall) or more, such as 1")
        require("model.dropout", dropout, 0 <= dropout < 1, "a share from 0 to below 1")
        require("model.head_lr", head_lr, head_lr is None or head_lr >= 0, "0 or more, or null")
        self.labels = labels
        self.speech, self.text = speech, text
        try:
            self.fusion = fusion(speech.width if speech else 0, text.width if text else 0)
        except ValueError as error:
            raise UserError(f"model.fusion does not fit: {error}") from error
        self.objective = objective(labels)
        for part, needed in ((self.fusion, "width"), (self.objective, "outputs")):
            size = getattr(part, needed, None)
            require(
                f"{type(part).__name__}.{needed}", size, isinstance(size, int) and size > 0, "how many numbers it gives"
            )
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.fusion.width, self.objective.outputs))
        self.optimizer, self.head_lr = optimizer, head_lr
        self.warmup, self.decay_power = warmup, decay_power
        self.collected = Collected()
        self.trained_on: dict[str, Any] | None = None
        self._sizes = {name: parameter.numel() for name, parameter in self.named_parameters()}
        norms_in_float32(self)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note what it was trained on, which the weights do not tell; let callbacks put their weights into it."""
        if "optimizer_states" not in checkpoint:
            _scored_weights(self.trainer, checkpoint)
        checkpoint["trained_on"] = self.trainer.datamodule.facts()  # type: ignore[attr-defined]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Remember what it was trained on."""
        self.trained_on = checkpoint.get("trained_on")

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (B, outputs)."""
        speech = self._seen(self._hear(batch), batch, "speech").given(batch.speech_given) if self.speech else None
        text = self._seen(self._read(batch), batch, "text").given(batch.text_given) if self.text else None
        return cast(Tensor, self.head(self.fusion(speech, text)))

    def _hear(self, batch: Batch) -> Encoded:
        speech = cast(SpeechEncoder, self.speech)
        encoded = speech.encode_kept(batch.speech) if batch.speech else speech(batch.waveform, batch.lengths)
        return cast(Encoded, encoded)

    def _read(self, batch: Batch) -> Encoded:
        text = cast(TextEncoder, self.text)
        if batch.text:
            return text.encode_kept(batch.text)
        tokens, mask = text.tokenize(batch.transcripts)
        return cast(Encoded, text(tokens.to(batch.index.device), mask.to(batch.index.device)))

    def on_fit_start(self) -> None:
        """Tell the objective what it will be asked, and the log what is trained."""
        dataset = self._dataset("train")
        asked = dataset.votes if self.objective.learns_votes and dataset.votes else dataset.task
        target = torch.tensor([asked.target(utterance) for utterance in dataset.utterances])
        self.objective.require(dataset.task)
        poolings = {encoder.pooling.kind for encoder in (self.speech, self.text) if encoder}
        states = self.fusion.reads_states or poolings != {"first"}
        dataset.augment.require(speech=bool(self.speech), text=bool(self.text), states=states)
        self.objective.prepare(target.to(self.device))
        if self.trainer.is_global_zero:
            log.info("%s", "; ".join(parameters(self)))

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Return the loss: its mean over the utterances of all processes' batches, as one process would have it."""
        losses = self.objective.loss(self(batch), batch.asked(self.objective))
        mean = losses.mean().detach()
        self.log("train/loss", mean, on_step=False, on_epoch=True, batch_size=len(batch), sync_dist=True)
        if self.trainer.world_size == 1:
            return losses.mean()
        everywhere = self.trainer.strategy.reduce(losses.new_tensor(len(batch)), reduce_op="sum")
        return losses.sum() * self.trainer.world_size / cast(Tensor, everywhere)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Remember what is said; it is scored over the whole part at once."""
        logits = self(batch)
        losses = self.objective.loss(logits, batch.asked(self.objective))
        self.collected.update(batch, losses, self.objective.answers(logits))

    test_step = validation_step

    def predict_step(self, batch: Batch, _: int) -> None:
        """Remember what is said; there may be no target to score it with."""
        answers = self.objective.answers(self(batch))
        self.collected.update(batch, answers.new_full((len(batch),), torch.nan), answers)

    def on_validation_epoch_start(self) -> None:
        """Forget the last part."""
        self.collected.reset()

    on_test_epoch_start = on_predict_epoch_start = on_validation_epoch_start

    def on_validation_epoch_end(self) -> None:
        """Log the validation part's scores."""
        self.log_dict(self._scores("val"), rank_zero_only=False)

    def on_test_epoch_end(self) -> None:
        """Log the test part's scores."""
        self.log_dict(self._scores("test"), rank_zero_only=False)

    def configure_model(self) -> None:
        """Spread the weights over the processes, layer by layer, where the strategy has made a mesh of them (FSDP2)."""
        if self.device_mesh is None or isinstance(self, FSDPModule):
            return
        mesh = self.device_mesh["data_parallel"]
        for encoder in (self.speech, self.text):
            for block in encoder.backbone.blocks if encoder else ():
                fully_shard(block, mesh=mesh)
        fully_shard(self, mesh=mesh)

    def configure_optimizers(self) -> Any:
        """Return the optimizer, with one group per part, and the schedule of its rates."""
        try:
            optimizer = self.optimizer(self._parameter_groups())
        except (ValueError, RuntimeError) as error:
            raise UserError(f"model.optimizer cannot be made: {error}") from error
        except TypeError as error:
            reason = f"null, or a type that it cannot take ({error}); give a number"
            raise UserError(f"model.optimizer cannot be made: {reason}") from error
        # A fused one would unscale 16-bit gradients in its update, after they are clipped; this leaves it to Lightning.
        optimizer._step_supports_amp_scaling = False  # type: ignore[attr-defined]
        for group in optimizer.param_groups:
            group["lr"] *= group["share"]
            if isinstance(self, FSDPModule) and not isinstance(optimizer, torch.optim.Adam) and group.get("fused"):
                group["fused"] = False  # of the fused ones torch spreads only Adam and AdamW over processes
        total = planned_updates(self.trainer)
        rise = round(self.warmup * total)
        factor = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: schedule(step, rise, total, power=self.decay_power)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": factor, "interval": "step"}}

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip gradients; those that FSDP has spread over processes by their common norm, which only it knows."""
        if isinstance(self.trainer.strategy, FSDPStrategy) and gradient_clip_algorithm != "value":
            if gradient_clip_val:
                cast(Any, self.trainer.model).clip_grad_norm_(gradient_clip_val)
        else:
            super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def parameter_counts(self) -> dict[str, dict[str, int]]:
        """Return trained and all parameters of the speech encoder, the text encoder and the rest."""
        counts: dict[str, dict[str, int]] = {}
        for name, parameter in self.named_parameters():
            part = counts.setdefault(_part(name), {"trainable": 0, "total": 0})
            size = self._sizes[name.replace("_fsdp_wrapped_module.", "")]  # where FSDP leaves this process its share
            part["total"] += size
            part["trainable"] += size * parameter.requires_grad
        return counts

    def collected_outputs(self, part: str) -> dict[str, Tensor]:
        """Return what was said of a part, as `Collected.compute` does; every process must ask.

        Raises:
            UserError: if an answer is no number.
        """
        outputs = self.collected.compute()
        if not outputs["answers"].isfinite().all():
            row = int((~outputs["answers"].isfinite()).flatten(1).any(1).nonzero()[0])
            name = self._dataset(part).utterances[int(outputs["index"][row])].id
            raise UserError(
                f"the model's answer to {name} is no number: its recording or the weights are damaged; listen to it, "
                "lower the learning rate, or give another checkpoint"
            )
        return outputs

    def _seen(self, encoded: Encoded, batch: Batch, side: Literal["speech", "text"]) -> Encoded:
        """Return what an encoder said without the states that the augmentation hides."""
        if batch.hiding is None:
            return encoded
        mask = batch.hiding.seen(encoded.mask, side)
        pooling: Pooling = getattr(self, side).pooling
        return Encoded(encoded.states, mask, pooling(encoded.states, mask))

    def _parameter_groups(self) -> list[dict[str, Any]]:
        """Return one group per part, or per layer of it where the layers' rates differ."""
        encoders = {name: encoder for name, encoder in (("speech", self.speech), ("text", self.text)) if encoder}
        groups = [
            {"params": parameters, "name": f"{part}-{depth}" if depth else part, "share": encoder.layer_decay**depth}
            for part, encoder in encoders.items()
            for depth, parameters in encoder.by_depth().items()
        ]
        head = [p for name, p in self.named_parameters() if p.requires_grad and _part(name) == "head"]
        rate = {} if self.head_lr is None else {"lr": self.head_lr}
        return [*groups, {"params": head, "name": "head", "share": 1.0, **rate}]

    def _scores(self, part: str) -> dict[str, float]:
        outputs = self.collected_outputs(part)
        scores = score(self._dataset(part).task, outputs["target"].numpy(), outputs["answers"].numpy())
        return {
            f"{part}/loss": outputs["loss"].mean().item(),
            **{f"{part}/{name}": value for name, value in scores.items()},
        }

    def _dataset(self, part: str) -> UtteranceDataset:
        return cast(UtteranceDataset, self.trainer.datamodule.datasets[part])  # type: ignore[attr-defined]


def _scored_weights(trainer: Trainer, checkpoint: dict[str, Any]) -> None:
    """Let a checkpoint of weights alone hold those that were validated, such as an average that a callback keeps.

    Lightning asks callbacks only where it saves everything else too.
    """
    names = list(checkpoint)
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        callback.on_save_checkpoint(trainer, trainer.lightning_module, checkpoint)
    for name in checkpoint.keys() - set(names):
        del checkpoint[name]


def _part(name: str) -> str:
    """Return where a parameter belongs; what was not pretrained counts as head."""
    return name.split(".")[0] if ".backbone." in name else "head"


def parameters(model: EmotionRecognizer) -> list[str]:
    """Return for each part of a model how many of its parameters are trained, and how many are not."""
    return [
        f"{part}: {count['trainable']:,} parameters trained, {count['total'] - count['trainable']:,} frozen"
        for part, count in model.parameter_counts().items()
    ]
