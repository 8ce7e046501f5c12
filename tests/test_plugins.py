"""A corpus, an encoder, a fusion and an objective of another package (tests/plugin), all the way."""

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
from fake.acme import make_acme
from fake.places import ROOT
from fake.trained import untrained

import mser
from mser.cli import main
from mser.errors import UserError

PLUGIN = ROOT / "tests/plugin"
ALLOWED = ("--plugin", "acme_emotion")
REFUSED = (
    "needs acme_emotion.encoder.Frames, code of another package; if you trust it, allow it by --plugin acme_emotion"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the calls, and a run of one fold of them, whose workers find the package where it is installed."""
    folder = tmp_path_factory.mktemp("acme")
    make_acme(folder / "calls")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PLUGIN), os.environ.get("PYTHONPATH", "")]))
        experiment = ["--config", str(PLUGIN / "experiment.yaml"), "--data.init_args.root", str(folder / "calls")]
        assert main(["crossval", *experiment, "--out", str(folder / "run"), "--folds", "1"]) == 0
        yield folder


@pytest.fixture(scope="module")
def model(place):
    """The folder of its model."""
    assert main(["export", str(place / "run/seed1/fold1"), "--out", str(place / "model"), *ALLOWED]) == 0
    return place / "model"


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """A module that leaves a mark where it is imported."""
    (tmp_path / "marker_module.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "marker_module", raising=False)
    return tmp_path / "imported"


def answer(table):
    return [{name: row[name] for name in ("label", "p_calm", "p_angry")} for row in csv.DictReader(table.open())]


def test_the_corpus_on_the_command_line(place, capsys):
    calls = str(place / "calls")
    assert main(["data", "check", "acme_emotion.corpus.CORPUS", calls, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label_sets"]["acme2"] == {"total": 36, "calm": 18, "angry": 18}
    assert main(["data", "folds", "acme_emotion.data.Acme", calls, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["folds"]) == 3
    assert main(["data", "manifest", "acme_emotion.data.Acme", calls, str(place / "calls.jsonl")]) == 0
    assert main(["data", "folds", "acme_emotion.data.Acme", str(place / "calls.jsonl"), "--json"]) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acme_emotion.corpus.read", "is neither a Corpus nor a datamodule of one"),
        ("acme_emotion.corpus.Mine", "cannot import acme_emotion.corpus.Mine: "),
        (
            "acme_emotoin.corpus",
            "cannot import acme_emotoin.corpus: No module named 'acme_emotoin'; install its package",
        ),
    ],
)
def test_no_such_corpus(tmp_path, capsys, name, said):
    assert main(["data", "check", name, str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_the_run_says_what_was_asked_and_is_reported(place, capsys):
    told = json.loads((place / "run/protocol.json").read_text())
    assert (told["task"], told["exclusive"], told["terms"]["language"]) == ("labels", True, "nl")
    assert main(["report", str(place / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["protocol"]["corpus"] == "acme"


def test_the_model_answers_where_the_user_allows_the_package(place, model, capsys):
    assert json.loads((model / "config.json").read_text())["model"]["fusion"] == {
        **{"class": "acme_emotion.fusion.Sum", "options": {"width": 20}}
    }
    assert "It has seen calls of Acme, which are nobody else's business" in (model / "README.md").read_text()
    call = str(place / "calls/s0_calm_0.wav")
    assert main(["predict", str(model), call, "--text", "fine"]) == 2
    assert REFUSED in capsys.readouterr().err
    assert main(["predict", *ALLOWED, str(model), call, "--text", "fine", "--out", str(place / "torch.csv")]) == 0
    said = mser.load(model, plugins=["acme_emotion"]).predict(call, "fine")
    assert said.probabilities == pytest.approx({"calm": float(answer(place / "torch.csv")[0]["p_calm"]),
                                                "angry": float(answer(place / "torch.csv")[0]["p_angry"])})  # fmt: skip
    with pytest.raises(UserError, match="needs acme_emotion"):
        mser.load(model, plugins=["acme"])  # which is another package


@pytest.mark.exhaustive
def test_a_graph_needs_no_package(place, model, capsys):
    onnx = place / "onnx"
    assert main(["export", str(model), "--onnx", "--out", str(onnx), *ALLOWED]) == 0
    call = str(place / "calls/s1_angry_0.wav")
    assert main(["predict", str(onnx), call, "--text", "no", "--out", str(place / "onnx.csv")]) == 0
    assert main(["predict", *ALLOWED, str(model), call, "--text", "no", "--out", str(place / "again.csv")]) == 0
    [graph], [torch] = answer(place / "onnx.csv"), answer(place / "again.csv")
    assert float(graph["p_calm"]) == pytest.approx(float(torch["p_calm"]), abs=1e-5)


def test_a_run_is_asked_again_where_the_user_allows_the_package(place, capsys):
    asked = ["robustness", str(place / "run"), "--wer", "none", "--snr", "0", "--trainer.accelerator", "cpu"]
    assert main(asked) == 2
    assert "run/config.yaml needs acme_emotion" in capsys.readouterr().err
    assert main([*asked, *ALLOWED]) == 0


def named_by(folder, part):
    """Let a model folder name the marker as one of its parts."""
    settings = json.loads((folder / "config.json").read_text())
    evil = {"class": "marker_module.Part", "options": {}}
    if part == "backbone":
        settings["model"]["speech"]["name"] = evil
    elif part == "encoder":
        settings["model"]["speech"]["class"] = "marker_module.Part"
    else:
        settings["model"][part] = evil
    (folder / "config.json").write_text(json.dumps(settings))


@pytest.mark.parametrize("part", ["fusion", "objective", "backbone", "encoder"])
def test_nothing_is_imported_because_a_model_folder_names_it(tmp_path, marker, part):
    folder = untrained(tmp_path / "model")
    named_by(folder, part)
    for plugins in ((), ["acme_emotion"], ["marker"], ["marker_module.Part"]):
        with pytest.raises(UserError, match=r"needs marker_module.Part, code of another package"):
            mser.load(folder, plugins=plugins)
    assert not marker.exists()
    with pytest.raises(UserError, match=r"needs marker_module.Part, which is no "):
        mser.load(folder, plugins=["marker_module"])
    assert marker.exists()


def test_nothing_is_imported_because_a_run_names_it(place, tmp_path, marker, capsys):
    for edit in (
        lambda model: model["fusion"].update(class_path="marker_module.Part"),
        lambda model: model["objective"].update(class_path="marker_module.Part"),
        lambda model: model.update(optimizer="marker_module.part"),
        lambda model: model["speech"]["init_args"]["name"].update(class_path="marker_module.Part"),
    ):
        run = tmp_path / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(place / "run", run)
        config = yaml.safe_load((run / "config.yaml").read_text())
        edit(config["model"])
        (run / "config.yaml").write_text(yaml.safe_dump(config))
        assert main(["report", str(run)]) == 0
        main(["export", str(run / "seed1/fold1"), "--out", str(tmp_path / "model"), *ALLOWED])
        shutil.rmtree(tmp_path / "model", ignore_errors=True)
        capsys.readouterr()
        assert main(["robustness", str(run), "--wer", "none", "--snr", "0", *ALLOWED]) == 2
        assert "needs marker_module.part, code of" in capsys.readouterr().err.replace("Part", "part")
    assert not marker.exists()


def test_a_fit_is_exported_like_a_fold(place, tmp_path, capsys):
    fitted = tmp_path / "fitted"
    experiment = ["--config", str(PLUGIN / "experiment.yaml"), "--data.init_args.root", str(place / "calls")]
    options = ["--data.init_args.fold=2", "--seed_everything=3", "--trainer.enable_progress_bar=false"]
    assert main(["fit", *experiment, *options, f"--trainer.default_root_dir={fitted}"]) == 0
    files = sorted(fitted.rglob("*"))
    assert main(["export", str(fitted), "--out", str(tmp_path / "model")]) == 2
    assert "fitted/config.yaml needs acme_emotion" in capsys.readouterr().err
    assert main(["export", str(fitted), "--out", str(tmp_path / "model"), *ALLOWED]) == 0
    assert sorted(fitted.rglob("*")) == files
    settings = json.loads((tmp_path / "model/config.json").read_text())
    [member] = settings["members"]
    assert (member["seed"], member["fold"], settings["trained"]["run"]) == (3, 2, "fitted")
    best = [row["val/ua"] for row in csv.DictReader((fitted / "history.csv").open())]
    assert member["metrics"]["val"]["ua"] == pytest.approx(max(map(float, best)))
    card = (tmp_path / "model/README.md").read_text()
    assert "Scores are of the validation parts, which chose the epoch too: the test parts are still locked" in card
    call = str(place / "calls/s0_calm_0.wav")
    assert mser.load(tmp_path / "model", plugins=["acme_emotion"]).predict(call, "fine").label in ("calm", "angry")
    assert main(["export", str(fitted), str(place / "run/seed1/fold1"), "--out", str(tmp_path / "both"), *ALLOWED]) == 2
    assert "is the folder of a fit, which is exported alone" in capsys.readouterr().err


@pytest.mark.slow
def test_the_package_installs(tmp_path):
    install = ["pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(tmp_path / "site")]
    shutil.copytree(PLUGIN, tmp_path / "source")
    subprocess.run([sys.executable, "-m", *install, str(tmp_path / "source")], check=True)
    calls = make_acme(tmp_path / "calls", speakers=3, calls=1)
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    check = [sys.executable, "-m", "mser", "data", "check", "acme_emotion.corpus.CORPUS", str(calls)]
    done = subprocess.run(check, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    assert "the corpus is sound" in done.stdout


def test_the_page_is_served_where_the_user_allows_the_package(model, monkeypatch, capsys):
    pytest.importorskip("gradio", reason="the page is an extra")
    served = []
    monkeypatch.setattr("mser.app.web_page.serve", lambda model, door, host: served.append(model.task.labels))
    assert main(["app", str(model), "--port", "0"]) == 2
    assert REFUSED in capsys.readouterr().err
    assert main(["app", str(model), "--port", "0", "--device", "cpu", *ALLOWED]) == 0
    assert served == [("calm", "angry")]
