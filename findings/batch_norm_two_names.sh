#!/usr/bin/env bash
# safetensors 0.8.0 cannot load what it saved of a torch 2.13.0 model whose BatchNorm is reachable by two names.
#
# `save_model` keeps one of two names of a shared tensor, `load_model` forgives the other. But torch's BatchNorm adds
# its missing `num_batches_tracked` to whatever it loads, under the name that was left out: "unexpected key". Any
# model that lists its layers twice (a Conformer beside a list of its blocks) meets it; one without batch norm does not.
# Consequence: save such a model by `state_dict()` with one name of each, or set `track_running_stats` to False.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.3.5 safetensors==0.8.0 packaging==26.0
"$place/env/bin/python" - "$place/model.safetensors" <<'PY'
import sys

import safetensors
import torch
from safetensors.torch import load_model, save_model


class Twice(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.encoder = torch.nn.Sequential(layer)
        self.blocks = torch.nn.ModuleList(self.encoder)


print("safetensors", safetensors.__version__, "torch", torch.__version__)
said = {}
for layer in (torch.nn.LayerNorm, torch.nn.BatchNorm1d):
    save_model(Twice(layer(3)), sys.argv[1])
    try:
        load_model(Twice(layer(3)), sys.argv[1])
        said[layer] = "loads"
    except RuntimeError as error:
        said[layer] = str(error).splitlines()[-1].strip()
    print(f"{layer.__name__}: {said[layer]}")
if said[torch.nn.LayerNorm] != "loads" or "num_batches_tracked" not in said[torch.nn.BatchNorm1d]:
    sys.exit("changed: it is otherwise now")
print("seen: the batch norm's count is unexpected in the file that was just saved")
PY
