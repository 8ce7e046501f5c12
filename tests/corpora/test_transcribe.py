"""mser data transcribe: a corpus with what a recogniser hears stands for it, and keeps what was typed."""

import pytest
from fake.corpora.table import make_table, rows
from fake.recognisers import save_recogniser

from mser.cli import main
from mser.corpora.table.corpus import open_table
from mser.manifest import Manifest


@pytest.fixture
def table(tmp_path):
    said = [row | {"transcript": "Oh no!" if place else ""} for place, row in enumerate(rows(speakers=3))]
    make_table(tmp_path / "own.csv", said)
    return tmp_path / "own.csv"


def test_what_is_heard_stands_for_what_was_typed(table, tmp_path, capsys):
    says = str(save_recogniser(tmp_path / "says-a", "a"))
    out = tmp_path / "heard.jsonl"
    assert main(["data", "transcribe", "table", str(table), str(out), "--asr", says]) == 0
    first, *others = Manifest.read(out)
    assert (first.transcript, first.typed, first.heard_by) == ("a", "", "says-a")
    assert {(one.transcript, one.typed, one.heard_by) for one in others} == {("a", "Oh no!", "says-a")}
    assert f"0 of {len(others)} (0%) have the words that were there before" in capsys.readouterr().out
    again = tmp_path / "bare.jsonl"
    assert main(["data", "transcribe", "table", str(out), str(again), "--bare"]) == 0
    assert {(one.typed, one.heard_by) for one in list(Manifest.read(again))[1:]} == {("Oh no!", "says-a")}
    assert len(open_table(out).read(out)) == len(others) + 1


def test_words_alone(table, tmp_path, capsys):
    out = tmp_path / "bare.jsonl"
    assert main(["data", "transcribe", "table", str(table), str(out), "--bare"]) == 0
    assert [(one.transcript, one.typed, one.heard_by) for one in list(Manifest.read(out))[:2]] == [
        ("", "", ""), ("oh no", "Oh no!", "")
    ]  # fmt: skip
    assert "; 1 without words; " in capsys.readouterr().out


def test_refusals(table, tmp_path, capsys):
    for more, told in (([], "give --asr MODEL, --bare, or both"), (["--bare"], "is there already and is no manifest")):
        assert main(["data", "transcribe", "table", str(table), str(table), *more]) == 2
        assert told in capsys.readouterr().err


def test_a_table_tells_who_heard(tmp_path):
    said = [row | {"transcript": "oh", "heard_by": "whisper-small"} for row in rows(speakers=3)]
    make_table(tmp_path / "own.csv", said)
    assert {one.heard_by for one in open_table(tmp_path / "own.csv").read(tmp_path / "own.csv")} == {"whisper-small"}
