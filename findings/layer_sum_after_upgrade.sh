#!/usr/bin/env bash
# transformers 5.15.0 and 5.16.0 give different logits for one and the same saved speech classifier.
#
# With `use_weighted_layer_sum` and `do_stable_layer_norm` (the large wav2vec 2.0, HuBERT and WavLM), the last of the
# summed layers is the one behind the encoder's closing layer norm up to 5.15.0, and the one before it from 5.16.0 on.
# A head that was fitted on the one hears the other after an upgrade, without a word.
# Consequence: note beside such a classifier which transformers fitted it, and compare logits after upgrading.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
pip() { "$place/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip torch==2.13.0 numpy==2.3.5
cat > "$place/ask.py" <<'PY'
import sys

import torch
import transformers
from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification as Classifier

folder, first = sys.argv[1], len(sys.argv) > 2
if first:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    more = {"conv_dim": (16,) * 7, "num_conv_pos_embedding_groups": 4, "feat_extract_norm": "layer", "num_labels": 4}
    model = Classifier(Wav2Vec2Config(**sizes, **more, do_stable_layer_norm=True, use_weighted_layer_sum=True))
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(folder)
model = Classifier.from_pretrained(folder).eval()
wave = torch.sin(torch.arange(16000) / 7.0)[None]
with torch.no_grad():
    print(transformers.__version__, [round(logit, 3) for logit in model(wave).logits[0].tolist()])
PY
pip transformers==5.15.0
before=$("$place/env/bin/python" "$place/ask.py" "$place/model" first 2>/dev/null)
again=$("$place/env/bin/python" "$place/ask.py" "$place/model" 2>/dev/null)
pip transformers==5.16.0
after=$("$place/env/bin/python" "$place/ask.py" "$place/model" 2>/dev/null)
printf '%s\n%s\n%s\n' "$before" "$again" "$after"
[[ "$before" == "$again" ]] || { echo "changed: not even one version repeats itself"; exit 1; }
[[ "${before#* }" != "${after#* }" ]] || { echo "changed: both versions say the same"; exit 1; }
echo "seen: the same folder, other logits"
