import csv
import json
import shutil

import pytest
from fake.runs import edit_json, make_run, predictions_of, write_predictions

from mser.cli import main


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "both")


def refused(capsys, *runs):
    assert main(["report", *map(str, runs)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("mser: error: ")
    assert said.err.count("\n") == 1
    return said.err


def first_test_row(rows):
    return next(row for row in rows if row["split"] == "test")


def change(**cells):
    return lambda rows: [{**row, **cells} if row is first_test_row(rows) else row for row in rows]


def drop_column(name):
    return lambda rows: [{key: cell for key, cell in row.items() if key != name} for row in rows]


def rename_column(old, new):
    return lambda rows: [{new if key == old else key: cell for key, cell in row.items()} for row in rows]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[:-1], "lacks Ses01F_script01_M010 of the 24 utterances to test"),
        (lambda rows: rows[:-3], "lacks Ses01F_script01_M006 and 2 more of the 24 utterances"),
        (lambda rows: [*rows, rows[-1]], "has Ses01F_script01_M010 more than once"),
        (lambda rows: [*rows, {**rows[-1], "utterance": "Ses09F_x"}], "has Ses09F_x, which the protocol does not test"),
        (change(p_neu="nan"), "has a probability that is not in 0..1"),
        (change(p_neu="1.5"), "has a probability that is not in 0..1"),
        (change(p_neu="high"), "has a probability that is no number"),
        (change(p_neu="0.1", p_sad="0.1", p_ang="0.1", p_hap="0.1"), "has probabilities that do not sum to 1"),
        (
            change(prediction="neu", p_neu="0", p_sad="1", p_ang="0", p_hap="0"),
            "predicts a class that is not its likeliest",
        ),
        (change(target="exc"), "has the target 'exc', expected one of neu, sad, ang, hap"),
        (change(prediction=""), "has the prediction '', expected one of"),
        (change(seed="2"), "is of seed 2 and fold 1, expected 1 and 1"),
        (change(split="train"), "is of split 'train', expected val or test"),
        (drop_column("target"), "has no column 'target'"),
        (drop_column("p_hap"), "has probabilities for neu, sad, ang, but the run's label set is neu, sad, ang, hap"),
        (rename_column("p_hap", "p_exc"), "has probabilities for neu, sad, ang, exc, but"),
        (
            lambda rows: [row for row in rows if row["split"] == "val"],
            "lacks Ses01F_impro01_F001 and 23 more of the 24",
        ),
    ],
)
def test_predictions_that_would_make_a_score_untrue(run, capsys, edit, message):
    write_predictions(run, edit(predictions_of(run)))
    said = refused(capsys, run)
    assert message in said
    assert "seed1/fold1/predictions.csv" in said
    assert not (run / "report").exists()


def test_predictions_cut_in_the_midst_of_a_row(run, capsys):
    path = run / "seed1/fold1/predictions.csv"
    path.write_bytes(path.read_bytes()[:-30])
    assert "another number of cells than the header; the file is cut short" in refused(capsys, run)


def test_predictions_that_are_not_there_or_not_text(run, capsys):
    path = run / "seed1/fold1/predictions.csv"
    path.write_bytes(b"\xff\xfe\x00utterance")
    assert f"cannot read {path}" in refused(capsys, run)
    path.unlink()
    assert f"cannot read {path}" in refused(capsys, run)
    path.write_text("")
    assert "has no column 'utterance'" in refused(capsys, run)


def test_true_labels_that_differ_between_seeds(tmp_path, capsys):
    run = make_run(tmp_path / "both", seeds=(1, 2))
    rows = predictions_of(run, seed=2)
    row = first_test_row(rows)
    row["target"] = "sad" if row["target"] != "sad" else "neu"
    write_predictions(run, rows, seed=2)
    assert f"the truth of {row['utterance']} is" in refused(capsys, run)


def test_a_fold_of_another_split(run, capsys):
    edit_json(run / "seed1/fold3/metrics.json", digest="0" * 16)
    assert "seed1/fold3 was run under another split (digest 0000000000000000" in refused(capsys, run)


def test_a_fold_that_the_protocol_does_not_have(run, capsys):
    shutil.copytree(run / "seed1/fold5", run / "seed1/fold6")
    assert "seed1/fold6 is no fold of iemocap/loso5, which has 1 to 5" in refused(capsys, run)


def test_a_protocol_that_was_changed(run, capsys):
    plan = json.loads((run / "protocol.json").read_text())
    plan["folds"][0]["test"].pop()
    edit_json(run / "protocol.json", folds=plan["folds"])
    assert "protocol.json was changed: its folds have the digest" in refused(capsys, run)


@pytest.mark.parametrize("key", ["folds", "labels", "audit", "digest"])
def test_a_protocol_that_lacks_something(run, capsys, key):
    plan = json.loads((run / "protocol.json").read_text())
    del plan[key]
    (run / "protocol.json").write_text(json.dumps(plan))
    assert f"protocol.json: Object missing required field `{key}`" in refused(capsys, run)


@pytest.mark.parametrize("name", ["protocol.json", "run.json", "config.yaml", "seed1/fold1/metrics.json"])
@pytest.mark.parametrize("text", ["{", "[1"])
def test_files_that_are_cut_short(run, capsys, name, text):
    (run / name).write_text(text)
    assert f"cannot read {run / name}" in refused(capsys, run)


@pytest.mark.parametrize("name", ["protocol.json", "run.json", "config.yaml"])
def test_files_that_hold_something_else(run, capsys, name):
    (run / name).write_text("[]")
    assert f"{run / name} holds no" in refused(capsys, run)


def test_a_history_that_is_no_table_of_numbers(run, capsys):
    (run / "seed1/fold1/history.csv").write_text("epoch,val/ua\n0,good\n")
    assert "history.csv is no table of numbers" in refused(capsys, run)


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (
            {"class_path": "mser.objectives.Ranking"},
            "the objective Ranking; reports know CrossEntropy, OneVsRest, Distribution, Regression",
        ),
        (
            {"class_path": "mser.objectives.Regression"},
            "protocol.json says that the task is labels, but Regression answers scores; restore the file",
        ),
        (None, "config.yaml has no model.objective.class_path"),
    ],
)
def test_objectives_that_a_report_does_not_know(run, capsys, objective, message):
    (run / "config.yaml").write_text(json.dumps({"model": {"objective": objective}}))
    assert message in refused(capsys, run)


def test_folders_that_hold_no_finished_fold(run, tmp_path, capsys):
    assert "nowhere is no run: it has no protocol.json" in refused(capsys, tmp_path / "nowhere")
    shutil.rmtree(run / "seed1")
    assert "no fold of" in refused(capsys, run)


def test_a_folder_that_cannot_be_written_to(run, capsys):
    (run / "report").write_text("in the way")
    assert f"cannot write {run / 'report' / 'report.html'}" in refused(capsys, run)


def test_runs_of_different_questions_are_not_compared(run, tmp_path, capsys):
    other = make_run(tmp_path / "other", folds=4)
    assert "both say iemocap/loso5, but one has 5 folds and the other 4" in refused(capsys, run, other)
    other = make_run(tmp_path / "more", turns=13)
    assert "but 60 utterances are in train of fold 1 of only one of them".replace("60", "6") in refused(
        capsys, run, other
    )
    other = make_run(tmp_path / "five", label_set="iemocap5", labels=("neu", "sad", "ang", "hap", "exc"))
    said = refused(capsys, run, other)
    assert "the label set is iemocap4 (neu, sad, ang, hap) and iemocap5 (neu, sad, ang, hap, exc)" in said
    edit_json(run / "protocol.json", protocol="iemocap/superb")
    said = refused(capsys, run, make_run(tmp_path / "same"))
    assert "the protocol is iemocap/superb (digest" in said
    assert "and iemocap/loso5 (digest" in said


def test_a_run_is_not_compared_with_itself(run, capsys):
    assert "is given twice; name each run once" in refused(capsys, run, run / "../both")


def test_runs_that_disagree_on_the_truth_are_not_compared(run, tmp_path, capsys):
    other = make_run(tmp_path / "other")
    rows = predictions_of(other)
    row = first_test_row(rows)
    row["target"] = "sad" if row["target"] != "sad" else "neu"
    write_predictions(other, rows)
    assert f"cannot be compared: the truth of {row['utterance']} is" in refused(capsys, run, other)


@pytest.mark.parametrize("column", ["speaker", "group"])
def test_speakers_and_groups_are_the_manifests(column, tmp_path, capsys):
    run = make_run(tmp_path / "run")
    path = run / "seed1/fold2/predictions.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0][column] = "somebody"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert main(["report", str(run)]) == 2
    error = capsys.readouterr().err
    assert "the predictions of seed 1, fold 2 say " in error
    assert "'somebody'" in error
    assert error.count("\n") == 1


def test_a_run_on_made_up_recordings_says_so_first(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    edit_json(run / "protocol.json", made_up=True)
    assert main(["report", str(run)]) == 0
    assert "The recordings are made up" in " ".join(capsys.readouterr().out.split())
    assert "The recordings are made up" in (run / "report/report.html").read_text()
