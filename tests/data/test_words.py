"""A text encoder is trained, tested and judged on transcripts alone: where there are none, that is said or refused."""

import json
import logging

import pytest
from fake.corpora.table import make_table, rows
from fake.places import EXPERIMENTS
from fake.trained import untrained

import mser
from mser.cli import main
from mser.crossval.plan import plan
from mser.data.completeness import require_transcripts
from mser.errors import UserError
from mser.manifest import Utterance
from mser.report.audit_findings import findings
from mser.splits.audit import audit
from mser.splits.protocols import Fold

TEXT = [f"--config={EXPERIMENTS / 'demo/text_only.yaml'}", "--data=Table", "--trainer.accelerator=cpu"]


def utterances(*transcripts):
    return [Utterance(f"u{n}", f"u{n}.wav", 1.0, text, f"s{n}", f"g{n}") for n, text in enumerate(transcripts)]


def test_a_part_without_words_is_refused_and_a_share_is_said(caplog):
    with pytest.raises(UserError, match=r"x, fold 1: none of the 2 utterances of the train part has a transcript"):
        require_transcripts(utterances("", " \u200b\ufeff"), part="train", where="x, fold 1")
    with caplog.at_level(logging.WARNING):
        require_transcripts(utterances("", "Oh.", "!"), part="val", where="x")
        require_transcripts(utterances("Oh."), part="test", where="x")
    assert [one.message for one in caplog.records] == [
        "x: 1 of 3 utterances of the val part (33.3%) has no transcript; there the text encoder reads nothing"
    ]


PLACEHOLDERS = [
    "nan",
    "None",
    "N/A",
    "null",
    "[unk]",
    "<unk> <unk>",
    "...",
    "\ufffc",
    "--",
    "\u2014 \u2014",
    "#N/A",
    "_",
]


@pytest.mark.parametrize("held", PLACEHOLDERS)
def test_what_programs_write_for_no_text_is_no_transcript(held):
    with pytest.raises(UserError, match=r"none of the 2 utterances .* nothing to read \(they hold such as"):
        require_transcripts(utterances(held, ""), part="train", where="x")


@pytest.mark.parametrize("said", ["None.", "No", "?", "[LAUGHTER]", "7", "\u5462", "\U0001f600", "Nan!"])
def test_what_somebody_said_or_did_is_one(said):
    require_transcripts(utterances(said), part="train", where="x")


def test_a_model_is_asked_nothing_of_a_placeholder(tmp_path):
    model = mser.load(untrained(tmp_path / "model", sides=("text",)), device="cpu")
    with pytest.raises(UserError, match="the transcript is 'nan', which stands for none"):
        model.predict(None, "nan")


@pytest.mark.parametrize("name", ["text", "\u200btranscript"])
def test_a_table_whose_transcripts_have_another_name(name, tmp_path, capsys):
    said = [{**row, name: row["transcript"]} for row in rows()]
    for row in said:
        del row["transcript"]
    make_table(tmp_path / "own.csv", said)
    column = name if name.isprintable() else ascii(name)
    options = [*TEXT, f"--data.init_args.root={tmp_path / 'own.csv'}"]
    assert main(["fit", *options, f"--trainer.default_root_dir={tmp_path / 'fit'}"]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "none of the 18 utterances of the train part has a transcript" in error
    assert f"(columns that are not used: {column})" in error
    with pytest.raises(UserError, match="has a transcript, so the text encoder has nothing to read"):
        plan(str(tmp_path / "run"), options)
    assert main(["data", "check", "table", str(tmp_path / "own.csv")]) == 0
    told = capsys.readouterr().out
    assert f"columns that are not used: {column}" in told
    assert "no problems" not in told
    assert "none of the 36 utterances has a transcript: speech alone can be trained (model.text: null)" in told


def test_the_audit_counts_what_there_is_to_read(tmp_path):
    known = utterances("", "Yes.", "We go home now.", "We go home now.")
    for one in known:
        (tmp_path / one.audio).write_bytes(one.id.encode())
    fold = Fold(1, "one", ("u2",), (), ("u0", "u1", "u3"))
    found = audit(known, [fold], tmp_path).facts()
    assert (found["tested_transcripts"], found["empty_transcripts"], found["compared_transcripts"]) == (3, 1, 1)
    told = [line.text for line in findings(found)]
    assert "1 of 3 tested utterances (33.3%) have no transcript: there the text encoder read nothing." in told
    found = audit(known, [Fold(1, "one", ("u2",), (), ("u0", "u1"))], tmp_path).facts()
    assert any(
        line.text.startswith("No tested transcript was compared with those of train") for line in findings(found)
    )
    assert not any("ranscript" in line.text for line in findings(found, reads=False))


def test_the_plan_says_what_was_planned(tmp_path):
    make_table(tmp_path / "own.csv", [{**row, "transcript": ""} if row["speaker"] == "s0" else row for row in rows()])
    options = [*TEXT, f"--data.init_args.root={tmp_path / 'own.csv'}", "--data.init_args.folds=3"]
    told = plan(str(tmp_path / "run"), options)
    assert told[0] == "table, table-labels: angry, calm, happy"
    assert told[2] == "fold 1 (part1): train 12, val 12, test 12 utterances"
    assert any(line.startswith("text: ") and "parameters trained" in line for line in told)
    assert "MB are free" in told[-1]
    assert json.loads((tmp_path / "run/protocol.json").read_text())["audit"]["empty_transcripts"] == 6
