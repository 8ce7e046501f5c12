"""How sure a model is of single answers: calibration, abstaining, and the mistakes that it was surest of."""

import json
import shutil

import numpy as np
import pytest
from fake.runs import LABELS, make_run, predictions_of, write_predictions

from mser.cli import main
from mser.labels import Kind
from mser.report.confidence.abstaining import risks
from mser.report.confidence.calibration_error import calibration_scorer, expected_error, perfect_errors
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions


def report(run, capsys):
    assert main(["report", str(run), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["runs"][0], (run / "report/report.html").read_text()


def judged(run, seed=1):
    rows = [row for fold in range(1, 6) for row in predictions_of(run, seed, fold) if row["split"] == "test"]
    sure = np.array([float(row[f"p_{row['prediction']}"]) for row in rows])
    return rows, sure, np.array([row["prediction"] == row["target"] for row in rows])


def ece(sure, right):
    """Count each bin by hand."""
    total = 0.0
    for start in range(15):
        inside = [i for i, p in enumerate(sure) if start / 15 <= p < (start + 1) / 15 or (start == 14 and p == 1)]
        if inside:
            total += len(inside) * abs(np.mean(right[inside]) - np.mean(sure[inside]))
    return total / len(sure)


@pytest.mark.parametrize("objective", ["CrossEntropy", "OneVsRest"])
def test_calibration_is_computed_from_the_rows(tmp_path, capsys, objective):
    run = make_run(tmp_path / "both", seeds=(1, 2), objective=objective, epochs=1)
    found, _ = report(run, capsys)
    expected = np.mean([ece(*judged(run, seed)[1:]) for seed in (1, 2)])
    assert found["calibration"]["as_is"]["ece"] == pytest.approx(expected)
    assert sum(b["answers"] for b in found["calibration"]["as_is"]["bins"]) == 2 * 120
    assert len(found["calibration"]["temperatures"]) == 10


def overconfident(tmp_path, factor, *, exclusive):
    """Write a run whose truth follows probabilities that the model then exaggerated."""
    run = make_run(tmp_path / "run", turns=200, epochs=1, objective="CrossEntropy" if exclusive else "OneVsRest")
    rng, truth = np.random.default_rng(0), {}
    for fold in range(1, 6):
        rows = predictions_of(run, fold=fold)
        for row in rows:
            if row["utterance"] not in truth:
                truth[row["utterance"]] = rng.dirichlet(np.ones(4)), rng.uniform()
            honest, luck = truth[row["utterance"]]
            row["target"] = LABELS[int((honest.cumsum() < luck).sum())]
            said = honest**factor / (honest**factor + (0 if exclusive else (1 - honest) ** factor))
            said = honest**factor / (honest**factor).sum() if exclusive else said
            row |= {f"p_{label}": f"{p:.6f}" for label, p in zip(LABELS, said, strict=True)}
            row["prediction"] = LABELS[int(said.argmax())]
        write_predictions(run, rows, fold=fold)
    return run


@pytest.mark.parametrize("exclusive", [True, False])
def test_temperature_scaling_undoes_what_was_exaggerated(tmp_path, capsys, exclusive):
    found = report(overconfident(tmp_path, 2.0, exclusive=exclusive), capsys)[0]["calibration"]
    temperatures = [one["temperature"] for one in found["temperatures"]]
    assert np.mean(temperatures) == pytest.approx(2, rel=0.05)
    assert found["as_is"]["ece"] > 0.08
    assert found["scaled"]["ece"] < 0.5 * found["as_is"]["ece"]
    assert found["scaled"]["log_loss"] < found["as_is"]["log_loss"]


@pytest.mark.parametrize(("factor", "alike"), [(1.0, True), (1.6, False)])
def test_calibration_is_judged_beside_what_luck_alone_scores(tmp_path, capsys, factor, alike):
    found, page = report(overconfident(tmp_path, factor, exclusive=True), capsys)
    found = found["calibration"]["as_is"]
    _, sure, _ = judged(tmp_path / "run")
    rng = np.random.default_rng(1)
    by_hand = np.mean([ece(sure, rng.random(len(sure)) < sure) for _ in range(100)])
    assert found["perfect_ece"] == pytest.approx(by_hand, rel=0.1)
    assert found["perfect_ece"] > 0.01
    assert found["indistinguishable"] == alike
    assert ("indistinguishable from perfectly calibrated" in page.partition("With temperatures")[0]) == alike
    losses = -np.log([float(row[f"p_{row['target']}"]) for row in judged(tmp_path / "run")[0]])
    assert found["log_loss"] == pytest.approx(losses.mean())
    for name in ("ece", "log_loss"):
        low, high = found[f"{name}_interval"]
        assert low < found[name] < high
    # Speakers are alike here, so that the interval is about that of independent utterances.
    half = (found["log_loss_interval"][1] - found["log_loss_interval"][0]) / 2
    assert half == pytest.approx(2.57 * losses.std() / len(losses) ** 0.5, rel=0.6)


def test_perfect_calibration_is_seldom_told_from_itself():
    rng, told = np.random.default_rng(0), []
    for _ in range(150):
        sure = rng.uniform(0.25, 1, 344)
        luck = rng.random(344)
        seeds = [sure, np.clip(sure + rng.normal(0, 0.05, 344), 0, 1)]
        seen = np.mean([expected_error(one, luck < one) for one in seeds])
        told.append(seen > np.quantile(perfect_errors(seeds, draws=60), 0.95))
    assert np.mean(told) < 0.11  # 5 % and what 150 throws and 60 draws leave to luck


def test_temperatures_come_from_validation_alone(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1)
    before = report(run, capsys)[0]["calibration"]
    rows = predictions_of(run)
    write_predictions(run, [row for row in rows if row["split"] == "test"])
    after, page = report(run, capsys)
    assert after["calibration"]["as_is"] == before["as_is"]
    assert after["calibration"]["scaled"] is None
    assert "temperatures fitted" not in page
    locked, _ = report(make_run(tmp_path / "locked", skip_test=True, epochs=1), capsys)
    assert locked["calibration"]["scaled"] is None


def test_abstaining_leaves_the_surest_answers(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1)
    found, _ = report(run, capsys)
    _, sure, right = judged(run)
    order = np.argsort(-sure)
    for coverage, risk in zip(found["abstaining"]["coverage"], found["abstaining"]["risk"], strict=True):
        kept = order[: round(coverage * len(order))]
        assert risk == pytest.approx(1 - right[kept].mean(), abs=1e-9 + (len(set(sure)) < len(sure)))
    assert found["abstaining"]["risk"][-1] == pytest.approx(1 - found["overall"]["wa"]["pooled"])


def test_equally_sure_answers_count_in_any_order():
    assert risks(np.array([0.5, 0.5]), np.array([True, False])).tolist() == [0.5, 0.5]


def test_the_surest_mistakes_have_their_transcripts(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1)
    found, page = report(run, capsys)
    rows, sure, right = judged(run)
    wrong = sorted((i for i in range(len(rows)) if not right[i]), key=lambda i: -sure[i])[:20]
    assert [one["probability"] for one in found["mistakes"]] == [sure[i] for i in wrong]
    first = found["mistakes"][0]
    assert (first["true"], first["said"]) == (rows[wrong[0]]["target"], rows[wrong[0]]["prediction"])
    assert "told &lt;once&gt;" in page
    assert "told <once>" not in page


def test_seeds_vote_on_mistakes_and_transcripts_may_be_unknown(tmp_path, capsys):
    run = make_run(tmp_path / "both", seeds=(1, 2), epochs=1)
    (run / "manifest.jsonl").unlink()
    found, page = report(run, capsys)
    first = found["mistakes"][0]
    said = [row for seed in (1, 2) for row in judged(run, seed)[0] if row["utterance"] == first["utterance"]]
    assert first["probability"] == pytest.approx(np.mean([float(row[f"p_{first['said']}"]) for row in said]))
    assert first["transcript"] is None
    assert "(no transcript)" in page


def test_each_label_is_an_answer_where_several_hold(tmp_path, capsys):
    run = make_run(tmp_path / "moods", task="multi_label", labels=("happy", "sad"), epochs=1)
    found, page = report(run, capsys)
    assert sum(b["answers"] for b in found["calibration"]["as_is"]["bins"]) == 2 * 120
    assert found["abstaining"]["risk"][-1] == pytest.approx(
        1 - np.mean([found["binary"][f"accuracy_{label}"]["pooled"] for label in ("happy", "sad")])
    )
    assert found["mistakes"] is None
    assert "Each label of an utterance is an answer." in page


def test_scores_and_partial_runs_have_none_of_it(tmp_path, capsys):
    keys = ("calibration", "abstaining", "mistakes")
    found, page = report(make_run(tmp_path / "run", task="scores", labels=("sentiment",), epochs=1), capsys)
    assert [found[key] for key in keys] == [None] * 3
    assert "How sure it is" not in page
    partial = make_run(tmp_path / "partial", epochs=1)
    shutil.rmtree(partial / "seed1/fold2")
    found, page = report(partial, capsys)
    assert [found[key] for key in keys] == [None] * 3
    assert "How sure it is" not in page


def test_who_is_certain_and_wrong_is_off_by_all():
    """A probability of 1 lies in the last bin, not behind it."""
    names = np.array(["a", "b"])
    wrong = Predictions(names, names, names, np.array([0, 0]), np.array([1, 1]), np.array([[0.0, 1.0]] * 2))
    scorer = calibration_scorer(Question(Kind.LABELS, ("neu", "hap"), exclusive=True))
    assert scorer.score(wrong)["ece"] == 1 == expected_error(np.ones(2), np.zeros(2, bool))
