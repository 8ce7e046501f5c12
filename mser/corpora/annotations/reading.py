"""Which reader an annotation file has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mser.corpora.annotations.annotation import Annotation
from mser.corpora.annotations.elan import read_eaf
from mser.corpora.annotations.json_files import read_json
from mser.corpora.annotations.praat import read_textgrid
from mser.corpora.annotations.subtitles import read_subtitles
from mser.corpora.annotations.timed_lines import read_ctm, read_rttm
from mser.corpora.table.rows import FORMATS as TABLES
from mser.errors import UserError

_READERS: dict[str, Callable[[Path], list[Annotation]]] = {
    ".textgrid": read_textgrid,
    ".eaf": read_eaf,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
    ".rttm": read_rttm,
    ".ctm": read_ctm,
    ".json": read_json,
}
FORMATS = tuple(_READERS)
"""What the names of annotations end in."""


def read_annotations(path: Path) -> list[Annotation]:
    """Return what a file says of each recording that it is about.

    Args:
        path: a TextGrid, .eaf, .srt, .vtt, .rttm, .ctm, or .json of Whisper, WhisperX, OpenAI or Label Studio.

    Raises:
        UserError: if it is none, cannot be read, or its package is not installed.
    """
    if (reader := _READERS.get(path.suffix.lower())) is None:
        if path.suffix.lower() in TABLES:
            raise UserError(f"{path} is a table, no annotation; `mser predict MODEL --table {path.name}` reads it")
        raise UserError(f"{path} is no annotation: expected a file that ends in {', '.join(_READERS)}")
    if not path.is_file():
        raise UserError(f"{path} is no file; give an annotation")
    try:
        annotations = reader(path)
    except ModuleNotFoundError as error:
        raise UserError(f"{path} needs {error.name}: pip install 'multimodal-ser[annotations]'") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    if not any(tier.intervals for annotation in annotations for tier in annotation.tiers):
        raise UserError(f"{path} holds no interval with anything in it")
    return annotations
