"""mser app: a page that a visitor uses in a browser, which asks nothing of anybody else and keeps nothing."""

import socket
import threading
import time

import numpy as np
import pytest
import soundfile
from fake.browser import CHROMIUM, Browser
from fake.trained import untrained

import mser
from mser.app.asking import Asking
from mser.app.drawing import modalities, probabilities, timeline
from mser.audio.decoding import decode
from mser.cli import main
from mser.errors import UserError
from mser.use.prediction import Prediction

WORDS = "Kids are talking by the door."


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds recordings of 9 and 4 s, and the models ``either``, which takes either side, and ``both``."""
    folder = tmp_path_factory.mktemp("app")
    untrained(folder / "either", trained={"modality_dropout": 0.1, "run": "a <run>"})
    untrained(folder / "both")
    untrained(folder / "hears", sides=("speech",))
    swell = np.linspace(0, 1, 9 * 16000)
    soundfile.write(folder / "long.wav", 0.1 * swell * np.random.default_rng(0).standard_normal(9 * 16000), 16000)
    dull = np.convolve(np.random.default_rng(1).standard_normal(4 * 16000), np.hanning(12) / 6, "same")
    soundfile.write(folder / "voice.wav", 0.2 * np.linspace(0.3, 1, 4 * 16000) * dull, 16000)
    return folder


@pytest.fixture(scope="module")
def served(place, tmp_path_factory):
    """The address of the page, its model, and the folder that uploads go to."""
    import os

    uploads = tmp_path_factory.mktemp("uploads")
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=str(uploads))
    import uvicorn

    from mser.app.cli import _listening
    from mser.app.server import application

    model, door = mser.load(place / "either", device="cpu"), _listening("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(application(model), log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{door.getsockname()[1]}/", model, uploads
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def browser(served, place, tmp_path_factory):
    """A browser that hears voice.wav when it records."""
    if not CHROMIUM:
        pytest.skip("needs Chromium")
    tab = Browser(tmp_path_factory.mktemp("chromium"), served[0], microphone=place / "voice.wav")
    yield tab
    tab.close()


@pytest.fixture
def tab(browser, served):
    """The page, opened anew."""
    browser.messages.clear()
    browser.open(served[0])
    browser.wait("document.querySelector('#recording input[type=file]') !== null")
    yield browser
    # Gradio's own word on closing a player.
    assert [message for message in browser.messages if "'Method not implemented.'" not in message] == []


def shown(tab, said):
    """Ask about what is on the page, and return the text of the answer, which is to be what was said."""
    tab.ask("document.querySelector('#ask').click()")
    assert tab.wait("document.querySelector('#said b.label')?.innerText") == said.label
    text = tab.ask("document.querySelector('#said').innerText")
    for name, share in said.probabilities.items():
        assert f"{name} {100 * share:.0f} %" in " ".join(text.split())
    assert "speech alone" in text
    return text


def test_a_visitor_uploads_a_recording_and_sees_its_label(tab, served, place):
    assert tab.ask("document.querySelector('h2').innerText") == "a <run>"
    tab.upload("#recording input[type=file]", place / "long.wav")
    tab.wait("document.querySelector('#recording input[type=file]') === null")
    tab.type("#transcript textarea", WORDS)
    text = shown(tab, served[1].predict(str(place / "long.wav"), WORDS))
    assert "Over time, by speech alone" in text
    assert tab.ask("document.querySelectorAll('#said .row i').length") == 4 * 4  # labels and windows
    tab.type("#transcript textarea", "Something else.")
    tab.wait("document.querySelector('#said').innerText.trim() === ''")  # no answer stands beside what was not asked


def test_a_visitor_records_speech_and_sees_its_label(tab, served, place):
    _, model, uploads = served
    before = set(uploads.rglob("*.wav"))
    tab.type("#transcript textarea", WORDS)
    tab.ask("document.querySelector('#recording [aria-label=\"Record audio\"]').click()")
    tab.wait("document.querySelector('#recording option')?.innerText")
    tab.ask("document.querySelector('#recording .record-button').click()")
    tab.wait("document.querySelector('#recording').innerText.includes('0:01')")
    tab.ask("document.querySelector('#recording .stop-button').click()")
    tab.wait("performance.getEntriesByType('resource').some(one => one.name.includes('/file='))")  # it is uploaded
    [recorded] = set(uploads.rglob("*.wav")) - before
    shown(tab, model.predict(str(recorded), WORDS))
    heard, played = decode(recorded), decode(place / "voice.wav")
    assert 0.9 < len(heard) / 16000 < 3.5
    # As it was played: neither levelled nor filtered, which would change how loud and lively it is.
    part = heard[len(heard) // 4 : 3 * len(heard) // 4]
    begin = np.correlate(played, part, "valid").argmax()
    assert np.dot(played[begin : begin + len(part)], part) / np.dot(part, part) == pytest.approx(1, abs=0.1)
    assert np.corrcoef(played[begin : begin + len(part)], part)[0, 1] > 0.9


def test_programs_can_ask_too_but_not_from_elsewhere(served, place):
    import httpx
    from gradio_client import Client, handle_file

    url, model, uploads = served
    client = Client(url, verbose=False, download_files=False, analytics_enabled=False)
    html = client.predict(handle_file(str(place / "long.wav")), WORDS, 4.0, api_name="/predict")
    assert f'<b class="label">{model.predict(str(place / "long.wav"), WORDS).label}</b>' in html
    assert {path.suffix for path in uploads.rglob("*") if path.is_file()} <= {".wav"}
    assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 400
    answer = httpx.get(url)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "googleapis" not in answer.text
    with pytest.raises(Exception, match="reads the transcript too"):
        client.predict(None, "", 4.0, api_name="/predict")


def test_what_is_told_only_where_it_can_be(place):
    path = str(place / "long.wav")
    either, both, hears = (Asking(mser.load(place / name, device="cpu")) for name in ("either", "both", "hears"))
    speech, text = either.alone(path, WORDS).answers
    assert (speech.used, text.used) == (("speech",), ("text",))
    assert either.alone(path, " ").why_not.startswith("Give both")
    assert "never trained with one of them missing" in both.alone(path, WORDS).why_not
    assert "takes speech alone" in hears.alone(path, "").why_not
    assert [(one.start, one.end) for one in hears.over_time(path, 4.0).answers] == [(0, 4), (2, 6), (4, 8), (5, 9)]
    assert "no longer than one window" in hears.over_time(path, 10.0).why_not
    assert "nobody knows in which window the words are" in both.over_time(path, 4.0).why_not
    with pytest.raises(UserError, match="reads the transcript too"):
        both.whole(path, "")


def test_long_recordings(place, monkeypatch):
    monkeypatch.setattr("mser.app.asking.BATCH_SECONDS", 6.0)
    path, hears = str(place / "long.wav"), Asking(mser.load(place / "hears", device="cpu"))
    said = hears.whole(path, "")
    assert said.note.startswith("mean over 5 windows")
    windows = [one.probabilities["neu"] for one in hears.over_time(path, 3.0).answers]
    assert said.probabilities["neu"] == pytest.approx(sum(windows) / 5)
    with pytest.raises(UserError, match="too long to be heard at once"):
        Asking(mser.load(place / "both", device="cpu")).whole(path, WORDS)
    monkeypatch.setattr(Asking, "LONGEST", 5.0)
    with pytest.raises(UserError, match="but this page takes 0; ask `mser predict --window` instead"):
        hears.whole(path, "")


def test_scores_and_names_are_drawn(place):
    task = mser.load(place / "hears", device="cpu").task
    said = Prediction("a", label="<neu>", probabilities=dict.fromkeys(task.labels, 0.25), abstain=True, note="cut")
    html = probabilities(said, task)
    assert "&lt;neu&gt;" in html
    assert "The model is unsure" in html
    from mser.app.asking import Told
    from mser.labels import ScoreSet

    scores = ScoreSet("vad", ("valence",), low=1, high=5)
    said = Prediction("a", scores={"valence": 2.0}, end=4.0)
    assert "width:25.0%" in probabilities(said, scores)
    assert "opacity:0.250" in timeline(Told([said]), scores)
    failed = Prediction("a", start=2.0, end=4.0, error="is <silent>")
    assert "0:02.0 to 0:04.0: is &lt;silent&gt;" in timeline(Told([failed]), scores)
    assert modalities(Told((), "why"), said, scores) == '<p class="note">why</p>'


def test_what_users_get_wrong(place, tmp_path, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for words, reason in {
            (place / "both", "--port", port): f"port {port} of 127.0.0.1 is in use; choose another with --port",
            (place / "both", "--port", 99999): "port 99999 of 127.0.0.1 cannot be used",
            (tmp_path / "gone", "--port", 0): "gone",
        }.items():
            assert main(["app", *map(str, words)]) == 2
            [line] = capsys.readouterr().err.strip().splitlines()
            assert reason in line
