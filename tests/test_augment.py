"""Augmentation: off by default, a function of seed, epoch and utterance, and never beyond the budget."""

import numpy as np
import pytest
import torch
from fake.hearing import Heard
from fake.iemocap import make_iemocap
from fake.stop import Killed
from test_survival import ends_alike, stopped

from mser.cli import main
from mser.data.augment import Augment
from mser.data.batch import Batch
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.fusion import CoAttention, Shallow
from mser.recognizer import EmotionRecognizer

SPEED = "--data.init_args.augment.speed=[0.8,1.0,1.25]"
DROPOUT = "--data.init_args.augment.modality_dropout=0.4"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


def fit(corpus, folder, *options, experiment="shallow"):
    given = ["fit", f"--config=experiments/demo/{experiment}.yaml", f"--data.init_args.root={corpus}"]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", "--trainer.max_epochs=2"]
    given += ["--trainer.enable_progress_bar=false", "--trainer.callbacks+=fake.hearing.Heard"]
    return main([*given, *options])


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert fit(corpus, folder, SPEED, DROPOUT) == 0
    return folder, [dict(batch) for batch in Heard.batches]


def lengths(batches, epoch):
    return {index: count for batch in batches if batch["epoch"] == epoch for index, count in batch["lengths"].items()}


def test_it_is_off_by_default(corpus, tmp_path):
    assert fit(corpus, tmp_path) == 0
    assert lengths(Heard.batches, 0) == lengths(Heard.batches, 1)
    assert all(batch["speech"] is None and batch["text"] is None for batch in Heard.batches)


def test_each_epoch_plays_at_other_speeds(whole):
    first, second = (lengths(whole[1], epoch) for epoch in (0, 1))
    ratios = {round(second[index] / count, 2) for index, count in first.items()}
    assert ratios == {1.0, 1.25, 0.8, 1.56, 0.64}


def test_some_lose_a_side_and_none_both(whole):
    speech, text = (torch.cat([batch[side] for batch in whole[1]]) for side in ("speech", "text"))
    assert (speech | text).all()
    assert 0.3 < (~(speech & text)).float().mean() < 0.5
    assert 0.1 < (~speech).float().mean() < 0.3


def test_workers_change_nothing(corpus, whole, tmp_path):
    assert fit(corpus, tmp_path, SPEED, DROPOUT, "--data.init_args.num_workers=2") == 0
    ends_alike(whole[0], tmp_path)


@pytest.mark.parametrize("batches", [2, 6])
def test_a_resumed_fit_changes_nothing(batches, corpus, whole, tmp_path):
    with pytest.raises(Killed):
        fit(corpus, tmp_path, SPEED, DROPOUT, "--resume.minutes=0", *stopped("KillAfter", batches))
    assert fit(corpus, tmp_path, SPEED, DROPOUT, "--ckpt_path=last") == 0
    ends_alike(whole[0], tmp_path)


def test_slowed_down_batches_stay_within_the_budget(corpus, tmp_path):
    budget = "--data.init_args.batch_seconds=2"
    assert fit(corpus, tmp_path, SPEED, budget) == 0
    assert 1.5 < max(batch["samples"] for batch in Heard.batches) / 16000 <= 2


def test_the_tempo_is_as_asked_and_a_tone_rises_with_it():
    tone = torch.sin(2 * torch.pi * 400 * torch.arange(16000) / 16000)
    played = Augment(speed=(1.25,)).clip(tone, (1, 0, "a"))
    assert len(played) == 12800
    assert np.argmax(np.abs(np.fft.rfft(played.numpy()))) * 16000 / 12800 == pytest.approx(500, abs=2)
    assert torch.equal(Augment(speed=(1.0,)).clip(tone, (1, 0, "a")), tone)


@pytest.mark.parametrize("fusion", [Shallow, CoAttention])
@pytest.mark.parametrize("side", ["speech", "text"])
def test_a_side_that_is_not_given_says_nothing(fusion, side):
    torch.manual_seed(0)
    model = EmotionRecognizer(
        ["a", "b"], speech=SpeechEncoder("tiny"), text=TextEncoder("tiny", pooling="mean"), fusion=fusion
    ).eval()
    given = torch.tensor([False, True])

    def says(waveform, transcripts):
        batch = Batch(
            waveform, torch.tensor([8000, 8000]), transcripts, torch.zeros(2), torch.arange(2),
            **{f"{side}_given": given},
        )  # fmt: skip
        return model(batch)

    waveform, other = torch.randn(2, 8000), torch.randn(2, 8000)
    plain = says(waveform, ["yes", "no"])
    changed = says(other, ["yes", "no"]) if side == "speech" else says(waveform, ["never mind", "oh well"])
    assert torch.equal(plain[0], changed[0])
    assert not torch.allclose(plain[1], changed[1])
    plain[0].sum().backward()
    encoder = getattr(model, side).backbone
    assert not any(parameter.grad.any() for parameter in encoder.parameters() if parameter.grad is not None)


def test_what_users_get_wrong(corpus, tmp_path, capsys):
    for option, words in {
        "modality_dropout=1.5": "augment.modality_dropout is 1.5; expected a share from 0 to 1",
        "speed=[90]": "augment.speed holds [90.0]; expected factors from 0.5 to 2, such as 0.9",
    }.items():
        assert fit(corpus, tmp_path, f"--data.init_args.augment.{option}") == 2
        assert words in capsys.readouterr().err.strip().splitlines()[-1]
    assert fit(corpus, tmp_path, DROPOUT, experiment="text_only") == 2
    assert "takes a side away, but the model has only one" in capsys.readouterr().err
