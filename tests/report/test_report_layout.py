"""The keys of ``report.json`` and their order, which programs of others read: format 1 stays as it was."""

import json
from pathlib import Path

import pytest
from fake.runs import edit_json, make_run

from mser.cli import main
from mser.report.json_layout import as_json
from mser.runs.search_record import Searched

KNOWN = Path(__file__).with_name("layout.json")


def layout(report):
    """Return the keys of each object by where it stands, those of a list's elements together, in their order."""
    found = {}

    def look(part, path):
        if isinstance(part, dict):
            found.setdefault(path, {}).update(dict.fromkeys(part))
            for name, value in part.items():
                look(value, f"{path}.{name}".strip("."))
        for value in part if isinstance(part, list) else ():
            look(value, f"{path}[]")

    look(report, "")
    return {path: " ".join(keys) for path, keys in found.items()}


def several(folder):
    """Return runs whose reports have nearly every section."""
    one = make_run(folder / "one", objective="OneVsRest", rated=True, epochs=1)
    two = make_run(folder / "two", skill=0.5, epochs=1)
    facts = {"corpus": "iemocap", "protocol": "iemocap/loso5", "digest": "x", "folds": (1,)}
    searched = Searched(by="lr", method="bayes", trials=9, metric="crossval/val_ua_mean", **facts).facts()
    edit_json(two / "run.json", searched=searched, judged={"model": "m", "id": "m@1", "trained_on": [], "corpus": "x"})
    return [one, two]


def scores(folder):
    options = {"task": "scores", "labels": ("valence", "arousal"), "label_set": "vad", "epochs": 1}
    sides = {"joint": {}, "speech": {"text": None}, "text": {"speech": None}}
    return [make_run(folder / name, **options, **side) for name, side in sides.items()]


def moods(folder):
    return [make_run(folder / "moods", task="multi_label", labels=("happy", "sad"), label_set="moods", epochs=1)]


@pytest.mark.parametrize("runs", [several, scores, moods], ids=lambda runs: runs.__name__)
def test_the_keys_stay_and_their_order(tmp_path, monkeypatch, capsys, runs):
    monkeypatch.setattr("mser.report.page.html.page", lambda report, _: report.title)
    assert main(["report", *map(str, runs(tmp_path)), "--json"]) == 0
    found = layout(json.loads(capsys.readouterr().out))
    known = json.loads(KNOWN.read_text())[runs.__name__]
    assert list(found.items()) == list(known.items())


def test_what_is_no_number_is_not_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json([float("nan")])
