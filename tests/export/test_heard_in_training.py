"""A model folder keeps how its training recordings were, and says what is unlike them."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from fake.runs import make_run
from fake.trained import untrained

from mser.audio.acoustics import LATER, NAMES
from mser.cli import main
from mser.export.heard_in_training import recordings_of, transcripts_of
from mser.manifest import Manifest
from mser.runs.run import read_run
from mser.use.settings import read_settings

LIKE = {"duration": 2.0, "level": -30.0, "peak": -10.0, "silence_start": 0.5, "silence_end": 0.5, "silence_share": 0.5,
        "zero_crossings": 2000.0, "bandwidth": 8000.0, "floor": -80.0, "fall": 15.0}  # fmt: skip


def keep_cues(run, names=NAMES):
    rng = np.random.default_rng(0)
    with (run / "cues.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["utterance", *names], extrasaction="ignore")
        writer.writeheader()
        for one in Manifest.read(run / "manifest.jsonl"):
            level = {"level": -30 + rng.normal() - 10 * (one.label == "sad"), "floor": -80 + rng.normal()}
            writer.writerow({"utterance": one.id, **LIKE, **level})
    return run


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "both", epochs=1, turns=12)


def test_a_run_knows_the_recordings_of_its_training_parts(run):
    found = recordings_of(read_run(keep_cues(run)))
    assert found.quantiles["silence"] == [1.0] * 5
    assert found.classes["sad"]["level"][2] == pytest.approx(-40, abs=0.5)
    assert found.classes["neu"]["level"][2] == pytest.approx(-30, abs=0.5)
    assert found.limits["silence"][0] > 0.5


def test_a_run_knows_the_transcripts_of_its_training_parts(run):
    found = transcripts_of(read_run(run))
    trained = {name for job in read_run(run).jobs for name in job.fold.train}
    assert (found.transcripts, found.source) == (len(trained), "typed")
    manifest = Manifest.read(run / "manifest.jsonl")
    heard = tuple(replace(one, heard_by="tiny", transcript=one.transcript.lower()) for one in manifest)
    replace(manifest, utterances=heard).write(run / "manifest.jsonl")
    found = transcripts_of(read_run(run))
    assert (found.source, found.capitals) == ("tiny", 0.0)


def test_a_run_from_before_does_not(run):
    assert recordings_of(read_run(run)) is None
    assert recordings_of(read_run(keep_cues(run, [name for name in NAMES if name not in LATER]))) is None


def test_predict_tells_what_is_unlike_the_training(run, tmp_path, capsys):
    untrained(tmp_path / "model", sides=("speech",))
    settings = read_settings(tmp_path / "model")
    assert settings.recordings is None
    noise = np.random.default_rng(0).standard_normal(16_000)
    soundfile.write(tmp_path / "clip.wav", 0.1 * noise, 16_000)
    ask = ["predict", str(tmp_path / "model"), str(tmp_path / "clip.wav"), "--out"]
    assert main([*ask, str(tmp_path / "before.csv")]) == 0
    assert "does not know how its training recordings were" in capsys.readouterr().err
    assert main([*ask[:-1], "--match", "level"]) == 2
    assert "which this model folder does not know" in capsys.readouterr().err
    config = tmp_path / "model/config.json"
    known = recordings_of(read_run(keep_cues(run)))
    type(settings)(**{**vars(settings), "recordings": known}).write(tmp_path / "model")
    assert read_settings(tmp_path / "model").recordings == known
    assert main([*ask, str(tmp_path / "after.csv")]) == 0
    assert "1 of 1 recordings are unlike those that the model was trained on" in capsys.readouterr().err
    with (tmp_path / "after.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert "silence at the ends 0.01 s (in training 1.00)" in row["unlike_training"]
    assert "fall of the level" in row["unlike_training"]
    assert main([*ask[:-1]]) == 0
    assert "(unlike the training: silence at the ends 0.01 s" in capsys.readouterr().out
    assert main([*ask, str(tmp_path / "matched.csv"), "--match", "silence"]) == 0
    with (tmp_path / "matched.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert "s of silence put at the ends as in the training" in row["note"]
    assert "silence at the ends 0.9" in row["unlike_training"]  # of exactly 1.00 that these cues name
    assert row["model"].endswith(" match=silence")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"recordings": {"clips": "many"}}))
    assert main(ask[:-1]) == 2
    assert "config.json" in capsys.readouterr().err
