"""mser app: a page that a visitor uses in a browser, which asks nothing of anybody else and keeps nothing."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from fake.pages import asked, complaints, give, open_page

import mser
from mser.app.answer_html import modalities, probabilities, timeline
from mser.audio.decoding import decode
from mser.cli import main
from mser.use.prediction import Prediction

WORDS = "Kids are talking by the door."


@pytest.fixture(scope="module")
def served(pages, uploads):
    """The address of the page, its model, and the folder that uploads go to."""
    return *pages("either"), uploads


@pytest.fixture
def tab(browser, served):
    """The page, opened anew."""
    open_page(browser, served[0])
    browser.wait("document.querySelector('#recording input[type=file]') !== null")
    yield browser
    assert complaints(browser) == []


def shown(tab, said):
    """Ask about what is on the page, and return the text of the answer, which is to be what was said."""
    text = asked(tab)
    assert tab.ask("document.querySelector('#said b.label').innerText") == said.label
    for name, share in said.probabilities.items():
        assert f"{name} {100 * share:.0f} %" in " ".join(text.split())
    assert "speech alone" in text
    return text


def test_a_visitor_uploads_a_recording_and_sees_its_label(tab, served, place):
    assert tab.ask("document.querySelector('h2').innerText") == "Emotion from speech and text"
    assert tab.ask("document.querySelector('h2 + p').innerText") == "The model a <run> tells neu, sad, ang, hap."
    give(tab, place / "long.wav", WORDS)
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
    with pytest.raises(Exception, match=r"has 1 channel\(s\), but channel 2 was asked for"):
        client.predict(handle_file(str(place / "long.wav")), WORDS, 4.0, 2, api_name="/predict")
    with pytest.raises(Exception, match="reads the transcript too"):
        client.predict(None, "", 4.0, api_name="/predict")


def test_scores_and_names_are_drawn(place):
    task = mser.load(place / "hears", device="cpu").task
    said = Prediction("a", label="<neu>", probabilities=dict.fromkeys(task.labels, 0.25), abstain=True, note="cut")
    html = probabilities(said, task)
    assert "&lt;neu&gt;" in html
    assert "The model is unsure" in html
    from mser.app.asking import Answers
    from mser.labels import ScoreSet

    scores = ScoreSet("vad", ("valence",), low=1, high=5)
    said = Prediction("a", scores={"valence": 2.0}, end=4.0)
    assert "width:25.0%" in probabilities(said, scores)
    assert "opacity:0.250" in timeline(Answers([said]), scores)
    failed = Prediction("a", start=2.0, end=4.0, error="is <silent>")
    assert "0:02.0 to 0:04.0: is &lt;silent&gt;" in timeline(Answers([failed]), scores)
    assert modalities(Answers((), "why"), said, scores) == '<p class="note">why</p>'


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
            assert refused(capsys, *map(str, words)).startswith("mser: error: ")
            assert reason in refused(capsys, *map(str, words))


def refused(capsys, *words):
    """Return the one line by which the command is refused."""
    assert main(["app", *words]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    return line


def test_gradio_that_is_missing_or_broken(place, monkeypatch, capsys):
    words = (str(place / "both"), "--port", "0")
    with monkeypatch.context() as without:
        without.setattr("mser.app.cli.find_spec", lambda name: None)
        assert "pip install 'multimodal-ser[app]'" in refused(capsys, *words)
    monkeypatch.setitem(sys.modules, "mser.app.web_page", None)
    assert "needs a gradio that can be imported" in refused(capsys, *words)


@pytest.mark.slow
def test_whoever_ends_it_leaves_no_uploads(place, tmp_path):
    import httpx

    command = [sys.executable, "-m", "mser", "app", str(place / "hears"), "--port", "0", "--device", "cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": str(tmp_path)}) as process:
        address = process.stdout.readline().split()[0].decode()
        for _ in range(100):
            with contextlib.suppress(httpx.TransportError):
                assert httpx.get(address).status_code == 200
                break
            time.sleep(0.1)
        with (place / "voice.wav").open("rb") as sound:
            assert httpx.post(f"{address}/gradio_api/upload", files={"files": sound}).status_code == 200
        assert [*tmp_path.rglob("voice.wav")]
        process.send_signal(signal.SIGHUP)
        assert process.wait(30) == 128 + signal.SIGHUP
    assert [*tmp_path.glob("mser-app-*")] == []
