"""16-bit training with scaled gradients on a CPU, which Lightning offers on GPUs only."""

import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins import MixedPrecision


class Scaled(Callback):
    """Puts autocast to float16 and a scaler of gradients in the place of the chosen precision."""

    def __init__(self, scale: float = 2.0**16):
        self.scaler = torch.amp.GradScaler("cpu", init_scale=scale)

    def setup(self, trainer, pl_module, stage):
        trainer.strategy.precision_plugin = MixedPrecision("16-mixed", "cpu", self.scaler)
