"""A model in use computes nothing twice that stays the same, and says what it said."""

import torch
from test_encoders import save_waveform

from mser.encoders.encoder import SpeechEncoder
from mser.use.settled import settle


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
