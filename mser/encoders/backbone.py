"""What an encoder is made around, of mser or of another package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn

from mser.errors import require


class Backbone(nn.Module):
    """A network from waveforms or tokens to states: all that a new family of encoders has to bring.

    What is trained of it, LoRA, the sum over layers, pooling, checkpointing, what is kept of a frozen one and how it is
    exported are the same for all. An experiment names one of another package in the place of a name::

        model:
          speech:
            name: {class_path: mypackage.Conformer, init_args: {layers: 4}}
            tune: full

    Its `__init__` takes plain values (numbers, words, lists) and makes the network with random weights; pretrained ones
    are for `load_pretrained`. An utterance must get the same states alone and in any batch.

    Attributes:
        width: D, the size of a state.
        blocks: its layers in their order; each takes the states as its first argument (or as ``hidden_states``).
        front: what comes before the layers and stays as it was pretrained where ``freeze_front`` says so.
        discrete: whether it hears codes rather than sound, so that rounding can change what it hears.
        causal: no state sees what is behind it, so that the first one has seen nothing.
        summable: the states of its layers can be summed.
        unused: parameters on which no state depends; they are never trained.
        tokenizer: of a backbone for text: from transcripts and the most tokens to ids (B, L) and mask (B, L).
        max_tokens: of a backbone for text: the longest input that it takes.
    """

    width: int
    blocks: nn.ModuleList
    front: Sequence[nn.Module] = ()
    discrete = False
    causal = False
    summable = True
    unused: Sequence[nn.Parameter] = ()
    tokenizer: Any
    max_tokens: int

    def forward(self, inputs: Tensor, extent: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T), true at real frames or tokens.

        Args:
            inputs: (B, samples) at 16 kHz in [-1, 1], zeros behind each clip; of text (B, L) token ids.
            extent: (B,) samples of each clip; of text the mask (B, L).
        """
        raise NotImplementedError

    def load_pretrained(self) -> None:
        """Fill it with pretrained weights; not called where those of a model folder are loaded next."""

    def fingerprint(self) -> str:
        """Return what changes with anything outside weights and settings that could change a state."""
        return ""

    def prepare(self, utterances: Iterable[tuple[str, Tensor]], *, total: int | None = None) -> None:
        """Do what is worth doing before a corpus is read: ids and (samples,) of all utterances of a part."""


def require_backbone(backbone: Backbone) -> None:
    """Refuse what is made otherwise than `Backbone` says, as one of another package may be.

    Raises:
        UserError: if it has no width or no layers.
    """
    name, width = type(backbone).__name__, getattr(backbone, "width", None)
    require(f"{name}.width", width, isinstance(width, int) and width > 0, "the size of a state")
    blocks = getattr(backbone, "blocks", None)
    require(
        f"{name}.blocks", type(blocks).__name__, isinstance(blocks, nn.ModuleList), "an nn.ModuleList of its layers"
    )
