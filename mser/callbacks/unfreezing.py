"""Staged unfreezing: the head learns first, the encoders join later."""

from __future__ import annotations

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import nn

from mser.errors import UserError


class StagedUnfreezing(Callback):
    """Keeps encoders still until their epoch, so that a random head does not undo what they were pretrained to.

    Args:
        speech: the first epoch (from 0) in which the speech encoder is trained.
        text: the same for the text encoder.
    """

    def __init__(self, *, speech: int = 0, text: int = 0) -> None:
        self.start = {"speech": speech, "text": text}
        self.held: dict[str, list[nn.Parameter]] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Note which parameters are trained at all; the others stay as they are."""
        if (
            stage == "fit"
            and trainer.world_size > 1
            and "find_unused" not in str(trainer.strategy.__dict__.get("_ddp_kwargs"))
        ):
            raise UserError(
                "staged unfreezing on several devices leaves parameters without gradients; "
                "set trainer.strategy to ddp_find_unused_parameters_true"
            )
        for part in self.start:
            encoder = getattr(pl_module, part)
            if encoder is not None and part not in self.held:
                self.held[part] = [parameter for parameter in encoder.backbone.parameters() if parameter.requires_grad]

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Hold or release each encoder."""
        for part, parameters in self.held.items():
            for parameter in parameters:
                parameter.requires_grad_(trainer.current_epoch >= self.start[part])
