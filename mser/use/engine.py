"""What runs a model's weights: PyTorch, or ONNX Runtime where PyTorch need not be installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from mser.errors import UserError
from mser.manifest import Seconds
from mser.scoring.temperature import Floats
from mser.use.ready import Ready
from mser.use.settings import Settings

Precision = Literal["32", "bf16"]
AT_ONCE_ON_CPU: Seconds = 8.0
"""In batches of more, what a layer passes on leaves a processor's caches: 30 s take a fifth longer for each clip."""


class Engine(Protocol):
    """What runs a model's weights: PyTorch or ONNX Runtime."""

    def answers(self, chosen: Sequence[Ready]) -> list[Floats]:
        """Return, of each member, (B, C) probabilities that are not calibrated yet, or scores."""

    @property
    def at_once(self) -> Seconds:
        """How many seconds of audio are worth a batch; more would take no less time for each."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a transcript are read; 0 for a model that only hears."""

    def cuts(self, text: str) -> bool:
        """Return whether a transcript has more tokens than are read."""


def engine_of(settings: Settings, folder: Path, device: str | None, precision: Precision) -> Engine:
    """Return what runs a model folder's weights.

    Args:
        settings: what the folder says.
        folder: where it lies.
        device: such as ``cpu`` or ``cuda:1``; a GPU if there is one when None.
        precision: of PyTorch's computations.

    Raises:
        UserError: if it cannot be had here.
    """
    if settings.is_onnx:
        if precision != "32":
            raise UserError(
                f"{folder} is run by ONNX Runtime, in the precision that it was exported with; leave {precision} out"
            )
        from mser.use.onnx_engine import OnnxEngine

        return OnnxEngine(settings, folder, device)
    try:
        from mser.use.torch_engine import TorchEngine
    except ModuleNotFoundError as error:
        raise UserError(
            f"{folder} is run by PyTorch, but {error.name} is not installed; install it, or export with --onnx"
        ) from error
    return TorchEngine(settings, folder, device, half=precision == "bf16")
