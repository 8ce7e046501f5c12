"""What a fit changes under each mode of fine-tuning, through the command line and with tiny encoders."""

import re
import sys

import pytest
import torch
from fake.corpora.iemocap import make_iemocap
from fake.encoders import WAVEFORM, clips, save_ast, save_text, save_waveform
from fake.moving import Moved

from mser.cli import main
from mser.encoders.encoder import SpeechEncoder, TextEncoder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


def fit(corpus, folder, *options):
    given = ["fit", "--config=experiments/demo/shallow.yaml", f"--data.init_args.root={corpus}"]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", "--trainer.max_epochs=1"]
    return main([*given, "--trainer.enable_progress_bar=false", "--trainer.callbacks+=fake.moving.Moved", *options])


def parts():
    """Return the moved parts: an encoder's layers by number, what else it has, and the rest of the model."""
    found = set()
    for name in Moved.names:
        part = name.split(".")[0] if ".backbone." in name else "head"
        layer = re.search(r"layers?\.(\d)", name)
        found.add(part if part == "head" else f"{part} {layer[1] if layer else 'beneath'}")
    return found


EVERYTHING = {f"{part} {layer}" for part in ("speech", "text") for layer in (0, 1, "beneath")} | {"head"}


@pytest.mark.parametrize(
    ("options", "moved"),
    [
        (["--model.speech.tune=full"], EVERYTHING),
        (["--model.speech.tune=frozen", "--model.text.tune=frozen"], {"head"}),
        (["--model.speech.tune=1", "--model.text.tune=frozen"], {"head", "speech 1"}),
        (["--model.speech.tune=frozen", "--model.text.tune=2"], {"head", "text 0", "text 1"}),
    ],
    ids=["full", "frozen", "last", "all-layers"],
)
def test_which_layers_move(options, moved, corpus, tmp_path):
    assert fit(corpus, tmp_path, *options) == 0
    assert parts() == moved


def test_lora_moves_its_additions_alone(corpus, tmp_path, caplog):
    lora = ["--model.speech.tune=lora", "--model.text.tune=lora", "--model.text.lora_rank=2"]
    assert fit(corpus, tmp_path, *lora) == 0
    assert parts() == {"head", "speech 0", "speech 1", "text 0", "text 1"}
    assert all(".lora_" in name for name in Moved.names if ".backbone." in name)
    said = next(record.message for record in caplog.records if "parameters trained" in record.message)
    # Six linear layers in each of two layers: four of 64 x 64, two of 64 x 128; each gives rank x (in + out).
    assert said.startswith(f"speech: {2 * 8 * (4 * 128 + 2 * 192):,} parameters trained, ")
    assert f"text: {2 * 2 * (4 * 128 + 2 * 192):,} parameters trained, " in said
    assert said.endswith("; head: 516 parameters trained, 0 frozen")
    saved, best = tmp_path / "config.yaml", tmp_path / "checkpoints" / "best.ckpt"
    assert main(["test", f"--config={saved}", f"--ckpt_path={best}"]) == 0


def test_rates_fall_from_layer_to_layer(corpus, tmp_path):
    decay = ["--model.speech.layer_decay=0.5", "--model.head_lr=0.1", "--model.optimizer.lr=0.01"]
    assert fit(corpus, tmp_path, *decay) == 0
    assert Moved.rates == {"speech": 0.01, "speech-1": 0.005, "speech-2": 0.0025, "text": 0.01, "head": 0.1}
    assert parts() == EVERYTHING
    header = (tmp_path / "history.csv").read_text().splitlines()[0]
    assert "lr/speech,lr/speech-1,lr/speech-2,lr/text,lr/head" in header


def test_checkpointing_changes_no_number(corpus, tmp_path):
    summed = "--model.speech.layer_sum=true"
    again = ["--model.speech.checkpointing=true", "--model.text.checkpointing=true"]
    assert fit(corpus, tmp_path / "kept", summed) == 0
    assert fit(corpus, tmp_path / "again", summed, *again) == 0
    one, other = (
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for name in ("kept", "again")
    )
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def kept_for_backward(encoder, *inputs):
    """Return how many numbers the graph holds."""
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: sizes.append(tensor.numel()), lambda _: None):
        encoder(*inputs)
    return sum(sizes)


@pytest.mark.parametrize("family", ["wavlm", "hubert", "data2vec"])
def test_checkpointing_keeps_less(family, tmp_path):
    save_waveform(tmp_path, family)
    plain, again = (SpeechEncoder(str(tmp_path), tune=2, checkpointing=value).train() for value in (False, True))
    assert kept_for_backward(again, *clips()) < 0.5 * kept_for_backward(plain, *clips())
    again.eval()(*clips()).summary.square().sum().backward()
    plain.eval()(*clips()).summary.square().sum().backward()
    for one, other in zip(plain.parameters(), again.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or torch.equal(one.grad, other.grad)


SPEECH = {
    "ast": save_ast,
    **{family: lambda folder, family=family: save_waveform(folder, family) for family in WAVEFORM},
}


@pytest.mark.parametrize("family", SPEECH)
def test_every_weight_of_a_speech_encoder_takes_part(family, tmp_path):
    SPEECH[family](tmp_path)
    check_lora(SpeechEncoder(str(tmp_path), tune="lora"), *clips())
    encoder = SpeechEncoder(str(tmp_path), freeze_front=False, checkpointing=True).train()
    encoder(*clips()).summary.square().sum().backward()
    assert [name for name, weight in encoder.named_parameters() if weight.requires_grad and weight.grad is None] == []


@pytest.mark.parametrize("family", ["bert", "deberta"])
def test_every_lora_weight_of_a_text_encoder_takes_part(family, tmp_path):
    save_text(tmp_path, family)
    encoder = TextEncoder(str(tmp_path), tune="lora")
    check_lora(encoder, *encoder.tokenize(["hello there", "a much longer sentence"]))


def check_lora(encoder, *inputs):
    encoder(*inputs).summary.square().sum().backward()
    trained = {name: parameter for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    assert len(trained) >= 8
    assert all(".lora_" in name and parameter.grad is not None for name, parameter in trained.items())


def test_what_users_get_wrong(corpus, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    assert fit(corpus, tmp_path, "--model.text.tune=lora") == 2
    assert (
        "tune: lora needs peft, which is not installed; pip install 'multimodal-ser[lora]'" in capsys.readouterr().err
    )
    monkeypatch.undo()
    assert fit(corpus, tmp_path, "--model.text.tune=lora", "--model.text.lora_rank=0") == 2
    assert "lora_rank: 0 leaves nothing to train; give 1 or more" in capsys.readouterr().err
    assert fit(corpus, tmp_path, "--model.text.tune=7") == 2
    assert "give 1 to 2, full, frozen or lora" in capsys.readouterr().err
