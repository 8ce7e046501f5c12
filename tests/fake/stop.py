"""Callbacks that stand for an interruption."""

import os
import signal

import torch
from lightning.pytorch.callbacks import Callback


class Killed(Exception):  # noqa: N818
    """What stands for a SIGKILL: nothing may react to it."""


class StopAfterFirst(Callback):
    """Ends the fit after its first epoch, as if it had been stopped there."""

    def on_train_epoch_end(self, trainer, pl_module):
        trainer.should_stop = True


class KillAfter(Callback):
    """Ends the fit as it begins the batch after so many of this fit's own."""

    def __init__(self, batches: int):
        self.batches = batches

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if self.batches == 0:
            raise Killed
        self.batches -= 1


class Terminate(KillAfter):
    """Asks the fit to end, as SLURM would."""

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if self.batches == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        self.batches -= 1


def stopped(how, batches):
    return ["--trainer.callbacks+=fake.stop." + how, f"--trainer.callbacks.batches={batches}"]


def ends_alike(one, other):
    """Assert the same weights, optimizer, chosen epoch and curve (but for the losses of an epoch begun twice)."""
    for name in ("best", "last"):
        a, b = (torch.load(folder / f"checkpoints/{name}.ckpt", weights_only=True) for folder in (one, other))
        assert a["epoch"] == b["epoch"]
        assert all(torch.equal(tensor, b["state_dict"][key]) for key, tensor in a["state_dict"].items())
    assert str(a["optimizer_states"]) == str(b["optimizer_states"])
    curves = [(folder / "history.csv").read_text().splitlines() for folder in (one, other)]
    column = curves[0][0].split(",").index("train/loss")
    without = [[line.split(",")[:column] + line.split(",")[column + 1 :] for line in curve] for curve in curves]
    assert without[0] == without[1]
