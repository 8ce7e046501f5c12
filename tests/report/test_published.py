"""What others report stands beside a run only where it can be compared."""

import json
from importlib.resources import files
from types import SimpleNamespace

import pytest
from fake.places import EXPERIMENTS
from fake.runs import make_run

from mser import corpora
from mser.cli import main
from mser.report.figures import Estimate
from mser.report.published import beside
from mser.scoring.measures import MEASURES

STATED = json.loads((files("mser.report") / "published.json").read_text())
RESULTS = (EXPERIMENTS / "RESULTS.md").read_text()


def summary(name="both", protocol="iemocap/paper2020", utterances=5531, ua=0.7, binary=0.76, **changes):
    """Return what is read of a run's summary."""
    told = {
        "name": name,
        "protocol": SimpleNamespace(corpus="iemocap", label_set="iemocap4", name=protocol),
        "folds": [SimpleNamespace(utterances={"train": utterances - 1300, "val": 100, "test": 1200})],
        "complete": True,
        "part": "test",
        "headline": ["ua", "wa"],
        "overall": {"ua": Estimate(ua, None), "wa": Estimate(ua, None)},
    }
    scores = binary and SimpleNamespace(scores={"mean_binary_accuracy": Estimate(binary, None)})
    return SimpleNamespace(**told | changes, full=SimpleNamespace(by_label=SimpleNamespace(binary=scores)))


def ours(*runs):
    return next(row.ours for row in beside(runs).rows if row.result.paper)


def test_the_papers_number_has_ours_beside_it():
    assert ours(summary(), summary("worse", binary=0.7)) == "both: 76.0 (+0.5)"
    assert ours(summary(binary=0.75)) == "both: 75.0 (−0.5)"


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "iemocap/loso5"},
        {"utterances": 4000},
        {"binary": None},
        {"complete": False},
        {"part": "validation"},
    ],
    ids=str,
)
def test_what_does_not_compare_is_not_compared(change):
    assert ours(summary(**change)) == "not run here; it takes the whole corpus, iemocap/paper2020, objective OneVsRest"


def test_better_than_anyone_is_doubted():
    assert beside([summary()]).above == []
    (doubt,) = beside([summary(), summary("leak", ua=0.9)]).above
    assert doubt.startswith("leak scores UA 90.0%, better than anything known to be published on these labels")
    assert "(UA 82.0%)" in doubt
    assert beside([summary(ua=0.9, utterances=300)]).above == []


def test_nothing_is_said_of_labels_that_nobody_published():
    protocol = SimpleNamespace(corpus="table", label_set="mine", name="table/5fold")
    assert beside([SimpleNamespace(**vars(summary()) | {"protocol": protocol})]) is None
    protocol.label_set = "iemocap4"
    assert beside([SimpleNamespace(**vars(summary()) | {"protocol": protocol})]) is None


def test_every_entry_can_be_shown_and_names_what_exists():
    for label_set, task in STATED.items():
        if task["corpus"] in corpora.CORPORA:
            corpus = corpora.corpus(task["corpus"])
            assert corpus.label_set(label_set)
            same = {entry["same_as"] for entry in task["results"]} - {None}
            assert same <= {protocol.name for protocol in corpus.protocols}
        for entry in task["results"]:
            assert entry["scores"].keys() <= MEASURES.keys()
            assert all(0 < value < 1 for name, value in entry["scores"].items())
            assert ("floor" in entry) == entry["paper"]


def test_the_ledger_has_every_number_of_the_paper():
    stated = [entry for task in STATED.values() for entry in task["results"] if entry["paper"]]
    assert len(stated) == 3
    for entry in stated:
        ((_, value),) = entry["scores"].items()
        (row,) = [line for line in RESULTS.splitlines() if line.startswith("|") and f"{100 * value:g}" in line]
        assert f"{100 * entry['floor']:.1f} %" in row


def test_the_page_and_the_terminal_show_it(tmp_path, capsys):
    make_run(tmp_path / "run")
    assert main(["report", str(tmp_path / "run")]) == 0
    page = (tmp_path / "run/report/report.html").read_text().replace("\xa0", " ")
    assert "Nothing here compares with this run" in page
    assert "binary accuracy, % 75.5" in page
    assert "emotion2vec, table 2" in page
    assert "look for a leak" not in page + capsys.readouterr().out
