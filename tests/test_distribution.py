"""The package installs under a name of its own, and says when a stranger's package of its import name is in the way."""

import re
import subprocess
import sys
import tomllib

import pytest
from fake.places import ROOT

from mser.cli import main
from mser.distribution import NAME

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TOLD = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *ROOT.glob("mser/**/*.py"),
    *ROOT.glob("experiments/**/*.py"),
]


def test_every_hint_installs_ours():
    assert PROJECT["name"] == NAME
    text = "\n".join(path.read_text() for path in TOLD)
    hints = re.findall(r"([\w-]*)\[(\w+)\]'", text)
    hints = [(name, extra) for name, extra in hints if "mser" in name or "-ser" in name]
    assert len(hints) > 15
    assert {name for name, _ in hints} == {NAME}
    assert {extra for _, extra in hints} <= set(PROJECT["optional-dependencies"])
    assert not re.search(r"pip install '?mser\b", text)


@pytest.fixture
def strangers(tmp_path):
    """A folder with another package of our import name, as pip leaves it."""
    (tmp_path / "mser").mkdir()
    (tmp_path / "mser/__init__.py").write_text("")
    (tmp_path / "mser-0.0.11.dist-info").mkdir()
    (tmp_path / "mser-0.0.11.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: mser\nVersion: 0.0.11\n")
    return tmp_path


def test_a_stranger_of_the_same_import_name_is_named(strangers, monkeypatch, capsys):
    monkeypatch.syspath_prepend(strangers)
    assert main(["nothing"]) == 2
    assert "mser 0.0.11, another package with the same import name, is installed" in capsys.readouterr().err


def test_the_command_does_not_run_a_stranger(strangers):
    code = f"import sys; sys.path[:0] = [{str(strangers)!r}, {str(ROOT)!r}]; import multimodal_ser; "
    code += "sys.exit(multimodal_ser.main())"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"mser: error: the package mser is {strangers / 'mser'}, expected" in done.stderr
