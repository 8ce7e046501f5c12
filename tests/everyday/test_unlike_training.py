"""What is told to be unlike the training, and that recordings of a speaker who was left out are not."""

import numpy as np
import pytest

from mser.audio.acoustics import Measures, measured
from mser.everyday.changes import changed
from mser.everyday.loudness import amplified
from mser.everyday.matched import matched
from mser.everyday.recording_aspects import ASPECTS, aspects
from mser.everyday.silent_ends import trimmed
from mser.everyday.training_recordings import FALSE_ALARMS, training_recordings
from mser.everyday.unlike_training import reasons, run_lines, together, unlike

RATE = 16_000
SPEAKERS, LEFT_OUT = 6, 2


def utterance(speaker, rng):
    """Return bursts of noise in silence: each speaker at another level, in another noise."""
    voice = np.concatenate([10 ** (-3 * np.arange(rng.integers(2000, 5000)) / RATE / 0.15) for _ in range(5)])
    loud = 10 ** ((-20 - speaker - 8 * rng.random()) / 20)
    samples = np.concatenate([np.zeros(int(RATE * rng.uniform(0.4, 0.6))), voice, np.zeros(RATE // 2)])
    samples = samples * rng.standard_normal(len(samples)) * loud
    return (samples + 10 ** ((-75 - speaker) / 20) * rng.standard_normal(len(samples))).astype(np.float32)


@pytest.fixture(scope="module")
def clips():
    rng = np.random.default_rng(0)
    return [[utterance(speaker, rng) for _ in range(15)] for speaker in range(SPEAKERS)]


def described(clips):
    return [aspects(measured(clip, RATE)) for clip in clips]


@pytest.fixture(scope="module")
def known(clips):
    """Return what a model knows that was trained on all speakers but one, in the middle."""
    trained = [clip for speaker in (*clips[:LEFT_OUT], *clips[LEFT_OUT + 1 :]) for clip in speaker]
    names = [f"s{number}" for number in range(SPEAKERS - 1) for _ in range(15)]
    return training_recordings(described(trained), names, ["neu", "ang", "sad"] * 25)


def test_a_speaker_who_was_left_out_is_like_the_others(clips, known):
    found = described(clips[LEFT_OUT])
    assert np.mean([bool(unlike(one, known)) for one in found]) <= 2 * FALSE_ALARMS + 1 / 15
    assert together(found, known) == {}


@pytest.mark.parametrize(
    ("kind", "level", "aspect"),
    [("trimmed", 0, "silence"), ("telephone", 0, "bandwidth"), ("bandwidth", 8000, "bandwidth"),
     ("mp3", 16, "bandwidth"), ("room", 0.3, "fall"), ("start", 0.6, "duration"), ("gain", -40, "floor")],
)  # fmt: skip
def test_what_recordings_went_through_is_told_of_each(clips, known, kind, level, aspect):
    other = [changed(clip, kind, level, np.random.default_rng(n)) for n, clip in enumerate(clips[LEFT_OUT])]
    found = [unlike(one, known) for one in described(other)]
    assert np.mean([aspect in names for names in found]) > 0.8
    assert ASPECTS[aspect].title in reasons(described(other)[0], known)


def test_what_only_many_show_is_told_of_them(clips, known):
    levelled = described([changed(clip, "levelled", 0, np.random.default_rng()) for clip in clips[LEFT_OUT]])
    assert "they were levelled" in together(levelled, known)["one level"]
    assert together(levelled[:9], known) == {}
    assert any(line.startswith("as a whole the recordings are unlike") for line in run_lines(levelled, known))


def test_a_run_says_how_many_and_in_what(clips, known):
    found = described([changed(clip, "trimmed", 0, np.random.default_rng()) for clip in clips[LEFT_OUT]] + clips[1])
    line = run_lines(found, known)[0]
    assert line.startswith("1")
    assert "of 30 recordings are unlike those that the model was trained on, in silence at the ends (15)" in line
    assert run_lines(described(clips[LEFT_OUT][:3]), known) == []


def test_matched_recordings_have_the_silence_and_the_level_of_the_training(clips, known):
    cut = amplified(trimmed(clips[LEFT_OUT][0]), -30)
    found, notes = matched(cut, known, ["silence", "level"])
    one = aspects(measured(found, RATE))
    assert one["silence"] == pytest.approx(known.quantiles["silence"][2], abs=0.03)
    inside = found[round(known.quantiles["silence"][2] / 2 * RATE) :][: len(cut)]
    assert 20 * np.log10(np.std(inside)) == pytest.approx(known.quantiles["level"][2], abs=0.6)
    assert [note.split(" ")[0] for note in notes] == ["levelled", f"{one['silence']:.2f}"]
    whole = clips[LEFT_OUT][1]
    assert len(matched(whole, known, ["silence"])[0]) - len(whole) < 0.2 * RATE
    assert matched(np.zeros(800, np.float32), known, ["silence", "level"])[1] == []


def test_words_have_the_range_of_the_training(known):
    one = {name: sum(ends) / 2 for name, ends in known.limits.items()} | {"bandwidth": 3859.0}
    assert reasons(one, known) == "bandwidth 3859 Hz (in training 8000)"


def test_too_little_is_nothing_to_know():
    one = Measures(2.0, -30.0, -10.0, 0.1, 0.2, 0.3, 2000.0, 8000.0)
    assert training_recordings([aspects(one)] * 50, ["a"] * 50, [""] * 50) is None  # from before there was a floor
    assert training_recordings([], [], []) is None
    whole = [aspects(Measures(2.0, -30.0, -10.0, 0.1, 0.2, 0.3, 2000.0, 8000.0, -70.0, 15.0))] * 12
    assert training_recordings(whole, [""] * 12, [""] * 12).classes == {}
