"""How the transcripts were that a model was trained on: who wrote them, and whether with capitals and punctuation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mser.everyday.bare_words import unpunctuated, without_punctuation
from mser.splits.transcripts import is_wordless

TYPED = "typed"
"""The source of transcripts that people wrote; recognisers have their name; nobody knows where it is empty."""
_NONE, _ALL = 0.01, 0.97  # shares that count as none of the transcripts, and as nearly all
_FEWEST = 10
_MARKS, _WIDE = ".,!?;:…", "。，！？、；：؟،"


@dataclass(frozen=True)
class TrainingTranscripts:
    """What is kept of the training transcripts with a model.

    Attributes:
        transcripts: how many have words.
        capitals: the share that has a capital letter.
        punctuation: the share that has a mark of punctuation.
        sources: how many are from each: `TYPED`, a recogniser's name, or empty where nobody knows.
    """

    transcripts: int
    capitals: float
    punctuation: float
    sources: Mapping[str, int]

    @property
    def source(self) -> str:
        """The one source of nearly all; empty where there is none, or it is not known."""
        source, number = max(self.sources.items(), key=lambda one: one[1])
        return source if number >= _ALL * self.transcripts else ""


def training_transcripts(transcripts: Sequence[str], sources: Sequence[str]) -> TrainingTranscripts | None:
    """Return what to keep of transcripts; None where fewer than ten have words.

    Args:
        transcripts: of each utterance.
        sources: of each the source.

    Example:
        >>> found = training_transcripts(["Oh no!", "so it goes"] * 5, [TYPED] * 10)
        >>> found.capitals, found.punctuation, found.source
        (0.5, 0.5, 'typed')
    """
    written = [pair for pair in zip(transcripts, sources, strict=True) if not is_wordless(pair[0])]
    if len(written) < _FEWEST:
        return None
    texts = [text for text, _ in written]
    return TrainingTranscripts(
        len(texts),
        round(sum(map(_has_capitals, texts)) / len(texts), 4),
        round(sum(map(is_punctuated, texts)) / len(texts), 4),
        dict(Counter(source for _, source in written)),
    )


def as_in_training(transcript: str, training: TrainingTranscripts | None) -> tuple[str, str]:
    """Return a recognised transcript as those of the training were written, and what was taken from it, in words.

    Example:
        >>> as_in_training("Oh no! It is 3.50.", TrainingTranscripts(99, 0.0, 0.0, {TYPED: 99}))
        ('oh no it is 3.50', 'without capitals and punctuation, as in the training')
        >>> as_in_training("Oh no!", TrainingTranscripts(99, 0.9, 0.8, {TYPED: 99}))
        ('Oh no!', '')
    """
    if training is None:
        return transcript, ""
    bare, lower = training.punctuation <= _NONE, training.capitals <= _NONE
    if not (bare or lower):
        return transcript, ""
    other = unpunctuated(transcript) if bare and lower else without_punctuation(transcript) if bare else None
    taken = " and ".join([*(["capitals"] if lower else []), *(["punctuation"] if bare else [])])
    return transcript.lower() if other is None else other, f"without {taken}, as in the training"


def unlike_transcript(transcript: str, recogniser: str, training: TrainingTranscripts) -> str:
    """Return how a transcript is unlike those of the training, in words; nothing where it is like them.

    Args:
        transcript: what the model reads.
        recogniser: what wrote it; empty where that is not known, or people did.
        training: what the model was trained on.

    Example:
        >>> typed = TrainingTranscripts(99, 0.97, 0.98, {TYPED: 99})
        >>> unlike_transcript("Oh no!", "whisper-tiny", typed)
        'transcript recognised by whisper-tiny (in training typed)'
        >>> unlike_transcript("oh no", "", typed)
        'transcript without punctuation (in training 98% have some)'
    """
    reasons = []
    if recogniser and training.source and training.source != recogniser:
        of_training = TYPED if training.source == TYPED else f"by {training.source}"
        reasons.append(f"transcript recognised by {recogniser} (in training {of_training})")
    share, marked = training.punctuation, is_punctuated(transcript)
    if (share >= _ALL and not marked) or (share <= _NONE and marked):
        has = f"in training {100 * share:.0f}% have some" if share > _NONE else "in training without"
        reasons.append(f"transcript {'with' if marked else 'without'} punctuation ({has})")
    return "; ".join(reasons)


def is_punctuated(transcript: str) -> bool:
    """Return whether a word ends in a mark of punctuation; a point within a number is none."""
    return any(word[-1] in _MARKS for word in transcript.split()) or any(mark in transcript for mark in _WIDE)


def _has_capitals(transcript: str) -> bool:
    return any(map(str.isupper, transcript))
