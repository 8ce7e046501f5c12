"""The command `mser serve`: what it refuses before it serves, and how it ends."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time

import pytest

from mser.cli import main


@pytest.mark.slow
def test_asked_to_end_it_answers_what_was_asked_and_ends_well(place, tmp_path):
    command = [sys.executable, "-m", "mser", "serve", str(place / "model"), "--port", "0", "--device", "cpu"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        door = int(process.stdout.readline().split()[0].rpartition(":")[2])
        wait_for(door)
        asked = [post_call(door, place / "call.wav") for _ in range(3)]
        time.sleep(0.5)  # they are read by now, and take longer to be answered
        process.send_signal(signal.SIGTERM)
        found = [one.getresponse() for one in asked]
        assert [one.status for one in found] == [200] * 3
        assert {len(json.load(one)) for one in found} == {151}
        assert (*process.communicate(timeout=60), process.returncode) == ("", "", 0)
    finally:
        process.kill()


def wait_for(door):
    while True:
        try:
            asked = http.client.HTTPConnection("127.0.0.1", door)
            asked.request("GET", "/health")
            assert json.load(asked.getresponse()) == {"status": "ok"}
            return
        except ConnectionError:
            time.sleep(0.1)


def post_call(door, path):
    """Send a recording to be heard in windows, and return where the answer will come."""
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    fields = {"window": "0.5", "hop": "0.05"}
    body = "".join(part.format(name, "") + f"{value}\r\n" for name, value in fields.items()).encode()
    body += part.format("file", '; filename="call.wav"').encode() + path.read_bytes() + b"\r\n--x--\r\n"
    asked = http.client.HTTPConnection("127.0.0.1", door, timeout=120)
    asked.request("POST", "/segments", body, {"Content-Type": "multipart/form-data; boundary=x"})
    return asked


EVERYBODY = "0.0.0.0"  # noqa: S104


def test_a_port_in_use_is_one_line(place, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", str(place / "model"), "--port", str(port)]) == 2
    err = capsys.readouterr().err
    assert err == (
        f"mser: error: port {port} of 127.0.0.1 is in use; choose another with --port, or 0 for any that is free\n"
    )


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--host", EVERYBODY], "others can ask at 0.0.0.0, which takes a token: set MSER_TOKEN, or give --token"),
        (["--token", ""], "the token is empty, or holds spaces"),
        (["--token", "two words"], "the token is empty, or holds spaces"),
        (["--max-upload", "0"], "'0' is no number above 0"),
    ],
)
def test_what_cannot_be_is_refused(place, options, line, capsys, monkeypatch):
    monkeypatch.delenv("MSER_TOKEN", raising=False)
    assert main(["serve", str(place / "model"), "--port", "0", *options]) == 2
    assert line in capsys.readouterr().err


def test_a_token_of_the_environment_counts(monkeypatch):
    from mser.serve.cli import _token

    monkeypatch.setenv("MSER_TOKEN", "s3cret")
    assert _token(None, EVERYBODY) == "s3cret"
    assert _token("other", EVERYBODY) == "other"
    monkeypatch.delenv("MSER_TOKEN")
    assert _token(None, "127.0.0.1") is None


def test_a_missing_package_is_named(place, monkeypatch, capsys):
    monkeypatch.setattr("mser.serve.cli.find_spec", lambda name: None if name == "fastapi_offline" else True)
    assert main(["serve", str(place / "model")]) == 2
    assert (
        "needs fastapi_offline, which is not installed: pip install 'multimodal-ser[serve]'" in capsys.readouterr().err
    )


def test_a_folder_that_is_no_model_is_refused(tmp_path, capsys):
    assert main(["serve", str(tmp_path), "--port", "0"]) == 2
    assert "mser: error:" in capsys.readouterr().err
