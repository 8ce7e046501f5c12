"""A made-up tree in the shape of CMU-MOSEI's raw data, oddities of the release included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np

from mser.demo.opinions import Opinion, emotions, sentiment, speak
from mser.demo.recorded_speech import write_wav
from mser.demo.sdk_labels import Rated, write_labels, write_promise
from mser.demo.speech import Synthesizer, synthesizer

LINES = 10
"""Transcribed lines per video, of which some are labelled."""

VIDEOS = (
    *("-3g5yACwYnA", "-3nNcZdcdvU", "-HwX2H8Z4hY", "100499", "101851", "102168", "_26JmJnPKfM", "FcAgbLF6__s"),
    *("102184", "10223", "106077", "106514", "106941", "107551", "108793", "110203"),  # train
    *("--qXJuDtHPw", "-571d8cVauQ", "-I_e4mIh0yE"),  # val
    *("-6rXp3zJ3kc", "-9y-fZ3swSY", "-AUZQgSxyPQ", "_0efYOjQYRc"),  # test
    "no-official-video",  # labelled, but in none of them
)
_EARLY = "-3g5yACwYnA"  # its first label begins before the video does
_RATERS = 3


def write_mosei(root: Path, *, seed: int = 1, lines: int = LINES) -> None:
    """Write labels, videos' sound and transcripts, a README and the counts that `mser data check` compares them with.

    Args:
        root: a folder that does not exist yet.
        seed: what is said, how, by which voice, and what of it is labelled.
        lines: how many each video has; a fifth of them have no label.

    Raises:
        UserError: if the speech synthesizer or h5py is not installed.
        OSError: if the folder cannot be written to.
    """
    root.mkdir(parents=True)
    with synthesizer(seed) as say:
        videos = {video: _write_video(root / "Raw", video, say, Random(f"{seed} {video}"), lines) for video in VIDEOS}
    write_labels(root / "CMU_MOSEI_Labels.csd", "All Labels", videos)
    write_promise(root, "mosei", "CMU-MOSEI", videos)


def _write_video(raw: Path, video: str, say: Synthesizer, random: Random, lines: int) -> list[Rated]:
    """Write the sound and the transcript of a video; return what the label file says of it."""
    spoken = speak(lines, say, random)
    sound = raw / "Audio/Full/WAV_16000"
    sound.mkdir(parents=True, exist_ok=True)
    write_wav(sound / f"{video}.wav", np.concatenate([opinion.waveform for opinion in spoken]))
    _write_transcript(raw / "Transcript/Segmented/Combined", video, spoken)
    # What is labelled keeps neither the numbers nor the order of the transcript.
    chosen = [spoken[0], *random.sample(spoken[1:], max(1, lines * 4 // 5 - 1))]
    rated = [Rated(opinion.start, opinion.end, _scores(opinion.label, random)) for opinion in chosen]
    if video == _EARLY:
        rated[0] = Rated(-0.4175, rated[0].end, rated[0].scores)
    return rated


def _scores(label: str, random: Random) -> list[float]:
    return [sentiment(label, _RATERS, random), *emotions(label, _RATERS, random)]


def _write_transcript(folder: Path, video: str, spoken: Sequence[Opinion]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    texts = [opinion.text if number else opinion.text.replace(" ", "_", 1) for number, opinion in enumerate(spoken)]
    rows = [
        f"{video}___{number}___{opinion.start:.6f}___{opinion.end:.6f}___{text}\n"
        for number, (opinion, text) in enumerate(zip(spoken, texts, strict=True))
    ]
    (folder / f"{video}.txt").write_text("".join(rows), encoding="utf-8")
