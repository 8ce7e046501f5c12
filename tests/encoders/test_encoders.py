"""Every family of encoders: a clip alone equals the clip in a batch, and equals transformers' own output."""

import pytest
import torch
import transformers as hf
from fake.encoders import (
    SENTENCES,
    TEXT,
    WAVEFORM,
    clips,
    save_ast,
    save_text,
    save_wav2vec2_bert,
    save_waveform,
    save_whisper,
)
from safetensors.torch import load_file, save_file

from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.speech.whisper import sinusoids
from mser.errors import UserError


def check_alone_as_in_a_batch(encoder):
    waveform, lengths = clips()
    encoder.eval()
    with torch.no_grad():
        batch = encoder(waveform, lengths)
        for row, count in enumerate(lengths.tolist()):
            alone = encoder(waveform[row : row + 1, :count], lengths[row : row + 1])
            real = alone.states[0][alone.mask[0]]
            torch.testing.assert_close(batch.states[row][batch.mask[row]], real, atol=1e-4, rtol=0)
            torch.testing.assert_close(batch.summary[row], alone.summary[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", WAVEFORM)
def test_waveform_families(family, tmp_path):
    model = save_waveform(tmp_path, family)
    summable = not family.startswith("sew")
    check_alone_as_in_a_batch(SpeechEncoder(str(tmp_path), layer_sum=summable, pooling="attention"))
    wave = torch.randn(1, 12000)
    encoder = SpeechEncoder(str(tmp_path)).eval()
    normal = (wave - wave.mean()) / (wave.var(correction=0) + 1e-7).sqrt()
    with torch.no_grad():
        expected = model(normal).last_hidden_state
        found = encoder(wave, torch.tensor([12000]))
        real = found.mask[0]
        assert real.sum() >= len(real) - 1
        torch.testing.assert_close(found.states[0][real], expected[0][real], atol=1e-4, rtol=0)


@pytest.mark.parametrize("save", [save_whisper, save_wav2vec2_bert, save_ast])
def test_spectrogram_families(save, tmp_path):
    save(tmp_path)
    check_alone_as_in_a_batch(SpeechEncoder(str(tmp_path), layer_sum=True))


def test_a_spectrogram_of_one_window_is_that_of_transformers(tmp_path):
    model, wave = save_ast(tmp_path), torch.randn(1, 9000) * 0.1
    features = hf.ASTFeatureExtractor.from_pretrained(tmp_path)(
        wave[0].numpy(), sampling_rate=16000, return_tensors="pt"
    )
    found = SpeechEncoder(str(tmp_path)).eval()(wave, torch.tensor([9000]))
    torch.testing.assert_close(found.states, model(**features).last_hidden_state, atol=1e-4, rtol=0)
    # Two tokens, and of two rows of patches the five columns that begin within 54 frames.
    assert found.mask.tolist() == [[True] * 2 + [True] * 5 + [True] * 5]


def test_the_language_of_adapters(tmp_path):
    save_waveform(tmp_path, "mms")
    weights = load_file(tmp_path / "model.safetensors")
    adapters = {f"wav2vec2.{key}": one + 1 for key, one in weights.items() if ".adapter_layer." in key}
    save_file(adapters | {"lm_head.weight": torch.zeros(3, 32)}, tmp_path / "adapter.fra.safetensors")
    other, own = SpeechEncoder(str(tmp_path), adapter="fra"), SpeechEncoder(str(tmp_path))
    for (key, found), (_, before) in zip(other.named_parameters(), own.named_parameters(), strict=True):
        torch.testing.assert_close(found, before + (".adapter_layer." in key))
    refused(lambda: SpeechEncoder(str(tmp_path), adapter="deu"), "no adapter.deu.safetensors; it has those for fra")
    (tmp_path / "adapter.fra.safetensors").write_bytes(b"not weights")
    refused(lambda: SpeechEncoder(str(tmp_path), adapter="fra"), "cannot read", "get it again")
    save_file({}, tmp_path / "adapter.fra.safetensors")
    refused(lambda: SpeechEncoder(str(tmp_path), adapter="fra"), "lacks 12 weights of the adapters")
    save_waveform(tmp_path, "hubert")
    refused(lambda: SpeechEncoder(str(tmp_path), adapter="fra"), "has no adapters; leave it out")


def test_no_sum_over_layers_of_other_lengths(tmp_path):
    save_waveform(tmp_path, "sew")
    refused(lambda: SpeechEncoder(str(tmp_path), layer_sum=True), "model.speech.layer_sum cannot be had of")


def test_tiny_speech_and_clips_beyond_thirty_seconds():
    encoder = SpeechEncoder("tiny", pooling="first").eval()
    check_alone_as_in_a_batch(encoder)
    assert encoder(torch.randn(1, 32 * 16000), torch.tensor([32 * 16000])).states.shape[1] == 800


def test_whisper_positions_continue_the_table():
    from transformers.models.whisper.modeling_whisper import sinusoids as theirs

    torch.testing.assert_close(sinusoids(100, 32), theirs(100, 32), atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", TEXT)
def test_text_families(family, tmp_path):
    model = save_text(tmp_path, family)
    encoder = TextEncoder(str(tmp_path), layer_sum=True, pooling="mean").eval()
    with torch.no_grad():
        batch = encoder(*encoder.tokenize(SENTENCES))
        for row, sentence in enumerate(SENTENCES):
            alone = encoder(*encoder.tokenize([sentence]))
            torch.testing.assert_close(batch.summary[row], alone.summary[0], atol=1e-4, rtol=0)
        tokens, mask = encoder.tokenize(SENTENCES[:1])
        expected = model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
        last = TextEncoder(str(tmp_path)).eval()(tokens, mask)
        torch.testing.assert_close(last.states, expected, atol=1e-5, rtol=0)
        torch.testing.assert_close(last.summary, expected[:, 0], atol=1e-5, rtol=0)


def test_long_transcripts_keep_their_closing_token(tmp_path):
    save_text(tmp_path, "roberta")
    encoder = TextEncoder(str(tmp_path), max_tokens=20)
    tokens, mask = encoder.tokenize(["on and " * 50])
    assert tokens.shape == (1, 20)
    assert tokens[0, -1] == 3  # [SEP]
    assert mask.all()


@pytest.mark.parametrize(
    ("tune", "moving"), [("full", {0, 1}), ("frozen", set()), (1, {1}), (2, {0, 1})], ids=["full", "frozen", "1", "2"]
)
def test_which_layers_move(tune, moving, tmp_path):
    save_waveform(tmp_path, "hubert")
    encoder = SpeechEncoder(str(tmp_path), tune=tune).train()
    assert encoder.backbone.training == (tune != "frozen")
    before = {name: parameter.clone() for name, parameter in encoder.named_parameters()}
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
    summary = encoder(*clips()).summary
    if summary.requires_grad:
        summary.square().sum().backward()
        optimizer.step()
    moved = {name for name, parameter in encoder.named_parameters() if not torch.equal(parameter, before[name])}
    assert {int(name.split("layers.")[1][0]) for name in moved if "transformer.layers." in name} == moving
    assert not any("convolutions" in name for name in moved)


def test_the_front_moves_when_asked(tmp_path):
    save_waveform(tmp_path, "hubert")
    assert all(p.requires_grad for p in SpeechEncoder(str(tmp_path), freeze_front=False).backbone.parameters())


def refused(make, *texts):
    with pytest.raises(UserError) as error:
        make()
    for text in texts:
        assert text in str(error.value)


def test_wrong_names(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    save_text(tmp_path, "bert")
    refused(lambda: SpeechEncoder(str(tmp_path)), "is a bert model, which is no speech encoder", "in its place?")
    refused(lambda: SpeechEncoder(str(tmp_path / "nowhere")), "no speech encoder", "give a local folder")
    refused(lambda: TextEncoder("nobody/nothing"), "no text encoder 'nobody/nothing'", "check the name")
    refused(
        lambda: TextEncoder(str(tmp_path), tune=9), "tune: 9 is no number of layers that this encoder has; give 1 to 2"
    )
    (tmp_path / "model.safetensors").unlink()
    refused(lambda: TextEncoder(str(tmp_path)), "cannot read the weights", "copy the whole folder again")


def test_speech_given_as_text(tmp_path):
    save_waveform(tmp_path, "hubert")
    refused(lambda: TextEncoder(str(tmp_path)), "hears and does not read")
