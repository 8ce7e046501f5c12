"""mser robustness: a made-up run is trained once, and its model is asked again."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
import soundfile
import torch
from fake.corpora.iemocap import make_iemocap
from fake.runs import make_run, predictions_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mser.cli import main
from mser.crossval.fold import fit_and_test
from mser.crossval.plan import plan
from mser.errors import UserError
from mser.everyday.bare_words import unpunctuated
from mser.files.whole import write_text
from mser.report.contents import content
from mser.report.pairwise.robustness_together import together
from mser.robustness.conditions import Condition, conditions
from mser.robustness.everyday_conditions import SUITES, everyday
from mser.robustness.garbled_transcripts import errors, garbled
from mser.robustness.harder_dataset import noisy
from mser.runs.folder import model_digest

EXPERIMENT = "experiments/demo/shallow.yaml"
WORDS = st.lists(st.sampled_from(["so", "nice", "to", "see", "you"]), max_size=30)


@settings(max_examples=40)
@given(WORDS, st.floats(0, 1), st.floats(0, 1), st.text(max_size=5))
def test_what_is_right_at_a_high_rate_is_right_at_a_low_one(spoken, one, other, key):
    low, high = sorted((one, other))
    text = " ".join(spoken)
    assert garbled(text, 0.0, ["x"], key=key) == text
    assert garbled(text, low, ["x"], key=key) == garbled(text, low, ["x"], key=key)
    kept = [garbled(text, rate, ["x"], key=key).split() for rate in (low, high)]
    assert sum(word != "x" for word in kept[0]) >= sum(word != "x" for word in kept[1])


def distance(spoken, said):
    """Levenshtein's, by the book."""
    row = list(range(len(said) + 1))
    for i, one in enumerate(spoken, 1):
        above, row = row, [i]
        for j, other in enumerate(said, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
    return row[-1]


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6])
def test_the_asked_error_rate_is_nearly_reached_and_really_measured(rate):
    rng = np.random.default_rng(0)
    vocabulary = [f"word{number}" for number in range(500)]
    spoken = [" ".join(rng.choice(vocabulary, 10)) for _ in range(200)]
    said = [garbled(text, rate, vocabulary, key=str(place)) for place, text in enumerate(spoken)]
    found = errors([*spoken, ""], [*said, "more"])
    wrong = found["substitutions"] + found["deletions"] + found["insertions"]
    assert wrong == sum(distance(a.split(), b.split()) for a, b in zip(spoken, said, strict=True))
    assert found["words"] == 2000
    assert 0.9 * rate - 0.02 < wrong / 2000 < rate + 0.03
    assert found["substitutions"] > found["deletions"] > 0 < found["insertions"]


def test_noise_has_exactly_the_asked_ratio(tmp_path):
    (tmp_path / "noise").mkdir()
    soundfile.write(tmp_path / "noise/hum.wav", np.sin(np.arange(8000) / 9) / 2, 16000)
    clip = torch.sin(torch.arange(16000) / 20) / 3
    for noise in ("white", str(tmp_path / "noise")):
        added = [noisy(clip, Condition("snr", ratio, noise), key="a") - clip for ratio in (20.0, -5.0)]
        for ratio, rest in zip((20.0, -5.0), added, strict=True):
            assert 10 * torch.log10(clip.square().sum() / rest.square().sum()) == pytest.approx(ratio, abs=0.02)
        torch.testing.assert_close(added[0] / added[0].std(), added[1] / added[1].std(), atol=1e-3, rtol=1e-3)
    other = noisy(clip, Condition("snr", 0.0, "white"), key="b") - noisy(clip, Condition("snr", 0.0, "white"), key="a")
    assert other.abs().max() > 0.1
    assert not noisy(torch.zeros(100), Condition("snr", 0.0, "white"), key="a").any()


def test_a_model_is_asked_what_can_change_its_answer():
    asked = {
        sides: conditions(sides.split(), rates=[0.4, 0.1], ratios=[0, 20])
        for sides in ("speech", "text", "speech text")
    }
    assert [one.folder for one in asked["speech"]] == ["snr_20", "snr_0"]
    assert [one.folder for one in asked["text"]] == ["wer_0.1", "wer_0.4"]
    assert [one.folder for one in asked["speech text"]] == [
        "no_text",
        "no_speech",
        "wer_0.1",
        "wer_0.4",
        "snr_20",
        "snr_0",
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robust")
    make_iemocap(folder / "corpus", turns=12)
    run = folder / "shallow"
    options = [f"--config={EXPERIMENT}", f"--data.init_args.root={folder / 'corpus'}", "--trainer.max_epochs=1",
               "--data.init_args.protocol=iemocap/paper2020", "--trainer.accelerator=cpu"]  # fmt: skip
    plan(str(run), options)
    write_text(run / "run.json", json.dumps({"seeds": [1]}))
    fit_and_test(str(run), fold=1, seed=1, skip_test=False)
    return run


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "shallow")


def ask(run, capsys, *options):
    assert main(["robustness", str(run), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def said(run, part, condition):
    with (run / "robustness" / part / condition / "seed1/fold1/predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def openings(run):
    return (run / "tested.jsonl").read_text().splitlines()


def test_a_run_is_asked_again_on_validation_and_only_once(run, capsys):
    options = ["--wer=0.5,1", "--snr=0"]
    (found,) = ask(run, capsys, *options)
    rows = found["conditions"]
    assert [(row["kind"], row["level"]) for row in rows] == [
        ("as_is", 0), ("no_text", 0), ("no_speech", 0), ("wer", 0.5), ("wer", 1), ("snr", 0)]  # fmt: skip
    assert found["part"] == "validation"
    plain = {row["utterance"]: row for row in predictions_of(run) if row["split"] == "val"}
    for folder in ("no_text", "no_speech", "wer_1", "snr_0"):
        harder = {row["utterance"]: row for row in said(run, "val", folder)}
        assert harder.keys() == plain.keys()
        assert all(harder[name]["target"] == row["target"] for name, row in plain.items())
        assert any(harder[name]["p_neu"] != row["p_neu"] for name, row in plain.items())
    scores = json.loads((run / "seed1/fold1/metrics.json").read_text())["val"]
    assert rows[0]["ua"]["mean"] == pytest.approx(scores["ua"])
    right = [row["target"] == row["prediction"] for row in said(run, "val", "wer_1")]
    assert rows[4]["wa"]["mean"] == pytest.approx(np.mean(right))
    assert rows[4]["wa"]["difference"] == pytest.approx(np.mean(right) - scores["wa"], abs=1e-6)
    assert 0.3 < rows[3]["wer"] < 0.6 < rows[4]["wer"] <= 1
    assert len(openings(run)) == 1

    paths = sorted((run / "robustness/val").rglob("*.*"))
    before = [path.stat().st_mtime_ns for path in paths]
    assert ask(run, capsys, *options) == [found]
    assert [path.stat().st_mtime_ns for path in paths] == before
    (paths[0].parent / "facts.json").unlink()
    assert ask(run, capsys, *options) == [found]
    assert sum(path.stat().st_mtime_ns != old for path, old in zip(paths, before, strict=True)) == 2


def test_a_side_that_is_taken_away_tells_nothing(run, capsys):
    ask(run, capsys, "--wer=none", "--snr=none")
    before = said(run, "val", "no_text")
    shutil.rmtree(run / "robustness")
    head, *lines = (run / "manifest.jsonl").read_text().splitlines()
    muttered = [json.dumps(json.loads(line) | {"transcript": "the same for all"}) for line in lines]
    write_text(run / "manifest.jsonl", "\n".join([head, *muttered, ""]))
    ask(run, capsys, "--wer=none", "--snr=none")
    assert said(run, "val", "no_text") == before
    silent = np.array([float(row["p_neu"]) for row in said(run, "val", "no_speech")])
    assert np.ptp(silent) < 1e-5 < np.ptp([float(row["p_neu"]) for row in before])


def test_a_test_part_that_is_opened_is_counted(run, capsys):
    ask(run, capsys, "--part=test", "--wer=none", "--snr=none")
    assert len(openings(run)) == 2
    ask(run, capsys, "--part=test", "--wer=none", "--snr=none")
    assert len(openings(run)) == 2
    ask(run, capsys, "--part=test", "--wer=0.5", "--snr=0")
    assert len(openings(run)) == 3
    assert main(["report", str(run)]) == 0
    assert "Test parts were opened more than once (fold 1 with seed 1: 3 times)" in " ".join(
        capsys.readouterr().out.split()
    )


def test_the_page_and_the_tables_have_it(run, capsys):
    assert main(["robustness", str(run), "--wer=0.5", "--snr=10,0"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("without text", "without speech", "(50% asked)", "noise (white) at 0 dB", "floor",
                  "never lacked a side in training"):  # fmt: skip
        assert words in shown
    assert main(["report", str(run)]) == 0
    page = (run / "report/report.html").read_text()
    assert "What each side contributes" in page
    assert page.count('aria-label="Robustness of shallow:') == 2
    with (run / "report/tables/robustness.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows[::2]] == ["as_is", "no_text", "no_speech", "wer", "snr", "snr"]


def test_what_recordings_go_through_is_ordered_by_what_it_costs(run, capsys):
    asked = "trimmed,gain=-30,telephone,mp3,start=0.3,unpunctuated"
    assert main(["robustness", str(run), f"--conditions={asked}"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("silent ends cut off", "level -30 dB", "MP3 at 16 kbit/s", "the first 0.3 s alone",
                  "words without punctuation", "recall of", "neu/sad/ang/hap", "answers,"):  # fmt: skip
        assert words in shown
    (found,) = json.loads((run / "robustness/robustness.json").read_text())
    kinds = [row["kind"] for row in found["conditions"]]
    assert kinds == ["as_is", "trimmed", "gain", "telephone", "mp3", "start", "unpunctuated"]
    plain = [row for row in predictions_of(run) if row["split"] == "val"]
    for row, said_by in zip(found["conditions"], (plain, said(run, "val", "trimmed")), strict=False):
        for label, answers in row["by_label"].items():
            of_label = [one for one in said_by if one["target"] == label]
            named = [one["prediction"] == label for one in said_by]
            assert answers["share"] == pytest.approx(np.mean(named))
            assert answers["score"] == pytest.approx(np.mean([one["prediction"] == label for one in of_label]))
    p_neu = {name: [row["p_neu"] for row in said(run, "val", name)] for name in ("trimmed", "gain_-30", "start_0.3")}
    assert len({tuple(values) for values in p_neu.values()}) == 3
    assert main(["report", str(run)]) == 0
    page = (run / "report/report.html").read_text()
    assert "What recordings go through" in page
    assert page.count('aria-label="What each condition costs shallow, the worst first') == 1
    with (run / "report/tables/robustness_labels.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 7 * 4


def test_the_suite_names_what_can_change_an_answer():
    both = everyday(SUITES["everyday"].names, ["speech", "text"])
    assert [one.folder for one in both] == [
        "trimmed", "levelled", "gain_-20", "room_0.3", "room_0.6", "telephone", "bandwidth_8000", "mp3_16", "denoised",
        "start_2", "unpunctuated"]  # fmt: skip
    assert [one.kind for one in everyday(SUITES["everyday"].names, ["text"])] == ["unpunctuated"]
    assert everyday(["start=0.5"], ["speech"]) == [Condition("start", 0.5)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("trimed", "did you mean 'trimmed'?"),
        ("trimmed=3", "trimmed has no level; write trimmed"),
        ("room=9", "--conditions holds room=9; expected 0.1 to 1.5 s, such as room=0.3"),
        ("mp3=much", "expected 8 to 160 kbit/s"),
    ],
)
def test_a_condition_that_is_none_is_named(name, message):
    with pytest.raises(UserError, match=re.escape(message)):
        everyday([name], ["speech"])


def test_a_room_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr("mser.everyday.changes.find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"pip install 'multimodal-ser\[conditions\]', or do without: --conditions trim"
    ):
        everyday(["room", "denoised"], ["speech"])
    assert everyday(["room"], ["text"]) == []


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("It's 3.5 o\u2019clock -- [LAUGHTER] REALLY?!", "it's 3.5 o'clock really"),
        ("\u00bfQu\u00e9? \u0928\u092e\u0938\u094d\u0924\u0947!", "qu\u00e9 \u0928\u092e\u0938\u094d\u0924\u0947"),
        ("'Yes,' he said", "yes he said"),
        ("...", ""),
    ],
)
def test_words_alone_are_left(typed, bare):
    assert unpunctuated(typed) == bare


def test_what_a_recogniser_hears_is_asked_and_kept(run, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    calls = []

    class Deaf:
        called, digest = "deaf", "0" * 16

        def __init__(self, name, device):
            pass

        def __call__(self, clips):
            calls.append(len(clips))
            return ["always the same"] * len(clips)

    monkeypatch.setattr("mser.robustness.heard_transcripts.Transcriber", Deaf)
    (found,) = ask(run, capsys, "--asr=acme/deaf")
    asked = sum(calls)
    assert [row["kind"] for row in found["conditions"]] == ["as_is", "asr"]
    assert found["conditions"][1]["wer"] > 0.5
    assert asked == len(said(run, "val", "asr"))
    shutil.rmtree(run / "robustness")
    ask(run, capsys, "--asr=acme/deaf")
    assert sum(calls) == asked


def test_what_another_model_said_does_not_count(run, capsys):
    ask(run, capsys, "--wer=none", "--snr=none")
    facts = json.loads((run / "seed1/fold1/metrics.json").read_text())
    write_text(run / "seed1/fold1/metrics.json", json.dumps(facts | {"seconds": 1}))
    assert main(["report", str(run), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["runs"][0]["robustness"]
    assert (found["conditions"], found["unfinished"]) == ([], ["no_speech", "no_text"])
    (found,) = ask(run, capsys, "--wer=none", "--snr=none")
    assert [row["kind"] for row in found["conditions"]] == ["as_is", "no_text", "no_speech"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wer=1.5"], "--wer holds 1.5; expected word error rates above 0 and up to 1"),
        (["--snr=1000"], "--snr holds 1000; expected decibels"),
        (["--noise=nowhere"], "--noise is nowhere, which is no folder"),
    ],
)
def test_what_cannot_be_asked_is_said_before_a_model_is_loaded(tmp_path, capsys, options, message):
    run = make_run(tmp_path / "both", epochs=1)
    assert main(["robustness", str(run), *options]) == 2
    assert message in capsys.readouterr().err


def test_what_is_missing_is_named(tmp_path, capsys, monkeypatch):
    locked = make_run(tmp_path / "locked", epochs=1, skip_test=True)
    assert main(["robustness", str(locked), "--part=test"]) == 2
    assert "left its test parts locked (--skip_test)" in capsys.readouterr().err
    assert main(["robustness", str(locked)]) == 2
    assert "checkpoints/best.ckpt is gone" in capsys.readouterr().err
    monkeypatch.setattr("mser.robustness.garbled_transcripts.find_spec", lambda name: None)
    assert main(["robustness", str(locked)]) == 2
    assert "run pip install 'multimodal-ser[robustness]'" in capsys.readouterr().err


def test_differences_are_paired_as_those_of_two_runs(tmp_path, capsys):
    runs = [make_run(tmp_path / name, skill=skill, seeds=(1, 2), epochs=1) for name, skill in (("a", 0.8), ("b", 0.5))]
    for seed in (1, 2):
        for fold in range(1, 6):
            where = f"seed{seed}/fold{fold}"
            place = runs[0] / "robustness/test/no_text" / where
            place.mkdir(parents=True)
            shutil.copy(runs[1] / where / "predictions.csv", place)
            facts = {"condition": Condition("no_text").facts(), "model": model_digest(runs[0] / where)}
            write_text(place / "facts.json", json.dumps(facts))
    assert main(["report", *map(str, runs), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    pair, (asked,) = found["comparison"]["pairs"][0], found["runs"][0]["robustness"]
    as_is, other = (row["ua"] for row in asked["conditions"])
    assert other["difference"] == pytest.approx(-pair["difference"])
    assert other["difference_interval"] == pytest.approx([-end for end in pair["of_these_weights"]["interval"][::-1]])
    for row, run in zip((as_is, other), found["runs"], strict=True):
        assert (row["mean"], row["interval"]) == (pytest.approx(run["overall"]["ua"]["mean"]),
                                                  pytest.approx(run["overall"]["ua"]["interval"]))  # fmt: skip
    assert asked["floor"]["wa"] == pytest.approx(found["runs"][0]["overall"]["wa"]["floor"])


def test_several_runs_are_drawn_together(tmp_path, capsys):
    runs = [make_run(tmp_path / name, skill=skill, epochs=1) for name, skill in (("a", 0.8), ("b", 0.6), ("c", 0.4))]
    for run in runs[:2]:
        for condition in (Condition("no_text"), Condition("snr", 10.0, "white"), Condition("snr", 0.0, "white")):
            for fold in range(1, 6):
                place = run / "robustness/test" / condition.folder / f"seed1/fold{fold}"
                place.mkdir(parents=True)
                shutil.copy(runs[2] / f"seed1/fold{fold}/predictions.csv", place)
                facts = {"condition": condition.facts(), "model": model_digest(run / f"seed1/fold{fold}")}
                write_text(place / "facts.json", json.dumps(facts))
    assert main(["report", *map(str, runs), "--json", "--out", str(tmp_path / "out")]) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    summaries = content(runs).runs
    (one,) = together(summaries)
    assert (one.part, one.score, len(one.pictures)) == ("test", "ua", 1)
    assert [(name, look.sign) for name, look in one.keys] == [("a", "●"), ("b", "■")]
    assert one.table.columns == ["as it is", "without text", "noise (white) at 10 dB", "noise (white) at 0 dB"]
    assert [name for name, _ in one.table.rows] == ["a", "b"]
    worse = found[2]["overall"]["ua"]["mean"]
    assert [figure.mean for figure in one.table.rows[1][1]] == pytest.approx(
        [found[1]["overall"]["ua"]["mean"], worse, worse, worse]
    )
    page = (tmp_path / "out/report.html").read_text()
    assert page.count('aria-label="UA, % by speech over noise (white), dB, of a, b"') == 1
    assert together(summaries[1:]) == []
