"""A model folder's weights run by PyTorch."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence

from mser.data.batch import Batch
from mser.encoders.finite import require_finite
from mser.errors import UserError, brief, is_out_of_memory
from mser.recognizer import EmotionRecognizer
from mser.scoring.temperature import Floats
from mser.use.engine import AT_ONCE_ON_CPU, Side
from mser.use.inference import halve, pack, settle
from mser.use.prepared import Ready
from mser.use.rebuild import load_weights, rebuild
from mser.use.settings import Settings


class TorchEngine:
    """The members of a model folder on a device.

    Args:
        settings: what the folder says.
        folder: where it lies.
        device: a GPU if there is one when None.
        half: compute in bfloat16.
        plugins: modules and packages whose classes the folder may name.

    Raises:
        UserError: if settings and weights do not fit, or there is no such device.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        device: str | None,
        *,
        half: bool = False,
        plugins: Collection[str] = (),
    ) -> None:
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if device.partition(":")[0] == "meta":
            raise UserError("the device 'meta' computes nothing; try cpu")
        self.members = [settled(settings, folder, number, plugins) for number in range(len(settings.members))]
        for member in self.members if half else ():
            halve(member)
        try:
            self.members = [member.to(device) for member in self.members]
        except (RuntimeError, AssertionError) as error:
            raise UserError(f"cannot use the device {device!r}: {brief(error)}; try cpu") from error
        self.device, self.half = torch.device(device), half
        on_cpu = self.device.type == "cpu"
        self.at_once = AT_ONCE_ON_CPU if on_cpu else math.inf
        for member in self.members if on_cpu and not half else ():
            pack(member)

    @torch.inference_mode()
    def answers(self, chosen: Sequence[Ready]) -> list[Floats]:
        """Return, of each member, (B, C) probabilities that are not calibrated yet, or scores.

        Raises:
            MemoryError: if the batch is too large for the device.
        """
        try:
            batch = batched(chosen, self.device)
            return [model.objective.answers(model(batch)).double().cpu().numpy() for model in self.members]
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            raise

    @torch.inference_mode()
    def embedding(self, clip: Ready, of: Side, *, frames: bool = False, member: int = 0) -> NDArray[np.float32]:
        """Return (D,) of a clip that has the side, or (T, D) of its frames or tokens, as a member computes it.

        Raises:
            MemoryError: if the clip is too large for the device.
        """
        model = self.members[member]
        try:
            batch = batched([clip], self.device)
            if of == "fused":
                vector = _fused(model, batch)[0]
            else:
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                    encoded = model._hear(batch) if of == "speech" else model._read(batch)
                vector = encoded.states[0][encoded.mask[0]] if frames else encoded.summary[0]
            return np.asarray(vector.float().cpu().numpy())
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise MemoryError from error
            raise

    @property
    def max_tokens(self) -> int:
        """How many tokens of a transcript are read; 0 for a model that only hears."""
        encoder = self.members[0].text
        return 0 if encoder is None else encoder.max_tokens

    def cuts(self, text: str) -> bool:
        """Return whether a transcript has more tokens than are read."""
        encoder = self.members[0].text
        return encoder is not None and encoder.tokenizer([text], self.max_tokens + 1)[0].shape[1] > self.max_tokens


def _fused(model: EmotionRecognizer, batch: Batch) -> Any:
    """Return (B, D), what goes into the head."""
    seen: list[Any] = []
    handle = model.head.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        model(batch)
    finally:
        handle.remove()
    return seen[0]


def settled(settings: Settings, folder: Path, number: int, plugins: Collection[str] = ()) -> EmotionRecognizer:
    """Return a member of a model folder, by its number from 0, on the CPU and as `mser.use.inference` leaves it."""
    model = rebuild(settings, folder, plugins)
    member = settings.members[number]
    load_weights(model, settings, member, folder)
    require_finite(model.state_dict(), str(folder / member.weights))
    settle(model)
    return model


def batched(chosen: Sequence[Ready], device: torch.device) -> Batch:
    """Return the clips as one batch; sides are marked only where one is missing."""
    present = {
        side: torch.tensor([side in prepared.sides for prepared in chosen], device=device)
        for side in ("speech", "text")
    }
    return Batch(
        waveform=pad_sequence([torch.from_numpy(prepared.waveform) for prepared in chosen], batch_first=True).to(
            device
        ),
        lengths=torch.tensor([len(prepared.waveform) for prepared in chosen], device=device),
        transcripts=[prepared.transcript or "" for prepared in chosen],
        target=torch.empty(0),
        index=torch.arange(len(chosen), device=device),
        speech_given=None if present["speech"].all() else present["speech"],
        text_given=None if present["text"].all() else present["text"],
    )
