"""Mixed precision, and what happens to losses and gradients that are no numbers."""

import csv
import re

import pytest
import torch
import yaml
from fake.corpora.iemocap import make_iemocap
from fake.spoil import NoteTypes

from mser.cli import main


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


def fit(corpus, folder, *options):
    given = ["fit", "--config=experiments/demo/shallow.yaml", f"--data.init_args.root={corpus}"]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", "--trainer.max_epochs=1"]
    return main([*given, "--trainer.enable_progress_bar=false", *options])


def weights(folder):
    return torch.load(folder / "checkpoints/last.ckpt", weights_only=True)["state_dict"]


def epoch(folder):
    with (folder / "history.csv").open(newline="") as file:
        return next(csv.DictReader(file))


def test_losses_and_norms_stay_in_float32(corpus, tmp_path):
    assert fit(corpus, tmp_path / "32") == 0
    noting = "--trainer.callbacks+=fake.spoil.NoteTypes"
    assert fit(corpus, tmp_path / "bf16", "--trainer.precision=bf16-mixed", noting) == 0
    assert NoteTypes.seen == {"loss": {torch.float32}, "norm": {torch.float32}, "linear": {torch.bfloat16}}
    whole, mixed = epoch(tmp_path / "32"), epoch(tmp_path / "bf16")
    assert float(mixed["train/loss"]) == pytest.approx(float(whole["train/loss"]), abs=0.02)
    assert float(mixed["val/loss"]) == pytest.approx(float(whole["val/loss"]), abs=0.02)
    assert all(weight.dtype == torch.float32 for weight in weights(tmp_path / "bf16").values())


@pytest.mark.parametrize(
    ("gpu", "options", "precision"),
    [
        (False, [], "32-true"),
        (True, [], "bf16-mixed"),
        (True, ["--trainer.accelerator=cpu"], "32-true"),
        (True, ["--trainer.precision=16-mixed"], "16-mixed"),
    ],
)
def test_bf16_is_the_default_where_there_is_a_gpu_that_has_it(gpu, options, precision, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not including_emulation)
    from mser.training import MserCLI, command_line

    monkeypatch.setattr(MserCLI, "instantiate_classes", lambda self: None)
    cli = command_line(["--config=experiments/demo/shallow.yaml", *options], run=False)
    assert cli.config.trainer.precision == precision


def test_the_saved_configuration_states_the_precision(corpus, tmp_path):
    assert fit(corpus, tmp_path) == 0
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["trainer"]["precision"] == "32-true"


def spoil(batches):
    return ["--trainer.callbacks+=fake.spoil.SpoilLoss", f"--trainer.callbacks.batches={batches}"]


def test_a_loss_that_is_no_number_ends_the_fit_and_names_the_batch(corpus, tmp_path, capsys):
    assert fit(corpus, tmp_path, *spoil([1])) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("mser: error: the loss is not finite in epoch 0, update 1, of the utterances Ses0")
    assert len(set(re.findall(r"Ses\w+", error))) == 16
    assert error.endswith("or leave such updates out with non_finite.action: skip")


def test_of_accumulated_batches_only_the_bad_one_is_named(corpus, tmp_path, capsys):
    assert fit(corpus, tmp_path, *spoil([1]), "--trainer.accumulate_grad_batches=3") == 2
    assert len(re.findall(r"Ses\w+", capsys.readouterr().err.strip().splitlines()[-1])) == 16


def test_bad_updates_are_left_out_when_asked(corpus, tmp_path, caplog):
    def told():
        return [record.message for record in caplog.records if "not finite" in record.message]

    skip = "--non_finite.action=skip"
    assert fit(corpus, tmp_path / "two", *spoil([1, 2]), skip) == 0
    assert [line.split(",")[1] for line in told()] == [" update 1", " update 2"]
    assert all(weight.isfinite().all() for weight in weights(tmp_path / "two").values())
    caplog.clear()
    everything = list(range(20))
    assert fit(corpus, tmp_path / "all", *spoil(everything), skip) == 0
    assert fit(corpus, tmp_path / "none", "--model.optimizer.lr=0", "--model.optimizer.weight_decay=0") == 0
    one, other = weights(tmp_path / "all"), weights(tmp_path / "none")
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_a_gradient_that_is_no_number(corpus, tmp_path, capsys):
    assert fit(corpus, tmp_path, "--trainer.callbacks+=fake.spoil.SpoilGradient") == 2
    assert "the gradient is not finite in epoch 0, update 2, of the utterances Ses0" in capsys.readouterr().err


@pytest.mark.parametrize("precision", ["--trainer.precision=bf16-mixed", "--trainer.callbacks+=fake.scaled.Scaled"])
def test_a_fused_optimizer_gets_clipped_gradients(precision, corpus, tmp_path):
    given = [precision, "--trainer.gradient_clip_val=0.01", "--model.optimizer.eps=0.1", "--model.warmup=0"]
    for name, option in {"fused": "", "plain": "--model.optimizer.fused=false"}.items():
        assert fit(corpus, tmp_path / name, *given, *filter(None, [option])) == 0
    assert fit(corpus, tmp_path / "free", *given, "--trainer.gradient_clip_val=0") == 0
    fused, plain, free = (weights(tmp_path / name)["head.1.weight"] for name in ("fused", "plain", "free"))
    torch.testing.assert_close(fused, plain, rtol=0, atol=1e-7)
    assert (fused - free).abs().max() > 1e-4


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
def test_updates_that_a_scaler_leaves_out_are_nobodys_fault(corpus, tmp_path, caplog):
    scaled = ["--trainer.callbacks+=fake.scaled.Scaled", "--trainer.callbacks.scale=1e30"]
    assert fit(corpus, tmp_path / "all", *scaled) == 0
    assert fit(corpus, tmp_path / "none", "--model.optimizer.lr=0", "--model.optimizer.weight_decay=0") == 0
    assert "not finite" not in caplog.text
    one, other = weights(tmp_path / "all"), weights(tmp_path / "none")
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_an_optimizer_that_cannot_be_is_one_line(corpus, tmp_path, capsys):
    assert fit(corpus, tmp_path, "--model.optimizer.foreach=true") == 2
    assert "model.optimizer cannot be made: `fused` and `foreach`" in capsys.readouterr().err
