"""What is built from the sources works without them: sdist and wheel, installed where none of the extras is."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from fake.corpora.table import make_table
from fake.places import ROOT
from fake.trained import untrained
from packaging.requirements import Requirement

from mser.cli import main

pytestmark = pytest.mark.exhaustive  # builds twice, and exports a model to ONNX
BASE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
WITH_TORCH = {"torch", "torchaudio", "lightning", "pytorch-lightning", "torchmetrics", "jsonargparse", "transformers"}


def needed(names):
    """Return all that these distributions need, as pip would install it."""
    found, todo = set(), [Requirement(name) for name in names]
    while todo:
        one = todo.pop()
        if (key := (one.name.lower(), *sorted(one.extras))) in found:
            continue
        found.add(key)
        lines = map(Requirement, metadata.requires(one.name) or ())
        todo += [
            line
            for line in lines
            if not line.marker or any(line.marker.evaluate({"extra": extra}) for extra in ("", *one.extras))
        ]
    return {key[0] for key in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, made from a copy of what git knows, and the wheel that is made from the sdist alone."""
    folder = tmp_path_factory.mktemp("built")
    code = "from setuptools import build_meta as b; import sys; print(getattr(b, sys.argv[1])(sys.argv[2]))"
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "copy" / name).write_bytes((ROOT / name).read_bytes())

    def build(what, where):
        subprocess.run([sys.executable, "-c", code, what, str(folder)], cwd=where, check=True, capture_output=True)

    build("build_sdist", folder / "copy")
    sdist = next(folder.glob("*.tar.gz"))
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "sdist", filter="data")
    build("build_wheel", next((folder / "sdist").iterdir()))
    return sdist, next(folder.glob("*.whl"))


@pytest.fixture
def empty(built, tmp_path):
    """An environment with the wheel and, of the libraries of this one, those alone that some distributions need."""
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", built[1]], check=True)
    packages = next((tmp_path / "empty/lib").glob("python3*/site-packages"))

    def run(*words, needs):
        for name in needed(needs):
            for file in metadata.files(name):
                top = Path(sysconfig.get_path("purelib")) / file.parts[0]
                if file.parts[0] != ".." and not (packages / top.name).exists():
                    (packages / top.name).symlink_to(top)
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        return subprocess.run([tmp_path / "empty/bin/mser", *map(str, words)], cwd=tmp_path, env=kept,
                              capture_output=True, text=True)  # fmt: skip

    return run


def test_the_wheel_holds_the_package_alone(built):
    names = zipfile.ZipFile(built[1]).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"mser", "multimodal_ser.py"}
    tracked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "mser").rglob("*")
        if path.is_file() and "__pycache__" not in str(path)
    }
    assert tracked - set(names) == set()
    assert {"README.md", "LICENSE", "pyproject.toml"} <= {
        name.partition("/")[2] for name in tarfile.open(built[0]).getnames()
    }


def test_it_checks_and_trains_without_extras(empty, tmp_path):
    make_table(tmp_path / "recordings.csv")
    assert empty("--version", needs=BASE).stdout.startswith("mser ")
    checked = empty("data", "check", "table", "recordings.csv", needs=BASE)
    assert checked.returncode == 0, checked.stderr
    fitted = empty("fit", "--data=Table", "--data.root=recordings.csv", "--data.folds=3", "--model.speech.name=tiny",
                   "--model.text.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu",
                   "--trainer.default_root_dir=run", needs=BASE)  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    assert (tmp_path / "run/checkpoints/best.ckpt").exists()
    told = empty("demo-model", "models/demo", needs=BASE)
    assert (told.returncode, "pip install 'multimodal-ser[demo]'" in told.stderr) == (2, True)


def test_an_onnx_model_answers_without_torch(empty, tmp_path):
    untrained(tmp_path / "heard", sides=("speech",))
    assert main(["export", str(tmp_path / "heard"), "--onnx", "--out", str(tmp_path / "onnx")]) == 0
    make_table(tmp_path / "recordings.csv")
    needs = [name for name in BASE if Requirement(name).name not in WITH_TORCH]
    said = empty("predict", "onnx", "--table", "recordings.csv", "--out", "said.csv",
                 needs=[*needs, "onnxruntime", "tokenizers"])  # fmt: skip
    assert not list((tmp_path / "empty/lib").glob("python3*/site-packages/torch"))
    assert said.returncode == 0, said.stderr
    assert len((tmp_path / "said.csv").read_text().splitlines()) == 37
