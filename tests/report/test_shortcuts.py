"""What trivial cues reach in a run's place, and what is said of it: against scikit-learn, with cues made up."""

import csv
import json
from collections import Counter
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from fake.runs import LABELS, make_run, predictions_of, write_predictions
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mser.audio.acoustics import LATER, NAMES
from mser.cli import main
from mser.manifest import Manifest
from mser.report.contents import content
from mser.report.doubts import doubts
from mser.report.shortcuts.cue_groups import cues, groups, read_from
from mser.report.shortcuts.linear import probable, standardised
from mser.runs.cues import read_cues

LOUD = {"level": -30.0, "peak": -10.0, "duration": 2.0, "silence_start": 0.1, "silence_end": 0.2, "silence_share": 0.3,
        "zero_crossings": 2000.0, "bandwidth": 8000.0, "floor": -70.0, "fall": 15.0}  # fmt: skip


@pytest.fixture(autouse=True)
def without_pictures(request, monkeypatch):
    if "page" not in request.fixturenames:
        monkeypatch.setattr("mser.report.page.html.page", lambda report, _: report.title)


@pytest.fixture
def page():
    """The page is to be written, too."""


def report(run, capsys):
    assert main(["report", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]
    return found, {row["name"]: row for row in found["shortcuts"] or ()}


def hear(run, of):
    """Write cues.csv, in which `of` of an utterance differs from `LOUD`."""
    with (run / "cues.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["utterance", *NAMES])
        writer.writeheader()
        writer.writerows({"utterance": one.id, **LOUD, **of(one)} for one in Manifest.read(run / "manifest.jsonl"))
    return run


def by_class(one):
    rng = np.random.default_rng(crc32(one.id.encode()))
    return {"level": -40 + 6 * LABELS.index(one.label) + rng.normal(0, 1.0)}


def test_a_run_that_only_hears_how_loud_it_is_is_told_so(tmp_path, capsys, page):
    run = hear(make_run(tmp_path / "both", skill=0.5, turns=24, epochs=1), by_class)
    found, rows = report(run, capsys)
    assert list(rows) == [
        "duration", "loudness", "silence at the ends", "zero crossings", "recording", "length of the transcript",
        "punctuation", "transcript", "recording and transcript",
    ]  # fmt: skip
    assert rows["loudness"]["ua"]["mean"] > 0.95
    assert rows["loudness"]["ua"]["clearly_better"] is False
    assert rows["zero crossings"]["ua"]["mean"] == pytest.approx(0.25)
    [note] = [one["text"] for one in found["doubts"] if "shortcut" in one["text"]]
    assert note.startswith("It is not clearly better than a shortcut, the cues of ")
    assert "loudness" in note
    assert "zero crossings" not in note
    written = (run / "report/report.html").read_text()
    assert "Shortcuts</h2>" in written
    assert note.partition(" alone")[0] in written
    [giveaway] = found["recordings"]["giveaways"]
    assert giveaway.startswith("The class shows in level: neu has -")
    assert giveaway in written
    assert found["recordings"]["classes"]["neu"]["level"]["median"] == pytest.approx(-40, abs=0.5)
    assert main(["report", str(run)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert note.partition(":")[0] in said
    best = max(row["ua"]["mean"] for row in rows.values())
    assert f"shortcut {100 * best:.1f}" in said
    with (run / "report/tables/shortcuts.csv").open(newline="") as file:
        table = {(row["cues"], row["score"]): row for row in csv.DictReader(file)}
    assert float(table["loudness", "ua"]["mean"]) == rows["loudness"]["ua"]["mean"]
    assert table["loudness", "ua"]["clearly better"] == "False"


def test_a_run_that_hears_more_is_told_so(tmp_path, capsys):
    found, rows = report(hear(make_run(tmp_path / "both", skill=0.9, turns=24, epochs=1), lambda _: {}), capsys)
    assert all(row["ua"]["clearly_better"] for row in rows.values())
    [sound] = [one for one in found["doubts"] if "shortcut" in one["text"]]
    assert sound["level"] == "sound"
    assert sound["text"].startswith("It is clearly better than each of 9 shortcuts, the best of which are the cues of ")


def test_no_interval_is_narrower_than_of_independent_utterances(tmp_path, capsys):
    run = make_run(tmp_path / "both", skill=0.5, turns=24, epochs=1)
    for path in sorted(run.glob("seed1/fold*")):  # every speaker has half of each class right: speakers do not differ
        rows, seen = predictions_of(run, fold=int(path.name[4:])), Counter()
        for row in rows:
            seen[key := (row["split"], row["speaker"], row["target"])] += 1
            row["prediction"] = LABELS[(LABELS.index(row["target"]) + seen[key] % 2) % 4]
            row |= {f"p_{label}": "0.7" if label == row["prediction"] else "0.1" for label in LABELS}
        write_predictions(run, rows, fold=int(path.name[4:]))
    found, rows = report(hear(run, lambda _: {}), capsys)
    constant = rows["zero crossings"]["ua"]  # always one class: 0.25, whoever speaks
    assert constant["difference"] == pytest.approx(found["overall"]["ua"]["mean"] - 0.25)
    low, high = constant["difference_interval"]
    assert low > 0
    own = found["overall"]["ua"]["interval"]
    assert high - low > 0.9 * (own[1] - own[0]) > 0.02


def test_a_floor_below_chance_is_a_finding(tmp_path, capsys):
    run = make_run(tmp_path / "both", skill=0.9, turns=24, epochs=1)
    found, rows = report(run, capsys)
    assert rows["length of the transcript"]["ua"]["mean"] < 0.25  # not raised to chance
    assert not any("below the floor" in one["text"] for one in found["doubts"])
    [summary] = content([run]).runs
    first, *others = summary.full.shortcuts
    low = replace(first, scores=first.scores | {"ua": replace(first.scores["ua"], mean=0.15, interval=(0.1, 0.2))})
    below = replace(summary, sections=replace(summary.full, shortcuts=[low, *others]))
    [note] = [one.text for one in doubts(below) if "below the floor" in one.text]
    assert note.startswith(
        "The cues of duration alone reach UA 15.0% [10.0, 20.0], below the floor of 25.0%: they mean "
    )


def test_the_numbers_are_scikit_learn_s(tmp_path, capsys):
    run = make_run(tmp_path / "both", turns=30, epochs=1, seeds=(1, 2))
    hear(run, lambda one: {"level": -30 + 1.5 * LABELS.index(one.label) + hash_of(one.id), "peak": hash_of(one.id * 2)})
    _, rows = report(run, capsys)
    known = {row["utterance"]: row for row in csv.DictReader((run / "cues.csv").open(newline=""))}
    label = {one.id: LABELS.index(one.label) for one in Manifest.read(run / "manifest.jsonl")}
    scores = []
    for fold in json.loads((run / "protocol.json").read_text())["folds"]:
        x, y = {}, {}
        for part in ("train", "test"):
            x[part] = np.array([[float(known[name][cue]) for cue in ("level", "peak")] for name in fold[part]])
            y[part] = np.array([label[name] for name in fold[part]])
        said = {
            weight: make_pipeline(StandardScaler(), LogisticRegression(class_weight=weight, max_iter=1000))
            .fit(x["train"], y["train"])
            .predict(x["test"])
            for weight in ("balanced", None)
        }
        scores.append([balanced_accuracy_score(y["test"], said["balanced"]), accuracy_score(y["test"], said[None])])
    ua, wa = np.mean(scores, axis=0)
    assert rows["loudness"]["ua"]["mean"] == pytest.approx(ua)
    assert rows["loudness"]["wa"]["mean"] == pytest.approx(wa)
    assert 0.3 < ua < 0.9
    low, high = rows["loudness"]["ua"]["interval"]
    assert low < ua < high


def hash_of(name):
    return float(np.random.default_rng(crc32(name.encode())).normal(0, 2))


def test_a_run_without_cues_has_what_its_manifest_tells(tmp_path, capsys, page):
    run = make_run(tmp_path / "both", epochs=1)
    found, rows = report(run, capsys)
    assert list(rows) == [
        "duration", "length of the transcript", "punctuation", "transcript", "recording and transcript",
    ]  # fmt: skip
    assert found["recordings"] is None
    assert "there is no cues.csv" in (run / "report/report.html").read_text()


def test_a_run_without_a_manifest_has_none(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1, styles=False)
    found, rows = report(run, capsys)
    assert found["shortcuts"] is None
    assert rows == {}


def test_truths_that_the_manifest_does_not_tell_have_none(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1)
    manifest = Manifest.read(run / "manifest.jsonl")
    replace(manifest, utterances=tuple(replace(one, label="neu") for one in manifest)).write(run / "manifest.jsonl")
    assert report(run, capsys)[0]["shortcuts"] is None


def scored(run):
    """Put what the predictions say is true into the manifest."""
    truth = {row["utterance"]: row for fold in range(1, 6) for row in predictions_of(run, fold=fold)}
    manifest = Manifest.read(run / "manifest.jsonl")
    columns = [name for name in next(iter(truth.values())) if name.startswith("target_")]

    def scores(one):
        row = truth[one.id]
        if columns:
            return {name.removeprefix("target_"): float(row[name]) for name in columns}
        return {label: float(label in row["target"].split("+")) for label in LABELS}

    replace(manifest, utterances=tuple(replace(one, scores=scores(one)) for one in manifest)).write(
        run / "manifest.jsonl"
    )
    return run


def test_scores_by_ridge_regression(tmp_path, capsys):
    run = scored(make_run(tmp_path / "vad", task="scores", labels=("valence", "arousal"), label_set="vad", epochs=1))
    truth = {one.id: one.scores for one in Manifest.read(run / "manifest.jsonl")}
    hear(run, lambda one: {"level": -30 + 4 * truth[one.id]["arousal"] + hash_of(one.id)})
    _, rows = report(run, capsys)
    known = {row["utterance"]: row for row in csv.DictReader((run / "cues.csv").open(newline=""))}
    errors = []
    for fold in json.loads((run / "protocol.json").read_text())["folds"]:
        x = {p: [[float(known[n][cue]) for cue in ("level", "peak")] for n in fold[p]] for p in ("train", "test")}
        y = {p: np.array([[truth[n][s] for s in ("valence", "arousal")] for n in fold[p]]) for p in ("train", "test")}
        model = make_pipeline(StandardScaler(), Ridge()).fit(x["train"], y["train"])
        errors.append(np.abs(model.predict(x["test"]) - y["test"]).mean())
    assert rows["loudness"]["mae"]["mean"] == pytest.approx(np.mean(errors))
    assert rows["loudness"]["ccc"]["mean"] > 0.2


def test_several_labels_each_by_itself(tmp_path, capsys):
    run = scored(make_run(tmp_path / "moods", task="multi_label", label_set="moods", epochs=1, turns=30))
    present = {one.id: one.scores["ang"] for one in Manifest.read(run / "manifest.jsonl")}
    hear(run, lambda one: {"level": -40 + 10 * present[one.id] + hash_of(one.id) / 4})
    _, rows = report(run, capsys)
    assert rows["loudness"]["balanced_accuracy"]["mean"] == pytest.approx((1 + 3 * 0.5) / 4, abs=0.05)


@pytest.mark.parametrize(
    "text", ["", "utterance,level\na,1\n", "utterance," + ",".join(NAMES) + "\na" + ",nan" * len(NAMES)]
)
def test_a_damaged_table_of_cues_is_refused(tmp_path, capsys, text):
    run = make_run(tmp_path / "both", epochs=1)
    (run / "cues.csv").write_text(text or "utterance\na\n")
    assert main(["report", str(run)]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert "cues.csv is no table of recordings" in line
    assert "run the same mser crossval again" in line


def test_a_recording_that_was_not_measured_counts_as_the_mean(tmp_path, capsys):
    run = hear(make_run(tmp_path / "both", turns=24, epochs=1), by_class)
    lines = (run / "cues.csv").read_text().splitlines()
    (run / "cues.csv").write_text("\n".join(lines[:-3]) + "\n")
    _, rows = report(run, capsys)
    assert (rows["loudness"]["lacking"], rows["punctuation"]["lacking"]) == (3, 0)
    assert rows["loudness"]["ua"]["mean"] > 0.9


def test_cues_that_nobody_has_are_no_shortcut():
    assert groups(cues({}, {})) == {}
    one, other = standardised(np.array([[1.0, np.nan], [3.0, np.nan]]), np.array([[np.nan, 1.0]]))
    assert np.isfinite(one).all()
    assert other.tolist() == [[0.0, 1.0]]
    assert probable(one, np.array([2, 2]), other, 3, balanced=True).tolist() == [[0.0, 0.0, 1.0]]


def test_marks_of_any_script():
    assert read_from("什么？！")["questions"] == read_from("What?")["questions"] == 1
    assert read_from("Well… no. . ")["ellipses"] == 1
    assert read_from("")["words"] == 0


def cross(run):
    """Answer what the truth is not, always."""
    for fold in range(1, 6):
        rows = predictions_of(run, fold=fold)
        for row in rows:
            row["prediction"] = LABELS[(LABELS.index(row["target"]) + 1) % 4]
            row |= {f"p_{label}": 0.7 if label == row["prediction"] else 0.1 for label in LABELS}
        rows[-1] |= {"prediction": rows[-1]["target"]}
        rows[-1] |= {f"p_{label}": 0.7 if label == rows[-1]["target"] else 0.1 for label in LABELS}
        write_predictions(run, rows, fold=fold)
    return run


def test_a_score_below_chance_is_named(tmp_path, capsys):
    found, _ = report(cross(make_run(tmp_path / "both", turns=24, epochs=1)), capsys)
    [note] = [one["text"] for one in found["doubts"] if "below chance" in one["text"]]
    assert "the sign of a crossed design" in note
    assert "the floor of 25.0%" in note
    told = json.loads((tmp_path / "both/run.json").read_text())
    told["judged"] = {"model": "m", "id": "1", "trained_on": ["iemocap"], "corpus": "ravdess"}
    (tmp_path / "both/run.json").write_text(json.dumps(told))
    [note] = [one["text"] for one in report(tmp_path / "both", capsys)[0]["doubts"] if "below chance" in one["text"]]
    assert "the sign of answers that are taken for other labels than the model means" in note


def test_speakers_without_a_class_have_a_mean_of_their_own(tmp_path, capsys):
    run = make_run(tmp_path / "both", turns=24, epochs=1, seeds=(1, 2))
    assert report(run, capsys)[0]["over_speakers"] is None
    for seed in (1, 2):
        rows = predictions_of(run, seed)
        for row in rows:
            if row["speaker"] == "Ses01F" and row["target"] == "sad":
                row["target"] = "neu"
        write_predictions(run, rows, seed)
    rows = [predictions_of(run, seed, 5) for seed in (1, 2)]  # of the fold that validates on session 1
    for seed in (1, 2):
        for row in rows[seed - 1]:
            if row["speaker"] == "Ses01F" and row["target"] == "sad":
                row["target"] = "neu"
        write_predictions(run, rows[seed - 1], seed, 5)
    found, _ = report(run, capsys)
    assert (found["over_speakers"]["speakers"], found["over_speakers"]["lacking"]) == (10, 1)
    means = []
    for seed in (1, 2):
        tested = [row for fold in range(1, 6) for row in predictions_of(run, seed, fold) if row["split"] == "test"]
        for who in sorted({row["speaker"] for row in tested}):
            mine = [row for row in tested if row["speaker"] == who]
            means.append(balanced_accuracy_score([r["target"] for r in mine], [r["prediction"] for r in mine]))
    assert found["over_speakers"]["ua"] == pytest.approx(np.mean(means))
    [note] = [one["text"] for one in found["doubts"] if "lacks some of the classes" in one["text"]]
    assert f"UA is {100 * np.mean(means):.1f}%" in note


def test_a_run_from_before_there_was_a_floor_is_read(tmp_path, capsys, page):
    run = hear(make_run(tmp_path / "both", turns=24, epochs=1), by_class)
    with (run / "cues.csv").open(newline="") as file:
        before = [{name: row[name] for name in row if name not in LATER} for row in csv.DictReader(file)]
    with (run / "cues.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(before[0]))
        writer.writeheader()
        writer.writerows(before)
    assert np.isnan(next(iter(read_cues(run).values())).floor)
    assert report(run, capsys)[1]["loudness"]


def test_what_heard_speakers_give_away_is_told(tmp_path, capsys):
    run = make_run(tmp_path / "mixed", skill=0.9, turns=24, epochs=1)
    assert report(run, capsys)[0]["beside_speakers"] is None
    make_run(run / "beside_speakers", skill=0.6, turns=24, epochs=1)
    found = report(run, capsys)[0]
    beside, own = found["beside_speakers"], found["overall"]["ua"]
    alone = report(run / "beside_speakers", capsys)[0]["overall"]["ua"]
    assert beside["figure"] == alone
    assert beside["given_away"] == pytest.approx(own["mean"] - alone["mean"])
    ends = own["method_interval"] or own["interval"], alone["method_interval"] or alone["interval"]
    low = np.hypot(own["mean"] - ends[0][0], ends[1][1] - alone["mean"])
    assert beside["interval"][0] == pytest.approx(beside["given_away"] - low)
    [note] = [one["text"] for one in found["doubts"] if "gives away" in one["text"]]
    assert f"gives away {100 * beside['given_away']:.1f} UA points" in note
    assert "144 utterances trained on, here 144" in note
    assert "cannot be told from nothing" not in note
    (run / "beside_speakers/seed1/fold3/metrics.json").unlink()
    assert report(run, capsys)[0]["beside_speakers"] is None  # it is not finished
