"""The commands of the page on tables, and what follows them: training, a report, an answer for each row."""

import csv
import re
import shlex

import pytest
from fake.corpora.audformat_db import make_audformat
from fake.corpora.table import make_table
from fake.places import ROOT
from fake.trained import untrained
from lhotse import CutSet, Recording, SupervisionSegment

from mser.cli import main

PAGE = (ROOT / "docs" / "tables.md").read_text("utf-8")
SMALL = ["--model.speech.name=tiny", "--model.text.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]


def commands(section):
    text = PAGE.split(f"\n## {section}")[1].split("\n## ")[0]
    blocks = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in blocks.splitlines()]


def make_cuts(folder):
    cuts = []
    for row in make_table(folder / "clips.csv"):
        one = Recording.from_file(folder / row["audio"])
        about = {"text": row["transcript"], "speaker": row["speaker"], "custom": {"emotion": row["label"]}}
        cuts.append(one.to_cut())
        cuts[-1].supervisions = [SupervisionSegment(one.id, one.id, 0, one.duration, **about)]
    CutSet.from_cuts(cuts).to_file(folder / "cuts.jsonl.gz")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    make_cuts(tmp_path / "data")
    make_audformat(tmp_path / "emodb", segmented=True)
    make_audformat(tmp_path / "crema-d", parts=True, emotion="emotion.categories.voice")
    return tmp_path


@pytest.mark.parametrize("section", ["Manifests of lhotse", "audformat databases"])
def test_the_commands_of(section, workplace, capsys):
    assert commands(section)
    for command in commands(section):
        assert main(command) == 0, capsys.readouterr()
        assert "36 utterances, 6 speakers" in capsys.readouterr().out


@pytest.mark.parametrize("table", ["data/cuts.jsonl.gz", "emodb", "crema-d"])
def test_an_answer_for_each_row(table, workplace):
    untrained(workplace / "model")
    assert main(["predict", "model", "--table", table, "--out", "said.csv"]) == 0
    said = list(csv.DictReader(open("said.csv")))
    assert len(said) == len({row["audio"] for row in said}) == 36
    assert {row["transcript"] for row in said} == {"Number 0, please.", "Number 1, please."}
    assert not any(row["error"] for row in said)
    assert {row["end"] for row in said} == {{"emodb": "0.25", "crema-d": ""}.get(table, "0.3")}


@pytest.mark.slow
def test_a_fold_of_unseen_speakers_is_trained_on_and_reported(workplace):
    own = ["--data=Table", "--data.init_args.root=emodb"]
    assert main(["crossval", "--out=run", "--folds=1", *own, *SMALL]) == 0
    assert main(["report", "run"]) == 0
    assert main(["export", "run/seed1/fold1", "--out", "model"]) == 0
    said = list(csv.DictReader(open("run/seed1/fold1/predictions.csv")))
    tested = {row["speaker"] for row in said if row["split"] == "test"}
    assert tested
    assert not tested & {row["speaker"] for row in said if row["split"] != "test"}
