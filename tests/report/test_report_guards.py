"""What guards a reader: how often the test was opened, and scores by kind of utterance."""

import json
import threading

import pytest
from fake.runs import edit_json, make_run, predictions_of
from sklearn.metrics import balanced_accuracy_score

from mser.cli import main
from mser.errors import UserError
from mser.manifest import Manifest
from mser.runs.folder import TESTED
from mser.runs.test_log import counts, record


def report(capsys, *runs, out):
    assert main(["report", *map(str, runs), "--json", "--out", str(out)]) == 0
    return json.loads(capsys.readouterr().out), (out / "report.html").read_text()


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "both", seeds=(1, 2), epochs=1)


def test_each_test_part_opened_once_is_sound(run, tmp_path, capsys):
    found, page = report(capsys, run, out=tmp_path / "out")
    assert found["runs"][0]["tested"][0] == {"seed": 1, "fold": 1, "times": 1}
    assert '<li class="sound"><b>sound</b> Each test part was opened once.</li>' in page


def test_a_test_part_opened_again_is_told_everywhere(run, tmp_path, capsys):
    record(run / "seed2/fold3", fold=3, seed=2, checkpoint="other.ckpt")
    found, page = report(capsys, run, out=tmp_path / "out")
    assert {"seed": 2, "fold": 3, "times": 2} in found["runs"][0]["tested"]
    told = "Test parts were opened more than once (fold 3 with seed 2: 2 times)"
    assert f'<li class="note-level"><b>note</b> {told}: what was chosen in between has seen the test.</li>' in page
    assert main(["report", str(run)]) == 0
    assert f"note {told}" in " ".join(capsys.readouterr().out.split())


def test_many_are_summed_up(run, tmp_path, capsys):
    for fold in range(1, 6):
        record(run / f"seed1/fold{fold}", fold=fold, seed=1, checkpoint="")
    assert "fold 3 with seed 1: 2 times; 2 others): what" in report(capsys, run, out=tmp_path / "out")[1]


def test_a_locked_run_that_was_tested_all_the_same(run, tmp_path, capsys):
    edit_json(run / "run.json", skip_test=True)
    assert "Test parts were opened before this (fold 1 with seed 1: 1 times" in report(capsys, run, out=tmp_path)[1]
    locked = make_run(tmp_path / "locked", skip_test=True, epochs=1)
    (locked / TESTED).write_text("")
    assert "No test part was opened." in report(capsys, locked, out=tmp_path)[1]


def test_a_run_that_kept_no_count_says_so(run, tmp_path, capsys):
    (run / TESTED).unlink()
    found, page = report(capsys, run, out=tmp_path / "out")
    assert found["runs"][0]["tested"] is None
    assert "Nobody counted how often the test parts were opened." in page


def test_a_garbled_count_is_refused(run, capsys):
    (run / TESTED).write_text("{}\n")
    assert main(["report", str(run)]) == 2
    assert f"{run / TESTED} is no list of tests ('seed')" in capsys.readouterr().err


def test_folds_that_end_together_are_all_counted(run):
    jobs = [threading.Thread(target=lambda: record(run / "x/y", fold=1, seed=7, checkpoint="")) for _ in range(50)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert counts(run)[7, 1] == 50


def test_a_test_outside_of_a_run_is_counted_beside_it(tmp_path):
    record(tmp_path / "single/fit", fold=1, seed=1, checkpoint="best.ckpt")
    assert counts(tmp_path / "single/fit") == {(1, 1): 1}
    assert not (tmp_path / TESTED).exists()


def test_a_count_that_cannot_be_kept_stops_the_test(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="a test that is not counted does not count"):
        record(tmp_path / "file/seed1/fold1", fold=1, seed=1, checkpoint="")


def kinds_of(run, tell):
    manifest = {one.id: one for one in Manifest.read(run / "manifest.jsonl")}
    kinds = {}
    for fold in range(1, 6):
        for row in predictions_of(run, fold=fold):
            if row["split"] == "test":
                kinds.setdefault(tell(manifest[row["utterance"]]), []).append((row["target"], row["prediction"]))
    return {kind: (len(rows), balanced_accuracy_score(*zip(*rows, strict=True))) for kind, rows in kinds.items()}


@pytest.mark.parametrize(
    ("key", "tell"),
    [
        (
            "near_copies",
            lambda one: (
                "fewer than four words"
                if one.transcript == "Yes."
                else ("" if one.style == "scripted" else "no ") + "near copy in train"
            ),
        ),
        ("genders", lambda one: one.gender),
        ("sessions", lambda one: one.session),
        ("speakers", lambda one: one.speaker),
        ("lengths", lambda one: "under 2 s" if one.duration < 2 else "2 to 4 s" if one.duration < 4 else "4 to 8 s"),
    ],
)
def test_scores_of_each_kind_of_utterance(tmp_path, capsys, key, tell):
    run = make_run(tmp_path / "both", epochs=1)
    found = report(capsys, run, out=tmp_path / "out")[0]["runs"][0][key]
    expected = kinds_of(run, tell)
    assert set(found) == set(expected)
    for kind, (number, score) in expected.items():
        assert (found[kind]["utterances"], found[kind]["ua"]["pooled"]) == (number, pytest.approx(score))


def test_near_copies_of_validation_are_looked_for_in_train_too(tmp_path, capsys):
    run = make_run(tmp_path / "locked", skip_test=True, epochs=1)
    found = report(capsys, run, out=tmp_path / "out")[0]["runs"][0]["near_copies"]
    assert [entry["utterances"] for entry in found.values()] == [60, 40, 20]


def test_without_a_manifest_only_speakers_are_known(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1)
    (run / "manifest.jsonl").unlink()
    found, page = report(capsys, run, out=tmp_path / "out")
    entry = found["runs"][0]
    assert [entry[key] for key in ("styles", "near_copies", "genders", "lengths")] == [None] * 4
    assert len(entry["speakers"]) == 10
    assert "Words that training has read" not in page
