"""Checkpoints on disk: whole or not at all, and refused before the training for which there is no room."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import nn

from mser.errors import UserError
from mser.files.whole import replacing


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint into a neighbour first, which then takes its name.

    Lightning's own way is by the system's folder for temporary files. Where that is on another disk the file is copied
    from there, and a fit that is killed then leaves half of it behind.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Write the file, so that it survives a power failure too.

        Raises:
            UserError: if the disk is full or the folder cannot be written to.
        """
        path = Path(path)
        try:
            with replacing(path) as neighbour, neighbour.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:
            cause = error if isinstance(error, OSError) else error.__context__  # torch's own says nothing of a disk
            if not isinstance(cause, OSError):
                raise
            raise UserError(
                f"cannot write {path}: {cause.strerror}; make room, then resume from the checkpoint before"
            ) from error


def room(folder: Path, model: nn.Module) -> tuple[int, int]:
    """Return how many bytes are free where the folder is or would be, and how many the checkpoints of a fit need.

    Raises:
        UserError: if it cannot be made.
    """
    try:
        free = shutil.disk_usage(_there(folder.absolute())).free
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}; choose another folder") from error
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    # In float32: the best weights, the last, those that take its place, and of what is trained the optimizer's moments.
    return free, 4 * (3 * sum(p.numel() for p in model.parameters()) + 4 * trained)


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there: what is refused leaves no empty ones.

    Raises:
        OSError: if nothing can be made in it.
    """
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        return _there(folder.parent)
    fault = 0 if stat.S_ISDIR(mode) else errno.ENOTDIR
    if fault := fault or (0 if os.access(folder, os.W_OK | os.X_OK) else errno.EACCES):
        raise OSError(fault, os.strerror(fault))
    return folder


def require_room(folder: Path, model: nn.Module) -> None:
    """Refuse a folder in which the checkpoints of one fit would not fit; it is not made.

    Raises:
        UserError: for such a folder, or one that cannot be made.
    """
    free, needed = room(folder, model)
    if free < needed:
        raise UserError(
            f"{folder} has {free / 1e6:,.0f} MB free but the checkpoints of a fit need {needed / 1e6:,.0f} MB; make "
            "room or choose another folder"
        )
