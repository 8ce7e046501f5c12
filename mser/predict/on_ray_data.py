"""Predicting on a Ray cluster, through Ray Data: copies of the model, to which the clips are dealt."""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mser.errors import UserError
from mser.launching import connect
from mser.predict.opened import opened

if TYPE_CHECKING:
    from mser.use.clips import Clip
    from mser.use.prediction import Prediction

BLOCK = 64
"""Clips that a copy of the model takes at a time."""


class Copy:
    """One copy of the model, on a machine of the cluster."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.ask = opened(args, folder, args.device)

    def __call__(self, block: dict[str, Any]) -> dict[str, list[str]]:
        """Return the answers to a block of clips, as lines of JSON."""
        from mser.use.clips import Clip

        clips = [Clip(**json.loads(line)) for line in block["clip"]]
        return {"said": [json.dumps(asdict(prediction)) for prediction in self.ask(clips)]}


def answers(args: argparse.Namespace, folder: Path, clips: Iterable[Clip]) -> Iterator[Prediction]:
    """Yield the answers in the order asked.

    Args:
        args: of the command; all machines see the model and the recordings under the same paths.
        folder: of the model.
        clips: all of them are taken at once, and wait in the cluster's store of objects.

    Raises:
        UserError: if there is no such cluster, or the model cannot be used on its machines.
    """
    resources = connect(args.ray)
    import ray

    from mser.use.prediction import Prediction

    blocks = _stored(ray, clips)
    if not blocks:
        return
    _settle(ray)
    copies = _copies(ray, resources, len(blocks))
    predicted = ray.data.from_arrow_refs(blocks).map_batches(
        Copy,
        fn_constructor_args=(args, folder.resolve()),
        batch_size=BLOCK,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=copies),
        **resources,
    )
    try:
        for row in predicted.iter_rows():
            answer = json.loads(row["said"])
            yield Prediction(**{**answer, "used": tuple(answer["used"])})
    except ray.exceptions.RayError as error:
        raise UserError(f"{_reason(error)} (on the Ray cluster); run again to carry on") from error


def _stored(ray: Any, clips: Iterable[Clip]) -> list[Any]:
    """Return references to blocks of clips, so that this process does not hold the clips themselves."""
    import pyarrow

    lines = (json.dumps(asdict(_absolute(clip)), default=str) for clip in clips)
    blocks = iter(lambda: list(islice(lines, BLOCK)), [])
    return [ray.put(pyarrow.table({"clip": block})) for block in blocks]


def _absolute(clip: Clip) -> Clip:
    """Return the clip with the path of its recording, if it has one, from the root; what it is called stays."""
    path = str(clip.audio or "")
    return replace(clip, audio=os.path.abspath(path)) if path and "://" not in path else clip


def _settle(ray: Any) -> None:
    """Ask for rows in their order, and for silence."""
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context.print_on_execution_start = False


def _copies(ray: Any, resources: dict[str, Any], blocks: int) -> int:
    """Return how many copies have room in the cluster, no more than there are blocks for them."""
    there = ray.cluster_resources()
    options = {"CPU": resources["num_cpus"], "GPU": resources["num_gpus"]}
    room = min(there.get(name, 0) // number for name, number in options.items() if number)
    return max(min(int(room), blocks), 1)


def _reason(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if "UserError: " in line]
    return lines[-1].rpartition("UserError: ")[2] if lines else str(error).strip().splitlines()[-1]
