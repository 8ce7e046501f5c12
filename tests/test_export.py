"""mser export: a finished fold, or several, as a folder that holds all there is to know."""

import csv
import json
import os

import numpy as np
import pytest
import soundfile
import torch
from fake.converting import speech_bert, write_files
from fake.trained import crossval
from safetensors.torch import load_model, save_model
from test_encoders import TEXT, WAVEFORM, save_text, save_wav2vec2_bert, save_waveform, save_whisper

import mser
from mser.cli import main
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.hub import architecture_only, save_settings
from mser.temperature import tempered
from mser.use.clips import Clip

LABELS = ("neu", "sad", "ang", "hap")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return crossval(tmp_path_factory.mktemp("trained"), "--folds=1,2")


@pytest.fixture
def fold(run):
    return run / "seed1/fold1"


def refused(capsys, argv, *words):
    assert main([str(word) for word in argv]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1, error
    for word in words:
        assert word in error[0]


def test_one_fold(fold, tmp_path, capsys):
    out = tmp_path / "deep/model"
    assert main(["export", str(fold), "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: speech and text to neu, sad, ang, hap")
    assert sorted(os.listdir(out)) == ["README.md", "config.json", "seed1-fold1.safetensors"]
    told = json.loads((out / "config.json").read_text())
    assert told["task"]["labels"] == ["neu", "sad", "ang", "hap"]
    assert told["trained"]["protocol"] == "iemocap/loso5"
    [member] = told["members"]
    before = json.loads((fold / "metrics.json").read_text())
    assert member["metrics"]["test"]["ua"] == pytest.approx(before["test"]["ua"], abs=1e-6)
    assert member["metrics"]["val"]["wa"] == pytest.approx(before["val"]["wa"], abs=1e-6)
    assert member["floor"]["ua"] == 0.25
    assert 0.25 <= member["temperature"] <= 10
    card = (out / "README.md").read_text()
    for words in ("research under its own licence", "iemocap/loso5", "| 1 | 1 |", "fitted on the validation part"):
        assert words in card
    assert "/" not in told["trained"]["encoders"]["speech"]


def test_an_ensemble(run, tmp_path, capsys):
    folds = [str(run / f"seed1/fold{number}") for number in (1, 2)]
    assert main(["export", *folds, "--out", str(tmp_path / "both")]) == 0
    assert "2 models averaged" in capsys.readouterr().out
    told = json.loads((tmp_path / "both/config.json").read_text())
    assert [member["weights"] for member in told["members"]] == [f"seed1-fold{k}.safetensors" for k in (1, 2)]
    assert "the ensemble as a whole has been tested on nothing" in (tmp_path / "both/README.md").read_text()


def test_the_card_tells_the_runs_result_where_all_folds_are_there(run, fold, tmp_path):
    report = run / "report/report.json"
    before = report.read_text()
    whole = json.loads(before)
    whole["runs"][0]["complete"], whole["answer"] = True, "UA 50.0% [40.0, 60.0]."
    report.write_text(json.dumps(whole))
    try:
        assert main(["export", str(fold), "--out", str(tmp_path / "model")]) == 0
    finally:
        report.write_text(before)
    assert "over all folds: UA 50.0% [40.0, 60.0]." in (tmp_path / "model/README.md").read_text()


@pytest.fixture(scope="module")
def models(run, tmp_path_factory):
    """Holds models of the first fold, of the second, and of both."""
    folder = tmp_path_factory.mktemp("models")
    folds = [str(run / f"seed1/fold{number}") for number in (1, 2)]
    for name, given in {"one": folds[:1], "two": folds[1:], "both": folds}.items():
        assert main(["export", *given, "--out", str(folder / name)]) == 0
    return folder


@pytest.fixture(scope="module")
def tested(run):
    """The test rows of fold 1 with their recording and transcript."""
    manifest = [json.loads(line) for line in (run / "manifest.jsonl").read_text().splitlines()]
    by_id = {row["id"]: row for row in manifest if "id" in row}
    with (run / "seed1/fold1/predictions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    return [(str(run.parent / "corpus" / by_id[r["utterance"]]["audio"]), by_id[r["utterance"]]["transcript"], r)
            for r in rows]  # fmt: skip


def test_a_folder_says_what_its_fold_said(models, tested):
    model = mser.load(models / "one")
    audio, said, rows = map(list, zip(*tested, strict=True))
    answers = model.predict(audio, said)
    before = np.array([[float(row[f"p_{label}"]) for label in LABELS] for row in rows])
    expected = tempered(before, model.settings.members[0].temperature, exclusive=True)
    found = np.array([list(answer.probabilities.values()) for answer in answers])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert [answer.label for answer in answers] == [row["prediction"] for row in rows]
    assert {answer.used for answer in answers} == {("speech", "text")}
    assert [answer.audio for answer in answers] == audio

    alone = model.predict(audio[3], said[3])
    assert list(alone.probabilities.values()) == pytest.approx(found[3], abs=1e-5)
    samples, rate = soundfile.read(audio[3])
    array = model.predict(samples, said[3], sample_rate=rate)
    assert list(array.probabilities.values()) == pytest.approx(found[3], abs=1e-5)
    few = list(model.stream((Clip(*pair) for pair in zip(audio, said, strict=True)), batch_seconds=0.6))
    assert [one.audio for one in few] == audio
    np.testing.assert_allclose([list(one.probabilities.values()) for one in few], found, atol=1e-5)


def test_an_ensemble_is_the_mean_of_its_members(models, tested):
    audio, said, _ = tested[0]
    one, two, both = (mser.load(models / name).predict(audio, said).probabilities for name in ("one", "two", "both"))
    for label in LABELS:
        assert both[label] == pytest.approx((one[label] + two[label]) / 2, abs=1e-6)


def test_what_users_get_wrong(run, fold, tmp_path, capsys):
    out = tmp_path / "model"
    refused(capsys, ["export", run, "--out", out], "is no fold of `mser crossval`", "RUN/seed1/fold1")
    refused(capsys, ["export", run / "seed1/fold3", "--out", out], "is not finished")
    refused(capsys, ["export", fold, fold, "--out", out], "is named twice")
    other = tmp_path / "other/seed1/fold1"
    refused(capsys, ["export", fold, other, "--out", out], "is of one run", "of several")
    refused(capsys, ["export", other, "--out", out], "is no run")
    assert not out.exists()
    out.mkdir()
    (out / "mine").touch()
    refused(capsys, ["export", fold, "--out", out], "exists, expected a new folder")


def test_a_damaged_checkpoint(run, fold, tmp_path, capsys):
    best = fold / "checkpoints/best.ckpt"
    whole = best.read_bytes()
    best.write_bytes(whole[: len(whole) // 2])
    try:
        refused(capsys, ["export", fold, "--out", tmp_path / "model"], "best.ckpt", "is damaged")
    finally:
        best.write_bytes(whole)
    assert not list(tmp_path.iterdir())


def test_a_fusion_of_ones_own_cannot_be_rebuilt(run, fold, tmp_path, capsys):
    config = run / "config.yaml"
    whole = config.read_text()
    config.write_text(whole.replace("mser.fusion.Shallow", "mine.Deep"))
    try:
        refused(capsys, ["export", fold, "--out", tmp_path / "model"], "fusion is mine.Deep", "mser predict --config")
    finally:
        config.write_text(whole)


def same_from_settings(source, folder, kind, text, *inputs):
    """The encoder of `source`, rebuilt from its settings and its weights alone, says the same."""
    torch.manual_seed(1)
    before = kind(str(source)).eval()
    save_settings(str(source), folder, text=text)
    save_model(before, str(folder / "weights"))
    with architecture_only():
        after = kind(str(folder)).eval()
    load_model(after, folder / "weights")
    inputs = inputs or before.tokenize(["hello there", "that goes on , and on"])
    with torch.no_grad():
        torch.testing.assert_close(after(*inputs).summary, before(*inputs).summary, rtol=0, atol=0)


SPEECH = {"whisper": save_whisper, "wav2vec2-bert": save_wav2vec2_bert,
          **{family: lambda folder, family=family: save_waveform(folder, family) for family in WAVEFORM}}  # fmt: skip
WAVES = 0.1 * torch.randn(2, 8000), torch.tensor([8000, 6000])


@pytest.mark.parametrize("family", SPEECH)
def test_speech_encoders_are_rebuilt_without_their_weights(family, tmp_path):
    SPEECH[family](tmp_path / "pretrained")
    same_from_settings(tmp_path / "pretrained", tmp_path / "kept", SpeechEncoder, False, *WAVES)
    assert not list((tmp_path / "kept").glob("model*"))


@pytest.mark.parametrize("family", TEXT)
def test_text_encoders_are_rebuilt_without_their_weights(family, tmp_path):
    (tmp_path / "pretrained").mkdir()
    save_text(tmp_path / "pretrained", family)
    same_from_settings(tmp_path / "pretrained", tmp_path / "kept", TextEncoder, True)


def test_speech_bert_is_rebuilt_without_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    assert speech_bert(write_files(tmp_path)) == 0
    same_from_settings(tmp_path / "speech", tmp_path / "kept", SpeechEncoder, False, *WAVES)
    assert not (tmp_path / "kept/model.safetensors").exists()
