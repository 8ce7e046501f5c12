"""Reads CMU-MOSI: CMU's label file with the raw data, or MMSA's ``label.csv`` with its clips.

The raw data are::

    CMU_MOSI_Opinion_Labels.csd                          sentiment and times; segments are counted from 0
    Raw/Audio/WAV_16000/Segmented/<video>_<k>.wav        clips, counted from 1; or Full/<video>.wav
    Raw/Transcript/Segmented/<video>.annotprocessed      lines <k>_DELIM_<text>; or Full/<video>.textonly
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from mser.corpora.cmu.csd import Interval, read_csd
from mser.corpora.cmu.label_csv import NAME, read_label_csv
from mser.corpora.cmu.mosi_text import read_transcripts
from mser.corpora.cmu.raw_tree import ending, find_folder, find_labels, nothing_found, require_audio
from mser.corpora.cmu.segment_audio import with_audio
from mser.corpora.cmu.segment_labels import Segment
from mser.manifest import Manifest, Problem

LABELS = ("CMU_MOSI_Opinion_Labels.csd", "Opinion Segment Labels.csd")
_SEGMENTED = "/Segmented"
_CLIPS, _VIDEOS = f"Audio/WAV_16000{_SEGMENTED}", "Audio/WAV_16000/Full"


def read(root: Path) -> Manifest:
    """Return the labelled segments whose audio can be used, and everything that is wrong.

    Identifiers are the names of the clips, ``<video>_<k>`` with k from 1, whatever they are read from.

    Raises:
        UserError: if `root` holds no CMU-MOSI.
    """
    root = root.absolute()
    labels = find_labels(root, LABELS)
    audio = find_folder(root, _CLIPS) or find_folder(root, _VIDEOS)
    if (root / NAME).is_file() and not (labels and audio):
        return read_label_csv("mosi", root, _name)
    if not labels:
        raise nothing_found(root, "CMU-MOSI", LABELS)
    audio = require_audio(root, labels, audio, {"Video/Full": _VIDEOS, "Video/Segmented": _CLIPS})
    videos, problems = read_csd(labels, {1})
    if audio.endswith(_SEGMENTED):
        problems += _misnumbered(root / audio, ending(audio), videos)
    texts, wrong = read_transcripts(root, {video: rows[-1].index + 1 for video, rows in videos.items()})
    return with_audio("mosi", root, list(_segments(videos, audio, texts)), [*problems, *wrong])


def _name(video: str, clip: str | int) -> str:
    return f"{video}_{clip}"


def _segments(
    videos: Mapping[str, list[Interval]], audio: str, texts: Mapping[str, Mapping[int, str]]
) -> Iterator[Segment]:
    is_clip = audio.endswith(_SEGMENTED)
    for video, rows in videos.items():
        for row in rows:
            name = _name(video, row.index + 1)
            yield Segment(
                id=name,
                video=video,
                audio=f"{audio}/{name if is_clip else video}{ending(audio)}",
                transcript=texts.get(video, {}).get(row.index + 1, ""),
                scores={"sentiment": row.features[0]},
                start=row.start,
                end=row.end,
                is_clip=is_clip,
            )


def _misnumbered(folder: Path, suffix: str, videos: dict[str, list[Interval]]) -> Iterator[Problem]:
    """Yield clips without a label; videos whose clips are counted from 0 are taken out, since none can be trusted."""
    clips: dict[str, set[str]] = defaultdict(set)
    for path in folder.glob(f"*{suffix}"):
        video, _, number = path.stem.rpartition("_")
        if not path.name.startswith("._"):  # what macOS leaves beside files
            clips[video].add(number)
    for video, numbers in sorted(clips.items()):
        size = videos[video][-1].index + 1 if video in videos else 0
        if size and "0" in numbers and str(size) not in numbers:
            message = (
                f"the clips of {video} are counted from 0, expected from 1 to {size}; all are left out, rename them"
            )
            yield Problem("numbering", message)
            del videos[video]
            continue
        for number in sorted(numbers - {str(k) for k in range(1, size + 1)}):
            name = _name(video, number)
            yield Problem("unlabelled", f"{name} has audio but no label; it is left out", name)
