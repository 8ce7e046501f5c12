"""What a model knows of its training transcripts, and what it says of others."""

import doctest

import pytest

import mser.everyday.training_transcripts
from mser.everyday.training_transcripts import (
    TYPED,
    TrainingTranscripts,
    as_in_training,
    is_punctuated,
    training_transcripts,
    unlike_transcript,
)


def known(capitals=0.97, punctuation=0.99, **sources):
    return TrainingTranscripts(100, capitals, punctuation, sources or {TYPED: 100})


def test_the_examples_run():
    assert doctest.testmod(mser.everyday.training_transcripts).failed == 0


def test_what_is_kept():
    found = training_transcripts([*["Yes."] * 9, *["no"] * 11, "", "nan"], [*["tiny"] * 20, "", ""])
    assert found == TrainingTranscripts(20, 0.45, 0.45, {"tiny": 20})
    assert training_transcripts(["Yes."] * 9, [""] * 9) is None
    assert known(**{"": 60, TYPED: 40}).source == ""


def test_what_stays_of_recognised_words():
    assert as_in_training("Oh NO, 3.50!", known(0.0, 0.5)) == ("oh no, 3.50!", "without capitals, as in the training")
    assert as_in_training("Oh NO, 3.50!", known(0.5, 0.0)) == ("Oh NO 3.50", "without punctuation, as in the training")
    assert as_in_training("Oh no!", None) == ("Oh no!", "")


def test_marks():
    assert [is_punctuated(text) for text in ("it is 3.50 now", "don't", "no?", "好。", "¿qué?", "")] == [
        False, False, True, True, True, False
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("transcript", "recogniser", "training", "told"),
    [
        ("Oh no!", "", known(), ""),
        ("Oh no!", "tiny", known(tiny=100), ""),
        ("Oh no!", "large", known(tiny=100), "transcript recognised by large (in training by tiny)"),
        ("Oh no!", "tiny", known(**{"": 100}), ""),
        ("Oh no!", "", known(punctuation=0.0), "transcript with punctuation (in training without)"),
        ("oh no", "tiny", known(), "transcript recognised by tiny (in training typed); transcript without punctuation "
         "(in training 99% have some)"),
        ("oh no", "", known(punctuation=0.9), ""),
    ],
)  # fmt: skip
def test_what_is_told(transcript, recogniser, training, told):
    assert unlike_transcript(transcript, recogniser, training) == told
