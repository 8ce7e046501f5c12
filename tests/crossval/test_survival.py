"""An interrupted fit, taken up again, ends bit for bit where an uninterrupted one does."""

import random

import pytest
from fake.corpora.iemocap import make_iemocap
from fake.stop import Killed, ends_alike, stopped

from mser.cli import main

EPOCHS = 3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=12)
    return root


def fit(corpus, folder, *options):
    given = ["fit", "--config=experiments/demo/shallow.yaml", f"--data.init_args.root={corpus}"]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", f"--trainer.max_epochs={EPOCHS}"]
    return main([*given, "--trainer.enable_progress_bar=false", *options])


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert fit(corpus, folder) == 0
    return folder


def test_stopped_between_epochs(corpus, whole, tmp_path):
    assert fit(corpus, tmp_path, "--trainer.callbacks+=fake.stop.StopAfterFirst") == 0
    assert fit(corpus, tmp_path, "--ckpt_path=last") == 0
    ends_alike(whole, tmp_path)
    assert (whole / "history.csv").read_text() == (tmp_path / "history.csv").read_text()


@pytest.mark.exhaustive
def test_killed_within_epochs_again_and_again(corpus, whole, tmp_path):
    """Killed twenty times and more, each time after none to two further batches."""
    chance, tries, resume = random.Random(4), 0, []
    while True:
        try:
            assert (
                fit(corpus, tmp_path, "--resume.minutes=0", *stopped("KillAfter", chance.randint(0, 2)), *resume) == 0
            )
            break
        except Killed:
            tries, resume = tries + 1, ["--ckpt_path=last"]
    assert tries >= 20
    ends_alike(whole, tmp_path)


@pytest.mark.parametrize("batches", [4, 5])
def test_asked_to_end_it_saves_itself_first(corpus, tmp_path, batches):
    """Two batches make an update here: one that waits for its second half is made again."""
    halves = "--trainer.accumulate_grad_batches=2"
    assert fit(corpus, tmp_path / "whole", halves) == 0
    assert fit(corpus, tmp_path / "asked", halves, *stopped("Terminate", batches)) == 143
    assert (tmp_path / "asked/checkpoints/last.ckpt").exists() == (batches % 2 == 1)
    resume = ["--ckpt_path=last"] if batches % 2 == 1 else []
    assert fit(corpus, tmp_path / "asked", halves, *resume) == 0
    ends_alike(tmp_path / "whole", tmp_path / "asked")
