"""Predicting on several devices of this machine: a process for each, which takes the next block of clips."""

from __future__ import annotations

import argparse
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from mser.errors import UserError
from mser.launching import threads_each
from mser.predict.opened import opened

if TYPE_CHECKING:
    from multiprocessing import SimpleQueue

    from mser.use.clips import Clip
    from mser.use.prediction import Prediction

FIRST, BLOCK = 16, 256
"""Clips that a process takes at a time: few at first, so that each has some of a few hundred, then twice as many."""
_ask: Callable[[Iterable[Clip]], Iterator[Prediction]]


def answers(args: argparse.Namespace, folder: Path, clips: Iterable[Clip]) -> Iterator[Prediction]:
    """Yield the answers in the order asked; no more than a few blocks are held at a time.

    Args:
        args: of the command; its devices are separated by commas.
        folder: of the model.
        clips: taken as they are needed.

    Raises:
        UserError: if a process was killed, or the model cannot be used on a device.
    """
    # Started anew: a process that is forked cannot use a GPU.
    context = get_context("spawn")
    devices: SimpleQueue[str] = context.SimpleQueue()
    names = args.device.split(",")
    for name in names:
        devices.put(name)
    blocks = _blocks(iter(clips))
    threads = threads_each(max(names.count("cpu"), 1))
    with ProcessPoolExecutor(len(names), context, _open, (args, folder, devices, threads)) as pool:
        underway: deque[Future[list[Prediction]]] = deque()
        try:
            underway += (pool.submit(_answer, block) for block in islice(blocks, 2 * len(names)))
            while underway:
                yield from underway.popleft().result()
                underway += (pool.submit(_answer, block) for block in islice(blocks, 1))
        except BrokenProcessPool as error:
            raise UserError(
                f"a process on {args.device} ended: it was killed, or cannot use the model there; run again to carry on"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _blocks(clips: Iterator[Clip]) -> Iterator[list[Clip]]:
    size = FIRST
    while block := list(islice(clips, size)):
        yield block
        size = min(2 * size, BLOCK)


def _open(args: argparse.Namespace, folder: Path, devices: SimpleQueue[str], threads: str) -> None:
    global _ask
    device = devices.get()
    if device == "cpu":
        os.environ["OMP_NUM_THREADS"] = threads  # read when torch is imported, by `opened`
    _ask = opened(args, folder, device)


def _answer(block: list[Clip]) -> list[Prediction]:
    return list(_ask(block))
