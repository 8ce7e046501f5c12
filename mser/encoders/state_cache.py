"""States of frozen encoders on disk, so that no utterance is encoded twice, whoever asks."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mser.encoders.cache_files import path_of
from mser.errors import UserError
from mser.files.whole import replacing

STATES = "states"


class StateCache:
    """One safetensors file per utterance; any number of processes may read and write the same folder.

    A file appears whole or not at all, says whose states it holds and carries a checksum of them. What a failure of the
    power or of the disk makes of it is therefore never taken for states, and there is nothing to lock.

    Args:
        folder: where the states of one encoder are; named after all that they depend on but for the utterance.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Tensor | None:
        """Return the states stored under a hexadecimal key, memory-mapped.

        None where there are none, the file is damaged, or its states are of another encoder or utterance.
        """
        try:
            with safe_open(path_of(self.folder, key, ".safetensors"), "pt") as file:
                states, note = file.get_tensor(STATES), file.metadata()
        except (OSError, SafetensorError):
            return None
        return states if note == self._note(key, states) else None

    def put(self, key: str, states: Tensor) -> Tensor:
        """Store states under a hexadecimal key, in half precision or, where that would overflow, in float32.

        Returns:
            What was stored.

        Raises:
            UserError: if the folder cannot be written.
        """
        half = states.half()
        states = (half if half.isfinite().all() else states.float()).cpu().contiguous()
        content = save({STATES: states}, self._note(key, states))
        try:
            with replacing(path_of(self.folder, key, ".safetensors")) as neighbour:
                neighbour.write_bytes(content)
        except OSError as error:
            raise UserError(
                f"cannot keep what a frozen encoder says in {str(self.folder)!r} ({error.strerror}); set MSER_CACHE to "
                "a folder that is writable and has room, or begin again with data.init_args.keep_frozen: false"
            ) from error
        return states

    def _note(self, key: str, states: Tensor) -> dict[str, str]:
        checksum = crc32(states.view(torch.uint8).numpy().data)
        # A single entry: safetensors puts several in any order, and what is the same should be the same file.
        return {"states of": f"{self.folder.name} {key}, crc32 {checksum:08x}"}
