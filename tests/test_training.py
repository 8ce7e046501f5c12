"""fit, test and predict through the command line, on a small made-up tree with tiny encoders."""

import csv
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS

from mser.cli import main
from mser.runs.test_log import counts

SHIPPED = [EXPERIMENTS / f"iemocap/{name}.yaml" for name in (
    "shallow", "coattention", "speech_only", "text_only", "attributes",
)] + sorted((EXPERIMENTS / "demo").glob("*.yaml"))  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=12)
    return root


def run(command, experiment, corpus, folder, *options):
    text = Path(experiment).read_text()
    names = [f"--model.{part}.name=tiny" for part in ("speech", "text") if f"  {part}: {{" in text]
    given = [f"--data.init_args.root={corpus}", f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu"]
    return main([command, f"--config={experiment}", *names, *given, *options])


def predictions(folder):
    with (folder / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("experiment", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_experiments_train_and_test(experiment, corpus, tmp_path):
    assert run("fit", experiment, corpus, tmp_path, "--trainer.max_epochs=1") == 0
    assert not (tmp_path / "predictions.csv").exists()
    saved, best = tmp_path / "config.yaml", tmp_path / "checkpoints" / "best.ckpt"
    for command in ("validate", "test"):
        assert main([command, f"--config={saved}", f"--ckpt_path={best}"]) == 0
    assert counts(tmp_path) == {(1, 1): 1}
    rows = predictions(tmp_path)
    assert {row["split"] for row in rows} == {"val", "test"}
    assert len({row["utterance"] for row in rows}) == len(rows)
    assert {row["speaker"][:5] for row in rows if row["split"] == "test"} == {"Ses01"}


def test_predict_and_staged_unfreezing_and_one_vs_rest(corpus, tmp_path, caplog):
    more = ["--model.objective=mser.objectives.OneVsRest", "--trainer.max_epochs=2"]
    stage = ["--trainer.callbacks+=mser.callbacks.unfreezing.StagedUnfreezing", "--trainer.callbacks.speech=1"]
    shallow = EXPERIMENTS / "demo/shallow.yaml"
    assert run("fit", shallow, corpus, tmp_path, *more, *stage) == 0
    said = [record.message for record in caplog.records if record.message.startswith("epoch ")]
    assert said[::2] == ["epoch 0: speech is held until epoch 1", "epoch 1: speech is trained from now on"]
    assert re.fullmatch(r"epoch 1: train/loss \d\.\d{3}, val/loss \d\.\d{3}, val/ua \d\.\d{3}", said[3])
    saved, best = tmp_path / "config.yaml", tmp_path / "checkpoints" / "best.ckpt"
    state = torch.load(best, weights_only=True)["state_dict"]
    torch.manual_seed(1)
    assert main(["predict", f"--config={saved}", f"--ckpt_path={best}"]) == 0
    rows = predictions(tmp_path)
    assert {row["split"] for row in rows} == {"predict"}
    assert any(row["target"] == "" for row in rows)  # unlabelled turns are predicted too
    assert state["head.1.weight"].shape == (8, 128)


def test_what_users_get_wrong(corpus, tmp_path, capsys):
    shallow = EXPERIMENTS / "demo/shallow.yaml"
    for option, words in {
        "--data.init_args.fold=9": "fold 9 was asked for, but iemocap/loso5 has folds 1 to 5",
        "--data.init_args.protocol=iemocap/losso5": "did you mean 'iemocap/loso5'",
        "--data.init_args.labels=four": "unknown label set of iemocap 'four': expected one of iemocap4",
        "--data.init_args.root=/nowhere": "/nowhere",
        "--data.init_args.batch_seconds=0.1": "raise data.init_args.batch_seconds",
        "--data.init_args.batch_size=0": "data.init_args.batch_size is 0; expected more than 0",
        "--data.init_args.num_workers=-1": "data.init_args.num_workers is -1; expected 0 to 256",
        "--model.warmup=7": "model.warmup is 7.0; expected a share of the updates, from 0 to 1",
        "--model.dropout=1.2": "model.dropout is 1.2; expected a share",
        "--model.text.layer_decay=1.7": "layer_decay is 1.7; expected a share above 0, at most 1",
        "--model.text.max_tokens=1": "max_tokens is 1; expected at least 2",
        "--model.text.tune=0": "tune: 0 is no number of layers that this encoder has; give 1 to 2",
        "--model.optimizer.lr=None": "model.optimizer cannot be made: null, or a type that it cannot take",
        "--model.optimizer.lr=-1": "model.optimizer cannot be made: Invalid learning rate",
        "--checkpoint.monitor=val/f1": "unknown checkpoint.monitor 'val/f1': expected one of val/loss",
        "--trainer.accelerator=cpu --trainer.precision=16-mixed": "which a CPU does not have; give --trainer.precision",
        "--trainer.limit_val_batches=0": "but validation chooses the epoch that is kept",
        "--trainer.max_steps=2": "trainer.max_steps is 2, but the first validation",
        "--trainer.overfit_batches=2": "give --trainer.limit_train_batches",
        "--trainer.callbacks+=mser.callbacks.unfreezing.StagedUnfreezing --trainer.callbacks.text=8": (
            "lets text join in epoch 8, but the last one is 7"
        ),
        "--model.objective=mser.objectives.Regression": "Regression does not fit the labels 'iemocap4'",
        "--model.speach.name=tiny": "speach",
        "--model.fusion=mser.fusion.CoAttention --model.fusion.heads=7": "7 heads do not divide",
    }.items():
        assert run("fit", shallow, corpus, tmp_path / "run", *option.split()) == 2
        error = capsys.readouterr().err.strip().splitlines()
        assert error[-1].startswith("mser: error: ")
        assert words in error[-1]
    assert run("fit", EXPERIMENTS / "demo/text_only.yaml", corpus, tmp_path / "run", "--model.text=null") == 2
    assert "the model has neither ears nor eyes" in capsys.readouterr().err
    assert run("fit", shallow, corpus, tmp_path / "run", "--trainer.max_epochs=1") == 0
    assert run("fit", shallow, corpus, tmp_path / "run", "--trainer.max_epochs=1") == 2
    assert "holds the checkpoints of an earlier fit" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["data", "--help"], ["report", "--help"],
                                     ["crossval", "--help"], ["convert", "--help"], ["export", "--help"],
                                     ["predict", "--help"]])  # fmt: skip
def test_light_commands_import_no_torch(command):
    code = f"import sys; from mser.cli import main; c = main({command!r}); sys.exit(c or 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "mser" in done.stdout


def test_unknown_command(capsys):
    assert main(["tset"]) == 2
    assert "did you mean 'test'?" in capsys.readouterr().err


def test_help_begins_with_what_the_command_does(capsys):
    assert main(["fit", "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "usage: mser fit --config FILE [options]\n\nTrain on one fold, data.init_args.fold; the test"
    )
    assert "--model.dropout" in shown


def test_lightning_s_loggers_log_beside_our_own_files(corpus, tmp_path):
    options = ["--trainer.logger=CSVLogger", f"--trainer.logger.save_dir={tmp_path}", "--trainer.max_epochs=1",
               "--trainer.log_every_n_steps=1"]  # fmt: skip
    assert run("fit", EXPERIMENTS / "demo/text_only.yaml", corpus, tmp_path / "fit", *options) == 0
    with (tmp_path / "lightning_logs/version_0/metrics.csv").open(newline="") as file:
        logged = [row["val/ua"] for row in csv.DictReader(file) if row["val/ua"]]
    with (tmp_path / "fit/history.csv").open(newline="") as file:
        assert [float(row["val/ua"]) for row in csv.DictReader(file)] == pytest.approx(
            list(map(float, logged)), abs=1e-5
        )


def test_tensorboard_logs_what_history_says(corpus, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    options = ["--trainer.logger=TensorBoardLogger", f"--trainer.logger.save_dir={tmp_path}", "--trainer.max_epochs=1"]
    assert run("fit", EXPERIMENTS / "demo/text_only.yaml", corpus, tmp_path / "fit", *options) == 0
    logged = EventAccumulator(str(tmp_path / "lightning_logs/version_0")).Reload().Scalars("val/ua")
    with (tmp_path / "fit/history.csv").open(newline="") as file:
        assert [float(row["val/ua"]) for row in csv.DictReader(file)] == pytest.approx([one.value for one in logged])


@pytest.mark.skipif(find_spec("mlflow") is not None, reason="MLflow is there")
def test_a_logger_that_is_not_installed_is_said_in_a_line(corpus, tmp_path, capsys):
    options = ["--trainer.logger=MLFlowLogger", f"--trainer.logger.save_dir={tmp_path}"]
    assert run("fit", EXPERIMENTS / "demo/text_only.yaml", corpus, tmp_path / "fit", *options) == 2
    assert "asks for what is not installed: " in capsys.readouterr().err
