"""Recordings that lie inside a table: each is kept once as a file, named after what it holds, and is then like any."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path, PurePosixPath

from mser.audio.suffixes import SUFFIXES, VIDEOS
from mser.encoders.cache_files import cache_folder, path_of
from mser.errors import UserError
from mser.files.whole import replacing

_BEGINNINGS = {
    **{b"RIFF": ".wav", b"RF64": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"FORM": ".aiff"},
    **{b".snd": ".au", b"caff": ".caf", b"riff": ".w64", b"NIST": ".sph", b"Creative Voice": ".voc"},
    **{b"\xff\xfb": ".mp3", b"\xff\xf3": ".mp3", b"\xff\xf2": ".mp3", b"\xff\xfa": ".mp3", b"\x1aE\xdf\xa3": ".webm"},
}


class EmbeddedRecordings:
    """Writes the recordings of one table below ``$MSER_CACHE/recordings``, those that are not there already.

    A file appears whole or not at all and holds the same whoever wrote it, so any number of processes may do this at
    once. What another program made of a file is not believed: it is compared and written again.

    Args:
        table: where the recordings are from.
        size: of the whole table in bytes, about the room that its recordings take.
    """

    def __init__(self, table: Path, size: int) -> None:
        self.folder = cache_folder().absolute() / "recordings"
        self._table, self._left, self._room_checked = table, size, False

    def keep(self, content: memoryview, name: str) -> Path:
        """Return the file that holds a recording.

        Args:
            content: of the audio file.
            name: what the table calls it, whose suffix helps where the content does not tell its format.

        Raises:
            UserError: if there is no room for the rest of the table, or the folder cannot be written to.
        """
        path = path_of(self.folder, sha256(content).hexdigest(), _suffix(bytes(content[:16]), name))
        try:
            if not (path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content):
                self._require_room()
                with replacing(path) as neighbour:
                    neighbour.write_bytes(content)
        except OSError as error:
            message = f"cannot keep the recordings of {self._table} in {self.folder} ({error.strerror or error})"
            raise UserError(f"{message}; set MSER_CACHE to a folder that is writable and has room") from error
        self._left -= len(content)
        return path

    def _require_room(self) -> None:
        """Refuse a table before hours of copying, once: what other programs write meanwhile nobody knows."""
        if self._room_checked:
            return
        self._room_checked = True
        self.folder.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(self.folder).free) < self._left:
            raise UserError(
                f"{self._table} holds recordings of about {self._left / 1e9:.3g} GB, which are kept once as files in "
                f"{self.folder}, where {free / 1e9:.3g} GB are free; set MSER_CACHE to a folder that has room"
            )


def _suffix(beginning: bytes, name: str) -> str:
    for start, suffix in _BEGINNINGS.items():
        if beginning.startswith(start):
            return suffix
    named = PurePosixPath(name).suffix.lower()
    return named if named in (*SUFFIXES, *VIDEOS) else ".bin"
