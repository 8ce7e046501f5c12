"""Augmentation: off by default, a function of seed, epoch and utterance, and never beyond the budget."""

import numpy as np
import pytest
import soundfile
import torch
from fake.corpora.iemocap import make_iemocap
from fake.hearing import Heard
from fake.stop import Killed, ends_alike, stopped

from mser.cli import main
from mser.data.augment import Augment, Hiding
from mser.data.batch import Batch
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.fusion import CoAttention, Shallow
from mser.recognizer import EmotionRecognizer

SPEED = "--data.init_args.augment.speed=[0.8,1.0,1.25]"
DROPOUT = "--data.init_args.augment.modality_dropout=0.4"
MASKS = [f"--data.init_args.augment.{name}_masking=0.3" for name in ("time", "frequency", "token")]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """All there is, at once."""
    folder = tmp_path_factory.mktemp("noise")
    for number in range(3):
        soundfile.write(
            folder / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 5000 * number + 4000), 8000
        )
    return [SPEED, DROPOUT, *MASKS, f"--data.init_args.augment.noise={folder}"]


def fit(corpus, folder, *options, experiment="shallow"):
    given = ["fit", f"--config=experiments/demo/{experiment}.yaml", f"--data.init_args.root={corpus}"]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", "--trainer.max_epochs=2"]
    given += ["--trainer.enable_progress_bar=false", "--trainer.callbacks+=fake.hearing.Heard"]
    return main([*given, *options])


@pytest.fixture(scope="module")
def whole(corpus, everything, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert fit(corpus, folder, *everything) == 0
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


def test_workers_change_nothing(corpus, everything, whole, tmp_path):
    assert fit(corpus, tmp_path, *everything, "--data.init_args.num_workers=2") == 0
    ends_alike(whole[0], tmp_path)


def test_the_number_of_threads_changes_nothing(tmp_path):
    """Workers have one each, the main process has all."""
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 90000), 16000)
    augment = Augment((0.8,), str(tmp_path), time_masking=0.3, frequency_masking=0.3)
    clips = [np.random.default_rng(seed).normal(0, 0.1, 8000 + 4000 * seed).astype(np.float32) for seed in range(20)]
    every, before = [], torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        every.append([augment.clip(torch.from_numpy(clip), (1, 0, "a")).numpy() for clip in clips])
    torch.set_num_threads(before)
    for one, two in zip(*every, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("batches", [2, 6])
def test_a_resumed_fit_changes_nothing(batches, corpus, everything, whole, tmp_path):
    with pytest.raises(Killed):
        fit(corpus, tmp_path, *everything, "--resume.minutes=0", *stopped("KillAfter", batches))
    assert fit(corpus, tmp_path, *everything, "--ckpt_path=last") == 0
    ends_alike(whole[0], tmp_path)


def test_slowed_down_batches_stay_within_the_budget(corpus, tmp_path):
    budget = "--data.init_args.batch_seconds=2"
    assert fit(corpus, tmp_path, SPEED, budget) == 0
    assert 1.5 < max(batch["samples"] for batch in Heard.batches) / 16000 <= 2


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


def test_hidden_states_are_the_papers():
    """Each but the first with its share, whatever the batch; hidden ones change neither summary nor co-attention."""
    torch.manual_seed(0)
    model = EmotionRecognizer(["a", "b"], speech=SpeechEncoder("tiny"), text=TextEncoder("tiny"), fusion=CoAttention)
    keys = [(1, 2, name) for name in "abc"]
    mask = torch.arange(2000) < torch.tensor([[2000], [1500], [30]])
    seen = Hiding(0.5, keys).seen(mask, "speech")
    assert seen[:, 0].all()
    assert not seen[~mask].any()
    assert abs(seen[0].float().mean() - 0.5) < 0.05
    assert torch.equal(Hiding(0.5, keys[2:]).seen(mask[2:, :30], "speech"), seen[2:, :30])
    assert not torch.equal(Hiding(0.5, keys).seen(mask, "text"), seen)

    batch = Batch(torch.randn(1, 16000), torch.tensor([16000]), ["a b c"], torch.zeros(1), torch.arange(1),
                  hiding=Hiding(0.5, keys[:1]))  # fmt: skip
    encoded = model.eval().speech(batch.waveform, batch.lengths)
    seen = batch.hiding.seen(encoded.mask, "speech")
    summary = model._seen(encoded, batch, "speech").summary
    assert torch.allclose(summary, encoded.states[seen].mean(0, keepdim=True), atol=1e-6)
    assert not torch.allclose(summary, encoded.summary, atol=1e-3)


def test_what_users_get_wrong(corpus, tmp_path, capsys):
    for folder in ("empty", "text"):
        (tmp_path / folder).mkdir()
    soundfile.write(tmp_path / "empty/a.wav", [], 16000)
    (tmp_path / "text/a.wav").write_text("no sound")
    for option, words in {
        "modality_dropout=1.5": "augment.modality_dropout is 1.5; expected a share from 0 to 1",
        "speed=[90]": "augment.speed holds [90.0]; expected factors from 0.5 to 2, such as 0.9",
        "snr=[20,5]": "augment.snr is [20.0, 5.0]; expected the least and the greatest dB, such as [5, 20]",
        "time_masking=-1": "augment.time_masking is -1.0; expected a share from 0 to 1",
        "noise=/nowhere": "augment.noise is /nowhere, which is not there; give a folder of wav or flac",
        f"noise={tmp_path}/empty": "empty/a.wav holds no noise, for it is empty; take it out of that folder",
        f"noise={tmp_path}/text": "cannot read noise from",
        "nois=here": "nois",
    }.items():
        assert fit(corpus, tmp_path, f"--data.init_args.augment.{option}") == 2
        assert words in capsys.readouterr().err.strip().splitlines()[-1]
    assert fit(corpus, tmp_path, DROPOUT, experiment="text_only") == 2
    assert "takes a side away, but the model has only one" in capsys.readouterr().err
    assert fit(corpus, tmp_path, MASKS[0], experiment="text_only") == 2
    assert "frequency_masking change speech, but the model only reads; leave them out" in capsys.readouterr().err
    assert fit(corpus, tmp_path, MASKS[2], "--model.text.pooling=first", experiment="text_only") == 2
    assert "token_masking hides states that shallow fusion of first states never sees" in capsys.readouterr().err
