"""A small corpus gets more epochs, a large one as many as before."""

from types import SimpleNamespace

import pytest

from mser.callbacks.enough_updates import EnoughUpdates, planned_updates
from mser.errors import UserError


class Trainer(SimpleNamespace):
    @property
    def estimated_stepping_batches(self):
        return self.each * self.fit_loop.max_epochs

    @property
    def max_epochs(self):
        return self.fit_loop.max_epochs


def trainer(each, least=500, epochs=15, **more):
    loop = SimpleNamespace(max_epochs=epochs, epoch_loop=SimpleNamespace(min_steps=None))
    options = {"max_steps": -1, "is_global_zero": True, "callbacks": [EnoughUpdates(least)], **more}
    return Trainer(each=each, fit_loop=loop, **options)


def test_epochs_follow_from_updates(caplog):
    caplog.set_level("INFO")
    small = trainer(9)
    assert planned_updates(small) == 504
    assert (small.max_epochs, small.fit_loop.epoch_loop.min_steps) == (56, 500)
    assert caplog.messages == [
        "56 epochs instead of 15, as each has 9 updates and a head on frozen encoders wants 500: learning.least_updates"
    ]
    assert planned_updates(small) == 504
    large = trainer(150)
    assert planned_updates(large) == 2250
    assert (large.max_epochs, large.fit_loop.epoch_loop.min_steps) == (15, 500)


@pytest.mark.parametrize("more", [{"least": None}, {"callbacks": []}, {"max_steps": 20}])
def test_a_fit_of_a_given_length_stays(more):
    given = trainer(9, **more)
    assert planned_updates(given) == 135
    assert given.fit_loop.epoch_loop.min_steps is None


def test_less_than_none_is_refused():
    with pytest.raises(UserError, match=r"learning\.least_updates is -1"):
        EnoughUpdates(-1)
