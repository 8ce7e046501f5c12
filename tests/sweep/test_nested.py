"""Nested searches: a fold's own choice knows nothing of what it tests; the winner of all folds does."""

import json
import shutil

import numpy as np
import pytest
import yaml
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS
from fake.runs import edit_json, make_run
from fake.trials import make_trial, weights

from mser.cli import main
from mser.crossval import local
from mser.errors import UserError
from mser.report.searches.searched import finding
from mser.runs.search_record import Searched
from mser.runs.test_log import counts
from mser.runs.trials import Trial, judged_by, own_best, ranked, read_trials
from mser.sweep import testing
from mser.sweep.winner import drop_losers

FOLDS = range(1, 6)


def made_up(name, validation):
    scores = {(1, fold): {"ua": value} for fold, value in zip(FOLDS, validation, strict=True)}
    return Trial(testing.Path(name), {}, None, {}, tuple(scores), scores, dict.fromkeys(scores, 1.0))


def test_on_shuffled_labels_own_choices_score_chance_and_the_winner_more():
    """Fold k validates on what fold k + 1 tests: what a setting happens to do there is in both (correlation .35)."""
    rng = np.random.default_rng(0)
    noise, shared, trials = 0.03, 0.35, 20
    own, winner = [], []
    for _ in range(400):
        luck = rng.normal(0, noise * shared**0.5, (trials, 5))  # of each setting on each session's shuffled labels
        rest = rng.normal(0, noise * (1 - shared) ** 0.5, (2, trials, 5))
        validation, test = 0.25 + np.roll(luck, -1, axis=1) + rest[0], 0.25 + luck + rest[1]
        tried = [made_up(f"trial{number:02}", row) for number, row in enumerate(validation)]
        number = {trial.name: place for place, trial in enumerate(tried)}
        best = own_best(tried, "ua", 1)
        own.append(np.mean([test[number[best[fold].name], fold - 1] for fold in FOLDS]))
        winner.append(test[number[ranked(tried, "ua", 1)[0].name]].mean())
    assert 100 * np.mean(own) == pytest.approx(25, abs=0.2)
    assert 100 * np.mean(winner) > 25.6


def test_ties_are_not_broken_by_other_folds():
    tied = [made_up("a", [0.5, 0.1, 0.1, 0.1, 0.1]), made_up("b", [0.5, 0.9, 0.9, 0.9, float("nan")])]
    assert [trial.name for trial in own_best(tied, "ua", 1).values()] == ["a", "b", "b", "b", "a"]
    assert [trial.name for trial in own_best(tied, "ua", -1).values()] == ["a", "a", "a", "a", "a"]


@pytest.fixture
def sweep(tmp_path):
    """Three trials; folds 1 and 2 would choose others than the winner."""
    out = tmp_path / "lr"
    make_trial(out / "a", {1: 0.9, 2: 0.2, 3: 0.2}, **{"model.dropout": 0.1})
    make_trial(out / "b", {1: 0.6, 2: 0.6, 3: 0.6}, **{"model.dropout": 0.2})
    make_trial(out / "c", {1: 0.1, 2: 0.7, 3: 0.2}, **{"model.dropout": 0.3})
    return out


@pytest.fixture
def tested(monkeypatch):
    """Let a fold be tested without a model: its answers to the test part appear as a worker would write them."""

    def start(self, jobs):
        for job in jobs:
            done = make_run(job.run.parent / ".made", folds=3, turns=4, epochs=1)
            shutil.copyfile(done / job.name / "predictions.csv", job.folder / "predictions.csv")
            edit_json(job.metrics, test={"ua": 0.5})
            with (job.run / "tested.jsonl").open("a") as file:
                file.write(json.dumps({"seed": job.seed, "fold": job.fold}) + "\n")
            shutil.rmtree(done)
        return [Done() for _ in jobs]

    class Done:
        def ended(self):
            return ""

    monkeypatch.setattr(local.Local, "start", start)


def test_each_fold_is_tested_with_its_own_best_trial(sweep, tested, capsys):
    assert main(["sweep", "--test", "--out", str(sweep)]) == 0
    run, said = sweep / "tested", capsys.readouterr()
    kept = {fold: (run / f"seed1/fold{fold}/checkpoints/best.ckpt").read_text() for fold in (1, 2, 3)}
    assert kept == {1: "weights of a, fold 1", 2: "weights of c, fold 2", 3: "weights of b, fold 3"}
    assert counts(run) == {(1, 1): 1, (1, 2): 1, (1, 3): 1}
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["model"]["dropout"] is None
    assert [(one["trial"], one["settings"]) for one in config["procedure"]["choices"]] == [
        ("a", {"model.dropout": 0.1}),
        ("c", {"model.dropout": 0.3}),
        ("b", {"model.dropout": 0.2}),
    ]
    assert yaml.safe_load((run / "seed1/fold2/config.yaml").read_text())["model"]["dropout"] == 0.3
    costs = [json.loads((sweep / f"{name}/seed1/fold1/metrics.json").read_text())["seconds"] for name in "abc"]
    assert json.loads((run / "seed1/fold1/metrics.json").read_text())["seconds"] == pytest.approx(sum(costs), abs=0.1)
    found = json.loads((run / "report/report.json").read_text())
    assert (found["runs"][0]["searched"]["kind"], found["runs"][0]["searched"]["optimistic"]) == ("procedure", False)
    assert "This is the score of a search of 3 trials, of which each fold took its own best." in found["answer"]
    page = (run / "report/report.html").read_text()
    assert "What each fold chose" in page
    assert "Each fold was tested with its own choice, the best of 3 trials by crossval/val_ua_mean" in page
    assert "judged by crossval/val_ua_mean, as the trials chose their epochs" in said.err


def test_another_trial_opens_again_only_where_it_is_better(sweep, tested, capsys):
    assert main(["sweep", "--test", "--out", str(sweep)]) == 0
    make_trial(sweep / "d", {1: 0.1, 2: 0.9, 3: 0.1}, **{"model.dropout": 0.4})
    assert main(["sweep", "--test", "--out", str(sweep)]) == 0
    assert counts(sweep / "tested") == {(1, 1): 1, (1, 2): 2, (1, 3): 1}
    assert (sweep / "tested/seed1/fold2/checkpoints/best.ckpt").read_text() == "weights of d, fold 2"
    assert "fold 2 with seed 1: 2 times" in capsys.readouterr().out


def test_what_has_lost_its_fold_loses_its_weights(sweep):
    from mser.runs.trials import read_trials

    drop_losers(read_trials(sweep), "ua", 1)
    assert weights(sweep) == {"a/fold1", "c/fold2", "b/fold3"}
    make_trial(sweep / "d", {1: 0.95, 2: 0.1, 3: 0.1})
    drop_losers(read_trials(sweep), "ua", 1)
    assert weights(sweep) == {"d/fold1", "c/fold2", "b/fold3"}


def test_the_winner_says_on_what_it_was_chosen(sweep, tmp_path, capsys):
    assert main(["sweep", "--test", "--out", str(sweep), "--trials=0"]) == 2
    capsys.readouterr()
    assert main(["report", str(sweep), "--score=wa"]) == 2
    assert "its trials are ranked by what it searched for" in capsys.readouterr().err
    assert main(["report", str(sweep)]) == 0
    assert "It was chosen on folds that are tested here: 24 of the 24 tested utterances" in " ".join(
        capsys.readouterr().out.split()
    )
    report = json.loads((sweep / "report/report.json").read_text())
    assert [trial["trial"] for trial in report["trials"]] == ["b", "a", "c"]
    assert report["choices"] == {"1": "a", "2": "c", "3": "b"}
    assert report["trials"][0]["settings"] == {"model.dropout": 0.2}
    rows = (sweep / "report/tables/trials.csv").read_text().splitlines()
    assert rows[0] == "rank,trial,crossval/val_ua_mean,fold 1,fold 2,fold 3,model.dropout,seconds"
    assert rows[1].startswith("1,b,0.6,0.6,0.6,0.6,0.2,")
    assert "<svg" in (sweep / "report/report.html").read_text()


def page_of(report):
    found = finding(report.runs[0].searched, part=report.runs[0].part)
    return f"<b>{found.level}</b> {found.text}"


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({}, "note", "Its settings were chosen on folds that are tested here: optimistic. They are the best of 20"),
        ({"digest": "other"}, "note", "in a search that split the same corpus in another way"),
        ({"corpus": "meld", "digest": "x"}, "sound", "no tested utterance had a say in that"),
        ({"folds": ()}, "sound", "no tested utterance had a say in that"),
    ],
)
def test_every_run_of_a_winner_carries_where_it_comes_from(tmp_path, monkeypatch, capsys, change, level, words):
    if change:  # one page is enough
        monkeypatch.setattr("mser.report.page.html.page", lambda report, _: page_of(report))
    run = make_run(tmp_path / "best", turns=4, epochs=1)
    digest = json.loads((run / "protocol.json").read_text())["digest"]
    facts = {"corpus": "iemocap", "protocol": "iemocap/loso5", "digest": digest, "folds": tuple(FOLDS)} | change
    searched = Searched(by="lr", method="bayes", trials=20, metric="crossval/val_ua_mean", **facts).facts()
    edit_json(run / "run.json", searched=searched)
    assert main(["report", str(run)]) == 0
    page = (run / "report/report.html").read_text()
    assert f"<b>{level}</b> " in page
    assert words in page
    found = json.loads((run / "report/report.json").read_text())
    assert found["runs"][0]["searched"]["optimistic"] is {"sound": False}.get(level, None if change else True)
    assert ("were chosen on folds that are tested here: optimistic." in found["answer"]) is (not change)
    assert ("optimistic" in capsys.readouterr().out) is (level == "note")


def test_what_a_test_lacks_is_said_in_a_line(sweep, tested, tmp_path, capsys):
    rows = (sweep / "b/seed1/fold3/predictions.csv").read_text()
    (sweep / "b/seed1/fold3/predictions.csv").write_text(rows.splitlines()[0] + "\n")
    assert main(["sweep", "--test", "--out", str(sweep)]) == 2
    assert "b/seed1/fold3 has kept no predictions of its validation part; delete" in capsys.readouterr().err
    (sweep / "b/seed1/fold3/predictions.csv").write_text(rows)
    (sweep / "c/seed1/fold2/checkpoints/best.ckpt").unlink()
    assert main(["sweep", "--test", "--out", str(sweep)]) == 2
    assert "c/seed1/fold2 is the best of its fold, but its checkpoints/best.ckpt is gone" in capsys.readouterr().err
    edit_json(sweep / "a/protocol.json", digest="other")
    assert main(["sweep", "--test", "--out", str(sweep)]) == 2
    assert "trials of one search must share their question, but the digest is other" in capsys.readouterr().err
    assert main(["sweep", "--test", "--out", str(tmp_path / "nothing")]) == 2
    assert "no trial in" in capsys.readouterr().err
    assert not (sweep / "tested/tested.jsonl").exists()


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("a/run.json", {"folds": ["one"]}, r"a/run\.json: Expected `int`, got `str`.*; delete that trial"),
        ("a/protocol.json", {"folds": [{"number": 1}]}, r"a/protocol\.json: Object missing required field `name`"),
        ("a/seed1/fold2/metrics.json", {"val": {"ua": None}}, r"fold2/metrics\.json: Expected `float`, got `null`"),
        ("sweep.json", {"metric": "crossval/val_ua_mean", "goal": "most"}, r"Invalid enum value 'most'"),
    ],
)
def test_a_garbled_trial_is_told_in_a_line(tmp_path, file, change, message):
    make_trial(tmp_path / "a", 0.5)
    if not (tmp_path / file).is_file():
        (tmp_path / file).write_text("{}")
    edit_json(tmp_path / file, **change)
    with pytest.raises(UserError, match=message):
        judged_by(tmp_path, read_trials(tmp_path)[0])


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_search_is_tested_by_its_real_models(tmp_path, capsys):
    """One trial is real; the other is its copy that scored better in one fold, as another agent would leave it."""
    make_iemocap(tmp_path / "corpus", turns=12)
    out = tmp_path / "sweep"
    options = [f"--data.init_args.root={tmp_path / 'corpus'}", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    experiment = f"--config={EXPERIMENTS / 'demo/text_only.yaml'}"
    assert main(["crossval", experiment, f"--out={out / 'one'}", "--skip_test", "--folds=1,2", *options]) == 0
    shutil.copytree(out / "one", out / "two")
    metrics = json.loads((out / "two/seed1/fold2/metrics.json").read_text())
    edit_json(out / "two/seed1/fold2/metrics.json", val=metrics["val"] | {"ua": 0.99})
    assert main(["sweep", "--test", f"--out={out}", "--jobs=2"]) == 0
    run = out / "tested"
    records = [json.loads((run / f"seed1/fold{fold}/metrics.json").read_text()) for fold in (1, 2)]
    assert [record["trial"] for record in records] == ["one", "two"]
    assert all(record["test"]["ua"] > 0 and record["epochs"] == 1 for record in records)
    assert counts(run) == {(1, 1): 1, (1, 2): 1}
    best = yaml.safe_load((out / "best.yaml").read_text())
    assert best["trainer"]["max_epochs"] == 1
    assert best["data"]["init_args"]["root"] == str(tmp_path / "corpus")
    assert main(["crossval", f"--config={out / 'best.yaml'}", f"--out={tmp_path / 'best'}", "--plan"]) == 0
    planned = yaml.safe_load((tmp_path / "best/config.yaml").read_text())
    assert planned["searched"]["trials"] == 2
    assert {**planned, "searched": None} == yaml.safe_load((out / "two/config.yaml").read_text())
