"""What a report says of two runs and of how sure a score is, through the command line."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from fake.runs import make_run, predictions_of, write_predictions

from mser.cli import main
from mser.labels import Kind
from mser.report.figures import models_error
from mser.report.pairwise.verdicts import family
from mser.runs.csv_cells import Question
from mser.runs.run import read_run
from mser.scoring.influence import independent_error, influences
from mser.scoring.luck import Error
from mser.scoring.scorers import judge


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    monkeypatch.setattr("mser.report.page.html.page", lambda report, _: report.title)


def report(capsys, *runs, score=None):
    options = ["--score", score] if score else []
    assert main(["report", *map(str, runs), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def edited(run, edit, seeds=(1,)):
    for seed in seeds:
        for path in sorted(run.glob(f"seed{seed}/fold*")):
            fold = int(path.name[4:])
            rows = [row | edit(row) for row in predictions_of(run, seed=seed, fold=fold)]
            write_predictions(run, rows, seed=seed, fold=fold)
    return run


def unnamed(run, edit):
    """Edit speakers and groups, which a manifest would contradict."""
    (run / "manifest.jsonl").unlink()
    return edited(run, edit)


def twice(tmp_path, skills=(0.7, 0.4), **how):
    return [make_run(tmp_path / name, skill=skill, epochs=1, **how) for name, skill in zip("ab", skills, strict=True)]


def test_one_seed_and_one_split_decide_nothing_and_say_what_would(tmp_path, capsys):
    pair = report(capsys, *twice(tmp_path, folds=1, turns=40))["comparison"]["pairs"][0]
    assert (pair["verdict"], pair["method"], pair["interval"], pair["p"]) == ("undecidable", "none", None, None)
    assert (pair["p_holm"], pair["smallest_detectable"]) == (None, None)
    low, high = pair["of_these_weights"]["interval"]
    assert low < pair["difference"] < high
    assert pair["sentence"].startswith("These two trained models cannot be told apart: a is ahead by ")
    assert pair["sentence"].endswith(
        "p = 0.500 over 2 speakers. With one seed each and one split nothing tells whether the settings do: "
        "run both with --seeds 1,2,3."
    )


def test_the_headline_of_one_seed_and_split_says_what_its_interval_leaves_out(tmp_path, capsys):
    found = report(capsys, make_run(tmp_path / "a", folds=1, turns=40, epochs=1))
    assert found["runs"][0]["overall"]["ua"]["method_interval"] is None
    assert (
        "(one fold and seed; 95% intervals over 2 speakers, of these weights alone: one seed cannot tell what training "
        "again would change)"
    ) in found["answer"]


def test_three_seeds_of_one_split_decide(tmp_path, capsys):
    found = report(capsys, *twice(tmp_path, folds=1, turns=60, seeds=(1, 2, 3)))
    pair, overall = found["comparison"]["pairs"][0], found["runs"][0]["overall"]["ua"]
    assert pair["method"] == "seeds"
    assert pair["verdict"] in ("better", "unclear")
    assert (
        overall["method_interval"][0]
        <= overall["interval"][0]
        < overall["interval"][1]
        <= overall["method_interval"][1]
    )
    assert "95% intervals of the method: over 2 speakers and the seeds)" in found["answer"]


def test_folds_decide_where_seeds_are_few(tmp_path, capsys):
    found = report(capsys, *twice(tmp_path, turns=60))
    pair, (one, other) = found["comparison"]["pairs"][0], found["runs"]
    differences = [a["mean"]["ua"] - b["mean"]["ua"] for a, b in zip(one["folds"], other["folds"], strict=True)]
    error = np.std(differences, ddof=1) / np.sqrt(5)
    assert (pair["method"], pair["degrees_of_freedom"]) == ("folds", 4)
    assert pair["interval"] == pytest.approx([np.mean(differences) + side * 2.776445 * error for side in (-1, 1)])
    assert pair["smallest_detectable"] == pytest.approx((2.776445 + 0.940965) * error, rel=1e-5)


def test_interval_and_verdict_never_contradict_each_other(tmp_path, capsys):
    runs = [make_run(tmp_path / f"r{number}", skill=(0.2, 0.5, 0.51, 0.9)[number], turns=20, epochs=1, seeds=(1, 2, 3))
            for number in range(4)]  # fmt: skip
    found = report(capsys, *runs)["comparison"]
    assert {pair["verdict"] for pair in found["pairs"]} == {"better", "unclear"}
    for pair in found["pairs"]:
        assert (pair["verdict"] == "better") == (pair["p_holm"] < 0.05) == (pair["interval"][0] > 0)
    assert found["family"].startswith(
        "p and intervals are corrected for the 6 comparisons of this report (Holm 1979); "
    )
    assert found["notes"] == []


def test_the_least_p_after_the_correction_is_said():
    pair = SimpleNamespace(p=0.5, swaps=SimpleNamespace(least_p=2 / 1024, unit="speaker", clusters=10, unnamed={}))
    assert family([pair]) == ""
    assert family([pair] * 28).endswith(
        "Swapping the answers to 10 speakers gives no smaller p of these weights than 0.055 after the correction for "
        "28 comparisons: too few to call any two trained models different."
    )


def test_other_seeds_and_missing_folds_are_said_in_a_line_each(tmp_path, capsys):
    runs = [*twice(tmp_path, seeds=(1, 2)), make_run(tmp_path / "c", seeds=(1, 2, 3), epochs=1)]
    shutil.rmtree(runs[1] / "seed2/fold3")
    found = report(capsys, *runs)["comparison"]
    assert found["notes"] == [
        "b is compared with nothing: it lacks seed 2: fold 3.",
        "The runs have different seeds: a has seeds 1, 2, c has seeds 1, 2, 3. Each is the mean over its own.",
    ]
    assert [(pair["method"], sorted(pair["seeds"])) for pair in found["pairs"]] == [("folds", [2, 3])]


@pytest.mark.parametrize(("score", "first"), [("macro_f1", "macro_f1"), ("recall_hap", "recall_hap"), ("uar", "ua")])
def test_any_score_can_be_the_one_that_is_judged_by(tmp_path, capsys, score, first):
    found = report(capsys, *twice(tmp_path), score=score)
    assert found["runs"][0]["headline"][0] == found["runs"][0]["columns"][0] == first
    assert found["comparison"]["pairs"][0]["score"] == first
    difference = abs(found["runs"][0]["overall"][first]["mean"] - found["runs"][1]["overall"][first]["mean"])
    assert found["comparison"]["pairs"][0]["difference"] == pytest.approx(difference)


def test_binary_scores_are_known_where_they_were_asked_for(tmp_path, capsys):
    run = make_run(tmp_path / "a", objective="OneVsRest", epochs=1)
    found = report(capsys, run, score="mean_binary_accuracy")["runs"][0]
    assert found["overall"]["mean_binary_accuracy"]["mean"] == found["binary"]["mean_binary_accuracy"]["mean"]


def test_a_score_that_a_run_lacks_is_one_line(tmp_path, capsys):
    run = make_run(tmp_path / "a", epochs=1)
    assert main(["report", str(run), "--score", "mae"]) == 2
    error = capsys.readouterr().err
    assert f"{run} has no score 'mae'; give --score one of wa, ua, weighted_f1, macro_f1, recall_neu" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("label_set", "headline"),
    [("meld7", ["weighted_f1", "wa"]), ("msp8", ["macro_f1", "ua"]), ("iemocap4", ["ua", "wa"])],
)
def test_the_customary_score_comes_first(tmp_path, capsys, label_set, headline):
    run = report(capsys, make_run(tmp_path / "a", label_set=label_set, epochs=1))["runs"][0]
    assert run["headline"] == headline
    assert set(run["columns"]) == {"ua", "wa", "weighted_f1", "macro_f1"}


def test_one_unnamed_speaker_leaves_the_others_theirs(tmp_path, capsys):
    named = report(capsys, make_run(tmp_path / "named", turns=30, epochs=1))["runs"][0]
    for kind, blank in (("group", {"speaker": ""}), ("utterance", {"speaker": "", "group": ""})):
        run = unnamed(make_run(tmp_path / kind, turns=30, epochs=1),
                      lambda row, blank=blank: blank if row["utterance"] == "Ses01F_impro01_F001" else {})  # fmt: skip
        found = report(capsys, run)
        rests = found["runs"][0]["clusters"]
        assert (rests["unit"], rests["number"], rests["unnamed"]) == ("speaker", 11, {kind: 1})
        assert rests["degrees_of_freedom"] == 5
        assert f"with 10 speakers and 1 {kind} without a speaker in all" in found["answer"]
        ends = found["runs"][0]["overall"]["ua"]["interval"]
        assert ends == pytest.approx(named["overall"]["ua"]["interval"], abs=0.01)


def test_unnamed_speakers_of_a_fold_are_drawn_among_themselves(tmp_path, capsys):
    run = unnamed(make_run(tmp_path / "a", turns=30, epochs=1), lambda row: (
        {"speaker": "", "group": f"{row['group']}{row['utterance'][-1]}"} if row["utterance"][-3:] < "006" else {}
    ))  # fmt: skip
    rests = report(capsys, run)["runs"][0]["clusters"]
    assert rests["unit"] == "speaker"
    assert rests["strata"] == 10
    assert rests["number"] == 10 + rests["unnamed"]["group"]


def test_no_interval_is_narrower_than_that_of_independent_utterances():
    replicates = np.random.default_rng(0).normal(0.6, 0.001, 500)
    assert models_error(0.6, replicates, 5, least=0.02) == Error(0.02, 5)
    assert models_error(0.6, replicates, 5, least=0.0).size == pytest.approx(0.001, rel=0.1)


def test_the_influences_of_utterances_give_the_error_of_a_share(tmp_path):
    run = read_run(make_run(tmp_path / "a", folds=1, turns=50, epochs=1))
    scorer = judge(Question(Kind.LABELS, run.plan.labels, exclusive=True)).scorer
    moved = influences(run, scorer)
    right = np.concatenate([job.predictions.target == job.predictions.prediction for job in run.jobs])
    assert independent_error(moved["wa"]) == pytest.approx(right.std(ddof=1) / np.sqrt(len(right)))
    truth = run.jobs[0].predictions.target
    recalls = [right[truth == label] for label in range(4)]
    expected = np.sqrt(sum(one.var() / len(one) for one in recalls) / 16 * len(right) / (len(right) - 1))
    assert independent_error(moved["ua"]) == pytest.approx(expected)
