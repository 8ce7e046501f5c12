"""Frozen encoders are asked once: what they say is kept for all epochs, folds, seeds and experiments."""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, NamedTuple, get_args

import torch
from lightning.pytorch import Trainer
from torch import Tensor

from mser.data.audio import SHORTEST, at_least
from mser.data.batch import Side, UtteranceDataset
from mser.data.everyday_versions import AS_IT_IS, Version, sounding
from mser.data.kept_states import KeptStates
from mser.distributed import gathered
from mser.encoders.cache_files import cache_folder
from mser.encoders.fingerprint import fingerprint
from mser.encoders.state_cache import StateCache
from mser.errors import UserError, is_out_of_memory

log = logging.getLogger(__name__)


def keep_frozen(trainer: Trainer, dataset: UtteranceDataset, *, training: bool) -> None:
    """Let a dataset hand out what the model's frozen encoders say; what was never asked is asked now.

    The states are those of the utterance alone, in float32 whatever the precision of the fit, so that they are the same
    whoever asked for them, and of which batch it was part.

    Args:
        trainer: has the model, its weights in place.
        dataset: one part of a fold.
        training: whether it will be augmented.

    Raises:
        UserError: if an encoder cannot take an utterance, or there is no room.
    """
    model: Any = trainer.lightning_module
    for side in get_args(Side):
        encoder = getattr(model, side)
        if encoder is None or not encoder.frozen or side in dataset.kept:
            continue
        hiding = training and bool(dataset.augment.token_masking)
        pooled = encoder.pooling.scores is None and not model.fusion.reads_states and not hiding
        changing = training and side == "speech" and dataset.augment.changes_speech
        if why := _why_not(trainer, changing, encoder.layer_sum is not None and not pooled):
            _tell(trainer, f"{side} states: computed in each epoch, as {why}")
        else:
            versions = dataset.augment.versions if training and side == "speech" else [AS_IT_IS]
            question = _Question(side, encoder, dataset, pooled, trainer.strategy.root_device, versions)
            dataset.kept[side] = _kept(trainer, question)


def settle_frozen(trainer: Trainer, dataset: UtteranceDataset) -> None:
    """Tell frozen encoders the mean and deviation of their states over the training part, each version in its turn.

    Args:
        trainer: has the model, its weights in place.
        dataset: the training part; of a large one `_ENOUGH` utterances are asked, spread over it.

    Raises:
        UserError: if an encoder cannot take an utterance.
    """
    model: Any = trainer.lightning_module
    for side in get_args(Side):
        encoder = getattr(model, side)
        scale = encoder and encoder.standardised
        if scale is None or scale.settled:
            continue
        if trainer.strategy.restore_checkpoint_after_setup:
            _tell(
                trainer, f"{side} states: as they are, not standardised, as the weights are spread over the processes"
            )
            continue
        versions = dataset.augment.versions if side == "speech" else [AS_IT_IS]
        question = _Question(side, encoder, dataset, False, trainer.strategy.root_device, versions)
        kept = dataset.kept.get(side)
        chosen = enumerate(range(0, len(dataset), -(-len(dataset) // _ENOUGH)))
        places = [(index, number % len(versions)) for number, index in chosen]
        rows = (kept.of(*place) if kept else question.answer(place[0], question.inputs(*place)) for place in places)
        scale.settle(row.float().mean(0) for row in rows)


_ENOUGH = 2000
"""Utterances whose mean and deviation are those of a whole corpus."""


def _why_not(trainer: Trainer, changing: bool, all_frames: bool) -> str:
    if trainer.strategy.restore_checkpoint_after_setup:
        return "the weights are spread over the processes"
    if changing:
        return "augment changes each utterance anew"
    return "layer_sum would need the frames of all layers, too many to keep" if all_frames else ""


@dataclass(frozen=True)
class _Question:
    """What one encoder would say of each utterance of a dataset.

    Attributes:
        side: what it takes.
        encoder: the frozen one.
        dataset: the utterances.
        pooled: whether their summaries are enough.
        device: where the encoder is.
        versions: in which of its versions each utterance is heard.
    """

    side: Side
    encoder: Any
    dataset: UtteranceDataset
    pooled: bool
    device: torch.device
    versions: Sequence[Version] = (AS_IT_IS,)

    def cache(self) -> StateCache:
        """Return where answers are kept; the folder's name tells all that they depend on but for the utterance."""
        kind = self.encoder.pooling.kind if self.pooled else "frames"
        last = len(self.encoder.backbone.blocks)
        one = "" if self.encoder.layer == last else f"-layer{self.encoder.layer}"
        layers = "-layers" if self.encoder.layer_sum is not None else one
        name = f"{self.side}-{fingerprint(self.encoder.backbone)}-{kind}{layers}"
        return StateCache(cache_folder() / "states" / name)

    def inputs(self, index: int, version: int = 0) -> tuple[Tensor, Tensor]:
        """Return what the encoder takes of an utterance in a version: samples or tokens, and where they end."""
        if self.side == "speech":
            clip, name = self.dataset.clip(index), self.dataset.utterances[index].id
            waveform = at_least(sounding(clip, self.versions[version], name), SHORTEST).unsqueeze(0)
            return waveform, torch.tensor([waveform.shape[1]])
        tokens: tuple[Tensor, Tensor] = self.encoder.tokenize([self.dataset.utterances[index].transcript])
        return tokens

    def answer(self, index: int, inputs: tuple[Tensor, Tensor]) -> Tensor:
        """Return the encoder's states."""
        try:
            states: Tensor = self.encoder.to_keep(*(part.to(self.device) for part in inputs), pooled=self.pooled)
        except UserError as error:
            raise UserError(f"{self.dataset.utterances[index].id}: {error}") from error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            utterance = self.dataset.utterances[index]
            raise UserError(
                f"not enough memory on {self.device} for what the frozen {self.side} encoder says of {utterance.id}, "
                f"which lasts {utterance.duration:.1f} s; cut clips by data.init_args.max_seconds"
            ) from error
        return states


def _kept(trainer: Trainer, question: _Question) -> KeptStates:
    """Fill the cache, each process of a machine its share, and say what was done."""
    started = time.monotonic()
    versions = len(question.versions)
    cache, size = question.cache(), len(question.dataset) * versions
    everyone = gathered(_fill(cache, question, range(trainer.local_rank, size, trainer.num_devices)))
    keys = {index: key for share in everyone for index, key in share.keys.items()}
    wanted, computed = sum(len(share.keys) for share in everyone), sum(share.computed for share in everyone)
    _tell(
        trainer,
        f"{question.side} states: {computed} computed in {time.monotonic() - started:.1f} s, {wanted - computed} read, "
        f"{sum(share.size for share in everyone) / 1e6:.3g} MB in {cache.folder}",
    )
    return KeptStates(
        cache, [[keys[first + version] for version in range(versions)] for first in range(0, size, versions)]
    )


class _Share(NamedTuple):
    keys: dict[int, str]
    computed: int
    size: int


def _fill(cache: StateCache, question: _Question, places: Sequence[int]) -> _Share:
    """See that the states of some versions are there; return their keys, how many were not, and the bytes of all.

    Places count the versions of the first utterance, then those of the second, and so on.
    """
    from rich.console import Console
    from rich.progress import track

    # Folds that run at the same time go different ways, so that they share the work instead of doing it twice.
    order = SystemRandom().sample(places, len(places))
    keys, computed, size = {}, 0, 0
    for place in track(order, f"{question.side} states", console=Console(stderr=True), disable=not sys.stderr.isatty()):
        index, version = divmod(place, len(question.versions))
        inputs = question.inputs(index, version)
        keys[place] = hashlib.sha256(inputs[0].numpy().tobytes()).hexdigest()
        states = cache.get(keys[place])
        if states is None:
            states = cache.put(keys[place], question.answer(index, inputs))
            computed += 1
        size += states.nbytes
    return _Share(keys, computed, size)


def _tell(trainer: Trainer, message: str) -> None:
    if trainer.is_global_zero:
        log.info("%s", message)
