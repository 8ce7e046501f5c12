"""A fusion: ``model: {fusion: {class_path: acme_emotion.fusion.Sum}}``."""

from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.fusion import Fusion


class Sum(Fusion):
    """The sum of both sides' summaries, each brought to one width.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of the sum.
    """

    reads_states = False

    def __init__(self, speech_width: int, text_width: int, *, width: int = 24) -> None:
        super().__init__()
        self.width = width
        self.speech, self.text = (nn.Linear(size, width) if size else None for size in (speech_width, text_width))

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        return sum(layer(side.summary) for layer, side in ((self.speech, speech), (self.text, text)) if side)
