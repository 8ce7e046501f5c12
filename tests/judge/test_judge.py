"""Model folders on a corpus, as runs that are reported and compared like any other."""

import csv
import json

import numpy as np
import pytest
from fake.corpora.table import make_table
from fake.trained import untrained
from safetensors.torch import load_file, save_file

import mser
from mser.cli import main
from mser.judge.label_names import named
from mser.judge.training_corpora import training_note
from mser.labels import LabelSet, ScoreSet
from mser.runs.run import read_run

MODEL = {"kind": "labels", "name": "published", "labels": ["Happy", "sad", "other"]}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    rows = [{"file": f"clips/{n}.wav", "transcript": "a b", "emotion": ("hap", "sad")[n % 2], "speaker": f"s{n // 4}"}
            for n in range(24)]  # fmt: skip
    make_table(folder / "own.csv", rows)
    untrained(folder / "one", sides=("speech",), task=MODEL, trained={"datasets": ["iemocap"]})
    untrained(folder / "other", sides=("speech",), task=MODEL, seed=2)
    for model in ("one", "other"):
        tell_apart(folder / model, folder / "clips")
    return folder


def judge(place, model, out, *options):
    data = ["--data", "Table", f"--data.init_args.root={place / 'own.csv'}", "--data.init_args.folds=3",
            "--data.init_args.columns={audio: file, label: emotion}"]  # fmt: skip
    return main(["judge", str(place / model), *data, f"--out={out}", *options])


def tell_apart(model, clips):
    """Let a random model answer sometimes this and sometimes that."""
    said = [mser.load(model, device="cpu").predict(clip).probabilities for clip in sorted(clips.iterdir())]
    gap = np.median([np.log(one["Happy"] / one["sad"]) for one in said]) * 2  # the temperature is 2
    weights = load_file(model / "seed1-fold1.safetensors")
    weights["head.1.bias"][0] -= gap
    save_file(weights, model / "seed1-fold1.safetensors", {"format": "pt"})


MAP = "--labels=happy=hap,other="


def test_a_judged_model_is_a_run_whose_answers_are_the_model_s(place, tmp_path, capsys):
    assert judge(place, "one", tmp_path / "run", MAP, "--device=cpu") == 0
    run = read_run(tmp_path / "run")
    assert run.missing == ()
    assert set(run.tested.values()) == {1}
    assert len(run.tested) == 3
    with (tmp_path / "run/seed1/fold1/predictions.csv").open() as file:
        row = next(csv.DictReader(file))
    model = mser.load(place / "one", device="cpu")
    answer = model.predict(place / run.utterances[row["utterance"]].audio).probabilities
    whole = answer["Happy"] + answer["sad"]
    assert float(row["p_hap"]) == pytest.approx(answer["Happy"] / whole, abs=1e-6)
    assert float(row["p_sad"]) == pytest.approx(answer["sad"] / whole, abs=1e-6)
    before = (tmp_path / "run/seed1/fold1/predictions.csv").stat().st_mtime_ns
    assert judge(place, "one", tmp_path / "run", MAP) == 0
    assert (tmp_path / "run/seed1/fold1/predictions.csv").stat().st_mtime_ns == before
    assert set(read_run(tmp_path / "run").tested.values()) == {1}
    capsys.readouterr()
    assert judge(place, "other", tmp_path / "run", MAP) == 2
    assert "choose another --out" in capsys.readouterr().err


def test_a_judged_model_is_asked_again_under_conditions(place, tmp_path, capsys):
    run = tmp_path / "run"
    assert judge(place, "one", run, MAP, "--device=cpu") == 0
    again = ["robustness", str(run), "--conditions=trimmed,gain=0,start=0.1", "--trainer.accelerator=cpu"]
    for more, told in (
        ([], "say with --model where the model folder lies"),
        ([f"--model={place / 'other'}"], "was judged with one"),
    ):
        assert main([*again, *more]) == 2
        assert told in capsys.readouterr().err
    assert main([*again, f"--model={place / 'one'}", "--json"]) == 0
    [part] = json.loads(capsys.readouterr().out)
    assert {"trimmed", "gain", "start"} <= {row["kind"] for row in part["conditions"]}
    same = (run / "robustness/test/gain_0/seed1/fold1/predictions.csv").read_text()
    assert same == (run / "seed1/fold1/predictions.csv").read_text()
    assert (run / "robustness/test/start_0.1/seed1/fold1/predictions.csv").read_text() != same
    assert set(read_run(run).tested.values()) == {2}


def test_two_judged_models_are_compared_with_intervals(place, tmp_path, capsys):
    for model in ("one", "other"):
        assert judge(place, model, tmp_path / model, MAP) == 0
    capsys.readouterr()
    assert main(["report", str(tmp_path / "one"), str(tmp_path / "other"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    first, second = report["runs"]
    assert first["overall"]["ua"]["interval"]
    assert first["model"]["speech"] == "one"
    assert "On speakers that the model may have been trained on" in report["answer"]
    assert "may have heard these speakers" in first["doubts"][0]["text"], "of a table nobody knows who is in it"
    assert "it may have been trained on this corpus" in second["doubts"][0]["text"]
    assert main(["report", str(tmp_path / "one")]) == 0
    assert "one was trained on iemocap" in " ".join(capsys.readouterr().out.split())


REFUSED = {
    "a label that the corpus lacks": ([], "'Happy' of the model is none of table-labels, which has hap, sad"),
    "a label that the model lacks": (["--labels=joy=hap"], "--labels names 'joy', which the model does not answer"),
    "nothing behind": (["--labels=happy"], "--labels has 'happy'; expected such as"),
    "a class that nothing answers": (["--labels=happy=,other="], "counts as hap of table-labels"),
    "no such device": ([MAP, "--device=gpu9"], "cannot use the device"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case, place, tmp_path, capsys):
    options, words = REFUSED[case]
    assert judge(place, "one", tmp_path / "run", *options) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_no_corpus(place, tmp_path, capsys):
    assert main(["judge", str(place / "one"), f"--out={tmp_path / 'run'}"]) == 2
    assert "no corpus is given" in capsys.readouterr().err


def test_answers_that_count_as_one_label_are_summed_and_scores_are_moved():
    several = LabelSet("m", ("excited", "happy", "sad"))
    pairs = named(several, LabelSet("c", ("hap", "sad")), {"excited": "hap", "happy": "hap"})
    assert pairs(np.array([[0.2, 0.3, 0.5]]), exclusive=True).tolist() == [[0.5, 0.5]]
    model = ScoreSet("m", ("arousal", "valence"), low=0, high=1)
    asked = ScoreSet("c", ("valence", "arousal"), low=1, high=7)
    assert named(model, asked, {})(np.array([[0.5, 0.0]]), exclusive=False).tolist() == [[1.0, 4.0]]
    with pytest.raises(mser.UserError, match="gives scores, but c asks for one label"):
        named(model, LabelSet("c", ("hap",)), {})


def test_what_was_heard():
    facts = {"model": "m", "corpus": "msp_podcast"}
    assert not training_note(facts | {"trained_on": ["MSP-Podcast"]})[0]
    assert training_note(facts | {"trained_on": ["iemocap"]})[0]
    assert not training_note(facts | {"trained_on": []})[0]
