"""Where a frozen encoder is listened to: at which layer, and at which scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mser.encoders.backbone import Backbone
from mser.errors import UserError

_EVEN = 1e-5
"""A deviation below which a number counts as the same in all utterances, and keeps its scale."""


def chosen_layer(backbone: Backbone, layer: int | None, side: Literal["speech", "text"], *, frozen: bool) -> int:
    """Return the place of the layer whose states are taken: 0 is what enters the first one.

    When none is asked for, that is the layer at two thirds of the depth of a frozen encoder of speech, whose last
    layers have turned to what it was pretrained for, and the last one of any other.

    Args:
        backbone: has the layers.
        layer: which is asked for; negative ones count from the end.
        side: what the encoder takes.
        frozen: whether nothing of it is trained.

    Raises:
        UserError: for a layer that there is not, or other than the last where it cannot be had.

    Example:
        >>> from mser.encoders.tiny import tiny_speech
        >>> [chosen_layer(tiny_speech(), layer, "speech", frozen=True) for layer in (None, -1, 0)]
        [1, 2, 0]
    """
    last = len(backbone.blocks)
    if layer is None:
        return round(last * 2 / 3) if frozen and side == "speech" and backbone.summable else last
    if not -last - 1 <= layer <= last:
        raise UserError(f"model.{side}.layer is {layer}; expected 0 to {last}, or -1 to {-last - 1} from the end")
    place = layer % (last + 1)
    if place != last and not frozen:
        raise UserError(
            f"model.{side}.layer is {layer}, but layers are named of a frozen encoder alone; leave it out, or give "
            f"--model.{side}.tune frozen"
        )
    if place != last and not backbone.summable:
        raise UserError(f"model.{side}.layer is {layer}, but this encoder's layers are no simple row; leave it out")
    return place


def require_summable(backbone: Backbone, name: str | Backbone, side: str, layer: int | None) -> None:
    """Refuse a sum over layers whose states do not lie beside one another, or beside a layer that is named.

    Raises:
        UserError: for such a sum.
    """
    if not backbone.summable:
        raise UserError(
            f"model.{side}.layer_sum cannot be had of {name!r}, whose layers are no simple row; leave it out"
        )
    if layer is not None:
        raise UserError(f"model.{side} has a layer and layer_sum, which takes all of them; leave one of them out")


def require_fixed(standardise: bool | None, side: str, *, frozen: bool) -> None:
    """Refuse to standardise states that training moves.

    Raises:
        UserError: if that is asked for.
    """
    if standardise and not frozen:
        raise UserError(f"model.{side}.standardise is for a frozen encoder, whose states stay; leave it out")


def meant_before(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an encoder's options meant before there was a layer to choose: the last one, as it is.

    Example:
        >>> meant_before({"tune": "frozen"}), meant_before({"layer_sum": True})
        ({'standardise': False, 'layer': -1}, {'standardise': False})
    """
    return {"standardise": False} | ({} if options.get("layer_sum") else {"layer": -1})


class Standardised(nn.Module):
    """Brings states to mean 0 and deviation 1, as they are over the summaries of the training part.

    Args:
        layers: L, how many layers' states there are.
        width: D.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(layers, width))
        self.register_buffer("scale", torch.ones(layers, width))

    @property
    def settled(self) -> bool:
        """Whether mean and deviation are known already, as those of a model that was trained before."""
        return bool(self.centre.any())

    def settle(self, summaries: Iterable[Tensor]) -> None:
        """Take mean and deviation over (L, D) summaries, one of each utterance."""
        every = torch.stack([summary.double() for summary in summaries])
        self.centre.copy_(every.mean(0))
        deviation = every.std(0, correction=0)
        self.scale.copy_(torch.where(deviation < _EVEN, 1, deviation))

    def forward(self, layers: list[Tensor]) -> list[Tensor]:
        """Return as many (B, T, D) as are given.

        Example:
            >>> standardised = Standardised(layers=1, width=1)
            >>> standardised.settle([torch.tensor([[3.0]]), torch.tensor([[5.0]])])
            >>> standardised([torch.tensor([[[6.0]]])])[0].round(decimals=3)
            tensor([[[2.]]])
        """
        return [(states - mean) / scale for states, mean, scale in zip(layers, self.centre, self.scale, strict=True)]
