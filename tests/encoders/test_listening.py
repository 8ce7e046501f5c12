"""Which layer a frozen encoder is heard at, at which scale, and that what was made before is heard as it was."""

import pytest
import torch
import yaml

from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.errors import UserError
from mser.fitting.resuming import require_same
from mser.fitting.settled_options import settled
from mser.use.rebuild import encoder as rebuilt

BEFORE = {"name": "tiny", "pooling": "mean", "layer_sum": False, "tune": "frozen", "lora_rank": 8, "layer_decay": 1.0,
          "checkpointing": False, "freeze_front": True}  # fmt: skip
SILENT = (torch.zeros(1, 4000), torch.tensor([4000]))


def written(path, speech, **more):
    path.write_text(yaml.safe_dump({"model": {"speech": {"init_args": speech}}, **more}))
    return ["fit", f"--config={path}"]


def test_a_frozen_ear_is_in_the_middle_and_a_trained_one_at_the_end():
    assert [SpeechEncoder("tiny", tune=tune).layer for tune in ("frozen", "full", 1)] == [1, 2, 2]
    assert TextEncoder("tiny", tune="frozen").layer == 2
    assert [SpeechEncoder("tiny", tune="frozen", layer=layer).layer for layer in (0, 2, -1, -3)] == [0, 2, 2, 0]


def test_the_layer_that_is_named_is_heard():
    torch.manual_seed(0)
    ear = SpeechEncoder("tiny", tune="frozen", layer=1)
    waveform = torch.randn(1, 4000)
    layers, mask = ear._layers(waveform, SILENT[1])
    torch.testing.assert_close(ear(waveform, SILENT[1]).states, layers[1])
    torch.testing.assert_close(ear.to_keep(waveform, SILENT[1], pooled=False)[:, 0], layers[1][mask])


@pytest.mark.parametrize(("options", "message"), [
    ({"tune": "frozen", "layer": 3}, "model.speech.layer is 3; expected 0 to 2, or -1 to -3 from the end"),
    ({"tune": "frozen", "layer": -4}, "model.speech.layer is -4; expected 0 to 2"),
    ({"layer": 1}, "model.speech.layer is 1, but layers are named of a frozen encoder alone"),
    ({"tune": "frozen", "layer": 1, "layer_sum": True}, "has a layer and layer_sum, which takes all of them"),
    ({"standardise": True}, "model.speech.standardise is for a frozen encoder"),
])  # fmt: skip
def test_what_cannot_be_heard_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        SpeechEncoder("tiny", **options)


@pytest.mark.parametrize("layer_sum", [False, True])
def test_states_are_standardised_over_summaries(layer_sum):
    torch.manual_seed(0)
    ear = SpeechEncoder("tiny", tune="frozen", layer_sum=layer_sum)
    clips, lengths = torch.randn(5, 4000) * torch.linspace(0.1, 1, 5)[:, None], torch.full((5,), 4000)
    plain = ear(clips, lengths).summary
    ear.standardised.settle([ear.to_keep(clip[None], lengths[:1], pooled=True)[0] for clip in clips])
    scaled = ear(clips, lengths).summary
    if not layer_sum:
        expected = (plain - plain.mean(0)) / plain.std(0, correction=0)
        torch.testing.assert_close(scaled, expected, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(64), atol=1e-3, rtol=0)
    assert ear.standardised.settled


def test_what_is_the_same_in_all_utterances_keeps_its_scale():
    ear = SpeechEncoder("tiny", tune="frozen")
    ear.standardised.settle([ear.to_keep(*SILENT, pooled=True)[0]])
    assert torch.equal(ear.standardised.scale, torch.ones(1, 64))


def test_a_folder_from_before_is_heard_as_it_was(tmp_path):
    old = rebuilt(SpeechEncoder, BEFORE, tmp_path, ())
    assert (old.layer, old.standardised) == (2, None)
    new = rebuilt(SpeechEncoder, BEFORE | {"layer": None, "standardise": None}, tmp_path, ())
    assert new.layer == 1
    assert new.standardised is not None


def test_a_configuration_from_before_means_what_it_meant(tmp_path):
    given = written(tmp_path / "config.yaml", BEFORE, trainer={"max_epochs": 15})
    assert settled(given) == [*given, "--model.speech.standardise=false", "--model.speech.layer=-1"]
    assert settled([*given, "--model.speech.layer=1"]) == [*given, "--model.speech.layer=1"]
    now = written(tmp_path / "new.yaml", BEFORE | {"layer": None, "standardise": None}, trainer={"max_epochs": 15})
    assert settled(now) == now
    mine = written(tmp_path / "mine.yaml", {"name": "tiny", "tune": "frozen"}, trainer={"max_epochs": 15})
    assert settled(mine) == mine


def test_what_was_begun_before_goes_on(tmp_path):
    written(tmp_path / "config.yaml", BEFORE)
    model = {"model": {"speech": {"init_args": BEFORE | {"layer": -1, "standardise": False}}}}
    require_same(tmp_path / "config.yaml", yaml.safe_dump(model), "choose another --out")
    model["model"]["speech"]["init_args"]["layer"] = 1
    with pytest.raises(UserError, match="layer=None, now it is 1"):
        require_same(tmp_path / "config.yaml", yaml.safe_dump(model), "choose another --out")


def test_a_head_alone_gets_updates_enough_unless_somebody_says_how_long():
    more = ["--learning.least_updates=500", "--checkpoint.latest=true", "--model.dropout=0.3"]
    head, both = ["--model.speech.tune=frozen"], ["--model.speech.tune=frozen", "--model.text.name=tiny"]
    assert settled(head)[1:] == more
    assert settled(both) == both
    assert settled([*head, "--trainer.max_epochs=3"]) == [*head, "--trainer.max_epochs=3"]
    assert settled([*both, "--model.text=null"])[3:] == more
