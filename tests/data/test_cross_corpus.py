"""A model of one corpus on another: labels must agree, and the run's own results stay as they are."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import yaml
from fake.corpora.iemocap import make_iemocap
from fake.corpora.meld import make_meld
from fake.places import ROOT

from mser.cli import main
from mser.corpora import corpus
from mser.data.datamodules import MELD
from mser.tasks import score

WORKED = ROOT / "experiments/cross/iemocap_to_meld.yaml"
OWN = ("predictions.csv", "config.yaml", "history.csv")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with both corpora and a model of the second fold of one."""
    folder = tmp_path_factory.mktemp("cross")
    make_iemocap(folder / "iemocap", turns=12)
    make_meld(folder / "meld")
    chosen = ["labels=iemocap4", "protocol=iemocap/loso5", "fold=2", f"root={folder / 'iemocap'}"]
    options = [*(f"--data.init_args.{one}" for one in chosen), f"--trainer.default_root_dir={folder / 'run'}"]
    shallow = ROOT / "experiments/demo/shallow.yaml"
    small = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    assert main(["fit", f"--config={shallow}", *small, *options]) == 0
    assert tried(folder) == 0
    return folder


def tried(folder, *options, command="test"):
    run = folder / "run"
    return main([command, f"--config={run / 'config.yaml'}", f"--ckpt_path={run / 'checkpoints/best.ckpt'}", *options])


def rows(path):
    with (path / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def own(folder):
    return [(folder / "run" / name).read_bytes() for name in OWN]


def test_only_the_corpus_is_named(place, capsys):
    before = own(place)
    assert tried(place, "--data=MELD", f"--data.init_args.root={place / 'meld'}") == 0
    assert own(place) == before
    there = place / "run/on/meld/official/fold1"
    found = rows(there)
    assert {(row["split"], row["fold"]) for row in found} == {("test", "1")}
    assert {row["utterance"].split("_")[0] for row in found} == {"test"}
    assert [name for name in found[0] if name.startswith("p_")] == ["p_neu", "p_sad", "p_ang", "p_hap"]
    record = json.loads((there / "metrics.json").read_text())
    assert (record["trained_on"]["protocol"], record["trained_on"]["fold"]) == ("iemocap/loso5", 2)
    assert (record["data"]["protocol"], record["data"]["label_set"]) == ("meld/official", "meld4")
    task = corpus("meld").label_set("meld4")
    target = np.array([task.labels.index(row["target"]) for row in found])
    said = np.array([[float(row[f"p_{label}"]) for label in task.labels] for row in found])
    assert record["test"]["ua"] == pytest.approx(score(task, target, said)["ua"])


def test_the_default_label_set_of_a_run_is_that_of_its_corpus(place):
    assert tried(place, "--data=MELD", f"--data.init_args.root={place / 'meld'}", "--data.init_args.labels=null") == 0
    record = json.loads((place / "run/on/meld/official/fold1/metrics.json").read_text())
    assert record["data"]["label_set"] == "meld4"


def test_the_worked_experiment(place, monkeypatch):
    worked = yaml.safe_load(WORKED.read_text())["data"]["init_args"]
    (place / "data").mkdir()
    (place / worked["root"]).symlink_to(place / "meld")
    monkeypatch.chdir(place)
    before = own(place)
    assert tried(place, f"--config={WORKED}", command="validate") == 0
    assert tried(place, f"--config={WORKED}") == 0
    assert own(place) == before
    there = place / "run/on/meld/official/fold1"
    assert {row["split"] for row in rows(there)} == {"val", "test"}
    assert {"val", "test"} <= json.loads((there / "metrics.json").read_text()).keys()


def test_predict(place):
    before = own(place)
    assert tried(place, "--data=MELD", f"--data.init_args.root={place / 'meld'}", command="predict") == 0
    assert own(place) == before
    assert len(rows(place / "run/on/meld")) == 168


def refused(capsys, words):
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("mser: error: ")
    assert words in error


def test_another_fold_of_its_own_corpus_is_refused(place, capsys):
    """There it would be asked about utterances that it was trained on."""
    before = own(place)
    assert tried(place, "--data.init_args.fold=3") == 2
    refused(capsys, "is of another experiment: its fold is 2, here it is 3")
    assert own(place) == before


def test_labels_that_do_not_agree(place, capsys):
    meld = ["--data=MELD", f"--data.init_args.root={place / 'meld'}"]
    assert tried(place, *meld, "--data.init_args.labels=meld7") == 2
    refused(capsys, "the checkpoint knows neu, sad, ang, hap (iemocap4), the data have neutral, surprise, fear,")
    assert tried(place, *meld, "--data.init_args.labels=iemocap5") == 2
    refused(capsys, "unknown label set of meld 'iemocap5': expected one of meld7, meld-sentiment, meld4")
    assert tried(place, *meld, "--data.init_args.protocol=meld/loso6", "--data.init_args.fold=9") == 2
    refused(capsys, "fold 9 was asked for, but meld/loso6 has folds 1 to 6")


def test_the_same_labels_in_another_order_are_refused(place, capsys, monkeypatch):
    task = MELD.corpus.label_set("meld4")
    turned = replace(task, labels=task.labels[::-1])
    monkeypatch.setattr(MELD, "corpus", replace(MELD.corpus, label_sets=(turned,)))
    meld = ["--data=MELD", f"--data.init_args.root={place / 'meld'}", "--data.init_args.labels=meld4"]
    assert tried(place, *meld) == 2
    refused(
        capsys, "the data have hap, ang, sad, neu; these are the same in other words or in another order: leave data"
    )
