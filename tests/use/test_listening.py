"""Live speech: a prediction every hop, the same numbers as offline on the same windows."""

import numpy as np
import pytest
import soundfile
from fake.trained import untrained
from hypothesis import given
from hypothesis import strategies as st

import mser
from mser.errors import UserError
from mser.use.live_windows import Listening
from mser.use.segments import Windows

RATE = 8000


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listening")
    untrained(folder / "hears", sides=("speech",))
    untrained(folder / "both")
    samples = 0.1 * np.random.default_rng(0).standard_normal((round(7.3 * RATE), 2))
    samples[5 * RATE :] = 0  # the last window is silent
    soundfile.write(folder / "call.wav", samples, RATE, subtype="PCM_16")
    return folder


def pieces(samples, size):
    return [samples[place : place + size] for place in range(0, len(samples), size)]


@pytest.mark.parametrize(("size", "how"), [(800, "whole"), (777, "pairs"), (7 * RATE, "floats")])
def test_the_numbers_are_those_of_the_recording(place, size, how):
    model = mser.load(place / "hears", device="cpu")
    offline = model.predict(place / "call.wav", window=2, hop=0.75)
    samples, _ = soundfile.read(place / "call.wav", dtype="float32" if how == "floats" else "int16")
    chunks = [(RATE, chunk) if how == "pairs" else chunk for chunk in pieces(samples, size)]
    live = list(model.listen(chunks, sample_rate=None if how == "pairs" else RATE, window=2, hop=0.75))
    assert [(one.start, one.end) for one in live] == [(one.start, one.end) for one in offline]
    assert [bool(one.error) for one in live] == [bool(one.error) for one in offline] == [False] * 7 + [True, True]
    for one, other in zip(live, offline, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_an_answer_comes_as_soon_as_its_window_is_full(place):
    model = mser.load(place / "hears", device="cpu")
    given = []

    def chunks():
        for number in range(30):
            given.append(number)
            yield 0.1 * np.random.default_rng(number).standard_normal(1600)

    answers = model.listen(chunks(), sample_rate=16000, window=1.0, hop=0.5)
    assert (next(answers).end, len(given)) == (1.0, 10)
    assert (next(answers).end, len(given)) == (1.5, 15)


def test_a_chunk_of_another_rate_is_refused(place):
    model = mser.load(place / "hears", device="cpu")
    noise = 0.1 * np.random.default_rng(0).standard_normal(8000)
    answers = model.listen([(16000, noise), (16000, noise), (8000, noise)], window=1)
    assert next(answers).end == 1.0
    with pytest.raises(UserError, match="chunk 3 is of 8000 Hz, but 16000 Hz were listened to; send all at one rate"):
        list(answers)
    with pytest.raises(UserError, match="samples were given without their rate"):
        list(model.listen([noise]))
    with pytest.raises(UserError, match="expected"):
        list(model.listen([np.zeros((2, 2, 2))], sample_rate=16000))


def test_a_model_that_must_read_is_refused_at_once(place):
    with pytest.raises(UserError, match="reads the transcript too"):
        mser.load(place / "both", device="cpu").listen([], sample_rate=16000)


@pytest.mark.parametrize(("window", "hop"), [(0, None), (2, 3), (2, 0), (float("nan"), None)])
def test_windows_that_cannot_be_are_refused(place, window, hop):
    with pytest.raises(UserError, match="window"):
        mser.load(place / "hears", device="cpu").listen([], sample_rate=16000, window=window, hop=hop)


@given(
    st.lists(st.integers(0, 300), max_size=20),
    st.integers(1, 40).map(lambda number: number / 10),
    st.floats(0.1, 1).map(lambda share: round(share, 2)),
)
def test_the_windows_are_those_of_the_whole(sizes, window, share):
    by = Windows(window, max(round(window * share, 2), 0.05))
    samples = np.linspace(0, 1, sum(sizes), dtype=np.float32)
    listening, live, begin = Listening(by, 100), [], 0
    for size in sizes:
        live += listening.add(samples[begin : begin + size])
        begin += size
    live += listening.finish()
    whole = by.over(0.0, len(samples) / 100) if len(samples) else []
    assert [(one.start, one.end) for one in live] == [(span.start, span.end) for span in whole]
    for one in live:
        assert np.array_equal(one.clip.audio, samples[round(one.start * 100) : round(one.end * 100)])
