"""The page listens to the microphone, and shows an answer every half window."""

import numpy as np
import pytest
import soundfile
from fake.pages import complaints, open_page

import mser
from mser.app.live import Live, can_listen
from mser.errors import UserError


@pytest.fixture(scope="module")
def model(place):
    return mser.load(place / "hears", device="cpu")


def test_pieces_are_told_as_the_recording_is(model, place, tmp_path):
    samples, rate = soundfile.read(place / "long.wav", dtype="int16")
    live, known = Live(model, 2.0), []
    for number, begin in enumerate(range(0, len(samples), rate // 2)):
        soundfile.write(tmp_path / f"{number}.wav", samples[begin : begin + rate // 2], rate)
        known.append(live.hear(str(tmp_path / f"{number}.wav")))
    assert [one is None for one in known] == [True] * 3 + [False] * 15
    offline = model.predict(place / "long.wav", window=2, hop=1)
    told = known[-1].over.answers
    assert [(one.start, one.end) for one in told] == [(one.start, one.end) for one in offline]
    for one, said in zip(told, offline, strict=True):
        assert one.probabilities == pytest.approx(said.probabilities, abs=1e-6)
    assert live.finish().whole == told[-1]


def test_pieces_that_cannot_be_used_are_told(model, tmp_path):
    live = Live(model, 2.0)
    (tmp_path / "letter.wav").write_text("Dear model,")
    with pytest.raises(UserError, match="what the microphone sent cannot be decoded"):
        live.hear(str(tmp_path / "letter.wav"))
    for rate in (16000, 8000):
        soundfile.write(tmp_path / f"{rate}.wav", 0.1 * np.random.default_rng(0).standard_normal(rate), rate)
    live.hear(str(tmp_path / "16000.wav"))
    with pytest.raises(UserError, match="is of 8000 Hz, but 16000 Hz were listened to"):
        live.hear(str(tmp_path / "8000.wav"))


def test_a_model_that_must_read_does_not_listen(place):
    assert can_listen(mser.load(place / "either", device="cpu"))
    assert not can_listen(mser.load(place / "both", device="cpu"))
    assert not can_listen(mser.load(place / "reads", device="cpu"))


@pytest.mark.exhaustive  # a browser on a busy machine may miss its windows
@pytest.mark.slow
def test_the_page_shows_what_the_microphone_hears(pages, browser, tmp_path):
    address, _ = pages("hears")
    open_page(browser, address)
    browser.wait("document.querySelector('#live .record-button') !== null")
    browser.ask("document.querySelector('#live .record-button').click()")
    shown = browser.wait(
        "document.querySelector('#said .over') && document.querySelector('#said').innerText.trim()", 90
    )
    assert "Over time" in shown
    assert "neu" in shown
    assert complaints(browser) == []
    browser.picture(tmp_path / "live.png")
