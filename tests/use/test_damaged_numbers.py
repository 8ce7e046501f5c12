"""What is computed with numbers that are none is no answer: weights, temperatures, recordings."""

import json

import numpy as np
import pytest
from fake.trained import untrained
from safetensors.torch import load_file, save_file

import mser
from mser.cli import main
from mser.errors import UserError
from mser.use.prediction import MADE_UP


@pytest.fixture
def folder(tmp_path):
    return untrained(tmp_path / "model", sides=("text",))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(folder, bad):
    path = folder / "seed1-fold1.safetensors"
    weights = load_file(path)
    weights["head.1.weight"][0, 0] = bad
    save_file(weights, path)
    with pytest.raises(UserError, match=r"safetensors holds weights that are no numbers, such as head\.1\.weight"):
        mser.load(folder)


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), "2", True, None, 1e-300, 1e9])
def test_temperatures_that_cannot_be_are_refused(folder, temperature):
    told = json.loads((folder / "config.json").read_text())
    told["members"][0]["temperature"] = temperature
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(
        UserError, match=r"config\.json: Expected `float`.* at `\$\.members\[0\]\.temperature`; export the model again"
    ):
        mser.load(folder)


def test_an_answer_that_is_no_number_is_no_answer(folder, monkeypatch):
    model = mser.load(folder)
    monkeypatch.setattr(model.engine, "answers", lambda chosen: [np.full((len(chosen), 4), np.nan)])
    assert all("is no number" in said.error for said in model.predict([None, None], ["One.", "Two."]))


def test_a_model_of_made_up_recordings_says_so(tmp_path, capsys):
    folder = untrained(tmp_path / "model", sides=("text",), trained={"made_up": True})
    assert mser.load(folder).predict(None, "Oh.").note == MADE_UP
    assert main(["predict", str(folder), "--text", "Oh."]) == 0
    out, err = capsys.readouterr()
    assert "made-up" not in out
    assert err.count("made-up recordings: its answers mean nothing") == 1


def test_samples_in_every_shape_that_libraries_give(tmp_path):
    import io

    import soundfile

    model = mser.load(untrained(tmp_path / "speech", sides=("speech",)))
    samples = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    wav = io.BytesIO()
    soundfile.write(wav, samples, 16000, format="WAV", subtype="FLOAT")
    given = [
        samples[None],
        np.stack([samples, samples]),
        {"array": samples, "sampling_rate": 16000, "path": "a.wav"},
        {"bytes": wav.getvalue(), "path": None},
        io.BytesIO(wav.getvalue()),
    ]
    plain = model.predict(samples, sample_rate=16000)
    for one in given:
        said = model.predict(one, sample_rate=16000)
        assert said.probabilities == pytest.approx(plain.probabilities, abs=1e-5)
    assert model.predict(given[2]).audio == "a.wav"
    with pytest.raises(UserError, match="the recording cannot be decoded"):
        model.predict(io.BytesIO(b"no sound"))
