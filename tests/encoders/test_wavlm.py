"""WavLM's attention, ours, beside transformers' own: states, gradients, LoRA."""

import copy

import pytest
import torch
from fake.encoders import SMALL, save_waveform
from transformers import WavLMConfig, WavLMModel

from mser.encoders.encoder import SpeechEncoder
from mser.encoders.speech.wavlm import GatedAttention, gate_attention
from mser.use.inference import settle


@pytest.fixture(params=[False, True], ids=["post-norm", "pre-norm"])
def pair(request):
    """A model whose positions matter, as transformers computes it and as we do."""
    torch.manual_seed(0)
    front = {"conv_dim": (16,) * 7, "num_conv_pos_embedding_groups": 4, "layerdrop": 0.0}
    norm = {"feat_extract_norm": "layer", "do_stable_layer_norm": True} if request.param else {}
    theirs = WavLMModel(WavLMConfig(**SMALL, **front, **norm, num_buckets=32, max_bucket_distance=80)).eval()
    with torch.no_grad():
        theirs.encoder.layers[0].attention.rel_attn_embed.weight.normal_()
        for layer in theirs.encoder.layers:
            layer.attention.gru_rel_pos_const.normal_(1, 0.5)
            layer.attention.gru_rel_pos_linear.weight.normal_(0, 0.5)
    ours = copy.deepcopy(theirs)
    gate_attention(ours)
    return theirs, ours


@pytest.mark.parametrize("padded", [False, True])
def test_states_and_gradients_are_those_of_transformers(pair, padded):
    waveform, mask = torch.randn(2, 50_000), torch.ones(2, 50_000, dtype=torch.long)
    mask[1, 30_000:] = 0
    given = {"attention_mask": mask} if padded else {}
    states = [model(waveform, **given).last_hidden_state for model in pair]
    torch.testing.assert_close(states[1], states[0], atol=1e-5, rtol=0)
    weights = torch.randn_like(states[0])
    gradients = []
    for model, state in zip(pair, states, strict=True):
        (state * weights).mean().backward()
        gradients.append({name: one.grad for name, one in model.named_parameters() if one.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, atol=1e-5, rtol=1e-4)


def test_the_fused_kernel_gives_the_same_without_gradients(pair):
    waveform = torch.randn(1, 30_000)
    with torch.no_grad():
        theirs, ours = (model(waveform).last_hidden_state for model in pair)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


def test_lora_reaches_the_attention_and_merges(tmp_path):
    save_waveform(tmp_path, "wavlm")
    encoder = SpeechEncoder(str(tmp_path), tune="lora").eval()
    attention = [module for module in encoder.modules() if isinstance(module, GatedAttention)]
    layers = [getattr(one, f"{name}_proj") for one in attention for name in ("q", "k", "v", "out")]
    assert len(layers) == 8
    for layer in layers:
        torch.nn.init.normal_(layer.lora_B["default"].weight, std=0.1)
    waveform, lengths = torch.randn(2, 12_000), torch.tensor([12_000, 9_000])
    with torch.inference_mode():
        before = encoder(waveform, lengths).states
        settle(encoder)
        torch.testing.assert_close(encoder(waveform, lengths).states, before, atol=1e-5, rtol=0)
