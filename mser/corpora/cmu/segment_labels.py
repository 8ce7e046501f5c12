"""What the labels and transcripts of CMU-MOSI and CMU-MOSEI say of a segment, and what of it can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan

from mser.manifest import Problem, Seconds

EMOTIONS = ("happy", "sad", "anger", "surprise", "disgust", "fear")
"""CMU-MOSEI's, in the order of its label file."""
RANGES: Mapping[str, tuple[float, float]] = {"sentiment": (-3, 3), **dict.fromkeys(EMOTIONS, (0, 3))}


@dataclass(frozen=True, slots=True)
class Segment:
    """A labelled segment of a video.

    Attributes:
        id: the corpus's name for it.
        video: whose part it is.
        audio: path of its audio, relative to the corpus.
        transcript: what is said.
        scores: by the names of `RANGES`; NaN where the label is missing.
        start: where it begins in the video; None where nobody says.
        end: where it ends.
        is_clip: the audio is this segment's alone, not the whole video's.
    """

    id: str
    video: str
    audio: str
    transcript: str
    scores: Mapping[str, float]
    start: Seconds | None = None
    end: Seconds | None = None
    is_clip: bool = True


def known_scores(segment: Segment) -> dict[str, float]:
    """Return the scores that are numbers within their ranges.

    Example:
        >>> known_scores(Segment("a_1", "a", "a_1.wav", "", {"sentiment": -1.4, "happy": float("nan"), "sad": 7.0}))
        {'sentiment': -1.4}
    """
    # Label files are of single precision: what it adds behind the sixth decimal is noise.
    scores = {name: round(score, 6) for name, score in segment.scores.items()}
    return {name: score for name, score in scores.items() if RANGES[name][0] <= score <= RANGES[name][1]}


def wrong_scores(segments: Iterable[Segment]) -> Iterator[Problem]:
    """Yield the scores that `known_scores` leaves out."""
    for segment in segments:
        for name in sorted(segment.scores.keys() - known_scores(segment).keys()):
            low, high = RANGES[name]
            value = "no" if isnan(segment.scores[name]) else f"{segment.scores[name]:g} as"
            message = f"{segment.id} has {value} {name}, expected {low} to {high}; it takes no part where that is asked"
            yield Problem("label", message, segment.id)
