"""A model of one corpus on another that has the same classes under other names, in another order, or in a table."""

import csv
import json
import random

import pytest
from fake.corpora.acted import make_emodb, make_ravdess, promise
from fake.corpora.iemocap import tone, write_wav
from fake.corpora.table import make_table

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.same_classes import translation


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a model of EmoDB's four emotions, and with a small RAVDESS."""
    folder = tmp_path_factory.mktemp("words")
    names = make_emodb(folder / "emodb", keep=lambda name: name[2:5] in ("a01", "b02"))
    promise(folder / "emodb", utterances=len(names))
    make_ravdess(folder / "ravdess", [1, 2], keep=lambda name: name[6:8] in ("01", "02", "03", "04", "05"))
    options = [f"--data.init_args.root={folder / 'emodb'}", "--data.init_args.labels=emodb4"]
    small = ["--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    folds = ["--data.init_args.fold=3", f"--trainer.default_root_dir={folder / 'run'}"]
    assert main(["fit", "--data=EmoDB", *options, *small, *folds]) == 0
    return folder


def tried(folder, *options):
    run = folder / "run"
    config, best = run / "config.yaml", run / "checkpoints/best.ckpt"
    return main(["test", f"--config={config}", f"--ckpt_path={best}", *options])


def found(there):
    with (there / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file)), json.loads((there / "metrics.json").read_text())["data"]


def test_another_acted_corpus_is_tested_as_a_whole(place):
    assert tried(place, "--data=RAVDESS", f"--data.init_args.root={place / 'ravdess'}") == 0
    rows, data = found(place / "run/on/ravdess/whole/fold1")
    assert {row["split"] for row in rows} == {"test"}
    assert len(rows) == 2 * (4 + 4 * 8)
    assert {row["target"] for row in rows if "-02-" in row["utterance"][5:9]} == {"neutral"}  # calm is merged
    assert {row["target"] for row in rows} == {"neutral", "happiness", "sadness", "anger"}
    assert (data["label_set"], data["labels"]) == ("emodb4", ["neutral", "happiness", "sadness", "anger"])


def test_a_table_in_its_own_words(place):
    rows = [
        {"audio": f"{word}{number}.wav", "label": word, "speaker": f"s{number}", "split": "test"}
        for word in ("happy", "sad", "angry", "neutral", "bored")
        for number in range(3)
    ]
    (place / "own").mkdir()
    for row in rows:
        write_wav(place / "own" / row["audio"], tone(0.2, 200, random.Random(row["audio"])))
    make_table(place / "own/own.csv", rows)
    table = ["--data=Table", f"--data.init_args.root={place / 'own/own.csv'}"]
    assert tried(place, *table) == 0
    tested, _ = found(place / "run/on/table/whole/fold1")
    assert len(tested) == 12
    assert {row["target"] for row in tested} == {"neutral", "happiness", "sadness", "anger"}


def test_nothing_is_trained_on_a_whole_corpus(place, capsys):
    options = [f"--data.init_args.root={place / 'emodb'}", "--data.init_args.protocol=emodb/whole"]
    small = ["--model.speech.name=tiny", f"--trainer.default_root_dir={place / 'no'}", "--trainer.accelerator=cpu"]
    assert main(["fit", "--data=EmoDB", *options, *small]) == 2
    assert "emodb/whole tests everything and trains on nothing; choose another" in capsys.readouterr().err


def test_every_four_classes_of_one_corpus_are_those_of_another():
    fours = {"iemocap": "iemocap4", "meld": "meld4", "msp_podcast": "msp4", "ravdess": "ravdess4", "emodb": "emodb4"}
    fours["crema_d"] = "crema_d4"
    for theirs, name in fours.items():
        asked = corpus(theirs).label_set(name)
        for own, its in fours.items():
            task = corpus(own).label_set(name)
            assert task.labels == asked.labels
            labels = translation(corpus(own).label_set(its).labels, asked.labels)
            assert sorted(labels.values()) == sorted(asked.labels)
            assert {task(label) for label in labels} == set(asked.labels) or own in ("iemocap", "meld", "msp_podcast")


def test_other_classes_are_no_translation(capsys, place):
    options = ["--data=RAVDESS", f"--data.init_args.root={place / 'ravdess'}", "--data.init_args.labels=emodb7"]
    assert tried(place, *options) == 2
    assert "unknown label set of ravdess 'emodb7': expected one of ravdess8, ravdess4" in capsys.readouterr().err
    assert translation(["neutral", "happy"], ["neu", "hap", "joy"]) == {}
