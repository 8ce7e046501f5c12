"""MELD's repository holds csv files alone: enough for text, from the check to a tested fold."""

import json
from pathlib import Path

import numpy as np
import pytest
from fake.corpora.iemocap import write_wav
from fake.corpora.meld import FOLDERS, make_meld, write_tables

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.meld import tree

REAL = Path("../shared/samples/meld")
TINY = ("--model.text.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu")


@pytest.fixture
def words(tmp_path):
    """A tree of csv files, and the same with clips."""
    rows = make_meld(tmp_path / "whole")
    (tmp_path / "words").mkdir()
    write_tables(tmp_path / "words", rows)
    return tmp_path / "words", tmp_path / "whole"


def test_the_words_are_those_of_the_whole_corpus(words, tmp_path, capsys):
    alone, whole = (corpus("meld").read(root) for root in words)
    told = [
        [(one.id, one.transcript, one.label, one.labels, one.speaker, one.group, one.split) for one in manifest]
        for manifest in (alone, whole)
    ]
    assert told[0] == told[1]
    assert {one.audio for one in alone} == {""}
    assert sum(one.duration for one in alone) == pytest.approx(sum(one.duration for one in whole), abs=0.1)
    assert main(["data", "manifest", "meld", str(words[0]), str(tmp_path / "m.jsonl")]) == 0
    assert corpus("meld").open(tmp_path / "m.jsonl").utterances == alone.utterances


def test_check_and_folds(words, capsys):
    assert main(["data", "check", "meld", str(words[0]), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    told = [one["message"] for one in found["problems"] if one["kind"] == "missing"]
    assert told == [
        "no clips in train_splits, dev_splits_complete, output_repeated_splits_test: there are words alone, for "
        "model.speech: null; unpack MELD.Raw for the rest"
    ]
    assert (found["seconds"], found["notes"]) == (0, [])
    assert main(["data", "folds", "meld", str(words[0]), "--json"]) == 0
    there = json.loads(capsys.readouterr().out)
    assert main(["data", "folds", "meld", str(words[1]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == there["digest"]


@pytest.mark.exhaustive
def test_text_is_trained_on_words_alone_and_speech_is_not(words, tmp_path, capsys):
    options = ["crossval", "--data=MELD", f"--data.init_args.root={words[0]}", *TINY]
    assert main([*options, f"--out={tmp_path / 'run'}", "--model.speech=null"]) == 0
    assert (tmp_path / "run/seed1/fold1/metrics.json").is_file()
    assert main([*options, f"--out={tmp_path / 'no'}", "--model.speech.name=tiny"]) == 2
    told = "meld/official: 168 utterances have no recording, so the speech encoder has nothing to hear; unpack the"
    assert told in capsys.readouterr().err


def test_clips_that_were_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "_MANY", 20)
    make_meld(tmp_path)
    assert [one for one in corpus("meld").read(tmp_path).problems if one.kind == "hours"] == []
    for wav in (tmp_path / FOLDERS["test"]).iterdir():
        write_wav(wav, np.sin(np.arange(3200)))
    [problem] = [one for one in corpus("meld").read(tmp_path).problems if one.kind == "hours"]
    assert problem.message.startswith("the clips of test last 0.00 h, 0.01 h by their times (-42%): a copy that was")


@pytest.mark.skipif(not REAL.is_dir(), reason="needs MELD's csv files")
def test_the_published_files(capsys):
    assert main(["data", "check", "meld", str(REAL), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["utterances"], [one["kind"] for one in found["problems"]]) == (13706, ["missing"])
