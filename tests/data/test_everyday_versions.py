"""Each utterance in training as one of its everyday versions: which, how it sounds, and that it is kept and resumed."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fake.stop import Killed, ends_alike, stopped

from mser.cli import main
from mser.data.augment import Augment
from mser.data.batch import UtteranceDataset
from mser.data.everyday_versions import AS_IT_IS, PARTS, EverydayVersions, Version, sounding
from mser.data.frozen import _Question
from mser.encoders.encoder import SpeechEncoder
from mser.errors import UserError
from mser.everyday.changes import CHANGES, changed
from mser.everyday.loudness import rms_of

CLIP = torch.from_numpy((0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32))
SPOKEN = torch.cat([torch.zeros(4000), CLIP, torch.zeros(4000)])


def test_each_is_drawn_as_often_as_it_weighs():
    augment = Augment(everyday={"trimmed": 1, "noise": 2, "room": 0}, views=2)
    drawn = Counter(augment.versions[augment.version((1, epoch, "a"))] for epoch in range(600))
    assert drawn.keys() == {Version("trimmed"), Version("noise", 0), Version("noise", 1)}
    assert all(150 < count < 250 for count in drawn.values())


def test_what_is_drawn_follows_seed_epoch_and_utterance():
    augment = Augment(everyday=True)
    assert [version.part for version in augment.versions] == list(PARTS)
    keys = [(seed, epoch, name) for seed in (1, 2) for epoch in range(3) for name in "abc"]
    drawn = [augment.version(key) for key in keys]
    assert drawn == [augment.version(key) for key in keys]
    assert len(set(drawn)) > 2
    assert Augment().versions == [AS_IT_IS]


def test_versions_sound_as_they_are_called():
    heard = {part: sounding(SPOKEN, Version(part), "a") for part in PARTS if part != "room"}
    assert torch.equal(heard["as_it_is"], SPOKEN)
    assert abs(len(heard["trimmed"]) - 16_000) < 1000
    assert rms_of(heard["levelled"].numpy()) == pytest.approx(0.05, abs=1e-6)
    noise = heard["noise"] - SPOKEN
    assert 10 * torch.log10(SPOKEN.square().sum() / noise.square().sum()).item() == pytest.approx(20, abs=1e-3)
    same = changed(SPOKEN.numpy(), "telephone", 0.0, np.random.default_rng())
    assert np.array_equal(heard["telephone"].numpy(), same)
    assert torch.equal(heard["noise"], sounding(SPOKEN, Version("noise"), "a"))
    others = [sounding(SPOKEN, Version("noise", 1), "a"), sounding(SPOKEN, Version("noise"), "b")]
    assert not any(torch.equal(heard["noise"], other) for other in others)
    assert torch.equal(sounding(torch.zeros(500), Version("noise"), "a"), torch.zeros(500))


def test_views_are_in_other_rooms(monkeypatch):
    def note(samples, part, level, random):
        asked.append((part, level, random.random()))
        return samples

    asked = []
    monkeypatch.setattr("mser.data.everyday_versions.changed", note)
    for view in (0, 1, 0):
        sounding(SPOKEN, Version("room", view), "a")
    assert {(part, level) for part, level, _ in asked} == {("room", 0.3), ("room", 0.6)}
    assert asked[0] == asked[2]
    assert asked[0][2] != asked[1][2]


@pytest.mark.parametrize(("options", "message"), [
    ({"everyday": {"rom": 1}}, "rom.*room"),
    ({"everyday": {"room": 0, "noise": 0.0}}, "weighs every part by 0, so there is nothing to draw"),
    ({"everyday": {}}, "weighs every part by 0"),
    ({"everyday": {"room": -1}}, "weighs room by -1; expected 0 or more"),
    ({"everyday": {"room": float("nan")}}, "weighs room by nan"),
    ({"everyday": True, "views": 0}, "views is 0; expected 1 or more"),
    ({"views": 2}, "views is for augment.everyday"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        Augment(**options)


def test_a_room_needs_what_makes_it(monkeypatch):
    monkeypatch.setattr("mser.everyday.changes.find_spec", lambda name: None)
    assert not CHANGES["room"].installed
    with pytest.raises(
        UserError, match=r"pip install 'multimodal-ser\[conditions\]', or do without: everyday: {as_it_is"
    ):
        Augment(everyday=True).require_possible()
    Augment(everyday={"trimmed": 1}).require_possible()


def test_a_model_that_reads_has_nothing_of_it():
    with pytest.raises(UserError, match="but the model only reads"):
        Augment(everyday=True).require(speech=False, text=True, states=True)


def test_what_is_kept_of_a_version_is_what_is_heard_of_it(monkeypatch):
    """The same question in a batch of training, augmented, and where it is kept."""
    augment = Augment(everyday={"trimmed": 1, "levelled": 1, "noise": 1, "telephone": 1})
    utterance = SimpleNamespace(id="a", audio="a.wav", start=None, end=None, channel=None, transcript="")
    monkeypatch.setattr("mser.data.batch.load", lambda *_: SPOKEN)
    dataset = UtteranceDataset([utterance], SimpleNamespace(__truediv__=None), None, augment=augment, seed=1)
    monkeypatch.setattr(dataset, "clip", lambda index: SPOKEN)
    ear = SpeechEncoder("tiny", tune="frozen")
    question = _Question("speech", ear, dataset, True, torch.device("cpu"), augment.versions)
    for epoch in range(4):
        key = (1, epoch, "a")
        kept, _ = question.inputs(0, augment.version(key))
        assert torch.equal(kept[0], augment.clip(SPOKEN, key))


def test_killed_and_resumed_among_kept_versions(tmp_path, monkeypatch, caplog):
    from fake.corpora.iemocap import make_iemocap

    caplog.set_level("INFO")
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    make_iemocap(tmp_path / "corpus", turns=3)
    given = ["fit", "--config=experiments/demo/speech_only.yaml", f"--data.init_args.root={tmp_path / 'corpus'}",
             "--model.speech.tune=frozen", "--trainer.accelerator=cpu", "--trainer.max_epochs=2",
             "--trainer.enable_progress_bar=false", "--data.init_args.batch_size=8",
             '--data.init_args.augment.everyday={"trimmed": 1, "noise": 2, "telephone": 1}',
             "--data.init_args.augment.views=2"]  # fmt: skip
    assert main([*given, f"--trainer.default_root_dir={tmp_path / 'whole'}"]) == 0
    train = next(line for line in caplog.messages if line.startswith("train: "))
    told = next(line for line in caplog.messages if line.startswith("speech states: "))
    assert int(told.split()[2]) == 4 * int(train.split()[1])
    broken = [*given, f"--trainer.default_root_dir={tmp_path / 'broken'}"]
    with pytest.raises(Killed):
        main([*broken, "--resume.minutes=0", *stopped("KillAfter", 2)])
    assert main([*broken, "--ckpt_path=last"]) == 0
    ends_alike(tmp_path / "whole", tmp_path / "broken")


def test_versions_are_those_of_the_weights_alone():
    assert EverydayVersions({"noise": 1}, views=3).all == [Version("noise", view) for view in range(3)]
