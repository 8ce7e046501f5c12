"""Several processes train and judge as one does: the same gradient, the same scores, each utterance once."""

import csv
import json
import subprocess
import sys

import pytest
import torch
from fake.corpora.iemocap import make_iemocap
from fake.node import FSDP2
from fake.places import EXPERIMENTS

from mser.crossval.fold import fit_and_test
from mser.crossval.plan import plan

EXPERIMENT = EXPERIMENTS / "demo/shallow.yaml"
# One update of plain gradient descent, with no dropout: what the weights moved by is the gradient. The training part is
# one batch, which the processes cannot share evenly.
OPTIONS = [
    f"--config={EXPERIMENT}", "--trainer.accelerator=cpu", "--trainer.max_epochs=1", "--trainer.gradient_clip_val=null",
    "--model.optimizer=torch.optim.SGD", "--model.optimizer.lr=0.1", "--model.warmup=0", "--model.dropout=0",
    "--model.text.tune=frozen", "--data.init_args.batch_size=null", "--data.init_args.batch_seconds=1000",
]  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    make_iemocap(folder / "corpus", turns=11)
    plan(str(folder / "run"), [*OPTIONS, f"--data.init_args.root={folder / 'corpus'}"])
    fit_and_test(str(folder / "run"), fold=1, seed=1, skip_test=False)
    return folder


def outcome(run):
    fold = run / "seed1/fold1"
    with (fold / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    metrics = json.loads((fold / "metrics.json").read_text())
    return rows, metrics, torch.load(fold / "checkpoints/best.ckpt", weights_only=True)["state_dict"]


@pytest.mark.slow
@pytest.mark.parametrize(("devices", "strategy", "moved", "said"), [
    (2, "--trainer.strategy=ddp", 3e-7, 1e-6),
    pytest.param(3, "--trainer.strategy=ddp", 3e-7, 1e-6, marks=pytest.mark.exhaustive),
    pytest.param(2, FSDP2, 1e-5, 4e-5, marks=pytest.mark.exhaustive),  # it keeps no frozen states in half precision
], ids=["ddp-2", "ddp-3", "fsdp2"])  # fmt: skip
def test_as_one_process_does(devices, strategy, moved, said, alone, tmp_path):
    plan(str(tmp_path), [*OPTIONS, f"--data.init_args.root={alone / 'corpus'}", f"--trainer.devices={devices}",
                         strategy])  # fmt: skip
    worker = [sys.executable, "-m", "mser.crossval.worker", "fold", str(tmp_path), "1", "1"]
    subprocess.run(worker, check=True, capture_output=True)
    rows, metrics, weights = outcome(tmp_path)
    rows_alone, metrics_alone, weights_alone = outcome(alone / "run")

    for name, weight in weights_alone.items():
        torch.testing.assert_close(weights[name], weight, rtol=0, atol=moved, msg=lambda text, name=name: name + text)
    for part in ("val", "test"):
        assert metrics[part] == pytest.approx(metrics_alone[part], abs=said)
    assert len({row["utterance"] for row in rows}) == len(rows)
    assert [row["utterance"] for row in rows] == [row["utterance"] for row in rows_alone]
    for row, other in zip(rows, rows_alone, strict=True):
        assert float(row["p_neu"]) == pytest.approx(float(other["p_neu"]), abs=said)
