"""Staged unfreezing: the head learns first, the encoders join later."""

from __future__ import annotations

import logging

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import nn

from mser.errors import UserError

log = logging.getLogger(__name__)


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
        """Note which parameters are trained at all; the others stay as they are.

        Raises:
            UserError: for an epoch that never comes, and for several devices that wait for all gradients.
        """
        last = (trainer.max_epochs or 0) - 1
        for part, start in self.start.items():
            if stage == "fit" and 0 <= last < start:
                raise UserError(
                    f"staged unfreezing lets {part} join in epoch {start}, but the last one is {last}; give an earlier "
                    f"epoch, more trainer.max_epochs, or model.{part}.tune: frozen"
                )
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
        """Hold or release each encoder, and say when."""
        for part, parameters in self.held.items():
            for parameter in parameters:
                parameter.requires_grad_(trainer.current_epoch >= self.start[part])
            if parameters and self.start[part] > 0 and trainer.current_epoch in (0, self.start[part]):
                what = "is trained from now on" if trainer.current_epoch else f"is held until epoch {self.start[part]}"
                log.info("epoch %d: %s %s", trainer.current_epoch, part, what)
