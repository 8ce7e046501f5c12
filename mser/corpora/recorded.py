"""What the recordings of a release are like, by which a trimmed, cut or resampled copy of it is told. Reads headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mser.audio.wav import BadAudioError, read_header
from mser.manifest import Manifest, Problem, Seconds, Utterance

TOLERANCE = 0.02
"""Of the published hours and lengths: a copy that differs by more is not the release."""
_ALIKE, _ENOUGH = 1e-3, 20  # seconds between lengths that are one; recordings of which that says something
_COPY = "a copy that was trimmed, cut or padded, whose scores are not comparable; get the release"
_MANY = 0.1  # of the recordings: so many odd ones were not damaged one by one


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recordings of a release; None for what nobody has published.

    Attributes:
        hours: of all utterances together.
        rate: in Hz.
        shortest: seconds.
        longest: seconds.
        label_set: name of the one whose utterances `hours`, `shortest` and `longest` are of; all when empty.
    """

    hours: float | None = None
    rate: int | None = None
    shortest: Seconds | None = None
    longest: Seconds | None = None
    label_set: str = ""


def differences(
    recorded: Recorded, manifest: Manifest, measured: Sequence[Utterance], *, whole: bool
) -> Iterator[Problem]:
    """Yield what the recordings of a tree are that those of the release are not.

    Args:
        recorded: what the release has.
        manifest: of the tree.
        measured: the utterances that the release's hours and lengths are of.
        whole: whether the tree has about as many utterances as the release.
    """
    if difference := one_length(manifest):
        yield Problem("length", f"{difference}: {_COPY}")
    yield from _hours(recorded, measured, whole)
    yield from _lengths(recorded, measured)
    yield from _rates(recorded, manifest)


def one_length(manifest: Manifest) -> str:
    """Return in words that all recordings last equally long, which speech never does; nothing where they do not.

    Example:
        >>> from pathlib import Path
        >>> said = tuple(Utterance(f"{n}", f"{n}.wav", 2.0, "", "", "") for n in range(20))
        >>> one_length(Manifest("emodb", Path(), said)), one_length(Manifest("emodb", Path(), said[1:]))
        ('all 20 recordings last 2.00 s', '')
    """
    seconds = [utterance.duration for utterance in manifest]
    if len(seconds) < _ENOUGH or max(seconds) - min(seconds) > _ALIKE:
        return ""
    return f"all {len(seconds)} recordings last {seconds[0]:.2f} s"


def _hours(recorded: Recorded, measured: Sequence[Utterance], whole: bool) -> Iterator[Problem]:
    hours = sum(utterance.duration for utterance in measured) / 3600
    if recorded.hours is None or not hours or abs(hours - recorded.hours) <= TOLERANCE * recorded.hours:
        return
    of = f" of {recorded.label_set}" if recorded.label_set else ""
    message = f"{hours:.2f} h of audio{of}, published {recorded.hours:.2f} h ({hours / recorded.hours - 1:+.0%})"
    yield Problem("hours", f"{message}: {_COPY if whole else 'much is missing'}")


def _lengths(recorded: Recorded, measured: Sequence[Utterance]) -> Iterator[Problem]:
    if recorded.shortest is None or recorded.longest is None:
        return
    low, high = recorded.shortest * (1 - TOLERANCE), recorded.longest * (1 + TOLERANCE)
    odd = [utterance for utterance in measured if not low <= utterance.duration <= high]
    limits = f"those of the release {recorded.shortest:.2f} to {recorded.longest:.2f} s"
    if len(odd) > max(_MANY * len(measured), 1):
        last = f"such as {odd[0].audio}, which lasts {odd[0].duration:.2f} s"
        yield Problem(
            "length", f"{len(odd)} of {len(measured)} recordings are too short or long, {last}; {limits}: {_COPY}"
        )
        return
    for utterance in odd:
        yield Problem(
            "length", f"{utterance.audio} lasts {utterance.duration:.2f} s, {limits}; restore the file", utterance.id
        )


def _rates(recorded: Recorded, manifest: Manifest) -> Iterator[Problem]:
    if recorded.rate is None:
        return
    others: dict[int, list[str]] = defaultdict(list)
    for audio in dict.fromkeys(utterance.audio for utterance in manifest):
        try:
            rate = read_header(manifest.root / audio).sample_rate
        except BadAudioError:  # no wav file, so nobody's release
            continue
        if rate != recorded.rate:
            others[rate].append(audio)
    for rate, names in sorted(others.items()):
        message = f"{len(names)} of {len(manifest)} recordings are at {rate} Hz, such as {names[0]}"
        yield Problem("format", f"{message}; the release has {recorded.rate} Hz: a resampled copy, get the release")
