"""What every fusion says of itself."""

from __future__ import annotations

from torch import Tensor, nn

from mser.encoders.outputs import Encoded


class Fusion(nn.Module):
    """Turns what speech and text encoders say of an utterance into one vector.

    Where an utterance lacks a side (`modality_dropout`), that side comes as zeros, states and summary: it tells nothing
    of the utterance, and its encoder learns nothing from it.

    Attributes:
        width: D, the size of the vector.
        reads_states: whether it looks at the states, or at the summaries alone, which take less room where they are
            kept.
    """

    width: int
    reads_states = True

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, D); a side that the model does not have is None."""
        raise NotImplementedError
