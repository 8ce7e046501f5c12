"""The shipped files of the paper's recipe train converted checkpoints, through the command line."""

import csv
import re
import subprocess

import pytest
import yaml
from fake import checkpoints
from fake.converting import fine_tuned, speech_bert, text_folder, write_files
from fake.corpora.iemocap import make_iemocap
from fake.corpora.opinions import make_mosei, make_mosi
from fake.places import ROOT

from mser.cli import main
from mser.encoders.cache_files import cache_folder

EXPERIMENTS = sorted((ROOT / "experiments" / "iemocap").glob("paper_*.yaml"))
OPINIONS = {"mosi": make_mosi, "mosei": make_mosei}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    write_files(tmp_path)
    speech_bert(tmp_path)
    text_folder(tmp_path)
    make_iemocap(tmp_path / "corpus")
    return tmp_path


def run(command, experiment, folder, *options):
    model = yaml.safe_load(experiment.read_text())["model"]
    names = [
        word for part in ("speech", "text") if part in model for word in (f"--model.{part}.name", str(folder / part))
    ]
    given = ["--data.init_args.root", str(folder / "corpus"), "--trainer.default_root_dir", str(folder / "run")]
    given += ["--trainer.accelerator", "cpu", *options]
    return main([command, "--config", str(experiment), *names, *given])


def test_there_are_five():
    assert [path.stem for path in EXPERIMENTS] == [
        f"paper_{name}" for name in ("coattention", "frozen", "shallow", "speech_only", "text_only")
    ]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda path: path.stem)
def test_it_trains(experiment, folder, capsys):
    assert run("fit", experiment, folder, "--trainer.max_epochs", "2") == 0
    with (folder / "run" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert float(rows[1]["train/loss"]) > 0
    config = yaml.safe_load((folder / "run" / "config.yaml").read_text())
    assert config["data"]["init_args"]["batch_size"] * config["trainer"]["accumulate_grad_batches"] == 16
    assert (config["checkpoint"]["monitor"], config["checkpoint"]["mode"]) == ("val/loss", "min")
    heard = "speech" in yaml.safe_load(experiment.read_text())["model"]
    assert bool(list(cache_folder().rglob("*.npy"))) is heard
    assert ("tokenising speech" in capsys.readouterr().err) is heard


@pytest.mark.parametrize("corpus", OPINIONS)
def test_opinions_have_the_same_recipe(corpus):
    for experiment in EXPERIMENTS:
        ours, theirs = (
            yaml.safe_load((experiment.parents[1] / name / experiment.name).read_text()) for name in ("iemocap", corpus)
        )
        assert theirs["data"]["init_args"]["protocol"] == f"{corpus}/official"
        assert theirs["model"]["objective"] == {
            "class_path": "mser.objectives.Regression",
            "init_args": {"error": "l1"},
        }
        ours["model"]["objective"] = theirs["model"]["objective"]
        ours["data"] = {
            "class_path": corpus.upper(),
            "init_args": ours["data"]["init_args"]
            | {name: theirs["data"]["init_args"][name] for name in ("root", "protocol", "batch_seconds")},
        }
        if corpus == "mosei":  # 600 of 11,000 updates in 11 epochs, four heads
            ours["trainer"]["max_epochs"] = ours["early_stopping"]["patience"] = 11
            ours["model"]["warmup"] = 0.0545
            if experiment.stem == "paper_coattention":
                ours["model"]["fusion"]["init_args"]["heads"] = 4
        assert ours == theirs


@pytest.mark.parametrize("corpus", OPINIONS)
def test_it_trains_on_opinions(corpus, folder, capsys):
    OPINIONS[corpus](folder / "opinions")
    experiment = ROOT / f"experiments/{corpus}/paper_coattention.yaml"
    options = ["--data.init_args.root", str(folder / "opinions"), "--trainer.max_epochs", "1"]
    assert run("fit", experiment, folder, *options) == 0
    with (folder / "run" / "history.csv").open() as file:
        [row] = csv.DictReader(file)
    assert float(row["val/loss"]) == pytest.approx(float(row["val/mae"]), abs=1e-5)
    assert "tokenising speech" in capsys.readouterr().err


@pytest.mark.parametrize("corpus", ["iemocap", *OPINIONS])
def test_make_asks_the_script_for_the_paper(corpus):
    paper = ["PAPER=1", f"{corpus.upper()}=/c", "SPEECH_BERT=/s", "ROBERTA=/r"]
    done = subprocess.run(["make", "-n", "-C", ROOT, f"reproduce-{corpus}", *paper], capture_output=True, text=True)
    assert f'experiments/reproduce.sh {corpus} "/c" runs/{corpus}-paper' in done.stdout


def test_a_fine_tuned_checkpoint_is_tested(folder):
    checkpoints.write_fine_tuned(folder / "tuned.pt", 43, 10)
    assert fine_tuned(folder) == 0
    [experiment] = [path for path in EXPERIMENTS if path.stem == "paper_coattention"]
    model = ["--config", str(folder / "tuned" / "model.yaml"), "--ckpt_path", str(folder / "tuned" / "model.ckpt")]
    assert run("test", experiment, folder, *model) == 0
    with (folder / "run" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["split"] for row in rows} == {"test"}
    assert all(0 <= float(row["p_neu"]) <= 1 for row in rows)
    assert {row["prediction"] for row in rows} <= {"neu", "sad", "ang", "hap"}


def test_audio_that_is_too_short_is_found_before_training(folder, capsys):
    [experiment] = [path for path in EXPERIMENTS if path.stem == "paper_speech_only"]
    layers = "[(8, 10, 5), (8, 8, 4)] + [(8, 4, 2)] * 2 + [(8, 2, 2)] * 9"
    weights = checkpoints.vq_weights() | checkpoints.longer_vq_weights(9)
    checkpoints.write_vq(folder / "vq.pt", weights=weights, conv_feature_layers=layers)
    speech_bert(folder, out="long")
    capsys.readouterr()
    assert run("fit", experiment, folder, "--model.speech.name", str(folder / "long")) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.match(r"mser: error: Ses0\d[FM]_\w+: an utterance has \d+ samples", error)
    assert not (folder / "run" / "checkpoints").exists()
