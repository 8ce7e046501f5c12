"""The package installs under a name of its own, and says when a stranger's package of its import name is in the way."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from fake.places import ROOT

import mser
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


def test_an_extra_that_is_named_exists():
    text = "\n".join(path.read_text() for path in TOLD)
    named = re.findall(r"\(extra (\w+)\)|\bthe extra `(\w+)`", text, re.IGNORECASE)
    assert len(named) >= 3
    assert {one or other for one, other in named} <= set(PROJECT["optional-dependencies"])


def test_every_extra_for_users_is_among_those_of_developers():
    dev = " ".join(PROJECT["optional-dependencies"]["dev"])
    extras = set(re.search(r"\[([\w,]+)\]", dev)[1].split(","))
    assert extras == set(PROJECT["optional-dependencies"]) - {"dev", "bench"}


def test_what_cites_and_releases_the_version_knows_it():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (str(citation["version"]), citation["license"]) == (mser.__version__, PROJECT["license"])
    assert citation["keywords"] == PROJECT["keywords"]
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
    steps = {step.get("name"): step.get("run", "") for step in release["jobs"]["build"]["steps"]}
    lines = steps["The tag is the version, and the changelog knows it"].splitlines()
    found = subprocess.run(
        ["bash", "-c", f"{lines[0]}; echo $version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == mser.__version__
    assert f"## [{mser.__version__}]" in (ROOT / "CHANGELOG.md").read_text().replace(
        "[Unreleased]", f"[{mser.__version__}]"
    )
    assert release["jobs"]["publish"]["needs"] == ["test", "build"]
    assert release["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert NAME in steps["Build"]


def test_the_hooks_before_a_commit_are_our_own_tools():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    tools = {hook["entry"].split()[0] for hook in hooks[0]["hooks"]}
    dev = " ".join(PROJECT["optional-dependencies"]["dev"])
    assert {tool for tool in tools if tool not in dev} == set()


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
