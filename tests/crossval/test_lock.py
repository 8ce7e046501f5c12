"""Folds are processes of a kind that not every system has."""

import importlib
import sys

import pytest

from mser.errors import UserError


def test_a_system_without_such_processes_is_told_in_a_line(monkeypatch):
    monkeypatch.delitem(sys.modules, "mser.crossval.lock", raising=False)
    monkeypatch.setitem(sys.modules, "resource", None)
    with pytest.raises(UserError, match="on Linux or macOS; on Windows use WSL"):
        importlib.import_module("mser.crossval.lock")
