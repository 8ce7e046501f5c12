"""Clips of many requests answered together: one thread computes, and takes whatever waits by then."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias

from mser.manifest import Seconds
from mser.use.model import BATCH_SECONDS, Model, Prediction
from mser.use.prepared import Ready

_Waiting: TypeAlias = tuple[Ready, "Future[Prediction]"]
_MOST = 128
"""Clips that are sorted by length together: more would let the first of them wait for longer."""


class Batcher:
    """Answers clips from any number of threads: to be used by ``with``.

    Clips are decoded by the thread that asks. The model is asked by one thread, since tokenizers and speech recognisers
    bear no more, and its batches are those of `mser.use.model.Model.answers`: what a clip is told depends on no other.

    Args:
        model: any.
        batch_seconds: as for `Model.stream`.
    """

    def __init__(self, model: Model, batch_seconds: Seconds = BATCH_SECONDS) -> None:
        self.model, self.batch_seconds = model, batch_seconds
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="mser-batcher", daemon=True)

    def put(self, prepared: Ready | Prediction) -> Future[Prediction]:
        """Return what will be said of a clip that `Model.prepared` gave."""
        future: Future[Prediction] = Future()
        if isinstance(prepared, Ready):
            self._waiting.put((prepared, future))
        else:
            future.set_result(prepared)
        return future

    def __enter__(self) -> Batcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Answer what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while first := self._waiting.get():
            self._answer([first, *islice(self._waiting_now(), _MOST - 1)])

    def _waiting_now(self) -> Iterator[_Waiting]:
        while True:
            try:
                waiting = self._waiting.get_nowait()
            except Empty:
                return
            if waiting is None:
                self._waiting.put(None)  # comes last, so nothing waits behind it
                return
            yield waiting

    def _answer(self, several: list[_Waiting]) -> None:
        try:
            for batch in self.model.answers([prepared for prepared, _ in several], self.batch_seconds):
                for place, prediction in batch.items():
                    several[place][1].set_result(prediction)
        except Exception as error:  # a fault of ours: who waits is told, and the next are answered
            for _, future in several:
                if not future.done():
                    future.set_exception(error)
