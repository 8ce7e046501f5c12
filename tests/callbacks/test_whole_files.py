"""A checkpoint is whole or not there; a disk without room for one is refused."""

import resource
import shutil
from collections import namedtuple

import pytest
import torch

from mser.callbacks.whole_files import WholeFiles, require_room
from mser.errors import UserError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def little_room():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, little_room):
    path = tmp_path / "checkpoints/last.ckpt"
    WholeFiles().save_checkpoint({"weight": torch.ones(10)}, path)
    with pytest.raises(UserError, match=r"cannot write .*last.ckpt: File too large; make room, then resume"):
        WholeFiles().save_checkpoint({"weight": torch.ones(100_000)}, path)
    assert torch.load(path, weights_only=True)["weight"].tolist() == [1.0] * 10
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*: File exists"):
        WholeFiles().save_checkpoint({}, tmp_path / "file/last.ckpt")
    with pytest.raises(UserError, match=r"cannot write to .*: Not a directory; choose another folder"):
        require_room(tmp_path / "file/run", torch.nn.Linear(2, 2))


def test_asking_for_room_makes_no_folder(tmp_path, monkeypatch):
    model = torch.nn.Linear(2, 2)
    require_room(tmp_path / "runs/fit", model)
    with pytest.raises(UserError, match=r"cannot write to .*: File name too long; choose another folder"):
        require_room(tmp_path / "runs" / ("a" * 5000), model)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UserError, match="Permission denied; choose another folder"):
        require_room(tmp_path / "runs/fit", model)
    assert not any(tmp_path.iterdir())


def test_what_is_no_matter_of_the_disk_stays_an_error(tmp_path):
    class Broken(torch.Tensor):
        def __reduce_ex__(self, protocol):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        WholeFiles().save_checkpoint({"weight": torch.ones(2).as_subclass(Broken)}, tmp_path / "last.ckpt")


@pytest.mark.parametrize(("free", "fits"), [(279_999, False), (280_000, True)])
def test_room_for_three_weights_and_the_moments_twice(tmp_path, monkeypatch, free, fits):
    """10,000 weights of 4 bytes, all trained: seven times."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, free))
    model = torch.nn.Linear(100, 100, bias=False)
    if fits:
        require_room(tmp_path, model)
    else:
        with pytest.raises(UserError, match="has 0 MB free but the checkpoints of a fit need 0 MB; make room"):
            require_room(tmp_path, model)
