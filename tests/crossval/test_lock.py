"""Folders are held by the kernel's locks, which not every system has."""

import importlib
import sys

import pytest

from mser.errors import UserError


def test_a_system_without_these_locks_is_told_in_a_line(monkeypatch):
    monkeypatch.delitem(sys.modules, "mser.files.locks", raising=False)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(UserError, match="needs Linux or macOS; on Windows use WSL"):
        importlib.import_module("mser.files.locks")
