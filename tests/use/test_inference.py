"""A model in use computes nothing twice that stays the same, and says what it said."""

import pytest
import torch
from fake.encoders import save_waveform

from mser.encoders.encoder import SpeechEncoder
from mser.use.inference import pack, settle


def test_normed_weights_and_lora_become_weights(tmp_path):
    save_waveform(tmp_path, "hubert")
    encoder = SpeechEncoder(str(tmp_path), tune="lora").eval()
    for name, parameter in encoder.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)  # zero at first, so that nothing would be added
    waveform, lengths = torch.randn(1, 12000), torch.tensor([12000])
    ran = []
    for name, module in encoder.named_modules():
        if "lora_A" in name or "parametrizations" in name:
            module.register_forward_hook(lambda *_, name=name: ran.append(name))
    with torch.no_grad():
        before = encoder(waveform, lengths).states
        assert any("lora_A" in name for name in ran)
        assert any("parametrizations" in name for name in ran)
        settle(encoder)
        ran.clear()
        torch.testing.assert_close(encoder(waveform, lengths).states, before, atol=1e-5, rtol=0)
    assert ran == []


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN")
@pytest.mark.parametrize("family", ["hubert", "wavlm"])
def test_layers_are_packed(family, tmp_path):
    save_waveform(tmp_path, family)
    encoder = SpeechEncoder(str(tmp_path)).eval()
    waveform, lengths = torch.randn(2, 12000), torch.tensor([12000, 9000])
    with torch.inference_mode():
        before = encoder(waveform, lengths).states
        pack(encoder)
        for _ in range(2):
            torch.testing.assert_close(encoder(waveform, lengths).states, before, atol=1e-5, rtol=0)
    layers = [module for module in encoder.modules() if isinstance(module, torch.nn.Linear)]
    assert all(layer.weight.is_mkldnn for layer in layers)
    assert not any("weight" in layer._parameters for layer in layers)
