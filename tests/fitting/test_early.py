"""What is wrong by its name, its place or its number is refused before PyTorch is imported and the hub is asked."""

import os
import re
import socket
import subprocess
import sys
import time

import pytest
from fake.places import EXPERIMENTS

from mser import corpora
from mser.encoders import hub_access
from mser.errors import UserError
from mser.fitting.early import require_at_hand
from mser.fitting.given_options import given, heeded

DEMO = EXPERIMENTS / "demo/shallow.yaml"


def refused(*options, **more):
    with pytest.raises(UserError) as error:
        require_at_hand([f"--config={DEMO}", *options], **more)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_names_places_and_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # beside the tests `make demo` may have made the corpus that the experiment names
    root = f"--data.init_args.root={tmp_path}"
    assert "demo/shallow.yaml, line 4: data.init_args.root is runs/demo/corpus, which is not there" in refused()
    for option, said in {
        "--data.init_args.root=/nowhere": "--data.init_args.root is /nowhere, which is not there; give the folder of",
        f"--data.root={'a' * 5000}": "--data.init_args.root cannot be used: File name too long; give the folder",
        "--data.augment.noise=/no": "--data.init_args.augment.noise is /no, which is not there; give a folder of",
        "--data.protocol=loso5": "did you mean 'iemocap/loso5'?",
        "--data.init_args={protocol: x}": "unknown protocol of iemocap 'x'",
        "--data.init_args.labels=four": "unknown label set of iemocap 'four'",
        "--data.init_args.fold=6": "fold 6 was asked for, but iemocap/loso5 has folds 1 to 5",
        "--data.init_args.fold=0": "fold 0 was asked for",
        "--ckpt_path=/no.ckpt": "--ckpt_path is /no.ckpt, which is not there; a fit writes checkpoints/best.ckpt",
        "--from=/no": "--from is /no, which is not there; give a model folder",
        "--model.speech.name=./no": "no speech encoder './no': there is no such folder",
        "--model.text.name=no/model": "no text encoder 'no/model': it is no folder here, it is not in the cache",
        f"--model.text.name={tmp_path}": "it has no config.json",
    }.items():
        assert said in refused(root, option)
    assert "fold 9 was asked for" in refused(root, folds=[1, 9])
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert "has no weights, expected model.safetensors beside config.json" in refused(
        root, f"--model.text.name={tmp_path}"
    )
    (tmp_path / "model.safetensors").touch()
    require_at_hand([f"--config={DEMO}", root, f"--model.text.name={tmp_path}"])
    noise = "--data.init_args.augment.noise=/gone"  # of the training, which has been
    require_at_hand([f"--config={DEMO}", root, "--data.protocol=other/corpus", noise], adapts=True)
    require_at_hand([f"--config={DEMO}", root, "--data.protocol=x", "--data=acme.Corpus"])
    require_at_hand([f"--config={DEMO}", root, "--model.text.name=no/model", "--model.text=null"])


def test_the_later_of_file_and_command_line_counts(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "data:\n  class_path: MELD\n  init_args: {root: a, fold: 2}\nmodel: {text: {name: x}}\n"
    )
    asked = heeded(given([f"--config={tmp_path}/a.yaml", "--data.root", "b", "--model.text", "null", "--data=IEMOCAP"]))
    assert {name: one.value for name, one in asked.items()} == {
        "data.class_path": "IEMOCAP", "data.init_args.root": "b", "data.init_args.fold": 2, "model.text": None
    }  # fmt: skip
    assert asked["data.init_args.fold"].as_given == f"{tmp_path}/a.yaml, line 3: data.init_args.fold"
    assert asked["data.init_args.root"].as_given == "--data.init_args.root"


def test_protocols_have_the_folds_that_they_describe():
    words = {"One fold": 1, "Five folds": 5, "Six folds": 6, "Ten folds": 10}
    told = [(one, words.get(re.match(r"\w+ \w+", one.description)[0]))
            for corpus in corpora.CORPORA.values() for one in corpus.protocols]  # fmt: skip
    assert all(one.count == number for one, number in told if number and one.count)
    assert sum(one.count is not None and number is not None for one, number in told) > 10


@pytest.fixture
def silent_proxy(monkeypatch):
    """A proxy that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        for name in ("HF_HUB_OFFLINE", "NO_PROXY", "no_proxy", "HF_HUB_ETAG_TIMEOUT"):
            monkeypatch.delenv(name, raising=False)
        yield


def test_a_silent_proxy_is_given_up_in_two_seconds(silent_proxy, tmp_path):
    code = (
        "import sys, time; from mser.cli import main; begun = time.monotonic(); code = main(sys.argv[1:]);"
        "print(time.monotonic() - begun, 'torch' in sys.modules, 'transformers' in sys.modules, file=sys.stderr)"
    )
    options = ["fit", f"--config={DEMO}", f"--data.root={tmp_path}", "--model.speech.name=some/encoder"]
    done = subprocess.run(
        [sys.executable, "-c", code, *options], capture_output=True, text=True, check=False,
        env=os.environ | {"HF_HOME": str(tmp_path)},
    )  # fmt: skip
    said, told = done.stderr.strip().splitlines()
    assert said.startswith(
        "mser: error: no speech encoder 'some/encoder': it is no folder here, it is not in the cache"
    )
    assert "no answer within 1.5 s; HF_HUB_ETAG_TIMEOUT=10 waits longer" in said
    assert told.split()[1:] == ["False", "False"]
    assert float(told.split()[0]) < 10  # 1.7 s where nothing else is done


def test_the_question_has_an_end_and_the_cache_goes_on(silent_proxy, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_ETAG_TIMEOUT", "0.2")
    hub_access._silence.cache_clear()
    begun = time.monotonic()
    with pytest.raises(UserError, match="not in the cache"):
        hub_access.require_within_reach("some/encoder", "speech encoder")
    assert time.monotonic() - begun < 2
    assert os.environ["HF_HUB_OFFLINE"] == "1"  # of the folds, too
    assert constants.HF_HUB_OFFLINE
    snapshot = tmp_path / "models--some--encoder/snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (tmp_path / "models--some--encoder/refs").mkdir()
    (tmp_path / "models--some--encoder/refs/main").write_text("0" * 40)
    (snapshot / "config.json").write_text("{}")
    with pytest.raises(UserError, match="only in part in the cache"):
        hub_access.require_within_reach("some/encoder", "speech encoder")
    (snapshot / "model.safetensors").touch()
    hub_access.require_within_reach("some/encoder", "speech encoder")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    hub_access._silence.cache_clear()
