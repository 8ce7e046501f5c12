"""Which sides there are: of a model, and of each utterance of a batch."""

from __future__ import annotations

from torch import Tensor

from mser.encoders.outputs import Encoded
from mser.errors import require


def there(side: Encoded) -> Tensor:
    """Return (B, 1) false for utterances that lack a side: it comes as zeros, see `mser.fusion.Fusion`."""
    return side.summary.ne(0).any(dim=-1, keepdim=True)


def widths_of_sides(speech_width: int, text_width: int, *, width: int, dropout: float) -> dict[str, int]:
    """Return the width of each side that there is, after a look at the options of a fusion of their summaries.

    Raises:
        UserError: if an option is out of its range.

    Example:
        >>> widths_of_sides(384, 0, width=256, dropout=0.1)
        {'speech': 384}
    """
    require("model.fusion.init_args.width", width, width >= 1, "1 or more")
    require("model.fusion.init_args.dropout", dropout, 0 <= dropout < 1, "a share from 0 to below 1")
    return {side: size for side, size in (("speech", speech_width), ("text", text_width)) if size}
