"""What holds for every test."""

import os
import signal
import sys

import pytest
from fake.forking import LentForkServer, end_all
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"  # before any import: a wrong name is refused without asking the network five times

settings.register_profile("busy machines", deadline=None)  # how long an example takes says nothing of what is tested
settings.load_profile("busy machines")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep what tests compute out of the home folder, and what lies there out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _imported_once():
    """Let the cross-validations of a test process share what their workers split off from: 8 s of imports for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mser.crossval.cli.ForkServer", LentForkServer)
        patch.setattr("mser.sweep.testing.ForkServer", LentForkServer)
        yield
    end_all()


@pytest.fixture
def _without_pyav(monkeypatch):
    """Take away what decodes containers."""
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr("mser.audio.containers.find_spec", lambda name: None)


@pytest.fixture(autouse=True)
def _own_sigterm():
    """Take back what a library that a test has used does when the process is asked to end (Ray)."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
