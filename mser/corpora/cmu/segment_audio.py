"""From labelled segments to utterances: the audio is measured, and what cannot be heard is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from mser.audio.checks import header_of
from mser.audio.silence import silent
from mser.audio.wav import BadAudioError, WavHeader, check_wav, unusual_formats
from mser.corpora.cmu.official_folds import official_folds
from mser.corpora.cmu.segment_labels import Segment, known_scores, wrong_scores
from mser.manifest import Manifest, Problem, Seconds, Utterance

EXTRACT = "run `mser data extract-audio"
_BEYOND = 0.5  # seconds by which a segment may end after its video's audio
_LONGER = 1.0  # seconds by which a clip and its label may differ in length
_Span = tuple[Seconds, Seconds]


def with_audio(corpus: str, root: Path, segments: Sequence[Segment], problems: Iterable[Problem]) -> Manifest:
    """Return the segments whose audio can be used.

    A segment of a whole video is cut to what there is of it: a start before 0 becomes 0, an end after the audio's the
    audio's. Its speaker and group are its video, its split is the video's official one.

    Args:
        corpus: ``mosi`` or ``mosei``.
        root: the folder that the audio paths are relative to.
        segments: all that are labelled.
        problems: what is known to be wrong already.
    """
    headers: dict[str, WavHeader] = {}
    spans: dict[str, _Span] = {}
    wrong = [*problems, *wrong_scores(segments)]
    for audio, sharing in _by_audio(segments).items():
        try:
            header = (check_wav if audio.endswith(".wav") else header_of)(f"{root}/{audio}")
            cut = {segment.id: span for segment in sharing if (span := _span(segment, header.duration))}
            quiet = silent(f"{root}/{audio}", cut.values())
        except BadAudioError as error:
            wrong += _unusable(audio, sharing, error, root)
            continue
        headers[audio] = header
        spans |= cut
        wrong += [problem for segment in sharing for problem in _mistimed(segment, header.duration)]
        names = [name for name, is_quiet in zip(cut, quiet, strict=True) if is_quiet]
        wrong += [Problem("silent", f"{name} is silent in {audio}; restore the file", name) for name in names]
    splits = official_folds(corpus)
    utterances = [_utterance(segment, spans[segment.id], splits) for segment in segments if segment.id in spans]
    problems = (*wrong, *unusual_formats(headers))
    notes = _notes(utterances, segments)
    return Manifest(corpus, root, tuple(sorted(utterances, key=lambda utterance: utterance.id)), problems, tuple(notes))


def _by_audio(segments: Iterable[Segment]) -> Mapping[str, list[Segment]]:
    segments_of: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        segments_of[segment.audio].append(segment)
    return segments_of


def _span(segment: Segment, duration: Seconds) -> _Span | None:
    """Return what of the audio belongs to the segment, or None if nothing does."""
    if segment.is_clip or segment.start is None or segment.end is None:
        return 0.0, duration
    start, end = max(segment.start, 0.0), min(segment.end, duration)
    return (start, end) if start < end else None


def _mistimed(segment: Segment, duration: Seconds) -> Iterator[Problem]:
    if segment.start is None or segment.end is None:
        return
    labelled = f"{segment.id} is labelled at {segment.start:.2f}-{segment.end:.2f} s"
    if segment.is_clip:
        length = segment.end - segment.start
        if length < 0 or (length and abs(duration - length) > _LONGER):
            yield Problem(
                "time", f"{labelled}, but its clip lasts {duration:.2f} s; look whether it is another's", segment.id
            )
    elif not _span(segment, duration):
        message = f"{labelled} of {duration:.2f} s of audio: nothing of it can be heard, it is left out"
        yield Problem("time", message, segment.id)
    elif segment.end > duration + _BEYOND:
        yield Problem(
            "time", f"{labelled}, but its audio lasts {duration:.2f} s; what is missing is left out", segment.id
        )


def _unusable(audio: str, sharing: Sequence[Segment], error: BadAudioError, root: Path) -> Iterator[Problem]:
    is_video = error.kind == "missing" and audio.endswith(".wav") and (root / audio).with_suffix(".mp4").exists()
    help_ = f"there is an mp4: {EXTRACT} {root}`" if is_video else "restore the file"
    if len(sharing) == 1:
        yield Problem(error.kind, f"{audio} {error}; {sharing[0].id} is left out, {help_}", sharing[0].id)
    else:
        names = f"{len(sharing)} segments, {sharing[0].id} the first, are left out"
        yield Problem(error.kind, f"{audio} {error}; its {names}, {help_}")


def _notes(utterances: Sequence[Utterance], segments: Iterable[Segment]) -> Iterator[str]:
    """Yield what is unusual about a sound corpus."""
    if unsplit := [utterance for utterance in utterances if not utterance.split]:
        videos = sorted({utterance.group for utterance in unsplit})
        which = f"{len(unsplit)} utterances of {len(videos)} videos, {videos[0]} the first,"
        yield f"{which} are in no official split: no protocol uses them"
    if early := [
        segment.id for segment in segments if not segment.is_clip and segment.start is not None and segment.start < 0
    ]:
        yield f"{len(early)} segments, {early[0]} the first, begin before their audio does: they are cut there"


def _utterance(segment: Segment, span: _Span, splits: Mapping[str, str]) -> Utterance:
    start, end = span
    return Utterance(
        id=segment.id,
        audio=segment.audio,
        duration=end - start,
        transcript=segment.transcript,
        speaker=segment.video,
        group=segment.video,
        start=start,
        end=None if segment.is_clip else end,
        split=splits.get(segment.video, ""),
        scores=known_scores(segment),
    )
