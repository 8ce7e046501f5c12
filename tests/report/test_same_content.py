"""Runs that were not given the same labels, times and transcripts are compared only after a sentence says so."""

import dataclasses
import json
from pathlib import Path

import pytest
from fake.runs import edit_json, make_run

from mser.cli import main
from mser.manifest import Manifest
from mser.report.pairwise.same_content import content_notes
from mser.runs.run import read_run
from mser.splits.content import content_digest
from mser.splits.protocols import Fold


@pytest.fixture
def runs(tmp_path):
    """Two runs of one protocol, as they are planned today."""
    made = [make_run(tmp_path / name, epochs=1) for name in ("one", "two")]
    for run in made:
        plan(run)
    return made


def plan(run: Path) -> None:
    """Write the digest of a run's manifest into its protocol and its folds."""
    folds = [Fold(**fold) for fold in json.loads((run / "protocol.json").read_text())["folds"]]
    told = content_digest(Manifest.read(run / "manifest.jsonl"), folds)
    edit_json(run / "protocol.json", content=told)
    for path in run.glob("seed*/fold*/metrics.json"):
        edit_json(path, content=told)


def change(run: Path, number: int, **changes) -> None:
    """Change the first utterances of a manifest."""
    manifest = Manifest.read(run / "manifest.jsonl")
    said = [dataclasses.replace(one, **(changes if place < number else {})) for place, one in enumerate(manifest)]
    dataclasses.replace(manifest, utterances=tuple(said)).write(run / "manifest.jsonl")


def notes(*runs):
    return content_notes([read_run(run) for run in runs])


def test_the_same_is_compared_without_a_word(runs):
    assert notes(*runs) == []


def test_other_transcripts_and_times_are_counted_before_the_answer(runs, capsys):
    change(runs[1], 7, transcript="something else")
    change(runs[1], 3, transcript="something else", duration=0.5)
    plan(runs[1])
    said = (
        "one and two were not given the same: the times of 3 utterances and the transcripts of 7 utterances differ, "
        "and the runs may differ because of that."
    )
    assert notes(*runs) == [said]
    assert main(["report", *map(str, runs), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["content_notes"], found["answer"].startswith(f"{said} On speakers")) == ([said], True)
    assert f"<b>note</b> {said}" in (runs[0].parent / "report/report.html").read_text()


def test_a_manifest_that_was_changed_after_the_run_is_told(runs):
    change(runs[1], 7, transcript="something else")
    assert [note.partition(":")[0] for note in notes(*runs)] == [
        "two has another manifest.jsonl than it was planned with",
        "one and two were not given the same",
    ]


def test_without_a_manifest_the_digests_tell_that_something_differs(runs):
    change(runs[1], 1, label="fru")
    plan(runs[1])
    (runs[1] / "manifest.jsonl").unlink()
    assert [note.partition(", and")[0] for note in notes(*runs)] == [
        "one and two were not given the same: labels, times or transcripts differ"
    ]


def test_a_run_of_before_the_digest_is_known_by_its_manifest_or_not_at_all(runs, tmp_path):
    old = make_run(tmp_path / "old", epochs=1)
    assert notes(runs[0], old) == []
    (old / "manifest.jsonl").unlink()
    assert notes(runs[0], old) == [
        "Nobody knows whether one and old were given the same labels, times and transcripts."
    ]


def test_folds_that_ended_before_a_run_was_planned_anew_are_named(runs):
    for fold in (1, 2):
        edit_json(runs[0] / f"seed1/fold{fold}/metrics.json", content="0123456789abcdef")
    assert notes(runs[0]) == [
        "one was planned anew, with other labels, times or transcripts, after fold 1 with seed 1, fold 2 with seed 1 "
        "ended; delete and run these again."
    ]
