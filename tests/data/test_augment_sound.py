"""What is done to the sound of the training part: playing speed, noise at an exact ratio, masks."""

import numpy as np
import pytest
import soundfile
import torch
from fake.corpora.iemocap import make_iemocap
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mser.data.augment import Augment
from mser.data.datamodules import IEMOCAP
from mser.data.masking import spec_masked
from mser.errors import UserError

SHARES = st.floats(0, 1)


def test_the_tempo_is_as_asked_and_a_tone_rises_with_it():
    tone = torch.sin(2 * torch.pi * 400 * torch.arange(16000) / 16000)
    played = Augment(speed=(1.25,)).clip(tone, (1, 0, "a"))
    assert len(played) == 12800
    assert np.argmax(np.abs(np.fft.rfft(played.numpy()))) * 16000 / 12800 == pytest.approx(500, abs=2)
    assert torch.equal(Augment(speed=(1.0,)).clip(tone, (1, 0, "a")), tone)


@pytest.fixture
def folder(tmp_path):
    for number in range(4):
        path = tmp_path / f"deep/{number}.flac"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.random.default_rng(number).normal(0, 0.05 + 0.1 * number, 48000), 16000)
    (tmp_path / "readme.txt").write_text("no noise")
    return tmp_path


def decibels(clip, noise):
    return 10 * torch.log10(clip.square().sum() / noise.square().sum()).item()


@pytest.mark.parametrize("samples", [400, 16000, 160000])
def test_the_ratio_is_exact(samples, folder):
    clip = torch.sin(torch.arange(samples) / 9)
    for ratio in (-5.0, 0.0, 30.0):
        noisy = Augment(noise=str(folder), snr=(ratio, ratio)).clip(clip, (1, 0, "a"))
        assert len(noisy) == samples
        assert decibels(clip, noisy - clip) == pytest.approx(ratio, abs=0.01)


def test_ratio_recording_and_place_are_drawn_anew(folder):
    augment, clip = Augment(noise=str(folder), snr=(5, 20)), torch.sin(torch.arange(16000) / 9)
    noises = [augment.clip(clip, (1, epoch, "a")) - clip for epoch in range(40)]
    ratios = [decibels(clip, noise) for noise in noises]
    assert 5 <= min(ratios) < 8
    assert 17 < max(ratios) <= 20
    assert torch.equal(augment.clip(clip, (1, 3, "a")) - clip, noises[3])
    assert not any(torch.equal(noises[0], noise) for noise in noises[1:])
    assert not torch.equal(augment.clip(clip, (1, 0, "b")) - clip, noises[0])


def test_silence_stays_silence(tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(1000), 16000)
    clip = torch.ones(16000)
    assert torch.equal(Augment(noise=str(tmp_path)).clip(clip, (1, 0, "a")), clip)
    assert not Augment(noise=str(tmp_path)).clip(torch.zeros(16000), (1, 0, "a")).any()


def test_what_is_no_noise(tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    with pytest.raises(UserError, match=r"cannot read noise from .*broken.wav: .*; take it out of that folder"):
        Augment(noise=str(tmp_path)).clip(torch.ones(900), (1, 0, "a"))


@given(st.integers(1, 40000), SHARES, SHARES, st.integers(0, 99))
@settings(max_examples=60)
@example(1, 0.99609375, 0.0, 1)
def test_masks_fit_clips_of_every_length(samples, time, frequency, seed):
    clip = torch.from_numpy(np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32))
    masked = spec_masked(clip, time=time, frequency=frequency, random=np.random.default_rng(seed))
    assert masked.shape == clip.shape
    assert masked.isfinite().all()
    if time == frequency == 0:
        assert torch.allclose(masked, clip, atol=1e-6)
    if frequency == 0:
        assert (masked == 0).float().mean() <= time


def test_bands_fall_silent_and_the_rest_is_as_it_was():
    clip = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, 64000).astype(np.float32))
    for seed in range(20):
        masked = spec_masked(clip, time=0, frequency=0.4, random=np.random.default_rng(seed))
        left = torch.fft.rfft(masked).abs().square() / torch.fft.rfft(clip).abs().square()
        bins = left[: 64000 // 400 * 200].view(200, -1).mean(1)  # 40 Hz each
        mel = 2595 * torch.log10(1 + torch.arange(200) * 40 / 700)
        silent = (bins < 0.1).float() * torch.diff(mel, append=torch.tensor([2840.02]))
        assert silent.sum() / 2840 <= 0.4
        assert (bins > 0.9).sum() > 60


def test_only_the_training_part_is_changed(tmp_path, folder):
    make_iemocap(tmp_path / "corpus", turns=6)
    everything = Augment((0.8,), str(folder), (0, 5), 0.5, 0.5, 0.5, 0.5)
    changed, plain = (IEMOCAP(str(tmp_path / "corpus"), augment=augment) for augment in (everything, Augment()))
    for data in (changed, plain):
        data.setup("fit")
        data.setup("test")
    for part in ("val", "test"):
        for one, other in zip(
            getattr(changed, f"{part}_dataloader")(), getattr(plain, f"{part}_dataloader")(), strict=True
        ):
            assert torch.equal(one.waveform, other.waveform)
            assert (one.hiding, one.speech_given) == (None, None)
    one = next(iter(changed.train_dataloader()))
    assert one.hiding is not None
    assert one.speech_given is not None
