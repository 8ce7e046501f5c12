"""A model in use in bfloat16: nearly the same answers, half of the weights."""

import numpy as np
import pytest
import soundfile
import torch
from fake.trained import untrained

import mser
from mser.cli import main


def test_answers_are_those_of_float32_but_for_rounding(tmp_path):
    folder = untrained(tmp_path / "model")
    clips = [np.random.default_rng(seed).normal(0, 0.1, 16000 + 4000 * seed) for seed in range(3)]
    for seed, clip in enumerate(clips):
        soundfile.write(tmp_path / f"{seed}.wav", clip, 16000)
    paths = [tmp_path / f"{seed}.wav" for seed in range(3)]
    exact, half = (mser.load(folder, device="cpu", precision=precision) for precision in ("32", "bf16"))
    kinds = {parameter.dtype for parameter in half.engine.members[0].parameters()}
    assert kinds == {torch.float32, torch.bfloat16}
    for one, other in zip(exact.predict(paths, ["Oh no!"] * 3), half.predict(paths, ["Oh no!"] * 3), strict=True):
        assert list(other.probabilities.values()) == pytest.approx(list(one.probabilities.values()), abs=0.01)
        assert other.probabilities != one.probabilities
        assert sum(other.probabilities.values()) == pytest.approx(1, abs=1e-6)


def test_from_the_command_line(tmp_path, capsys):
    folder = untrained(tmp_path / "model")
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).normal(0, 0.1, 16000), 16000)
    given = ["predict", str(folder), str(tmp_path / "a.wav"), "--text", "No.", "--device", "cpu"]
    assert main([*given, "--precision", "bf16"]) == 0
    assert main([*given, "--precision", "8"]) == 2
    assert "invalid choice: '8'" in capsys.readouterr().err
