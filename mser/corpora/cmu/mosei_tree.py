"""Reads CMU-MOSEI: CMU's label file with the raw data, or MMSA's ``label.csv`` with its clips.

The raw data are::

    CMU_MOSEI_Labels.csd                                 sentiment, six emotions and times
    Raw/Audio/Full/WAV_16000/<video>.wav                 whole videos
    Raw/Transcript/Segmented/Combined/<video>.txt        lines VIDEO___CLIP___START___END___TEXT
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mser.corpora.cmu.csd import Interval, read_csd
from mser.corpora.cmu.label_csv import NAME, read_label_csv
from mser.corpora.cmu.mosei_text import read_transcripts
from mser.corpora.cmu.raw_tree import ending, find_folder, find_labels, nothing_found, require_audio
from mser.corpora.cmu.segment_audio import with_audio
from mser.corpora.cmu.segment_labels import EMOTIONS, Segment
from mser.manifest import Manifest

LABELS = ("CMU_MOSEI_Labels.csd", "All Labels.csd", "CMU_MOSEI_LabelsSentiment.csd")
_VIDEOS = ("Audio/Full/WAV_16000", "Audio/WAV_16000/Full")


def read(root: Path) -> Manifest:
    """Return the labelled segments whose audio can be used, and everything that is wrong.

    Identifiers are the SDK's ``<video>[<index>]`` where its label file is read, and MMSA's ``<video>$_$<clip>`` where
    that is: index and clip number count differently, so neither may stand for the other.

    Raises:
        UserError: if `root` holds no CMU-MOSEI.
    """
    root = root.absolute()
    labels, audio = find_labels(root, LABELS), find_folder(root, *_VIDEOS)
    if (root / NAME).is_file() and not (labels and audio):
        return read_label_csv("mosei", root, lambda video, clip: f"{video}$_${clip}")
    if not labels:
        raise nothing_found(root, "CMU-MOSEI", LABELS)
    audio = require_audio(root, labels, audio, {"Videos/Full/Combined": _VIDEOS[0]})
    videos, problems = read_csd(labels, {1, 7})
    texts, wrong = read_transcripts(root, videos)
    return with_audio("mosei", root, list(_segments(videos, audio, texts)), [*problems, *wrong])


def _segments(
    videos: Mapping[str, list[Interval]], audio: str, texts: Mapping[tuple[str, int], str]
) -> Iterator[Segment]:
    for video, rows in videos.items():
        for row in rows:
            yield Segment(
                id=f"{video}[{row.index}]",
                video=video,
                audio=f"{audio}/{video}{ending(audio)}",
                transcript=texts.get((video, row.index), ""),
                scores=dict(zip(("sentiment", *EMOTIONS), row.features, strict=False)),
                start=row.start,
                end=row.end,
                is_clip=False,
            )
