#!/usr/bin/env bash
# transformers 5.23.0: with an attention mask, three families of speech encoders still hear the padding behind a clip.
#
# A clip of 9,000 samples is encoded alone and beside one of 16,000, zeros behind it and the mask given. The states of
# wav2vec 2.0 (layer norm) agree. Those of Wav2Vec2-Conformer do not: its depthwise convolutions see frames that are no
# longer zero after the first layer. Those of HuBERT with `conv_pos_batch_norm` (mHuBERT) do not: the batch norm turns
# masked zeros into other numbers before the positional convolution. Those of SEW do not, where the clip has an odd
# number of frames: the last one shares a squeezed frame with padding.
# Consequence: scores of such encoders depend on batch size and order; encode clips one by one, or mask before these
# convolutions.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.3.5 transformers==5.23.0
"$place/env/bin/python" - 2>/dev/null <<'PY'
import sys

import torch
import transformers as hf

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
         "conv_dim": (16,) * 7, "num_conv_pos_embedding_groups": 4, "apply_spec_augment": False}
NORM = {"feat_extract_norm": "layer"}
SQUEEZED = {"conv_kernel": (10, 3, 3, 3, 3, 2, 2), "conv_stride": (5, 2, 2, 2, 2, 2, 2)}
FAMILIES = {
    "wav2vec2": (hf.Wav2Vec2Model, hf.Wav2Vec2Config, NORM),
    "wav2vec2-conformer": (hf.Wav2Vec2ConformerModel, hf.Wav2Vec2ConformerConfig, NORM),
    "hubert, conv_pos_batch_norm": (hf.HubertModel, hf.HubertConfig, NORM | {"conv_pos_batch_norm": True}),
    "sew": (hf.SEWModel, hf.SEWConfig, NORM | SQUEEZED),
}
print("transformers", hf.__version__)
differ = {}
for name, (kind, settings, more) in FAMILIES.items():
    torch.manual_seed(0)
    model = kind(settings(**SIZES | more)).eval()
    for weight in (*model.parameters(), *(buffer for key, buffer in model.named_buffers() if "running_mean" in key)):
        torch.nn.init.normal_(weight, std=0.2)
    waves, mask = torch.randn(2, 16000), torch.ones(2, 16000, dtype=torch.long)
    waves[1, 9000:], mask[1, 9000:] = 0, 0
    with torch.no_grad():
        alone = model(waves[1:, :9000]).last_hidden_state[0]
        beside = model(waves, attention_mask=mask).last_hidden_state[1, : len(alone)]
    real = len(alone) - (name == "sew")  # whose last, odd frame has no state alone
    differ[name] = (alone[:real] - beside[:real]).abs().max().item()
    print(f"{name}: {len(alone)} frames, largest difference of a state {differ[name]:.2g}")
if differ.pop("wav2vec2") > 1e-4 or min(differ.values()) < 1e-3:
    sys.exit("changed: others hear the padding now")
print("seen: the padding is heard in three families of four")
PY
