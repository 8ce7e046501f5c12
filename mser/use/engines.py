"""Which engine runs a model folder's weights. Imports torch or ONNX Runtime once it is asked."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from mser.errors import UserError
from mser.use.engine import Engine, Precision
from mser.use.settings import Settings


def engine_of(
    settings: Settings, folder: Path, device: str | None, precision: Precision, plugins: Collection[str]
) -> Engine:
    """Return what runs a model folder's weights.

    Args:
        settings: what the folder says.
        folder: where it lies.
        device: such as ``cpu`` or ``cuda:1``; a GPU if there is one when None.
        precision: of PyTorch's computations.
        plugins: packages whose classes it may name.

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
    if isinstance(plugins, str):
        plugins = [plugins]
    return TorchEngine(settings, folder, device, half=precision == "bf16", plugins=plugins)
