"""A model of random tiny encoders, served over real HTTP once for all tests."""

import threading
import time
from contextlib import contextmanager

import httpx
import numpy as np
import pytest
import soundfile
import uvicorn
from fake.trained import untrained

import mser
from mser.serve.application import application
from mser.serve.batcher import Batcher
from mser.terminal.door import listening


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """Holds a model that takes either side alone, clips of 1 to 3 s, a call of two channels, and no audio."""
    folder = tmp_path_factory.mktemp("serve")
    untrained(folder / "model", trained={"modality_dropout": 0.1})
    noise = np.random.default_rng(0)
    for number in range(8):
        samples = 0.1 * noise.standard_normal(16000 + 4000 * number)
        soundfile.write(folder / f"clip{number}.wav", samples, 16000)
    soundfile.write(folder / "call.wav", 0.1 * noise.standard_normal((8 * 16000, 2)), 16000)
    (folder / "notes.wav").write_text("no audio at all")
    return folder


@pytest.fixture(scope="session")
def model(place):
    return mser.load(place / "model", device="cpu")


@contextmanager
def _served(model, **how):
    door = listening("127.0.0.1", 0)
    with Batcher(model) as batcher:
        app = application(batcher, **{"token": None, "largest": 1_000_000} | how)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        with httpx.Client(base_url=f"http://127.0.0.1:{door.getsockname()[1]}", timeout=120, trust_env=False) as client:
            yield client
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="session")
def served():
    """What serves a model while it is used by ``with``, and gives who asks it."""
    return _served


@pytest.fixture(scope="session")
def client(model):
    with _served(model) as client:
        yield client
