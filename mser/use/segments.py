"""Long recordings cut into segments with times: by a sliding window, or where somebody speaks. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mser.errors import UserError, one_of
from mser.manifest import Seconds

if TYPE_CHECKING:
    from mser.use.clips import Clip

SPOKEN = 15.0
"""Most seconds of a segment that voice activity finds, where nothing else is asked for."""
_WHOLE_TEXT = (
    "the transcript is of the whole recording, so nobody knows which segment its words are in: leave it out and let "
    "speech recognition write one for each segment (--asr; asr=), or give a table with start, end and transcript"
)
_MS = 1e-3
UNHEARD = "no speech was found: answered whole"
"""What an answer says of a recording that voice activity cannot cut."""


class Span(NamedTuple):
    """A segment, in seconds of its recording.

    Attributes:
        start: where it begins.
        end: where it ends.
        note: what its answer has to say of it.
    """

    start: Seconds
    end: Seconds
    note: str = ""


class Segments(Protocol):
    """A way to cut recordings."""

    def spans(self, clip: Clip) -> Iterable[Span]:
        """Return start and end of each segment, in seconds of the clip's recording.

        Raises:
            UserError: if the clip cannot be cut.
        """


@dataclass(frozen=True)
class Windows:
    """Segments of one length at regular distances; the last one ends where the recording does.

    Attributes:
        window: their length; a recording that is shorter is one segment.
        hop: from the start of one to the start of the next.

    Example:
        >>> [span[:2] for span in Windows(4.0, 3.0).over(0.0, 12.0)]
        [(0.0, 4.0), (3.0, 7.0), (6.0, 10.0), (8.0, 12.0)]
    """

    window: Seconds
    hop: Seconds

    def over(self, start: Seconds, end: Seconds) -> Iterator[Span]:
        """Yield the segments of one stretch."""
        number, last = 0, max(start, end - self.window)
        while (begin := start + number * self.hop) < last - _MS:
            yield Span(round(begin, 3), round(begin + self.window, 3))
            number += 1
        yield Span(round(last, 3), end)

    def spans(self, clip: Clip) -> Iterator[Span]:
        """Return the windows over a clip."""
        from mser.use.clips import duration

        return self.over(clip.start, clip.start + duration(clip))


@dataclass(frozen=True)
class Voice:
    """Segments in which somebody speaks, as Silero's detector hears it.

    Attributes:
        longest: what is longer is cut where the voice pauses, or else after so many seconds.
    """

    longest: Seconds = SPOKEN

    def spans(self, clip: Clip) -> list[Span]:
        """Return the stretches of speech of a clip; all of it where none is heard but something is."""
        from mser.use.clips import duration
        from mser.use.voice import spoken

        length, voiced = duration(clip), spoken(clip, self.longest)
        end = clip.start + length
        if voiced.spans:
            return [Span(round(clip.start + a, 3), round(min(clip.start + b, end), 3)) for a, b in voiced.spans]
        if voiced.loud:
            return [span._replace(note=UNHEARD) for span in Windows(self.longest, self.longest).over(clip.start, end)]
        raise UserError(f"{clip.called or 'the recording'} holds no speech in {length:.1f} s; try windows instead")


def way_to_cut(kind: str | None, window: Seconds | None, hop: Seconds | None) -> Segments | None:
    """Return how recordings are to be cut; None where they are whole.

    Args:
        kind: ``vad`` for voice activity, ``window``, or None, which is ``window`` where a window is given.
        window: length of each; with ``vad`` the most of it.
        hop: half a window when None; not with ``vad``.

    Raises:
        UserError: if they do not fit each other.
    """
    if kind not in (None, "window", "vad"):
        raise one_of("kind of segments", kind, ["window", "vad"])
    if window is None and hop is None and kind != "window":
        return Voice() if kind else None
    if window is None or not window > 0 or (hop is not None and not 0 < hop <= window):
        raise UserError(
            f"a window of {window} s with a hop of {hop} s was asked for; expected a window above 0 and a hop up to it"
        )
    if kind != "vad":
        return Windows(window, hop or window / 2)
    if hop is not None:
        raise UserError("a hop was given, but where somebody speaks decides where segments begin; leave it out")
    return Voice(window)


def cut(clips: Iterable[Clip], by: Segments | None, *, reads: bool) -> Iterator[Clip]:
    """Yield the segments of each clip in turn; one that cannot be cut is itself, with its `Clip.error`.

    Args:
        clips: taken as they are needed.
        by: how; None yields the clips as they are.
        reads: whether the model takes a transcript, which cannot be cut.
    """
    if by is None:
        yield from clips
        return
    for clip in clips:
        try:
            if reads and (clip.transcript or "").strip():
                raise UserError(_WHOLE_TEXT)
            if clip.audio is None:
                raise UserError("there is no recording to be cut into segments; give one")
            for span in by.spans(clip):
                # Who speaks was heard without the silence around: the model is given what it knows (`matched`).
                match = ("silence",) if isinstance(by, Voice) and not span.note else ()
                yield replace(clip, start=span.start, end=span.end, transcript=None, note=span.note, match=match)
        except UserError as error:
            yield replace(clip, error=str(error))


def described(by: Segments | None) -> str:
    """Return the way to cut in a few words, for files that must not mix several."""
    if by is None:
        return ""
    return (
        f"window={by.window:g}/{by.hop:g}" if isinstance(by, Windows) else f"vad={getattr(by, 'longest', 0):g}/padded"
    )
