"""`mser serve` over real HTTP: the offline answers, refusals in a line, and nothing lost when many ask at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import httpx
import pytest
from fake.browser import CHROMIUM, Browser

from mser.errors import UserError


def upload(path, name=None):
    return {"file": (name or path.name, path.read_bytes())}


def same(found, said):
    """Whether an answer is the offline one: every field, probabilities to 1e-5."""
    expected = asdict(said) | {"used": list(said.used)}
    assert found.pop("probabilities") == pytest.approx(expected.pop("probabilities"), abs=1e-5)
    assert found == expected


def test_an_answer_is_the_offline_one(client, model, place, monkeypatch):
    monkeypatch.chdir(place)
    found = client.post("/predict", files=upload(place / "clip1.wav"), data={"text": "So nice to see you!"})
    assert found.status_code == 200
    same(found.json(), model.predict("clip1.wav", "So nice to see you!"))
    same(client.post("/predict", files=upload(place / "clip1.wav")).json(), model.predict("clip1.wav"))
    same(client.post("/predict", data={"text": "Well."}).json(), model.predict(None, "Well."))


def test_segments_are_the_offline_ones(client, model, place, monkeypatch):
    monkeypatch.chdir(place)
    found = client.post("/segments", files=upload(place / "call.wav"), data={"window": 3, "hop": 2}).json()
    expected = model.predict("call.wav", window=3, hop=2)
    assert [(one["start"], one["end"]) for one in found] == [(0, 3), (2, 5), (4, 7), (5, 8)]
    for one, said in zip(found, expected, strict=True):
        same(one, said)
    found = client.post("/segments", files=upload(place / "call.wav"), data={"window": 4, "channel": "split"}).json()
    assert [one["speaker"] for one in found] == ["channel 1"] * 3 + ["channel 2"] * 3
    assert found[0]["probabilities"] != found[3]["probabilities"]


def test_what_is_no_audio_has_the_line_of_predict_and_the_server_lives_on(client, model, place, monkeypatch):
    monkeypatch.chdir(place)
    with pytest.raises(UserError) as line:
        model.predict("notes.wav")
    for path in ("/predict", "/segments"):
        found = client.post(path, files=upload(place / "notes.wav"))
        assert (found.status_code, found.json()) == (422, {"detail": str(line.value)})
    assert client.get("/health").json() == {"status": "ok"}
    assert client.post("/predict", files=upload(place / "clip0.wav")).status_code == 200


@pytest.mark.parametrize(
    ("path", "data", "files", "line"),
    [
        ("/predict", {}, None, "neither a recording nor a text was sent; send file, text, or both in a form"),
        ("/predict", {"channel": 2}, "clip0.wav", "clip0.wav has 1 channel(s), but channel 2 was asked for"),
        ("/predict", {"channel": "left"}, "clip0.wav", "channel: Input should be a valid integer"),
        ("/predict", {"text": " "}, None, "the transcript is empty"),
        (
            "/predict",
            {"txt": "Well."},
            "clip0.wav",
            "unknown field 'txt': expected one of file, text, channel; did you mean 'text'?",
        ),
        ("/predict", {"file": "clip0.wav"}, None, "file: is no upload; send a file's content under its name; /docs"),
        ("/segments", {}, None, "file: Field required"),
        ("/segments", {"hops": 2}, "call.wav", "did you mean 'hop'?"),
        ("/segments", {"channel": 3}, "call.wav", "call.wav has 2 channel(s), but channel 3 was asked for"),
        ("/segments", {"channel": "left"}, "call.wav", "the channel is 'left'; expected its number from 1, or split"),
        ("/segments", {"window": 2, "hop": 3}, "call.wav", "a window of 2.0 s with a hop of 3.0 s was asked for"),
    ],
)
def test_other_mistakes_are_answered_in_a_line(client, place, path, data, files, line):
    found = client.post(path, data=data or None, files=files and upload(place / files))
    assert found.status_code == 422
    assert line in found.json()["detail"]
    assert "\n" not in found.json()["detail"]


def test_names_of_uploads_lead_nowhere(client, place):
    found = client.post("/predict", files=upload(place / "clip0.wav", "../../etc/clip.wav"))
    assert found.json()["audio"] == "clip.wav"


def test_an_upload_that_is_too_large_is_refused_whether_it_says_so_or_not(client, place):
    line = "the request is larger than the 1 MB that are taken; send a shorter recording"
    found = client.post("/predict", files={"file": ("zeros.wav", bytes(1_200_000))})
    assert (found.status_code, found.json()) == (413, {"detail": line})
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    body = (part for part in [head, *[bytes(100_000)] * 12, b"\r\n--x--\r\n"])
    found = client.post("/predict", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (found.status_code, found.json()) == (413, {"detail": line})
    assert client.post("/predict", files=upload(place / "clip0.wav")).status_code == 200


def test_a_fault_of_ours_is_told_and_the_next_are_answered(client, model, place, monkeypatch):
    def broken(*_):
        raise RuntimeError("shapes do not match")

    with monkeypatch.context() as patch:
        patch.setattr(model.engine, "answers", broken)
        found = client.post("/predict", files=upload(place / "clip0.wav"))
    assert found.status_code == 500
    assert found.json()["detail"].endswith("(shapes do not match)")
    assert client.post("/predict", files=upload(place / "clip0.wav")).status_code == 200


def test_of_200_clients_at_once_none_is_lost_and_clips_are_answered_together(client, model, place, monkeypatch):
    clips = sorted(place.glob("clip?.wav"))
    alone = {path.name: model.predict(path).probabilities for path in clips}
    batches, answers = [], model.engine.answers

    def seen(chosen):
        batches.append(len(chosen))
        return answers(chosen)

    monkeypatch.setattr(model.engine, "answers", seen)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    with httpx.Client(base_url=client.base_url, timeout=120, trust_env=False, limits=limits) as many:

        def ask(number):
            return many.post("/predict", files=upload(clips[number % len(clips)]))

        with ThreadPoolExecutor(200) as pool:
            found = list(pool.map(ask, range(200)))
    assert {one.status_code for one in found} == {200}
    for number, one in enumerate(found):
        path = clips[number % len(clips)]
        assert one.json()["audio"] == path.name
        assert one.json()["probabilities"] == pytest.approx(alone[path.name], abs=1e-5)
    assert sum(batches) == 200
    assert len(batches) < 120, "clips that wait are not answered together"


def test_with_a_token_only_those_who_have_it_are_answered(served, model, place):
    with served(model, token="s3cret") as client:  # noqa: S106
        for given in (
            {},
            {"Authorization": "Bearer s3cre"},
            {"Authorization": "s3cret"},
            {"Authorization": "Basic s3cret"},
        ):
            found = client.post("/predict", files=upload(place / "clip0.wav"), headers=given)
            assert found.status_code == 401
            assert "Authorization: Bearer TOKEN" in found.json()["detail"]
            assert found.headers["www-authenticate"] == "Bearer"
        own = {"Authorization": "Bearer s3cret"}
        assert client.post("/predict", files=upload(place / "clip0.wav"), headers=own).status_code == 200
        assert client.get("/model").status_code == 401
        assert client.get("/model", headers=own).json()["id"] == "model1"
        assert client.get("/health").status_code == 200


def test_another_name_than_this_machines_is_refused(client):
    assert client.get("/health", headers={"Host": "elsewhere.example"}).status_code == 400


def test_the_interface_describes_itself(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert list(paths) == ["/predict", "/segments", "/health", "/model"]
    assert "422" in paths["/predict"]["post"]["responses"]


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")
def test_the_page_needs_no_network(client, tmp_path):
    tab = Browser(tmp_path / "chromium", str(client.base_url).rstrip("/"))
    try:
        tab.open(f"{client.base_url}/docs")
        tab.wait("document.body.innerText.includes('/segments')")
        assert tab.messages == []
    finally:
        tab.close()
