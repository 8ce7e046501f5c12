"""The generators of a process go on from a checkpoint as if the fit had never stopped."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mser.callbacks.random_state import RandomState

ALONE = SimpleNamespace(world_size=1, global_rank=0)


@pytest.fixture(autouse=True)
def as_before():
    states = torch.get_rng_state(), np.random.get_state()
    yield
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])


def draws():
    return torch.rand(3).tolist(), np.random.random(3).tolist(), float(np.random.standard_normal())


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)  # which unpickles no foreign class


def test_a_resumed_fit_draws_as_if_never_stopped():
    np.random.standard_normal()  # of which the generator keeps a second one
    state = through_a_file(RandomState().state_dict())
    assert len(state["processes"]) == 1
    expected = draws()
    callback = RandomState()
    callback.load_state_dict(state)
    setting_up = draws()
    assert setting_up != expected
    callback.on_train_start(ALONE, None)
    assert draws() == expected
    callback.on_train_start(ALONE, None)  # of another fit, which begins where this one ended
    assert draws() != expected


def test_each_process_has_its_own():
    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        states += RandomState().state_dict()["processes"]
    expected = draws()
    callback = RandomState()
    callback.load_state_dict({"processes": states})
    callback.on_train_start(SimpleNamespace(world_size=2, global_rank=1), None)
    assert draws() == expected


def test_another_number_of_processes_goes_on_with_other_numbers(caplog):
    callback = RandomState()
    callback.load_state_dict({"processes": RandomState().state_dict()["processes"] * 2})
    now = RandomState().state_dict()["processes"][0]["cpu"]
    callback.on_train_start(ALONE, None)
    assert "the checkpoint is of 2 processes, this fit has 1: it goes on" in caplog.text
    assert torch.equal(torch.get_rng_state(), now)
    caplog.clear()
    callback.on_train_start(ALONE, None)
    RandomState().on_train_start(ALONE, None)  # of a fit that begins
    assert not caplog.text


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("here", [True, False])
def test_a_gpu_s_generator_is_set_where_there_is_one_then_and_now(there, here, monkeypatch):
    set_again = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: torch.ones(2))
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state: set_again.append(state.tolist()))
    state = RandomState().state_dict()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: here)
    callback = RandomState()
    callback.load_state_dict(state)
    callback.on_train_start(ALONE, None)
    assert set_again == ([[1.0, 1.0]] if there and here else [])
