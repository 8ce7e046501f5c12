"""Linear layers on a processor by oneDNN, their weights laid out for it once."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Packed(nn.Linear):
    """A linear layer, not to be trained or moved again, that lays out its weights when it is first called.

    Some models never call a layer but read its weights, as WavLM's attention does: those stay as they are.
    """

    def forward(self, states: Tensor) -> Tensor:
        """Return (..., out) of (..., in): what the layer would give, but for rounding."""
        weight: Tensor = self.weight
        if not weight.is_mkldnn:
            weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)
            self._buffers["weight"] = weight
            self._parameters.pop("weight", None)  # afterwards, so that other threads always find one of the two
        said: Tensor = torch.ops.mkldnn._linear_pointwise(states, weight, self.bias, "none", [], "")
        return said


def pack(model: nn.Module) -> None:
    """Let oneDNN compute a model's linear layers from now on, in place, where PyTorch was built with it.

    PyTorch itself asks MKL, with which a clip of a base-size model took a third longer (two cores of an AMD EPYC).

    Args:
        model: in float32 on the CPU and in evaluation mode.
    """
    if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        for module in model.modules():
            if type(module) is nn.Linear:
                module.__class__ = Packed
