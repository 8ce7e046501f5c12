"""Models, their pages and a browser, made once for all tests of `mser app`."""

import os
from contextlib import ExitStack

import numpy as np
import pytest
import soundfile
from fake.browser import CHROMIUM, Browser
from fake.pages import served as serve
from fake.recognisers import save_recogniser
from fake.trained import untrained

import mser


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """Holds recordings of 4, 9 and 150 s, a recogniser, and models; ``either`` takes either side alone."""
    folder = tmp_path_factory.mktemp("app")
    untrained(folder / "either", trained={"modality_dropout": 0.1, "run": "a <run>"})
    untrained(folder / "both")
    untrained(folder / "hears", sides=("speech",))
    untrained(folder / "reads", sides=("text",), trained={"made_up": True})
    save_recogniser(folder / "asr")
    for name, seconds in {"long": 9, "call": 150}.items():
        noise = np.random.default_rng(0).standard_normal(seconds * 16000)
        soundfile.write(folder / f"{name}.wav", 0.1 * np.linspace(0, 1, len(noise)) * noise, 16000)
    dull = np.convolve(np.random.default_rng(1).standard_normal(4 * 16000), np.hanning(12) / 6, "same")
    soundfile.write(folder / "voice.wav", 0.2 * np.linspace(0.3, 1, 4 * 16000) * dull, 16000)
    return folder


@pytest.fixture(scope="session")
def uploads(tmp_path_factory):
    """The folder that uploads go to."""
    folder = tmp_path_factory.mktemp("uploads")
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=str(folder))
    return folder


@pytest.fixture(scope="session")
def pages(place, uploads):
    """Returns the address and the model of a page, by the model's name and whether it transcribes."""
    made = {}
    with ExitStack() as stack:

        def page(name, *, asr=False):
            if (name, asr) not in made:
                model = mser.load(place / name, device="cpu", asr=place / "asr" if asr else None)
                made[name, asr] = stack.enter_context(serve(model)), model
            return made[name, asr]

        yield page


@pytest.fixture(scope="module")  # one that nobody looks at takes a seventh of a core until the session ends
def browser(place, tmp_path_factory):
    """A browser that hears voice.wav when it records."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium")
    tab = Browser(tmp_path_factory.mktemp("chromium"), "http://127.0.0.1", microphone=place / "voice.wav")
    yield tab
    tab.close()
