import csv
import doctest
import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake.runs import AUDIT, LABELS, edit_json, make_run, predictions_of, write_predictions
from sklearn.metrics import balanced_accuracy_score, classification_report, confusion_matrix, f1_score, recall_score

import mser.report
from mser.cli import main
from mser.splits.protocols import Fold, digest

MODULES = [path.stem for path in Path(mser.report.__file__).parent.glob("*.py")]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A complete run with two seeds that no test may change."""
    return make_run(tmp_path_factory.mktemp("runs") / "both", seeds=(1, 2), objective="OneVsRest")


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    """The page has tests of its own; here it would only take time."""
    monkeypatch.setattr("mser.report.page.html.page", lambda report, _: report.title)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "both")


def report(capsys, *runs, out=None):
    options = ["--out", str(out)] if out else []
    assert main(["report", *map(str, runs), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def truth(run, seed, fold):
    rows = [row for row in predictions_of(run, seed, fold) if row["split"] == "test"]
    return [row["target"] for row in rows], [row["prediction"] for row in rows]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_documentation_run(name):
    assert doctest.testmod(importlib.import_module(f"mser.report.{name}")).failed == 0


def test_mean_and_sd_are_over_folds_after_the_mean_over_seeds(made, capsys):
    found = report(capsys, made)["runs"][0]["overall"]
    scores = [[balanced_accuracy_score(*truth(made, seed, fold)) for seed in (1, 2)] for fold in range(1, 6)]
    folds = [sum(seeds) / 2 for seeds in scores]
    mean = sum(folds) / 5
    assert found["ua"]["mean"] == pytest.approx(mean)
    assert found["ua"]["sd"] == pytest.approx((sum((fold - mean) ** 2 for fold in folds) / 4) ** 0.5)
    first, second = (sum(fold[seed] for fold in scores) / 5 for seed in (0, 1))
    assert found["ua"]["sd_over_seeds"] == pytest.approx(abs(first - second) / 2**0.5)


def test_pooled_scores_all_folds_as_one_set(made, capsys):
    found = report(capsys, made)["runs"][0]
    pooled = []
    for seed in (1, 2):
        folds = [truth(made, seed, fold) for fold in range(1, 6)]
        target, prediction = ([label for fold in folds for label in fold[side]] for side in (0, 1))
        pooled.append(
            (
                balanced_accuracy_score(target, prediction),
                f1_score(target, prediction, average="weighted"),
                recall_score(target, prediction, labels=LABELS, average=None),
                confusion_matrix(target, prediction, labels=LABELS),
            )
        )
    ua, f1, recalls, counts = ([seed[side] for seed in pooled] for side in range(4))
    assert found["overall"]["ua"]["pooled"] == pytest.approx(sum(ua) / 2)
    assert found["overall"]["weighted_f1"]["pooled"] == pytest.approx(sum(f1) / 2)
    expected = (recalls[0] + recalls[1]) / 2
    assert [found["classes"][label]["recall"]["pooled"] for label in LABELS] == pytest.approx(list(expected))
    assert found["confusion"]["counts"] == (counts[0] + counts[1]).tolist()
    assert [sum(row) for row in found["confusion"]["row_shares"]] == pytest.approx([1] * 4)


def test_case_d1c_through_the_command_line(tmp_path, capsys):
    """Folds of different sizes: the mean over folds (0.7083) is not the pooled figure (0.7)."""
    run = make_run(tmp_path / "uneven", folds=2, turns=5, labels=("a", "b"), styles=False)
    wanted = [("aabb", "aaba"), ("abbbbb", "bbbbba")]
    plan = json.loads((run / "protocol.json").read_text())
    for fold, (target, _) in zip(plan["folds"], wanted, strict=True):
        fold["test"] = fold["test"][: len(target)]
    plan["digest"] = digest(
        Fold(fold["number"], fold["name"], *(tuple(fold[part]) for part in ("train", "val", "test")))
        for fold in plan["folds"]
    )
    edit_json(run / "protocol.json", **plan)
    for fold, (target, prediction) in zip(plan["folds"], wanted, strict=True):
        rows = [row for row in predictions_of(run, fold=fold["number"]) if row["utterance"] in fold["test"]]
        rows = [row for row in rows if row["split"] == "test"]
        for row, true, said in zip(rows, target, prediction, strict=True):
            row |= {"target": true, "prediction": said, "p_a": float(said == "a"), "p_b": float(said == "b")}
        write_predictions(run, rows, fold=fold["number"])
        edit_json(run / f"seed1/fold{fold['number']}/metrics.json", digest=plan["digest"])
    found = report(capsys, run)["runs"][0]["overall"]
    assert (found["wa"]["mean"], found["wa"]["pooled"]) == pytest.approx((0.7083333, 0.7))
    assert (found["ua"]["mean"], found["ua"]["pooled"]) == pytest.approx((0.575, 0.6904762))


def test_both_names_of_a_score_and_its_floor_are_given(made, capsys):
    overall = report(capsys, made)["runs"][0]["overall"]
    assert overall["accuracy"] == overall["wa"]
    assert overall["uar"] == overall["ua"]
    assert overall["ua"]["floor"] == pytest.approx(0.25)
    folds = [truth(made, 1, fold)[0] for fold in range(1, 6)]
    assert overall["wa"]["floor"] == pytest.approx(
        sum(max(map(target.count, LABELS)) / len(target) for target in folds) / 5
    )


def test_binary_scores_belong_to_one_vs_rest_alone(made, run, capsys):
    binary = report(capsys, made)["runs"][0]["binary"]
    for label in LABELS:
        bits = {
            (seed, fold): [
                (row["target"] == label, float(row[f"p_{label}"]) > 0.5)
                for row in predictions_of(made, seed, fold)
                if row["split"] == "test"
            ]
            for seed in (1, 2)
            for fold in range(1, 6)
        }
        right = [sum(true == said for true, said in rows) / len(rows) for rows in bits.values()]
        absent = [sum(not true for true, _ in rows) / len(rows) for rows in bits.values()]
        f1 = [f1_score(*zip(*rows, strict=True), average="weighted") for rows in bits.values()]
        assert binary[f"accuracy_{label}"]["mean"] == pytest.approx(sum(right) / 10)
        assert binary[f"accuracy_{label}"]["floor"] == pytest.approx(sum(absent) / 10)
        assert binary[f"f1_{label}"]["mean"] == pytest.approx(sum(f1) / 10)
    assert report(capsys, run)["runs"][0]["binary"] is None


def test_styles_are_scored_apart_where_the_corpus_has_them(made, tmp_path, capsys):
    styles = report(capsys, made)["runs"][0]["styles"]
    assert {name: entry["utterances"] for name, entry in styles.items()} == {"improvised": 60, "scripted": 60}
    right = []
    for seed in (1, 2):
        rows = [row for fold in range(1, 6) for row in predictions_of(made, seed, fold) if row["split"] == "test"]
        rows = [row for row in rows if "impro" in row["utterance"]]
        right.append(sum(row["target"] == row["prediction"] for row in rows) / len(rows))
    assert styles["improvised"]["wa"]["pooled"] == pytest.approx(sum(right) / 2)
    assert report(capsys, make_run(tmp_path / "plain", styles=False))["runs"][0]["styles"] is None


def test_one_changed_prediction_changes_the_report(run, capsys):
    before = report(capsys, run)
    rows = predictions_of(run)
    row = next(row for row in rows if row["split"] == "test" and row["prediction"] == row["target"])
    other = next(label for label in LABELS if label != row["target"])
    said = row["prediction"]
    row |= {"prediction": other, f"p_{other}": row[f"p_{said}"], f"p_{said}": row[f"p_{other}"]}
    write_predictions(run, rows)
    after = report(capsys, run)
    assert after["runs"][0]["overall"]["ua"]["mean"] < before["runs"][0]["overall"]["ua"]["mean"]
    assert after["runs"][0]["folds"][1:] == before["runs"][0]["folds"][1:]
    assert (run / "report/report.json").read_text() == json.dumps(after, indent=1, ensure_ascii=False) + "\n"


def test_scores_in_metrics_json_are_never_believed(run, capsys):
    before = report(capsys, run)
    edit_json(run / "seed1/fold1/metrics.json", val={"ua": 1.0}, test={"ua": 1.0, "wa": 1.0})
    assert report(capsys, run) == before


def test_the_order_of_rows_does_not_matter(run, capsys):
    before = report(capsys, run)
    write_predictions(run, predictions_of(run)[::-1])
    assert report(capsys, run) == before


def percent(figure):
    low, high = figure["method_interval"]
    return f"{100 * figure['mean']:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"


def test_the_answer_names_scores_intervals_and_floors(run, capsys):
    found = report(capsys, run)
    ua, wa = (found["runs"][0]["overall"][name] for name in ("ua", "wa"))
    assert found["title"] == "both"
    assert found["answer"] == (
        f"On speakers that the model of each fold has never heard, both scores UA {percent(ua)} and WA {percent(wa)} "
        "(mean of 5 folds; 95% intervals of the method: over folds, with 10 speakers in all), "
        f"where always naming the commonest class scores UA 25.0% and WA {100 * wa['floor']:.1f}%."
    )


def test_chance_is_called_chance(tmp_path, capsys):
    run = make_run(tmp_path / "deaf", labels=("a", "b"))
    for fold in range(1, 6):
        rows = [{**row, "prediction": "a", "p_a": 0.9, "p_b": 0.1} for row in predictions_of(run, fold=fold)]
        write_predictions(run, rows, fold=fold)
    found = report(capsys, run)
    assert found["runs"][0]["overall"]["ua"]["mean"] == 0.5
    assert "no better than always naming the commonest class, UA 50.0%" in found["answer"]


def test_a_single_fold_has_no_sd(tmp_path, capsys):
    found = report(capsys, make_run(tmp_path / "one", folds=1, seeds=(1, 2)))
    assert found["runs"][0]["overall"]["ua"]["sd"] is None
    assert found["runs"][0]["overall"]["ua"]["sd_over_seeds"] > 0
    assert (
        "(mean of 2 seeds, one fold; 95% intervals over 2 speakers, of these weights alone: "
        "2 of 3 seeds cannot tell what training again would change)"
    ) in found["answer"]


def test_a_missing_fold_makes_the_run_partial_without_a_headline(made, tmp_path, capsys):
    run = shutil.copytree(made, tmp_path / "both")
    (run / "seed1/fold2/metrics.json").unlink()
    shutil.rmtree(run / "seed2/fold2")
    shutil.rmtree(run / "seed2/fold3")
    found = report(capsys, run)
    entry = found["runs"][0]
    assert found["title"] == "both, partial: 3 of 10 results are missing"
    assert found["answer"].startswith(
        "both has no answer yet: there is no result for seed 1: fold 2; seed 2: fold 2, 3."
    )
    assert entry["missing"] == [{"seed": 1, "fold": 2}, {"seed": 2, "fold": 2}, {"seed": 2, "fold": 3}]
    assert {name: entry[name] for name in ("overall", "classes", "confusion", "binary", "styles")} == dict.fromkeys(
        ("overall", "classes", "confusion", "binary", "styles")
    )
    assert [fold["mean"] is None for fold in entry["folds"]] == [False, True, True, False, False]
    assert entry["folds"][2]["seeds"][0]["ua"] > 0


def test_folds_that_were_never_asked_for_are_missing_too(run, capsys):
    edit_json(run / "run.json", folds=[1, 2, 3, 4])
    shutil.rmtree(run / "seed1/fold5")
    assert report(capsys, run)["runs"][0]["missing"] == [{"seed": 1, "fold": 5}]


def test_seeds_of_an_earlier_command_count(made, tmp_path, capsys):
    run = shutil.copytree(made, tmp_path / "both")
    edit_json(run / "run.json", seeds=[2])
    assert report(capsys, run)["runs"][0]["seeds"] == [1, 2]


def test_several_runs_are_compared_in_the_order_given(tmp_path, capsys):
    runs = [make_run(tmp_path / "text_only", skill=0.3, speech=None), make_run(tmp_path / "both", skill=1.0)]
    found = report(capsys, *runs)
    assert [row["name"] for row in found["comparison"]["rows"]] == ["text_only", "both"]
    assert [row["speech"] for row in found["comparison"]["rows"]] == [None, "microsoft/wavlm-base-plus"]
    assert [row["fusion"] for row in found["comparison"]["rows"]] == [None, "CoAttention"]
    assert found["comparison"]["rows"][1]["ua"]["mean"] == 1
    assert found["title"] == "2 runs compared: text_only, both"
    assert "both 100.0%, then text_only" in found["answer"]
    assert (tmp_path / "report/report.html").exists()


def test_a_pattern_that_also_names_the_report_does_no_harm(tmp_path, capsys):
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b")]
    first = report(capsys, *runs)
    assert report(capsys, *sorted(tmp_path.iterdir())) == first


def test_a_partial_run_is_compared_without_a_figure(tmp_path, capsys):
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", skill=0.9)]
    shutil.rmtree(runs[1] / "seed1/fold4")
    found = report(capsys, *runs)
    assert found["comparison"]["rows"][1]["ua"] is None
    assert found["title"] == "2 runs compared: a, b (partial)"
    assert "b has no answer yet: there is no result for seed 1: fold 4." in found["answer"]


@pytest.mark.parametrize(
    ("changes", "level", "text"),
    [
        ({}, "sound", "Train and test share no equal file, no equal name (speaker, dialogue)."),
        (
            {"recording_copies": 0},
            "sound",
            "Train and test share no equal or re-encoded recording, no equal name (speaker, dialogue).",
        ),
        (
            {"recording_copies": 2, "recording_copy_pairs": {"recording_copies": ["a = b; speakers 46 and 53"]}},
            "leak",
            "Train and test share 2 pairs (summed over folds) of equal or re-encoded recordings such as a = b; "
            "speakers 46 and 53: the scores are too high",
        ),
        ({"recording_copies": 2}, "sound", "Train and test share no equal name (speaker, dialogue)."),
        (
            {"near_duplicate_transcripts": None, "compared_transcripts": 0},
            "note",
            "No tested transcript was compared with those of train: none has four words",
        ),
        (
            {"near_duplicate_transcripts": 0, "compared_transcripts": 7},
            "sound",
            "Of 7 tested transcripts that were compared none has a near copy in train.",
        ),
        ({"compared_transcripts": 8}, "note", "25.0% of the 8 compared transcripts have a near copy in train"),
        ({"uncompared_recordings": 3}, "note", "Of 3 recordings only equal files are found: too short"),
        ({"alike_speakers": [["S0", "s0"]]}, "note", "Probably one speaker: S0, s0."),
        ({"copies_within_parts": 1}, "note", "A pair of recordings is a copy within a part: they count twice."),
        (
            {"speaker_overlap": 8},
            "leak",
            "Train and test share 8 speakers (summed over folds): the scores are too high",
        ),
        ({"audio_overlap": 1}, "leak", "Train and test share 1 recording (summed"),
        (
            {"val_speaker_overlap": 4},
            "note",
            "Train and validation share 4 speakers (summed over folds): the best epoch",
        ),
        (
            {"val_test_group_overlap": 2},
            "note",
            "Validation and test share 2 dialogues (summed over folds): other speakers",
        ),
        ({"val_test_speaker_overlap": 2}, "leak", "Validation and test share 2 speakers"),
        ({"near_duplicate_transcripts": 0}, "sound", "No tested transcript has a near copy in train."),
        ({}, "note", "25.0% of the tested transcripts of four words or more have a near copy in train (1.0% of the"),
        ({"near_duplicate_transcripts": None}, "note", "It was not checked whether tested transcripts"),
        ({"audio_overlap": None}, "note", "It was not checked whether train and test share any recording."),
    ],
)
def test_the_audit_is_said_in_plain_words(changes, level, text):
    from mser.report.audit_findings import findings

    found = findings({**AUDIT, **changes})
    assert [line.level for line in found if line.text.startswith(text)] == [level]
    assert [line.level for line in found] == sorted((line.level for line in found), key="leak note sound".index)


def test_the_answer_does_not_claim_unheard_speakers_after_a_leak(tmp_path, capsys):
    run = make_run(tmp_path / "leaky", audit={**AUDIT, "speaker_overlap": 8})
    assert report(capsys, run)["answer"].startswith("On speakers it has partly been trained on, leaky scores")


def test_the_terminal_shows_the_folds_and_the_page(run, capsys):
    assert main(["report", str(run)]) == 0
    shown = capsys.readouterr().out
    overall = json.loads((run / "report/report.json").read_text())["runs"][0]["overall"]
    assert "session5" in shown
    for title, value in (
        ("mean", overall["ua"]["mean"]),
        ("from, 95%", overall["ua"]["method_interval"][0]),
        ("to, 95%", overall["ua"]["method_interval"][1]),
        ("sd, folds", overall["ua"]["sd"]),
        ("floor", overall["ua"]["floor"]),
    ):
        row = next(line for line in shown.splitlines() if line.strip().startswith(title))
        assert row.removeprefix(f"{row[: row.index(title)]}{title}").split()[0] == f"{100 * value:.1f}"
    assert "note" in shown
    assert str(run / "report/report.html") in shown.replace("\n", "")


def test_the_terminal_shows_a_row_per_run(tmp_path, capsys):
    runs = [make_run(tmp_path / "first"), make_run(tmp_path / "second", skill=0.9)]
    shutil.rmtree(runs[0] / "seed1/fold4")
    assert main(["report", *map(str, runs), "--out", str(tmp_path / "out")]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert any(row.split()[:3] == ["first", "1", "partial"] for row in rows)
    assert any(row.split()[:2] == ["second", "1"] and "[" in row for row in rows)


def test_a_partial_run_in_the_terminal_says_which_fold(run, capsys):
    shutil.rmtree(run / "seed1/fold4")
    assert main(["report", str(run)]) == 0
    shown = capsys.readouterr().out
    assert "missing" in next(row for row in shown.splitlines() if "session4" in row)
    assert "mean" not in shown


def imported(*argv):
    """Return which of three heavy modules a fresh process imports for a command, and what it printed before."""
    code = f"""
import sys
import mser.report
from mser.cli import main
main({["report", *map(str, argv)]!r})
print(sorted({{"torch", "numpy", "matplotlib"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *printed, modules = done.stdout.splitlines()
    return modules, "\n".join(printed)


def test_help_needs_none_of_the_heavy_modules():
    modules, printed = imported("--help")
    assert modules == "[]"
    assert "usage: mser report [-h] [--out DIR] [--score NAME] [--audio [N]] [--json]" in printed


def test_a_report_imports_no_torch_and_prints_one_object(run):
    modules, printed = imported(run, "--json")
    assert modules == "['matplotlib', 'numpy']"
    assert json.loads(printed)["title"] == "both"
    assert (run / "report/report.html").read_text().startswith("<!DOCTYPE html>")


def test_diverged_epochs_are_gaps_in_the_curve(run, capsys):
    path = run / "seed1/fold1/history.csv"
    rows = list(csv.DictReader(path.open()))
    rows[1]["train/loss"], rows[2]["val/ua"] = "nan", ""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    curves = report(capsys, run)["runs"][0]["folds"][0]["seeds"][0]["curves"]
    assert curves["train/loss"][1] is None
    assert curves["val/ua"][2] is None


def test_a_missing_history_is_said(run, capsys):
    (run / "seed1/fold1/history.csv").unlink()
    assert report(capsys, run)["runs"][0]["problems"] == ["seed 1, fold 1 has no history.csv"]


def test_the_terminal_counts_the_pairs_that_cannot_be_told_apart(tmp_path, capsys):
    runs = [make_run(tmp_path / name, skill=skill, turns=40, epochs=1)
            for name, skill in (("good", 0.95), ("poor", 0.2), ("twin", 0.2))]  # fmt: skip
    assert main(["report", *map(str, runs), "--out", str(tmp_path / "out")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "* good is better than poor by" in told
    assert "* good is better than twin by" in told
    assert "· 1 of 3 pairs cannot be told apart; see the page" in told


def test_each_class_has_the_scores_of_scikit_learn_and_its_support(made, capsys):
    found = report(capsys, made)["runs"][0]["classes"]
    folds = [[classification_report(*truth(made, seed, fold), labels=LABELS, output_dict=True, zero_division=np.nan)
              for fold in range(1, 6)] for seed in (1, 2)]  # fmt: skip
    for label in LABELS:
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("class_f1", "f1-score")):
            each = [[fold[label][theirs] for fold in seed] for seed in folds]
            assert found[label][ours]["mean"] == pytest.approx(np.nanmean(np.nanmean(each, axis=0)))
            assert found[label][ours]["interval"][0] < found[label][ours]["mean"] < found[label][ours]["interval"][1]
        assert found[label]["utterances"] == sum(fold[label]["support"] for fold in folds[0])
    assert main(["report", str(made), "--out", str(made.parent / "shown")]) == 0
    shown = capsys.readouterr().out
    assert re.search(rf"class +support +precision +recall +F1|neu +{found['neu']['utterances']} ", shown)
    assert f"{100 * found['neu']['precision']['mean']:.1f}" in shown
