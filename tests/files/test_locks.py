"""A lock says who holds it, and lets nobody in before that one is done."""

import os
import socket

import pytest

from mser.errors import UserError
from mser.files.locks import held

ME = f"process {os.getpid()} on {socket.gethostname()}"


def test_the_second_is_told_who_the_first_is(tmp_path):
    lock = tmp_path / "made/too/.lock"
    with held(lock, "it is being written", "wait"), pytest.raises(UserError) as refused, held(lock, "taken", "wait"):
        pass
    assert str(refused.value) == f"taken ({ME}); wait"
    assert lock.read_text() == ME
    lock.write_text("process 4711 on another.machine.of.a.longer.name")  # of a holder that was killed
    with held(lock, "taken", "wait"):
        assert lock.read_text() == ME


def test_a_lock_that_does_not_stay(tmp_path):
    lock = tmp_path / ".lock"
    for _ in range(2):
        with held(lock, "taken", "wait", remove=True):
            assert lock.read_text() == ME
        assert not lock.exists()


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match=r"cannot write to .*file: .*; choose another --out"),
        held(tmp_path / "file/.lock", "taken", "wait"),
    ):
        pass
