"""mser export: a finished fold, or several, as a folder that holds all there is to know."""

import csv
import json
import os

import numpy as np
import pytest
import soundfile
import torch
from fake.converting import speech_bert, write_files
from fake.encoders import TEXT, WAVEFORM, save_ast, save_text, save_wav2vec2_bert, save_waveform, save_whisper
from fake.trained import crossval
from huggingface_hub import ModelCard
from safetensors.torch import load_file, load_model, save_model

import mser
from mser.cli import main
from mser.corpora import CORPORA
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.pretrained import architecture_only, save_settings
from mser.scoring.temperature import tempered
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
    made_up = ("**It has only heard made-up recordings", "has seen made-up recordings alone", "- made-up")
    for words in ("iemocap/loso5", "| 1 | 1 |", "fitted on the validation part", *made_up):
        assert words in card
    assert "USC" not in card
    assert told["trained"]["made_up"] is True
    assert "/" not in told["trained"]["encoders"]["speech"]


def test_the_card_says_that_settings_were_chosen_on_tested_folds(run, fold, tmp_path):
    found = {"by": "lr", "method": "bayes", "trials": 20, "metric": "crossval/val_ua_mean", "corpus": "iemocap",
             "protocol": "iemocap/loso5", "folds": [1, 2, 3, 4, 5]}  # fmt: skip
    facts = (run / "run.json").read_text()
    search = {"searched": found | {"digest": json.loads((run / "protocol.json").read_text())["digest"]}}
    told = {}
    try:
        for name, more in (
            ("tested", search),
            ("locked", search | {"skip_test": True}),
            ("trial", {"skip_test": True}),
        ):
            (run / "run.json").write_text(json.dumps(json.loads(facts) | more))
            (run.parent / "sweep.json").write_text("{}")
            assert main(["export", str(fold), "--out", str(tmp_path / name)]) == 0
            told[name] = (tmp_path / name / "README.md").read_text()
    finally:
        (run / "run.json").write_text(facts)
        (run.parent / "sweep.json").unlink()
    assert (
        "Its settings were chosen on folds that are tested here: optimistic. They are the best of 20" in told["tested"]
    )
    assert "Its settings were chosen on this very part" in told["locked"]
    assert "It is a trial of the search" in told["trial"]
    assert "validation parts, which chose the epoch too" in told["trial"]


def test_an_ensemble(run, tmp_path, capsys):
    folds = [str(run / f"seed1/fold{number}") for number in (1, 2)]
    assert main(["export", *folds, "--out", str(tmp_path / "both")]) == 0
    assert "2 models averaged" in capsys.readouterr().out
    told = json.loads((tmp_path / "both/config.json").read_text())
    assert [member["weights"] for member in told["members"]] == [f"seed1-fold{k}.safetensors" for k in (1, 2)]
    assert "the ensemble as a whole has been tested on nothing" in (tmp_path / "both/README.md").read_text()


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """Two seeds of one fold, trained with sides missing now and then."""
    folder = tmp_path_factory.mktemp("seeds")
    return crossval(folder, "--folds=1", "--seeds=1,2", "--data.init_args.augment.modality_dropout=0.3")


def average_of_tables(run):
    """What the seeds together say of the validation part: from their tables alone."""
    told = [csv.DictReader((run / f"seed{seed}/fold1/predictions.csv").open(newline="")) for seed in (1, 2)]
    rows = [sorted((row for row in one if row["split"] == "val"), key=lambda row: row["utterance"]) for one in told]
    target = np.array([LABELS.index(row["target"]) for row in rows[0]])
    return target, [np.array([[float(row[f"p_{name}"]) for name in LABELS] for row in one]) for one in rows]


def test_when_to_abstain_is_told_by_validation(seeds, tmp_path):
    assert main(["export", *map(str, seeds.glob("seed*/fold1")), "--out", str(tmp_path / "both")]) == 0
    told = json.loads((tmp_path / "both/config.json").read_text())
    target, said = average_of_tables(seeds)
    temperatures = {member["seed"]: member["temperature"] for member in told["members"]}
    mean = np.mean(
        [tempered(one, temperatures[seed], exclusive=True) for seed, one in zip((1, 2), said, strict=True)], 0
    )
    kept = mean.max(1) >= told["abstain"]["threshold"]
    assert told["abstain"]["coverage"] == kept.mean() >= 0.8
    assert (mean.max(1) > told["abstain"]["threshold"] + 1e-6).mean() < 0.8
    assert told["abstain"]["accuracy"] == pytest.approx((mean.argmax(1) == target)[kept].mean())
    assert told["abstain"]["accuracy_of_all"] == pytest.approx((mean.argmax(1) == target).mean())
    assert "are marked `abstain`. On validation it keeps" in (tmp_path / "both/README.md").read_text()


def test_the_flag_in_use(seeds, tmp_path):
    assert main(["export", str(seeds / "seed1/fold1"), "--out", str(tmp_path / "one")]) == 0
    model = mser.load(tmp_path / "one")
    assert model.settings.takes_either
    audio = next((seeds.parent / "corpus").glob("Session1/sentences/wav/*/*.wav"))
    said = [model.predict(str(audio), text) for text in ("hello", "so what", None)]
    for one in said:
        assert one.abstain == (max(one.probabilities.values()) < model.settings.abstain["threshold"])
    assert said[2].used == ("speech",)


def test_weights_averaged(seeds, tmp_path, capsys, monkeypatch):
    given = ["export", *map(str, sorted(seeds.glob("seed*/fold1"))), "--average", "--out"]
    worse = main([*given, str(tmp_path / "asked")])
    out, err = capsys.readouterr()
    assert "on validation, the ensemble" in (err if worse else out)
    monkeypatch.setattr("mser.export.averaging._WORSE", 1.0)  # now any average will do
    assert main([*given, str(tmp_path / "model")]) == 0
    assert "the averaged weights score UA " in capsys.readouterr().out
    told = json.loads((tmp_path / "model/config.json").read_text())
    [member] = told["members"]
    assert member["weights"] == "averaged-fold1.safetensors"
    assert told["trained"]["averaged"]["seeds"] == [1, 2]
    whole = load_file(tmp_path / "model/averaged-fold1.safetensors")
    for seed in (1, 2):
        assert main(["export", str(seeds / f"seed{seed}/fold1"), "--out", str(tmp_path / str(seed))]) == 0
    one, two = (load_file(tmp_path / f"{seed}/seed{seed}-fold1.safetensors") for seed in (1, 2))
    for name, value in whole.items():
        torch.testing.assert_close(value, (one[name] + two[name]) / 2)
    assert "the average has been tested on nothing but validation" in (tmp_path / "model/README.md").read_text()
    # Its validation scores are what it says of the validation part in use.
    manifest = [json.loads(line) for line in (seeds / "manifest.jsonl").read_text().splitlines()]
    by_id = {row["id"]: row for row in manifest if "id" in row}
    with (seeds / "seed1/fold1/predictions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    audio = [str(seeds.parent / "corpus" / by_id[row["utterance"]]["audio"]) for row in rows]
    said = mser.load(tmp_path / "model").predict(audio, [by_id[row["utterance"]]["transcript"] for row in rows])
    right = [one.label == row["target"] for one, row in zip(said, rows, strict=True)]
    assert member["metrics"]["val"]["wa"] == pytest.approx(np.mean(right))


def test_an_average_that_is_worse_is_refused(seeds, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("mser.export.averaging._WORSE", -1.0)
    given = map(str, sorted(seeds.glob("seed*/fold1")))
    refused(capsys, ["export", *given, "--average", "--out", tmp_path / "model"], "they are worse; leave --average out",
            "the averaged weights score UA")  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_what_the_hub_sorts_by(run, fold, tmp_path):
    assert main(["export", str(fold), "--out", str(tmp_path / "model")]) == 0
    told = ModelCard.load(tmp_path / "model/README.md").data.to_dict()
    assert told.pop("tags") == ["speech-emotion-recognition", "mser", "speech", "text", "made-up"]
    expected = {"library_name": "mser", "license": "other", "language": "en", "pipeline_tag": "audio-classification"}
    assert told == expected


def test_the_card_s_head_holds_scores_with_their_interval_and_protocol(run, fold, tmp_path):
    changed = {}
    for name in ("protocol.json", "report/report.json"):
        changed[run / name] = (run / name).read_text()
    (run / "protocol.json").write_text(json.dumps(json.loads(changed[run / "protocol.json"]) | {"made_up": False}))
    whole = json.loads(changed[run / "report/report.json"])
    figure = {"mean": 0.5, "interval": [0.45, 0.55], "method_interval": [0.4, 0.6]}
    whole["runs"][0] |= {"complete": True, "overall": {"ua": figure, "wa": figure | {"method_interval": None}}}
    whole["answer"] = "UA 50.0%"
    try:
        assert main(["export", str(fold), "--out", str(tmp_path / "one")]) == 0
        (run / "report/report.json").write_text(json.dumps(whole))
        assert main(["export", str(fold), "--out", str(tmp_path / "all")]) == 0
    finally:
        for path, text in changed.items():
            path.write_text(text)
    alone, every = (ModelCard.load(tmp_path / name / "README.md").data for name in ("one", "all"))
    assert every.datasets == ["iemocap"]
    assert every.metrics == ["accuracy", "recall"]
    ua = next(one for one in every.eval_results if one.metric_type == "recall")
    assert (ua.metric_value, ua.dataset_type, ua.dataset_config, ua.dataset_split) == (
        0.5, "iemocap", "iemocap/loso5", "test"
    )  # fmt: skip
    assert ua.metric_args["interval"] == [0.4, 0.6]
    assert "mean over all 5 folds, 95% interval 0.4000 to 0.6000" in ua.metric_name
    ua = next(one for one in alone.eval_results if one.metric_type == "recall")
    assert "interval" not in ua.metric_args
    assert "seed 1, fold 1" in ua.metric_name


def test_every_corpus_has_its_licence_in_the_card():
    assert all(one.licence for one in CORPORA.values())
    assert {name: one.terms()["hub_licence"] for name, one in CORPORA.items() if one.hub_licence != "other"} == {
        **{"meld": "gpl-3.0", "ravdess": "cc-by-nc-sa-4.0", "crema_d": "odbl"}
    }
    assert {name for name, one in CORPORA.items() if one.language != "en"} == {"emodb", "table"}


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
    refused(capsys, ["export", fold, "--average", "--out", out], "asked for a single model", "RUN/seed*/fold1")
    refused(
        capsys, ["export", fold, run / "seed1/fold2", "--average", "--out", out], "folds 1, 2, which trained on each"
    )
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


def test_a_fusion_of_another_package_is_not_imported_unless_allowed(run, fold, tmp_path, capsys):
    config = run / "config.yaml"
    whole = config.read_text()
    config.write_text(whole.replace("mser.fusion.Shallow", "mine.Deep"))
    try:
        refused(
            capsys,
            ["export", fold, "--out", tmp_path / "model"],
            "config.yaml needs mine.Deep, code of",
            "--plugin mine",
        )
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


SPEECH = {"whisper": save_whisper, "ast": save_ast, "wav2vec2-bert": save_wav2vec2_bert,
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
