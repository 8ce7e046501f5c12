"""mser fit --from: a model folder or a checkpoint as the start of a fit, and options that cannot be."""

import json
import os
import shutil

import pytest
import torch
from fake.converting import speech_bert, write_files
from fake.corpora.table import make_table
from fake.encoders import save_text, save_waveform, save_whisper
from fake.places import EXPERIMENTS
from fake.trained import untrained
from safetensors.torch import load_file, save_model

from mser.cli import main
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.pretrained import save_settings
from mser.fitting.trainers import alone_in_allocation
from mser.recognizer import EmotionRecognizer

FIT = ["fit", f"--config={EXPERIMENTS / 'demo/text_only.yaml'}", "--data=Table", "--trainer.accelerator=cpu",
       "--trainer.enable_progress_bar=false", "--trainer.max_epochs=1"]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    make_table(folder / "own.csv")
    untrained(folder / "model", sides=("text",))
    return folder


def fit(place, out, *more):
    return main(
        [*FIT, f"--data.init_args.root={place / 'own.csv'}", f"--trainer.default_root_dir={place / out}", *more]
    )


def refusal(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("mser: error: ")
    return lines[-1]


def test_a_fit_starts_from_a_model_folder_and_from_a_checkpoint(place, caplog, capsys):
    still = ("--model.optimizer.lr=0", "--model.head_lr=0")
    assert fit(place, "one", f"--from={place / 'model'}", *still) == 0
    assert "with a new head for angry, calm, happy" in caplog.text
    best = place / "one/checkpoints/best.ckpt"
    there = load_file(place / "model/seed1-fold1.safetensors")
    kept = torch.load(best, weights_only=True)["state_dict"]
    encoder = [name for name in there if name.startswith("text.backbone.")]
    assert len(encoder) > 20
    assert all(torch.equal(kept[name], there[name]) for name in encoder)
    assert kept["head.1.weight"].shape == (3, 64)
    assert fit(place, "two", f"--from={best}", *still) == 0
    again = torch.load(place / "two/checkpoints/best.ckpt", weights_only=True)["state_dict"]
    assert torch.equal(again["head.1.weight"], kept["head.1.weight"])
    assert fit(place, "three", f"--ckpt_path={best}") == 2
    assert "holds weights alone, from which nothing can be resumed; start a new fit from them by --from" in refusal(
        capsys
    )


def test_what_is_no_start_is_refused(place, capsys):
    assert fit(place, "no", f"--from={place / 'own'}") == 2
    assert "which is not there; give a model folder" in refusal(capsys)
    other = ("--model.speech.name=tiny", "--model.text=null")
    assert fit(place, "no", f"--from={place / 'model'}", *other) == 2
    assert "is of another model: text.backbone." in refusal(capsys)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--trainer.max_epochs=0", "trainer.max_epochs is 0; expected 1 or more"),
        ("--trainer.max_epochs=-1", "trainer.max_epochs is -1; expected 1 or more"),
        ("--trainer.limit_train_batches=0", "nothing would be trained"),
        ("--trainer.max_steps=0", "trainer.max_steps is 0"),
        ("--trainer.accumulate_grad_batches=-3", "trainer.accumulate_grad_batches is -3"),
        ("--trainer.gradient_clip_val=-1", "trainer.gradient_clip_val is -1"),
        ("--trainer.check_val_every_n_epoch=1000", "nothing would be validated"),
        ("--trainer.precision=bf16-true", "give bf16-mixed"),
        ("--seed_everything=99999999999", "expected a number from 0 to 4294967295"),
        ("--trainer.val_check_interval=0", "trainer.val_check_interval is 0; expected more than 0"),
        ("--trainer.devices=-7", "no such trainer on this machine"),
        ("--ckpt_path=", "is no checkpoint"),
    ],
)
def test_values_that_cannot_be_are_refused_at_once(option, said, place, capsys):
    assert fit(place, "never", option) == 2
    assert said in refusal(capsys)
    assert not (place / "never").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--trainer.limit_train_batches=0.001", "You requested to check 0.001 of the `train_dataloader`"),
        ("--trainer.limit_val_batches=0.001", "You requested to check 0.001 of the `val_dataloader`"),
        ("--trainer.val_check_interval=100000", "`val_check_interval` (100000) must be less than or equal to"),
        ("--trainer.max_time=00:00:00:00", "ended before anything was validated, so no weights are kept"),
    ],
)
def test_a_fit_of_which_nothing_would_be_kept_says_so(option, said, place, tmp_path, capsys):
    assert fit(place, str(tmp_path / "nothing"), option) == 2
    assert said in refusal(capsys)


@pytest.mark.parametrize(
    ("side", "kind"), [("text", "bert"), ("speech", "wavlm"), ("speech", "whisper"), ("speech", "speech-bert")]
)
def test_an_encoder_of_a_model_folder_has_its_weights(side, kind, place, tmp_path):
    own, folder, encoder = tmp_path / "speech", tmp_path / "model", {"text": TextEncoder, "speech": SpeechEncoder}[side]
    if kind == "speech-bert":
        assert speech_bert(write_files(tmp_path)) == 0
    else:
        own.mkdir()
        save_whisper(own) if kind == "whisper" else {"bert": save_text, "wavlm": save_waveform}[kind](own, kind)
    shutil.copytree(place / "model", folder)
    save_settings(str(own), folder / side, text=side == "text")
    model = EmotionRecognizer(["happy", "sad"], **{"speech": None, "text": None, side: encoder(str(own))})
    with torch.no_grad():
        for weight in model.parameters():
            weight += 1
    save_model(model, str(folder / "seed1-fold1.safetensors"))  # as `mser export`: what is shared lies under one name
    told = json.loads((folder / "config.json").read_text())
    told["model"] |= {"text": None, side: {"name": side}}
    (folder / "config.json").write_text(json.dumps(told))
    found = encoder(str(folder / side)).state_dict()
    for name, weight in getattr(model, side).state_dict().items():
        torch.testing.assert_close(found[name], weight)


def test_a_model_folder_that_lacks_an_encoder_is_no_start(place, capsys):
    model = ("--model.speech.name=tiny", f"--from={place / 'model'}")
    assert fit(place, "never", *model) == 2  # with other labels the head says nothing of what it lacks
    assert "speech.backbone." in (said := refusal(capsys))
    assert "is absent there" in said


def test_an_allocation_of_slurm_is_no_srun(monkeypatch):
    for name, value in {"SLURM_NTASKS": "8", "SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "train"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLURM_STEP_ID", "0")
    alone_in_allocation()
    assert os.environ["SLURM_JOB_NAME"] == "train"
    monkeypatch.delenv("SLURM_STEP_ID")
    alone_in_allocation()
    assert os.environ["SLURM_JOB_NAME"] == "bash"
