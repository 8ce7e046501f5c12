"""A model folder opened in this process, as the command line asks for it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mser.use.clips import Clip
    from mser.use.prediction import Prediction


def opened(
    args: argparse.Namespace, folder: Path, device: str | None, answered: Callable[[int], None] = lambda _: None
) -> Callable[[Iterable[Clip]], Iterator[Prediction]]:
    """Return what answers clips in their order, with the model loaded onto a device of this process."""
    from mser.use.model import load

    model = load(folder, device=device, asr=args.asr, precision=args.precision, plugins=args.plugin)
    return partial(model.stream, batch_seconds=args.batch_seconds, answered=answered)
