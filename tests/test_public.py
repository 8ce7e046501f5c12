"""What a newcomer meets first: the names in `mser`, the first screen of the command, CONTRIBUTING and extending."""

import re
import subprocess
import sys

import pytest
import yaml
from fake.places import ROOT
from fake.trained import untrained

import mser
from mser.cli import main
from mser.plugins import imported

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
EXTENDING = (ROOT / "docs/extending.md").read_text()


def test_the_face_shows_what_is_public_and_nothing_else():
    assert (
        dir(mser)
        == sorted(mser.__all__)
        == ["EmotionRecognizer", "Model", "Prediction", "UserError", "corpora", "load"]
    )
    assert all(getattr(mser, name) for name in mser.__all__)
    assert mser.corpora.corpus("emodb").name == "emodb"
    assert mser.corpora is sys.modules["mser.corpora"]
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = mser.laod


def test_importing_and_looking_is_light():
    code = (
        "import sys, mser; dir(mser), mser.UserError, mser.corpora, mser.Prediction; print({'torch'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_model_says_what_it_is(tmp_path):
    model = mser.load(untrained(tmp_path / "model", trained={"protocol": "iemocap/loso5"}))
    assert repr(model) == "<Model model1: speech and text to neu, sad, ang, hap, trained on iemocap/loso5>"


@pytest.mark.parametrize("args", [["-V"], ["--version"]])
def test_the_version(args, capsys):
    assert main(args) == 0
    assert capsys.readouterr().out == f"mser {mser.__version__}\n"


def test_help_is_a_command_too(capsys):
    assert main(["help"]) == 0
    whole = capsys.readouterr().out
    assert main([]) == 0
    assert capsys.readouterr().out == whole
    assert main(["help", "export"]) == 0
    assert "usage: mser export" in capsys.readouterr().out
    assert main(["help", "exprot"]) == 2
    assert "did you mean 'export'?" in capsys.readouterr().err


def test_contributing_names_files_that_are_there():
    named = re.findall(r"(?<![\w/])((?:mser|tests|experiments|docs)/[\w/.]*)", CONTRIBUTING + EXTENDING)
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name.rstrip(".")).exists()] == []


def test_the_page_on_extending_shows_the_package_as_it_is():
    experiment = yaml.safe_load(re.search(r"```yaml\n(.*?)```", EXTENDING, re.DOTALL)[1])
    paths = [experiment["data"]["class_path"], experiment["model"]["speech"]["name"]["class_path"]]
    paths += [experiment["model"][part]["class_path"] for part in ("fusion", "objective")]
    assert all(isinstance(imported(path), type) for path in paths)
    shown = re.findall(r"```python\n(.*?)```", EXTENDING, re.DOTALL)[1].splitlines()
    assert len(shown) <= 20
    source = (ROOT / "tests/plugin/acme_emotion/objective.py").read_text()
    assert [line for line in shown if line.strip().startswith(("right =", "return", "self.outputs")) and
            line.strip() not in source] == []  # fmt: skip


def test_the_map_of_the_house_names_every_room_and_no_other():
    rooms = {f"mser/{path.parent.name}" for path in (ROOT / "mser").glob("*/__init__.py")}
    section = CONTRIBUTING.split("## The house\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(mser/[\w/.]+)`", section))
    assert {name for name in named if not name.endswith(".py")} == rooms
    assert all((ROOT / name).exists() for name in named)
