"""A made-up tree in the shape of CMU-MOSI's raw data, oddities of the release included."""

from __future__ import annotations

from pathlib import Path
from random import Random

from mser.demo.opinions import sentiment, speak
from mser.demo.recorded_speech import write_wav
from mser.demo.sdk_labels import Rated, write_labels, write_promise
from mser.demo.speech import Synthesizer, synthesizer

SEGMENTS = 16
"""Labelled segments per video."""

VIDEOS = (
    *("03bSnISJMiM", "0h-zjBukYpk", "1DmNV9C1hbY", "1iG0909rllw", "2WGyTLYerpo", "2iD-tVS8NPw", "5W7Z1C_fDaE"),
    *("6Egk_28TtTM", "6_0THN4chvY", "73jzhE8R1TQ"),  # train
    *("WKA5OygbEKI", "X3j2zQgwYgE", "_dI--eQ6qVU"),  # val
    *("c7UH_rxdZv4", "cM3Yna7AavY", "cW1FSBF59ik", "f_pcplsH_V0"),  # test
)
_NO_LENGTH = "2WGyTLYerpo"  # one of its segments begins when it ends, though its clip does not
_RATERS = 5


def write_mosi(root: Path, *, seed: int = 1, segments: int = SEGMENTS) -> None:
    """Write labels, clips and transcripts, a README and the counts that `mser data check` compares them with.

    Args:
        root: a folder that does not exist yet.
        seed: what is said, how, and by which voice.
        segments: how many of them each video has.

    Raises:
        UserError: if the speech synthesizer or h5py is not installed.
        OSError: if the folder cannot be written to.
    """
    root.mkdir(parents=True)
    with synthesizer(seed) as say:
        videos = {
            video: _write_video(root / "Raw", video, say, Random(f"{seed} {video}"), segments) for video in VIDEOS
        }
    write_labels(root / "CMU_MOSI_Opinion_Labels.csd", "Opinion Segment Labels", videos)
    write_promise(root, "mosi", "CMU-MOSI", videos)


def _write_video(raw: Path, video: str, say: Synthesizer, random: Random, segments: int) -> list[Rated]:
    """Write the clips and the transcript of a video; return what the label file says of it."""
    clips, texts = raw / "Audio/WAV_16000/Segmented", raw / "Transcript/Segmented"
    for folder in (clips, texts):
        folder.mkdir(parents=True, exist_ok=True)
    spoken = speak(segments, say, random)
    # The label file counts from 0, everything else from 1.
    for number, opinion in enumerate(spoken, 1):
        write_wav(clips / f"{video}_{number}.wav", opinion.waveform)
    lines = [f"{number}_DELIM_{opinion.text.rstrip('.').upper()}\n" for number, opinion in enumerate(spoken, 1)]
    (texts / f"{video}.annotprocessed").write_text("".join(lines), encoding="utf-8")
    rated = [Rated(opinion.start, opinion.end, [sentiment(opinion.label, _RATERS, random)]) for opinion in spoken]
    if video == _NO_LENGTH:
        rated[-1] = Rated(rated[-1].end, rated[-1].end, rated[-1].scores)
    return rated
