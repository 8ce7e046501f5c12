"""Callbacks that stand for an interruption."""

import os
import signal

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
