"""What the page asks of models: of either side, of windows, of what is too long, and what it says where it cannot."""

import numpy as np
import pytest
import soundfile

import mser
from mser.app.answer_html import drawn
from mser.app.asking import Asking
from mser.errors import UserError

WORDS = "Kids are talking by the door."


@pytest.fixture
def asking(place):
    """Returns who asks a model of a name, which may transcribe."""
    return lambda name, asr=False: Asking(mser.load(place / name, device="cpu", asr=place / "asr" if asr else None))


def told(asking, recording=None, text=None, window=4.0):
    """Return all that is known in the end."""
    *_, last = asking.steps(recording and str(recording), text, window)
    assert last.of == 0
    return last


def test_what_is_told_only_where_it_can_be(asking, place):
    either, both, hears = asking("either"), asking("both"), asking("hears")
    path = place / "long.wav"
    speech, text = told(either, path, WORDS).alone.answers
    assert (speech.used, text.used) == (("speech",), ("text",))
    assert told(either, path, " ").alone.why_not.startswith("Give both")
    assert "never trained with one missing" in told(both, path, WORDS).alone.why_not
    said = told(hears, path)
    assert (said.alone.why_not, list(said.alone.answers)) == ("", [])
    assert [(one.start, one.end) for one in said.over.answers] == [(0, 4), (2, 6), (4, 8), (5, 9)]
    assert "no longer than one window" in told(hears, path, window=10.0).over.why_not
    assert "nobody knows in which window the words are" in told(both, path, WORDS).over.why_not


def test_a_browser_sends_null_for_what_a_page_does_not_show(asking, place):
    path = str(place / "voice.wav")
    assert told(asking("hears"), path, None).whole == told(asking("hears"), path, "not taken").whole
    assert told(asking("reads"), None, WORDS).whole.used == ("text",)
    assert told(asking("reads"), path, WORDS).whole == told(asking("reads"), None, WORDS).whole  # it hears nothing


@pytest.mark.parametrize(
    ("name", "recording", "text", "why_not"),
    [
        ("hears", None, None, "this model listens: give it a recording"),
        ("both", None, WORDS, "this model listens: give it a recording"),
        ("both", "voice.wav", " ", "write what is said into its field, or have the page started with --asr"),
        ("reads", None, None, "write what is said into its field, or have the page started with --asr"),
        ("hears", "gone.wav", None, "the recording is gone, since uploads are deleted after ten minutes"),
        ("both", "call.wav", WORDS, "lasts 2:30 minutes, which is too long to be heard at once (at most 60 s), and "
         "nobody knows in which window the words are (a page that was started with --asr writes them itself)"),
    ],
)  # fmt: skip
def test_why_there_is_no_answer(asking, place, name, recording, text, why_not):
    with pytest.raises(UserError) as caught:
        told(asking(name), recording and place / recording, text)
    assert why_not in str(caught.value)
    assert "asr=" not in str(caught.value)  # an option of Python is of no use to a visitor


def test_long_recordings_are_told_step_by_step(asking, place):
    hears, path = asking("hears"), str(place / "call.wav")
    steps = list(hears.steps(path, None, 10.0))
    assert {one.of for one in steps[:-1]} == {150.0}
    assert [one.answered for one in steps[:4]] == [0, 60, 120, 150]  # two windows of 30 s at once
    assert [len(one.over.answers) for one in steps[4:]] == [6, 12, 18, 24, 29, 29]
    whole = steps[-1].whole
    assert whole.note == "mean over 5 windows, since the recording is too long to be heard at once"
    windows = mser.load(place / "hears", device="cpu").predict(path, window=30.0, hop=30.0)
    mean = np.mean([one.probabilities["neu"] for one in windows])
    assert whole.probabilities["neu"] == pytest.approx(float(mean), abs=1e-6)
    assert "2:30" in drawn(steps[3], hears.task)
    assert "going" not in drawn(steps[-1], hears.task)


def test_a_mean_is_unsure_by_itself(asking, place):
    """The first window's word on that is not the whole recording's."""
    hears = asking("hears")
    for threshold in (0.0, 1.0):
        object.__setattr__(hears.model.settings, "abstain", {"threshold": threshold})
        assert told(hears, place / "call.wav", window=20.0).whole.abstain is (threshold == 1.0)


def test_a_long_recording_and_its_words(asking, place):
    said = told(asking("either"), place / "call.wav", WORDS, 20.0)
    assert said.whole.note.endswith("the transcript was not read, since nobody knows in which window its words are")
    assert (said.whole.used, said.over.how) == (("speech",), "by speech alone")
    said = told(asking("both", asr=True), place / "call.wav", None, 20.0)
    assert {one.transcript_from for one in said.over.answers} == {"asr"}
    said = told(asking("reads", asr=True), place / "call.wav", None, 20.0)
    assert said.whole.note.startswith("trained on made-up recordings: this answer means nothing; mean over 5 windows")


def test_speech_alone_is_not_what_was_transcribed(asking, place):
    either, path = asking("either", asr=True), place / "long.wav"
    speech, text = told(either, path, None).alone.answers
    assert (speech.used, text.used, text.transcript) == (("speech",), ("text",), "a")
    assert speech.probabilities == told(asking("either"), path, None).whole.probabilities


def test_transcripts_are_written_of_what_is_heard_at_once(asking, place):
    assert asking("either", asr=True).transcribe(str(place / "long.wav")) == "a"
    for asks, recording, why_not in (
        (asking("either"), "long.wav", "no recording to transcribe"),
        (asking("both", asr=True), "call.wav", "2:30 minutes is more than the 60 s that are transcribed at once"),
    ):
        with pytest.raises(UserError, match=why_not):
            asks.transcribe(str(place / recording))


def test_one_channel_of_a_call(asking, place, tmp_path):
    sides = [soundfile.read(place / "long.wav")[0][: 4 * 16000], soundfile.read(place / "voice.wav")[0]]
    soundfile.write(tmp_path / "call.wav", np.stack(sides, 1), 16000)
    hears, said = asking("hears"), {}
    for channel in (None, 1, 2):
        *_, last = hears.steps(str(tmp_path / "call.wav"), None, 2.0, channel)
        said[channel] = last
    alone = told(hears, place / "voice.wav", window=2.0)
    assert said[2].whole.probabilities == pytest.approx(alone.whole.probabilities, abs=1e-4)
    windows = [[one.probabilities["neu"] for one in of.over.answers] for of in (said[2], alone)]
    assert windows[0] == pytest.approx(windows[1], abs=1e-4)
    assert len({one.whole.probabilities["neu"] for one in said.values()}) == 3
    with pytest.raises(UserError, match=r"has 1 channel\(s\), but channel 2 was asked for; give another"):
        list(hears.steps(str(place / "voice.wav"), None, 2.0, 2))
    both = asking("both", asr=True)
    assert both.transcribe(str(tmp_path / "call.wav"), 2) == both.transcribe(str(place / "voice.wav"))


def test_what_lasts_longer_than_a_page_takes(asking, place, monkeypatch, tmp_path):
    monkeypatch.setattr(Asking, "LONGEST", 100.0)
    with pytest.raises(UserError, match="the recording lasts 2 minutes, but this page takes 2; ask `mser predict"):
        told(asking("hears"), place / "call.wav")
    monkeypatch.undo()
    silent = np.zeros(70 * 16000)
    silent[: 30 * 16000] = 0.1 * np.random.default_rng(0).standard_normal(30 * 16000)
    soundfile.write(tmp_path / "part.wav", silent, 16000)
    assert "mean over 1 of 3 windows" in told(asking("hears"), tmp_path / "part.wav", window=20.0).whole.note
