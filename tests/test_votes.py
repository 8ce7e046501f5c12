"""Votes of raters as targets: how they are counted, the objective against SciPy, and tables of votes end to end."""

import csv
import json
import random
from math import isnan

import numpy as np
import pytest
import torch
from fake.corpora.table import make_table
from scipy.special import log_softmax, rel_entr
from sklearn.metrics import f1_score

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.table.corpus import open_table
from mser.errors import UserError
from mser.labels import LabelSet, MultiLabel
from mser.manifest import Manifest, Rating, Utterance
from mser.objectives import CrossEntropy, Distribution
from mser.report.agreement.thresholded import hits, holds, macro_f1
from mser.vote_counts import Votes, voted

LABELS = ["angry", "calm", "happy"]
LOGITS = torch.tensor([[1.0, -1.0, 0.5], [0.2, 0.1, 3.0]])
SHARES = torch.tensor([[0.6, 0.4, 0.0], [0.2, 0.2, 0.6]])


def rated(*said, label=None, own=()):
    ratings = [Rating(f"r{n}", tuple(one.split("+")) if one else ()) for n, one in enumerate(said)]
    ratings += [Rating("self", own, is_self=True)] if own else []
    return Utterance("a", "a.wav", 1.0, "", "s", "g", label=label, ratings=tuple(ratings))


def test_the_loss_is_the_divergence_and_the_entropy_of_the_votes():
    found = Distribution(LABELS).loss(LOGITS, SHARES).double().numpy()
    q, p = SHARES.double().numpy(), np.exp(log_softmax(LOGITS.double().numpy(), axis=1))
    entropy = -(q * np.log(np.where(q > 0, q, 1))).sum(1)
    assert found == pytest.approx(rel_entr(q, p).sum(1) + entropy, abs=1e-6)


def test_all_who_agree_are_a_label():
    agreed = torch.eye(3)[[0, 2]]
    expected = CrossEntropy(LABELS).loss(LOGITS, torch.tensor([0, 2]))
    torch.testing.assert_close(Distribution(LABELS).loss(LOGITS, agreed), expected)
    torch.testing.assert_close(Distribution(LABELS).loss(LOGITS, torch.tensor([0, 2])), expected)


def test_smoothing_goes_to_what_the_training_fold_says_in_the_mean():
    objective = Distribution(LABELS, smoothing=0.25)
    objective.prepare(SHARES)
    mixed = 0.75 * SHARES + 0.25 * torch.tensor([0.4, 0.3, 0.3])
    torch.testing.assert_close(objective.loss(LOGITS, SHARES), Distribution(LABELS).loss(LOGITS, mixed))
    with pytest.raises(UserError, match="smoothing is 1"):
        Distribution(LABELS, smoothing=1)


def test_several_labels_hold_above_an_even_share():
    objective = Distribution(LABELS, several=True)
    logits = torch.tensor([[0.5, 0.4, 0.1], [0.8, 0.1, 0.1], [1 / 3 + 1e-4, 1 / 3 - 5e-5, 1 / 3 - 5e-5]]).log()
    assert (objective.answers(logits) > 0.5).tolist() == [[True, True, False], *[[True, False, False]] * 2]
    even = objective.answers(torch.zeros(1, 3))
    torch.testing.assert_close(even, torch.full((1, 3), 0.5))
    assert (objective.kinds, objective.exclusive) == (("multi_label",), False)
    with pytest.raises(UserError, match="several: true for several labels"):
        Distribution(LABELS).require(MultiLabel("three", tuple(LABELS)))


def test_votes_are_counted_by_class():
    votes = Votes(LabelSet("three", ("neu", "sad", "hap"), merge={"exc": "hap"}), corpus("iemocap").rated)
    mixed = rated("Sadness", "Excited+Happiness", "Neutral state+Anger", "Anger", "", own=("Anger",))
    assert votes.counts(mixed) == (0.5, 1, 1)
    assert votes.shares(mixed) == pytest.approx((0.2, 0.4, 0.4))
    assert votes.target(rated("Anger", label="sad")) == (0, 1, 0)
    assert all(map(isnan, votes.target(rated("Anger", label="ang"))))
    several = voted(votes.task, votes.words)
    assert several.target(mixed) == [0, 1, 1]
    assert several.select([mixed, rated("Anger", label="sad")]) == [mixed]


def test_the_votes_of_each_corpus_are_known():
    for name, words in {"iemocap": "Happiness", "crema_d": "happy", "msp_podcast": "Happy"}.items():
        which = corpus(name)
        votes = which.votes(which.label_set())
        assert sum(votes.counts(rated(words))) == 1
        assert [one.name for one in which.label_sets if one.name.endswith("-votes")]
    assert corpus("ravdess").votes(corpus("ravdess").label_set()) is None


def test_the_macro_f1_of_thresholded_distributions_is_sklearns():
    rng = np.random.default_rng(1)
    q, p = rng.dirichlet(np.ones(4), 50), rng.dirichlet(np.ones(4), 50)
    expected = f1_score(holds(q), holds(p), average="macro")
    assert macro_f1(hits(holds(q), holds(p)).sum(0)) == pytest.approx(expected)


def table(folder, *, seed=1, speakers=6, each=8, raters=5):
    """Write recordings that so many raters disagree on, and return the rows."""
    rng = random.Random(seed)
    rows = []
    for speaker in range(speakers):
        for n in range(each):
            said = [rng.choice(LABELS[n % 3 :]) for _ in range(raters)]
            row = {"audio": f"clips/s{speaker}_{n}.wav", "transcript": f"So {n}.", "speaker": f"s{speaker}"}
            row["split"] = {0: "test", 1: "val"}.get(speaker, "train")
            rows.append(row | {label: said.count(label) for label in LABELS})
    make_table(folder / "votes.csv", rows)
    return rows


def test_a_table_of_votes(tmp_path):
    rows = table(tmp_path)
    which = open_table(tmp_path / "votes.csv", {"votes": LABELS})
    read = which.read(tmp_path)
    by_id = {one.id: one for one in read}
    votes = which.votes(which.label_set())
    for row in rows:
        one, counts = by_id[row["audio"]], [row[label] for label in LABELS]
        assert votes.counts(one) == tuple(counts)
        most = [label for label in LABELS if row[label] == max(counts)]
        assert one.label == (most[0] if len(most) == 1 else None)
    read.write(tmp_path / "m.jsonl")
    assert Manifest.read(tmp_path / "m.jsonl").utterances == read.utterances
    assert [one.name for one in which.label_sets] == ["table-labels", "table-votes"]
    assert len(which.label_set("table-votes").select(read)) == len(rows) > len(which.label_set().select(read))


def test_a_column_for_each_rater(tmp_path):
    rows = table(tmp_path)
    for n, row in enumerate(rows):
        row |= {"ann": LABELS[n % 3], "bob": LABELS[n % 2], "cy": ""}
    make_table(tmp_path / "raters.csv", rows)
    which = open_table(tmp_path / "raters.csv", {"rater": ["ann", "bob", "cy"], "label": None})
    first, second, *_ = (next(one for one in which.read(tmp_path) if one.id == row["audio"]) for row in rows[2:])
    assert first.ratings == (Rating("ann", ("happy",)), Rating("bob", ("angry",)))
    assert (first.label, second.label) == (None, None)
    assert which.read(tmp_path).utterances[0].label == "angry"


@pytest.mark.parametrize(("cells", "said"), [
    ((0, 0, 0), "its votes sum to 0 (angry, calm, happy): nobody rated it; delete the row"),
    ((0.4, 0.6, 0), "its angry is '0.4'; expected how many raters chose it, a whole number from 0 to 1000"),
    ((-1, 2, 0), "its angry is '-1'; expected how many raters chose it"), (("x", 2, 0), "its angry is 'x'; expected"),
    ((10**9, 2, 0), "its angry is '1000000000'; expected how many"),
    (("nan", 2, 0), "its angry is 'nan'; expected how many"), (("inf", 2, 0), "its angry is 'inf'; expected how many"),
])  # fmt: skip
def test_votes_that_are_none(cells, said, tmp_path, capsys):
    rows = table(tmp_path)
    rows[3] |= dict(zip(LABELS, cells, strict=True))
    make_table(tmp_path / "votes.csv", rows)
    asked = ["data", "check", "table", str(tmp_path / "votes.csv"), "--columns", f"votes={','.join(LABELS)}"]
    assert main(asked) == 2
    error = capsys.readouterr().err
    assert f"votes.csv, row 5: {said}" in error
    assert error.count("\n") == 1


TINY = ["--model.text.name=tiny", "--trainer.max_epochs=2", "--trainer.accelerator=cpu",
        "--model.objective=mser.objectives.Distribution"]  # fmt: skip


@pytest.mark.parametrize("command", ["fit", pytest.param("crossval", marks=pytest.mark.exhaustive)])
def test_without_votes_there_is_nothing_to_learn(command, tmp_path, capsys):
    make_table(tmp_path / "t.csv")
    out = [f"--out={tmp_path / 'run'}"] if command == "crossval" else [f"--trainer.default_root_dir={tmp_path / 'fit'}"]
    assert main([command, "--data=Table", f"--data.init_args.root={tmp_path / 't.csv'}", *TINY, *out]) == 2
    error = capsys.readouterr().err
    assert "the objective learns from raters' votes, and none of the" in error
    assert "columns: {votes: [...]}" in error


@pytest.mark.parametrize("several", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_votes_from_the_table_to_the_answers(several, tmp_path):
    rows = table(tmp_path)
    run, folder = tmp_path / "run", tmp_path / "model"
    data = ["--data=Table", f"--data.init_args.root={tmp_path / 'votes.csv'}",
            f"--data.init_args.columns={{votes: [{', '.join(LABELS)}]}}"]  # fmt: skip
    more = ["--data.init_args.several=true", "--model.objective.several=true", "--checkpoint.monitor=val/loss",
            "--checkpoint.mode=min"] if several else ["--model.objective.smoothing=0.1"]  # fmt: skip
    assert main(["crossval", *data, *TINY, *more, f"--out={run}"]) == 0
    with (run / "seed1/fold1/predictions.csv").open(newline="") as file:
        tested = [row for row in csv.DictReader(file) if row["split"] == "test"]
    votes = {row["audio"]: [row[label] for label in LABELS] for row in rows}
    for row in tested:
        counts = votes[row["utterance"]]
        above = "+".join(label for label, count in zip(LABELS, counts, strict=True) if count > 5 / 3)
        assert row["target"] == (above if several else LABELS[int(np.argmax(counts))])
    found = json.loads((run / "report/report.json").read_text())["runs"][0]["observers"]
    p = np.array([[float(row[f"p_{label}"]) for label in LABELS] for row in tested])
    q = np.array([votes[row["utterance"]] for row in tested]) / 5
    if several:
        p = p / (p + 2 * (1 - p))
    assert p.sum(1) == pytest.approx(1, abs=1e-6)
    assert found["soft_cross_entropy"]["mean"] == pytest.approx(-(q * np.log(p)).sum(1).mean(), abs=1e-6)
    truth, said = q > 1 / 3, p > 1 / 3
    known = [place for place in range(3) if (truth | said)[:, place].any()]
    expected = f1_score(truth[:, known], said[:, known], average="macro", zero_division=0)
    assert found["distribution_f1"]["mean"] == pytest.approx(expected)
    assert 0 < found["people"]["distribution_f1"]["mean"] < found["distribution_f1"]["best"] == 1
    assert "Distribution F1 asks" in (run / "report/report.html").read_text()
    assert main(["export", str(run / "seed1/fold1"), f"--out={folder}"]) == 0
    assert main(["predict", str(folder), "--text", tested[0]["utterance"]]) == 0
