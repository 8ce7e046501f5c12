"""The recipes of images: what they take from a clone is there, and they install extras that exist."""

import re
import tomllib

import pytest
from fake.places import ROOT

IMAGES = ROOT / "experiments/images"


@pytest.mark.parametrize(
    ("recipe", "line"), [("Dockerfile", r"^COPY (.+) \S+$"), ("mser.def", r"^    (\S+) /src/\S+$")]
)
def test_what_an_image_takes_from_a_clone_is_there(recipe, line):
    copied = {name for names in re.findall(line, (IMAGES / recipe).read_text(), re.MULTILINE) for name in names.split()}
    assert copied == {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "multimodal_ser.py", "mser"}
    assert all((ROOT / name).exists() for name in copied)


def test_the_small_image_has_extras_that_exist():
    [extras] = re.findall(r"'\.\[(.+)\]'", (IMAGES / "Dockerfile").read_text())
    there = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras.split(",")) <= set(there)


def test_uv_alone_is_taken_from_the_lock_first():
    [command] = set(re.findall(r"sed -n '(.+?)' requirements.lock > uv.lock", (IMAGES / "Dockerfile").read_text()))
    start, end = re.fullmatch(r"/\^(.+)/,/(.+)/p", command).groups()
    lines = iter((ROOT / "requirements.lock").read_text().splitlines())
    first = next(line for line in lines if line.startswith(start))
    rest = [line for line in lines]
    taken = rest[: next(place for place, line in enumerate(rest) if re.search(end, line)) + 1]
    assert first.startswith("uv==")
    assert taken
    assert all(line.strip().startswith("--hash=sha256:") for line in taken)
