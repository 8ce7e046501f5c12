"""Folds by a column of a table."""

import json

import pytest
from fake.corpora.table import make_table, rows

from mser.cli import main
from mser.corpora.table.corpus import open_table
from mser.data.datamodules import Table


def with_folds(path, name="fold", of=lambda speaker: 10 - speaker // 2):
    """Write a table of six speakers, two in each fold: 8, 9 and 10."""
    make_table(path, [row | {name: of(int(str(row["speaker"])[1:]))} for row in rows()])
    return path


def folds(capsys, path, *more):
    code = main(["data", "folds", "table", str(path), "--json", *more])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else out, err


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_fold_of_the_column_is_tested_once(tmp_path, capsys, suffix):
    path = with_folds(tmp_path / f"table{suffix}")
    code, found, err = folds(capsys, path)
    assert (code, err, found["protocol"]) == (0, "", "table/folds")
    assert [one["name"] for one in found["folds"]] == ["8", "9", "10"]
    first = found["folds"][0]
    assert {name.split("/")[1][:2] for name in first["test"]} == {"s4", "s5"}
    assert {name.split("/")[1][:2] for name in first["val"]} == {"s2", "s3"}
    assert {name.split("/")[1][:2] for name in first["train"]} == {"s0", "s1"}
    module = Table(str(path), fold=3)
    module.setup("fit")
    assert (module.protocol.name, len(module.datasets["train"])) == ("table/folds", 12)


def test_another_column_a_manifest_and_other_folds(tmp_path, capsys):
    path = with_folds(tmp_path / "table.csv", name="part", of=lambda speaker: "abc"[speaker % 3])
    assert folds(capsys, path)[1]["protocol"] == "table/5fold"
    _, found, _ = folds(capsys, path, "--columns", "fold=part")
    assert [one["name"] for one in found["folds"]] == ["a", "b", "c"]
    assert main(["data", "manifest", "table", str(path), str(tmp_path / "m.jsonl"), "--columns", "fold=part"]) == 0
    capsys.readouterr()
    assert folds(capsys, tmp_path / "m.jsonl")[1] == found
    assert folds(capsys, path, "--columns", "fold=part", "--protocol", "table/3fold")[1]["protocol"] == "table/3fold"
    assert open_table(path, {"fold": "part"}, folds=4).protocol(None).name == "table/4fold"


def test_a_split_comes_first(tmp_path, capsys):
    part = {4: "val", 5: "test"}
    said = [
        row | {"fold": (who := int(str(row["speaker"])[1:])) % 3, "split": part.get(who, "train")} for row in rows()
    ]
    make_table(tmp_path / "table.csv", said)
    assert folds(capsys, tmp_path / "table.csv")[1]["protocol"] == "table/split"
    assert folds(capsys, tmp_path / "table.csv", "--columns", "split=")[1]["protocol"] == "table/folds"


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (lambda speaker: speaker % 2, "the column of folds names 2: 0, 1; expected at least 3"),
        (lambda speaker: "" if speaker == 3 else speaker, "row 20: its fold is empty"),
    ],
)
def test_folds_that_cannot_be(tmp_path, capsys, of, words):
    code, _, err = folds(capsys, with_folds(tmp_path / "table.csv", of=of))
    assert (code, err.count("\n")) == (2, 1)
    assert words in err


def test_a_speaker_in_two_folds_is_named(tmp_path, capsys):
    make_table(tmp_path / "table.csv", [row | {"fold": number % 3} for number, row in enumerate(rows())])
    code, _, err = folds(capsys, tmp_path / "table.csv")
    assert code == 2
    assert "row 3: speaker s0 is in fold 1 here and in fold 0 in row 2; move the speaker to one of them, or ign" in err
    code, found, _ = folds(capsys, tmp_path / "table.csv", "--columns", "speaker=")
    assert (code, found["protocol"]) == (0, "table/folds")
