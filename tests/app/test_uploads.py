"""Only what was uploaded through the page is opened, whatever a request names and wherever it is sent."""

from pathlib import Path

import httpx
import pytest
from fake.places import ROOT

from mser.app.uploads import REFUSED

OURS = ROOT / "README.md"  # harmless, and outside the uploads
DATA = {"predict": {"text": "hello", "window": 4.0, "channel": None}, "transcribe": {"channel": None}}


def named(path, **more):
    """Return what a client says to name a recording."""
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}, **more}


def asked(url, way, name, recording):
    """Return all that an endpoint answers."""
    api, data = f"{url}gradio_api", [recording, *DATA[name].values()]
    if way in ("run", "api"):
        return httpx.post(f"{api}/{way}/{name}", json={"data": data}, timeout=60).text
    if way == "queue/join":
        functions = httpx.get(f"{url}config").json()["dependencies"]
        index = next(one["id"] for one in functions if one["api_name"] == name)
        body = {"data": data, "fn_index": index, "session_hash": "a"}
        httpx.post(f"{api}/{way}", json=body).raise_for_status()
        return last_word(f"{api}/queue/data?session_hash=a")
    body = {"recording": recording, **DATA[name]} if way == "call/v2" else {"data": data}
    event = httpx.post(f"{api}/{way}/{name}", json=body).json()["event_id"]
    return last_word(f"{api}/call/{name}/{event}")


def last_word(address):
    with httpx.stream("GET", address, timeout=60) as answer:
        told = ""
        for line in answer.iter_lines():
            told += line
            if "process_completed" in line or ("error" in told and line.startswith("data")):
                break
    return told


@pytest.mark.parametrize("name", ["predict", "transcribe"])
@pytest.mark.parametrize("way", ["run", "api", "call", "call/v2", "queue/join"])
def test_no_endpoint_opens_what_was_not_uploaded(pages, uploads, way, name):
    url, _ = pages("either", asr=True)
    before = set(uploads.rglob("*"))
    assert REFUSED in asked(url, way, name, named(OURS))
    assert set(uploads.rglob("*")) == before  # nor is a copy left there


def test_no_way_to_name_it_helps(pages, uploads):
    url, _ = pages("either", asr=True)
    (uploads / "link.wav").symlink_to(OURS)
    before = set(uploads.rglob("*"))
    for recording in (
        named("README.md"),
        named(uploads / ".." / "README.md"),
        named(uploads / "link.wav"),
        named(uploads),
        named(OURS, is_stream=True),
        named(f"{url}favicon.ico"),
        named("a.wav", url=f"{url}favicon.ico"),
        [named(OURS)],
        {"value": named(OURS)},
        {"path": str(OURS)},
    ):
        assert REFUSED in asked(url, "run", "predict", recording)
    assert httpx.get(f"{url}gradio_api/file={OURS}").status_code == 403
    assert set(uploads.rglob("*")) == before
    (uploads / "link.wav").unlink()


def test_what_was_uploaded_is_opened(pages, place, uploads):
    url, model = pages("either")
    with (place / "voice.wav").open("rb") as sound:
        [path] = httpx.post(f"{url}gradio_api/upload", files={"files": ("../../voice.wav", sound)}).json()
    assert uploads in Path(path).parents
    told = httpx.post(f"{url}gradio_api/call/predict", json={"data": [named(path), "hello", 4.0, None]}).json()
    html = last_word(f"{url}gradio_api/call/predict/{told['event_id']}")
    assert model.predict(path, "hello").label in html


def test_requests_that_no_page_sends_have_one_line_each(pages, capfd):
    url, _ = pages("either")
    for data in (
        ["a.wav", "hello", 4.0, None],
        [None, "hello"],
        [None, "hello", "wide", None],
        [{}, None, None, None],
        [],
    ):
        answer = httpx.post(f"{url}gradio_api/run/predict", json={"data": data})
        assert answer.status_code == 500
        assert "\n" not in answer.json()["error"]
        assert "Traceback" not in capfd.readouterr().err
