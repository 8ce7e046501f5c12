"""The commands of docs/use.md run, on a model of random weights."""

import shlex

import numpy as np
import pytest
import soundfile
from fake.documents import PAGES, commands
from fake.trained import untrained

from mser.cli import main

DOC = PAGES["docs/use.md"]
COMMANDS = commands("docs/use.md")


def test_the_commands_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    untrained(tmp_path / "models/own", sides=("speech",))
    soundfile.write("call.wav", 0.1 * np.random.default_rng(0).standard_normal((16000, 2)), 1600)
    (tmp_path / "call.rttm").write_text("SPEAKER call 1 1.0 4.0 <NA> <NA> anna <NA> <NA>\n")
    served = []
    monkeypatch.setattr("mser.serve.serving.serve", lambda model, door, host, **how: served.append(how))
    for words in COMMANDS:
        if words[0] == "mser" and "--onnx" not in words:  # which tests/export/test_onnx.py runs, for a minute
            assert main([word.replace("8000", "0") for word in words[1:]]) == 0, shlex.join(words)
    assert [how["token"] for how in served] == [None]
    assert all((tmp_path / name).exists() for name in ("talk.csv", "talk.svg", "turns.csv", "turns.svg"))


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] == "curl"], ids=lambda words: words[-1])
def test_the_requests_name_what_is_served(words):
    assert words[-1].startswith("http://127.0.0.1:8000/")
    assert f"`POST {words[-1].removeprefix('http://127.0.0.1:8000')}`" in DOC
