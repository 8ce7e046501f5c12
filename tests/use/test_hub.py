"""Model folders on the Hugging Face hub, which stands here as a folder: nothing leaves this machine."""

import shutil
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
import soundfile
import torch
from fake.trained import untrained
from huggingface_hub import hub_mixin
from huggingface_hub.errors import LocalEntryNotFoundError

import mser
from mser.cli import main
from mser.errors import UserError
from mser.use.model import Model


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The hub: what is pushed to an id lies in a folder of that name, and is had from there as a cache has it."""
    online = tmp_path / "hub"

    class Api:
        def __init__(self, token=None):
            self.token = token

        def create_repo(self, repo_id, **_):
            (online / repo_id).mkdir(parents=True)
            return SimpleNamespace(repo_id=repo_id)

        def upload_folder(self, *, repo_id, folder_path, **_):
            shutil.copytree(folder_path, online / repo_id, dirs_exist_ok=True)
            return f"https://huggingface.co/{repo_id}/commit/1"

    def snapshot(repo_id, *, allow_patterns, revision=None, **_):
        if not (online / repo_id).is_dir() or revision not in (None, "v1"):
            raise LocalEntryNotFoundError(f"Cannot find {repo_id} at {revision}.\nMore is said here.")
        cached = tmp_path / "cache" / repo_id
        for file in (online / repo_id).rglob("*"):
            name = file.relative_to(online / repo_id)
            if file.is_file() and any(fnmatch(str(name), pattern) for pattern in allow_patterns):
                (cached / name).parent.mkdir(parents=True, exist_ok=True)
                if not (cached / name).exists():
                    (cached / name).symlink_to(file)
        return str(cached)

    monkeypatch.setattr(hub_mixin, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.setattr(hub_mixin, "hf_hub_download", lambda repo_id, filename, **_: str(online / repo_id / filename))
    return online


@pytest.fixture
def folder(tmp_path):
    untrained(tmp_path / "model")
    (tmp_path / "model/README.md").write_text("---\nlicense: other\n---\n# mine\n")
    soundfile.write(tmp_path / "a.wav", 0.1 * torch.randn(8000).numpy(), 16000)
    return tmp_path / "model"


def test_there_and_back(hub, folder, tmp_path, capsys):
    model = mser.load(folder)
    audio = str(tmp_path / "a.wav")
    said = model.predict(audio, "hello").probabilities
    assert model.push_to_hub("someone/their-model").startswith("https://huggingface.co/someone/their-model/")
    sent = hub / "someone/their-model"
    assert sorted(path.name for path in sent.iterdir()) == ["README.md", "config.json", "seed1-fold1.safetensors"]
    assert (sent / "config.json").read_text() == (folder / "config.json").read_text()
    assert (sent / "README.md").read_text().endswith("# mine\n")
    (sent / "pickle.bin").write_bytes(b"not fetched")

    for again in (
        mser.load("someone/their-model"),
        mser.load("someone/their-model", revision="v1"),
        Model.from_pretrained("someone/their-model", device="cpu"),
        Model.from_pretrained(str(folder)),
    ):
        assert again.predict(audio, "hello").probabilities == said
    assert not list(Path(tmp_path / "cache").rglob("pickle.bin"))
    assert main(["predict", "someone/their-model", audio, "--text", "hello"]) == 0
    assert "%" in capsys.readouterr().out


def test_saving_what_was_loaded(hub, folder, tmp_path):
    mser.load(folder).push_to_hub("someone/model")
    fetched = mser.load("someone/model")
    fetched.save_pretrained(tmp_path / "copy")
    assert not any(path.is_symlink() for path in (tmp_path / "copy").iterdir())
    fetched.save_pretrained(tmp_path / "copy")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    mser.load(folder).save_pretrained(folder)  # onto itself
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()} == before
    assert mser.load(tmp_path / "copy").settings == mser.load(folder).settings


def test_what_is_not_there(hub, capsys):
    for options in ({}, {"revision": "v2"}):
        with pytest.raises(UserError) as refused:
            mser.load("someone/nothing", **options)
        assert "neither a folder here nor could it be had from the Hugging Face hub (Cannot find" in str(refused.value)
        assert "\n" not in str(refused.value)
    assert main(["predict", "someone/nothing", "a.wav"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    (hub / "someone/other").mkdir(parents=True)
    (hub / "someone/other/config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UserError, match="is no model folder of mser"):
        mser.load("someone/other")


def test_the_clients_own_cache_needs_no_network(folder, tmp_path, monkeypatch):
    """The layout of HF_HOME, read by the client itself."""
    cache = tmp_path / "home/hub"
    snapshot = cache / "models--someone--model/snapshots" / ("0" * 40)
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(folder, snapshot)
    (cache / "models--someone--model/refs").mkdir()
    (cache / "models--someone--model/refs/main").write_text("0" * 40)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    model = Model.from_pretrained("someone/model", cache_dir=str(cache))
    assert model.folder == snapshot
    with pytest.raises(UserError, match="neither a folder here nor could it be had"):
        mser.load("someone/unheard-of")
