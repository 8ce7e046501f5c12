"""Callbacks that spoil the numbers of a fit, or note of which type they are."""

import torch
from lightning.pytorch.callbacks import Callback


class SpoilLoss(Callback):
    """Makes one utterance's waveform NaN in the batches with these numbers of each epoch."""

    def __init__(self, batches: list[int]):
        self.batches = batches

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx in self.batches:
            batch.waveform[0] = torch.nan


class SpoilGradient(Callback):
    """Makes a gradient infinite in the third batch, while the loss stays a number."""

    def on_after_backward(self, trainer, pl_module):
        if trainer.global_step == 2:
            pl_module.head[1].weight.grad[0, 0] = torch.inf


class NoteTypes(Callback):
    """Notes the types of the loss, of what the norms give and of what the linear layers give."""

    seen: dict[str, set] = {}  # noqa: RUF012

    def on_fit_start(self, trainer, pl_module):
        self.seen.clear()
        for module in pl_module.modules():
            kind = {torch.nn.LayerNorm: "norm", torch.nn.Linear: "linear"}.get(type(module))
            if kind:
                module.register_forward_hook(lambda *args, kind=kind: self.note(kind, args[-1]))

    def on_before_backward(self, trainer, pl_module, loss):
        self.note("loss", loss)

    def note(self, kind, tensor):
        self.seen.setdefault(kind, set()).add(tensor.dtype)
