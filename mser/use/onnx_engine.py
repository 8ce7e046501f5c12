"""A model folder's graphs run by ONNX Runtime. Imports no torch, and runs where there is none."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError, brief
from mser.scoring.temperature import Floats
from mser.use.engine import AT_ONCE_ON_CPU, Side
from mser.use.prepared import Ready
from mser.use.settings import AGAIN, FILE, Settings
from mser.use.words.transcript_tokens import Ids, padded, token_ids

ANSWERS, FUSED, SPEECH_MASK = "answers", "fused", "speech_mask"
"""Of a graph's outputs, what the model says, what its head says that of, and which states of speech are real."""


def states_of(side: Side) -> str:
    """Return what the output of a side's states is called; its summary has the name of the side."""
    return f"{side}_states"


class OnnxEngine:
    """The members of a model folder that ``mser export --onnx`` made.

    Args:
        settings: what the folder says.
        folder: where it lies.
        device: ``cpu``, or ``cuda`` where onnxruntime-gpu is installed; a GPU if it can be used when None.

    Raises:
        UserError: if onnxruntime is missing or cannot use the device, or a graph is damaged or of another model.
    """

    def __init__(self, settings: Settings, folder: Path, device: str | None) -> None:
        paths = [folder / member.weights for member in settings.members]
        self.graphs = [_session(path, device) for path in paths]
        for path, graph in zip(paths, self.graphs, strict=True):
            _require_fit(path, graph, settings)
        on_cpu = self.graphs[0].get_providers()[0] == "CPUExecutionProvider"
        self.at_once = AT_ONCE_ON_CPU if on_cpu else math.inf
        text = settings.model["text"]
        self.max_tokens: int = text["max_tokens"] if text else 0
        self.ids: Ids | None = None
        if text:
            self.ids, self.pad = token_ids(folder / "text", text["name"])

    def answers(self, chosen: Sequence[Ready]) -> list[Floats]:
        """Return, of each member, (B, C) probabilities that are not calibrated yet, or scores.

        Raises:
            MemoryError: if the batch is too large for the device.
            UserError: if a graph cannot be run, since a file beside it is of another model.
        """
        batch = self._batch(chosen)
        return [_run(graph, batch, ANSWERS)[0].astype(np.float64) for graph in self.graphs]

    def embedding(self, clip: Ready, of: Side, *, frames: bool = False, member: int = 0) -> NDArray[np.float32]:
        """Return (D,) of a clip that has the side, or (T, D) of its frames or tokens, as a member computes it.

        Raises:
            MemoryError: if the clip is too large for the device.
            UserError: if the graph is one of those that were made to answer alone.
        """
        graph, batch = self.graphs[member], self._batch([clip])
        names = [states_of(of) if frames else of, *([SPEECH_MASK] if frames and of == "speech" else [])]
        if not set(names) <= {output.name for output in graph.get_outputs()}:
            raise UserError(
                "the graph of this folder gives answers alone, as those of earlier versions do; export the model again"
            )
        vector, *mask = (output[0] for output in _run(graph, batch, *names))
        return np.asarray(vector[mask[0]] if mask else vector, dtype=np.float32)  # tokens of one clip have no padding

    def cuts(self, text: str) -> bool:
        """Return whether a transcript has more tokens than are read."""
        return self.ids is not None and len(self.ids(text, self.max_tokens + 1)) > self.max_tokens

    def _batch(self, chosen: Sequence[Ready]) -> dict[str, Any]:
        waveform, mask = padded([prepared.waveform for prepared in chosen], np.float32(0))
        inputs = {"waveform": waveform, "lengths": mask.sum(1)}
        if self.ids is not None:
            ids = [np.asarray(self.ids(prepared.transcript or "", self.max_tokens), np.int64) for prepared in chosen]
            inputs["tokens"], inputs["mask"] = padded(ids, np.int64(self.pad))
        return inputs | {
            f"{side}_given": np.array([side in prepared.sides for prepared in chosen]) for side in ("speech", "text")
        }


def _run(graph: Any, batch: dict[str, Any], *outputs: str) -> list[NDArray[Any]]:
    try:
        return list(graph.run(outputs, {source.name: batch[source.name] for source in graph.get_inputs()}))
    except Exception as error:  # onnxruntime has a class of its own for each kind of failure
        if "alloc" in str(error).lower():
            raise MemoryError from error
        raise UserError(f"ONNX Runtime failed: {brief(error)}; {AGAIN}") from error


def _session(path: Path, device: str | None) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise UserError(
            f"{path.parent} is a model for ONNX Runtime, which is not installed: pip install 'multimodal-ser[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, too
    threads = os.environ.get("OMP_NUM_THREADS", "")  # which it does not heed by itself
    options.intra_op_num_threads = int(threads) if threads.isdigit() else 0
    try:
        return onnxruntime.InferenceSession(path, options, providers=_providers(onnxruntime, device))
    except UserError:
        raise
    except Exception as error:  # onnxruntime has a class of its own for each kind of failure
        if "External" in str(error):
            raise UserError(
                f"{path}.data, which holds the graph's weights, is missing or cut short; {AGAIN}"
            ) from error
        raise UserError(f"{path} is damaged: {brief(error)}; {AGAIN}") from error


def _require_fit(path: Path, graph: Any, settings: Settings) -> None:
    """Refuse the graph of another model than the settings tell of."""
    inputs = {source.name for source in graph.get_inputs()}
    sides = tuple(side for side, name in (("speech", "waveform"), ("text", "tokens")) if name in inputs)
    [answers] = [output for output in graph.get_outputs() if output.name == ANSWERS]
    actual, stated = (sides, answers.shape[1]), (settings.modalities, len(settings.task["labels"]))
    if actual != stated:
        (takes, gives), (expected, labels) = (
            (" and ".join(actual[0]), actual[1]),
            (" and ".join(stated[0]), stated[1]),
        )
        raise UserError(
            f"{path.parent / FILE} tells of a model of {expected} with {labels} labels, but {path.name} takes {takes} "
            f"and gives {gives} numbers; {AGAIN}"
        )
    if "text" in sides and "max_tokens" not in settings.model["text"]:
        raise UserError(f"{path.parent / FILE} lacks the text encoder's max_tokens; {AGAIN}")


def _providers(onnxruntime: Any, device: str | None) -> list[Any]:
    kind, _, number = (device or "").partition(":")
    can = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if kind not in ("", "cpu", "cuda") or (number and not number.isdigit()) or (kind == "cuda" and not can):
        raise UserError(f"ONNX Runtime cannot use the device {device!r} here; try cpu, or install onnxruntime-gpu")
    cuda: list[Any] = [("CUDAExecutionProvider", {"device_id": int(number or 0)})] if can and kind != "cpu" else []
    return [*cuda, "CPUExecutionProvider"]
