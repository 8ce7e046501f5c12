"""The versions of an utterance that `Augment.everyday` draws from: few, so that frozen encoders hear each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from mser.errors import UserError, one_of
from mser.everyday.changes import CHANGES, changed

PARTS = ("as_it_is", "trimmed", "levelled", "noise", "telephone", "room")
DIFFERENT = ("noise", "room")
"""Parts of which an utterance has as many versions as there are views."""
_DECIBELS = 20.0
_DECAYS = CHANGES["room"].usual


class Version(NamedTuple):
    """One way in which an utterance sounds.

    Attributes:
        part: one of `PARTS`.
        view: which of its noises or places in a room, from 0.
    """

    part: str
    view: int = 0


AS_IT_IS = Version("as_it_is")


@dataclass(frozen=True)
class EverydayVersions:
    """What is drawn from.

    Args:
        weights: of some of `PARTS`; each is drawn as often as its share of their sum.
        views: how many noises, and how many places in rooms, each utterance has.

    Raises:
        UserError: for an unknown part, for weights that are no weights, or too few views.

    Example:
        >>> EverydayVersions({"trimmed": 1.0, "room": 2.0, "noise": 0.0}, views=2).all
        [Version(part='trimmed', view=0), Version(part='room', view=0), Version(part='room', view=1)]
    """

    weights: Mapping[str, float]
    views: int = 1

    def __post_init__(self) -> None:
        for part, weight in self.weights.items():
            if part not in PARTS:
                raise one_of("part of augment.everyday", part, list(PARTS))
            if not 0 <= weight < float("inf"):
                raise UserError(f"augment.everyday weighs {part} by {weight}; expected 0 or more")
        if not any(self.weights.values()):
            raise UserError(
                "augment.everyday weighs every part by 0, so there is nothing to draw; give one of them more, or null"
            )
        if self.views < 1:
            raise UserError(f"augment.views is {self.views}; expected 1 or more")

    @cached_property
    def all(self) -> list[Version]:
        """All versions that an utterance can have, in the order of `PARTS`."""
        parts = [part for part in PARTS if self.weights.get(part)]
        return [Version(part, view) for part in parts for view in range(self.views if part in DIFFERENT else 1)]

    def require(self) -> None:
        """Accept what can be made here.

        Raises:
            UserError: for a room without what makes it.
        """
        if self.weights.get("room") and not CHANGES["room"].installed:
            others = ", ".join(f"{part}: 1" for part in PARTS if part != "room")
            raise UserError(
                "augment.everyday has rooms, which pyroomacoustics makes, not installed here; run pip install "
                f"'multimodal-ser[conditions]', or do without: everyday: {{{others}}}"
            )

    def drawn(self, random: np.random.Generator) -> int:
        """Return the place in `all` of the version that an utterance has in an epoch."""
        shares = np.array([
            self.weights[version.part] / (self.views if version.part in DIFFERENT else 1) for version in self.all
        ])  # fmt: skip
        return int(random.choice(len(shares), p=shares / shares.sum()))


def sounding(clip: Tensor, version: Version, utterance: str) -> Tensor:
    """Return a (samples,) clip at 16 kHz as one of its versions sounds: always the same of one utterance.

    Args:
        clip: as it was recorded.
        version: which one.
        utterance: its id, from which noise and place are drawn.
    """
    random = np.random.default_rng((crc32(utterance.encode()), crc32(version.part.encode()), 1 + version.view))
    if version.part == "as_it_is" or not clip.any():
        return clip
    if version.part == "noise":
        from torchaudio.functional import add_noise

        noise = torch.from_numpy(random.standard_normal(len(clip), dtype=np.float32))
        noisy: Tensor = add_noise(clip[None], noise[None], clip.new_tensor([_DECIBELS]))[0]
        return noisy
    first = crc32(utterance.encode())  # so that one view is in the drier room and the next in the other
    level = _DECAYS[(first + version.view) % len(_DECAYS)] if version.part == "room" else 0.0
    return torch.from_numpy(np.ascontiguousarray(changed(clip.numpy(), version.part, level, random)))
