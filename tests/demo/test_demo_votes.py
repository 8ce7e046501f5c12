"""The made-up votes: what their page says runs, and learning them wins where, and only where, people disagree."""

import csv
import json
import shlex

import numpy as np
import pytest
import torch
from fake.documents import commands
from fake.places import ROOT

from mser.cli import main
from mser.objectives import CrossEntropy, Distribution
from mser.terminal.parsers import parser_of

NAMES = ["neutral", "sad", "angry", "hap"]
PAGE = "docs/votes.md"


def learnt(objective, features, target, *, steps=150):
    """Return the probabilities of a linear model after as many steps."""
    torch.manual_seed(0)
    model = torch.nn.Linear(features.shape[1], objective.outputs)
    optimizer = torch.optim.Adam(model.parameters(), 0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        objective.loss(model(features), target).mean().backward()
        optimizer.step()
    return objective.answers(model(features).detach())


def test_soft_targets_win_where_people_disagree_and_nowhere_else():
    words, voice = torch.randint(4, (2, 200), generator=torch.Generator().manual_seed(1))
    one_hot = torch.nn.functional.one_hot
    votes = (3 * one_hot(words, 4) + 2 * one_hot(voice, 4)) / 5  # as `mser data demo votes` has them
    features = torch.cat([one_hot(words, 4), one_hot(voice, 4)], 1).float()
    hard = learnt(CrossEntropy(NAMES), features, words)
    score = Distribution(NAMES).loss
    assert (
        score(learnt(Distribution(NAMES), features, votes).log(), votes).mean() < 0.8 * score(hard.log(), votes).mean()
    )
    agreed = one_hot(words, 4).float()
    torch.testing.assert_close(learnt(Distribution(NAMES), features, agreed), hard)


@pytest.mark.parametrize("command", [one for one in commands(PAGE) if one[1] not in ("data", "report")])
def test_the_experiments_of_the_page_are_known(command, monkeypatch, tmp_path):
    """But for the recordings, which have to be there to say what is asked."""
    words = [str(ROOT / word) if word.startswith("experiments/") else word for word in command[2:]]
    assert parser_of(command[1]).parse_known_args(words)[1] == []
    assert (ROOT / command[command.index("--config") + 1]).is_file()


@pytest.mark.slow
def test_the_table_is_made_and_sound(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for command in commands(PAGE):
        if command[1] == "data":
            assert main(command[1:]) == 0, shlex.join(command)
    assert "no problems: the corpus is sound" in capsys.readouterr().out
    with (tmp_path / "data/votes/recordings.csv").open(newline="") as file:
        counts = [[int(row[name]) for name in ("neutral", "sad", "angry", "happy")] for row in csv.DictReader(file)]
    assert {sum(row) for row in counts} == {5}
    assert 0.4 < np.mean([max(row) < 5 for row in counts]) < 0.9


def compared(folder, name):
    """Fit what was voted and what most chose, and return the mean soft cross-entropies and who is said to be better."""
    runs = {kind: folder / f"{name}-{kind}" for kind in ("soft", "hard")}
    for kind, run in runs.items():
        config, root = (
            ROOT / f"experiments/votes/{kind}.yaml",
            f"--data.init_args.root={folder / name / 'recordings.csv'}",
        )
        text_alone = ["--model.speech=null", "--trainer.accelerator=cpu", "--jobs=1"]
        assert main(["crossval", "--config", str(config), f"--out={run}", root, *text_alone]) == 0
    assert (
        main(["report", *map(str, runs.values()), "--score=soft_cross_entropy", f"--out={folder / name / 'report'}"])
        == 0
    )
    report = json.loads((folder / name / "report/report.json").read_text())
    found = {run["name"].partition("-")[2]: run["observers"]["soft_cross_entropy"]["mean"] for run in report["runs"]}
    return found, [pair["better"] for pair in report["comparison"]["pairs"]]


@pytest.mark.exhaustive
def test_soft_wins_over_hard_by_the_command_line(tmp_path):
    assert main(["data", "demo", "votes", str(tmp_path / "split")]) == 0
    found, better = compared(tmp_path, "split")
    assert found["soft"] < 0.95 * found["hard"]
    assert better == ["split-soft"]
    (tmp_path / "agreed").symlink_to(tmp_path / "split")
    table = tmp_path / "split/recordings.csv"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    for row in rows:
        votes = {name: int(row[name]) for name in ("neutral", "sad", "angry", "happy")}
        row |= {name: 5 if name == max(votes, key=votes.get) else 0 for name in votes}
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found, better = compared(tmp_path, "agreed")
    assert found["soft"] == pytest.approx(found["hard"], abs=1e-4)
    assert better == [None]
