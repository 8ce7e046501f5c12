"""When a fit's two checkpoints are written, by a trainer that does nothing else."""

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.utilities.exceptions import SIGTERMException

from mser.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from mser.errors import UserError
from mser.labels import LabelSet


class Written(LastCheckpoint):
    """Counts what would be written."""

    def __init__(self, minutes=10.0):
        super().__init__(minutes)
        self.written = 0

    def _save_none_monitor_checkpoint(self, trainer, candidates):
        self.written += 1


STRATEGY = SimpleNamespace(broadcast=lambda value, *_: value)


def trainer(folder=".", *, done=4, is_last=False, accumulated=2, stage="fit", **more):
    progress = SimpleNamespace(is_last_batch=is_last, current=SimpleNamespace(processed=done))
    return SimpleNamespace(
        datamodule=SimpleNamespace(label_set=LabelSet("two", ("neu", "sad"))), default_root_dir=folder,
        fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress)),
        accumulate_grad_batches=accumulated, state=SimpleNamespace(fn=stage), is_global_zero=True, loggers=[],
        callback_metrics={}, current_epoch=0,
        global_step=1,
        **{"enable_validation": True, "val_check_batch": 10, "max_steps": -1, "strategy": STRATEGY, **more},
    )  # fmt: skip


@pytest.mark.parametrize("monitor", ["val/ua", "val/recall_sad", "val/loss", "train/loss"])
def test_what_is_measured_may_choose(monitor, tmp_path):
    callback = BestCheckpoint(monitor)
    callback.setup(trainer(tmp_path), None, "fit")
    assert callback.dirpath == str(tmp_path / "checkpoints")
    assert callback.filename == "best"
    assert callback.save_weights_only


def test_what_is_not_measured_is_refused_before_a_fit_alone(tmp_path):
    callback = BestCheckpoint("val/uar")
    with pytest.raises(UserError, match=r"unknown checkpoint\.monitor 'val/uar': .*; did you mean 'val/ua'\?"):
        callback.setup(trainer(tmp_path), None, "fit")
    callback.setup(trainer(tmp_path), None, "test")


def test_something_must_choose_the_epoch():
    with pytest.raises(UserError, match=r"trainer\.limit_val_batches is 0, but validation chooses"):
        BestCheckpoint().on_train_start(trainer(enable_validation=False), None)


@pytest.mark.parametrize(
    ("steps", "batches", "accumulated", "refused"),
    [
        (4, 10, 2, True), (5, 10, 2, False), (5, 11, 2, False), (6, 10, 2, False), (9, 10, 1, True),
        (-1, 10, 1, False), (0, 10, 1, False), (4, float("inf"), 1, False), (4, None, 1, False),
    ],
)  # fmt: skip
def test_a_fit_lasts_until_the_first_validation(steps, batches, accumulated, refused):
    late = trainer(max_steps=steps, val_check_batch=batches, accumulated=accumulated)
    if not refused:
        BestCheckpoint().on_train_start(late, None)
        return
    updates = batches // accumulated
    with pytest.raises(UserError, match=rf"max_steps is {steps}, but the first validation, .* after {updates} updates"):
        BestCheckpoint().on_train_start(late, None)


@pytest.mark.parametrize(
    ("state", "written"),
    [
        ({}, 1),
        ({"done": 3}, 0),  # of gradients that wait for an update
        ({"done": 3, "accumulated": 1}, 1),
        ({"is_last": True}, 0),  # the epoch's end has its own turn
    ],
)
def test_the_last_state_is_renewed_between_two_updates(state, written):
    callback = Written(minutes=0)
    callback.on_train_batch_end(trainer(**state), None, None, None, 3)
    assert callback.written == written


def test_the_last_state_is_renewed_from_time_to_time(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("mser.callbacks.checkpoints.time.monotonic", lambda: clock.now)
    monkeypatch.setattr("mser.callbacks.checkpoints.ModelCheckpoint._save_checkpoint", lambda *_: None)
    callback = Written(minutes=2)
    for clock.now, written in ((1119.9, 0), (1120.0, 1)):
        callback.on_train_batch_end(trainer(), None, None, None, 3)
        assert callback.written == written
    callback._save_checkpoint(trainer(), "last.ckpt")
    clock.now = 1239.0
    callback.on_train_batch_end(trainer(), None, None, None, 3)
    assert callback.written == 1


@pytest.mark.parametrize(
    ("error", "stage", "written"),
    [(SIGTERMException(), "fit", 1), (SIGTERMException(), "test", 0), (KeyboardInterrupt(), "fit", 0),
     (torch.cuda.OutOfMemoryError(), "fit", 0)],
)  # fmt: skip
def test_the_last_state_is_renewed_where_a_fit_is_asked_to_end(error, stage, written):
    callback = Written()
    callback.on_exception(trainer(stage=stage), None, error)
    assert callback.written == written


def test_the_last_state_lies_in_the_run_s_folder_and_has_everything(tmp_path):
    callback = LastCheckpoint()
    callback.setup(trainer(tmp_path), None, "fit")
    assert (callback.dirpath, callback.filename) == (str(tmp_path / "checkpoints"), "last")
    assert not callback.save_weights_only
    assert callback.minutes == 10


@pytest.mark.parametrize(("latest", "kept"), [(None, False), (True, True)])
def test_of_equal_scores_the_first_or_the_latest_is_kept(latest, kept):
    callback = BestCheckpoint(latest=latest)
    callback.best_model_score = torch.tensor(0.5)
    callback.best_k_models, callback.kth_best_model_path = {"best": torch.tensor(0.5)}, "best"
    one = trainer(strategy=SimpleNamespace(reduce_boolean_decision=bool))
    assert callback.check_monitor_top_k(one, torch.tensor(0.5)) is kept
    assert callback.check_monitor_top_k(one, torch.tensor(0.6))
    assert not callback.check_monitor_top_k(one, torch.tensor(0.4))
