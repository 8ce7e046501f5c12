"""mser export --transformers: a folder that transformers' pipeline runs with the same answers."""

import json
import re

import numpy as np
import pytest
import torch
from fake.classifiers import save_classifier
from fake.encoders import save_waveform
from fake.trained import untrained
from safetensors.torch import save_model
from transformers import pipeline

import mser
from mser.cli import main
from mser.use.rebuild import rebuild
from mser.use.settings import read_settings

CLIP = (0.1 * np.random.default_rng(0).standard_normal(20000)).astype(np.float32)


def model_folder(folder, family="wavlm-layer", *, task=None, fusion=None, **speech):
    """Make a model folder of a small encoder with random weights, calibrated by a temperature of 2."""
    untrained(folder, sides=("speech",), task=task)
    (folder / "speech").mkdir()
    save_waveform(folder / "speech", family)
    (folder / "speech/model.safetensors").unlink()
    told = json.loads((folder / "config.json").read_text())
    told["model"]["speech"] = {"name": "speech", "pooling": "mean", **speech}
    told["model"]["fusion"] = fusion or {"class": "Shallow", "options": {}}
    (folder / "config.json").write_text(json.dumps(told))
    torch.manual_seed(3)
    model = rebuild(read_settings(folder), folder)
    for name, one in model.named_parameters():
        if one.ndim > 1 or "layer_sum" in name:
            torch.nn.init.normal_(one, std=0.3)
    for name, one in model.named_buffers():
        if "standardised" in name:
            torch.nn.init.uniform_(one, 0.5, 2)
    save_model(model, str(folder / "seed1-fold1.safetensors"))
    return folder


def exported(source, out):
    assert main(["export", str(source), "--transformers", f"--out={out}"]) == 0
    return pipeline("audio-classification", str(out), device="cpu")


def same(source, out):
    asked = exported(source, out)
    told = dict(re.findall(r'"clip.wav", (function_to_apply)="(\w+)"\)', (out / "README.md").read_text()))
    theirs = {one["label"]: one["score"] for one in asked(CLIP, top_k=None, **told)}
    ours = mser.load(source, device="cpu").predict(CLIP, sample_rate=16_000)
    assert theirs == pytest.approx(ours.probabilities or ours.scores, abs=1e-5)


CASES = {
    "a group norm": {"family": "wav2vec2-group"},
    "a sum of layers below a closing norm": {"layer_sum": True},
    "the middle of a frozen encoder": {"tune": "frozen", "layer": 1, "standardise": True},
    "a projection": {"family": "hubert", "fusion": {"class": "Projection", "options": {"width": 12}}},
    "data2vec": {"family": "data2vec"},
    "a Conformer": {"family": "wav2vec2-conformer"},
    "a batch norm": {"family": "hubert-batch-norm"},
    "LoRA": {"family": "wav2vec2-layer", "tune": "lora"},
    "scores": {"task": {"kind": "scores", "name": "vad", "labels": ["valence", "arousal"], "low": 1, "high": 5}},
    "several labels": {"task": {"kind": "multi_label", "name": "several", "labels": ["sad", "hap"]}},
}


@pytest.mark.parametrize("case", CASES)
def test_the_pipeline_gives_the_same_answers(case, tmp_path):
    same(model_folder(tmp_path / "model", **CASES[case]), tmp_path / "out")


@pytest.mark.parametrize("family", ["wavlm", "whisper", "wav2vec2-bert"])
def test_what_was_published_can_be_published_again(family, tmp_path, capsys):
    save_classifier(tmp_path / "published", family)
    assert main(["convert", "huggingface", str(tmp_path / "published"), f"--out={tmp_path / 'model'}"]) == 0
    same(tmp_path / "model", tmp_path / "out")
    assert "answers differ from mser's by at most" in capsys.readouterr().out
    card = (tmp_path / "out/README.md").read_text()
    assert 'pipeline("audio-classification"' in card
    assert "library_name: transformers" in card
    assert "mser.load" not in card
    again = ["convert", "huggingface", str(tmp_path / "out"), f"--out={tmp_path / 'again'}"]
    assert main(again) == 0
    first, second = (
        mser.load(tmp_path / name, device="cpu").predict(CLIP, sample_rate=16_000) for name in ("model", "again")
    )
    assert first.probabilities == pytest.approx(second.probabilities, abs=1e-5)


REFUSED = {
    "it reads": (lambda folder: untrained(folder), "it reads transcripts"),
    "tiny": (lambda folder: untrained(folder, sides=("speech",)), "'tiny' is none of transformers"),
    "pooling": (lambda folder: model_folder(folder, pooling="attention"), "it pools by attention"),
    "fusion": (
        lambda folder: model_folder(folder, fusion={"class": "AttentiveStatistics", "options": {}}),
        "there is nothing like its AttentiveStatistics",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_counterpart_is_refused(case, tmp_path, capsys):
    make, words = REFUSED[case]
    make(tmp_path / "model")
    assert main(["export", str(tmp_path / "model"), "--transformers", f"--out={tmp_path / 'out'}"]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_kind_at_a_time(tmp_path, capsys):
    assert main(["export", str(tmp_path), "--transformers", "--onnx", f"--out={tmp_path / 'out'}"]) == 2
    assert "ask for one at a time" in capsys.readouterr().err
