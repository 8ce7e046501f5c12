"""What an emotion2vec is built from, as its folder's ``config.json`` holds it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mser.errors import UserError

MODEL_TYPE = "mser-emotion2vec"


@dataclass(frozen=True)
class Emotion2vecSettings:
    """The architecture; weights come from elsewhere.

    Attributes:
        convolutions: channels, kernel and stride of each layer of the front.
        width: of states.
        heads: of attention.
        prenet_layers: transformer layers that emotion2vec calls its context encoder.
        layers: those above them.
        mlp_ratio: width within a layer's feed-forward part over `width`.
        position_layers: convolutions that tell positions.
        position_kernel: of each of them.
        position_groups: of each of them.
        extra_tokens: learned states in front of the frames, which are left out of what comes out.
        scales: layers, heads of the learned scale of the linear position bias; one means one for all.
        norm_first: norms come before attention and feed-forward parts, not after.
        norm_eps: of norms in the transformer.
        normalise: waveforms are brought to zero mean and unit variance.
        dropout: of what attention and feed-forward parts add.
        attention_dropout: of attention.
        activation_dropout: within feed-forward parts.
    """

    convolutions: tuple[tuple[int, int, int], ...]
    width: int = 768
    heads: int = 12
    prenet_layers: int = 4
    layers: int = 8
    mlp_ratio: float = 4.0
    position_layers: int = 5
    position_kernel: int = 19
    position_groups: int = 16
    extra_tokens: int = 10
    scales: tuple[int, int] = (1, 12)
    norm_first: bool = False
    norm_eps: float = 1e-5
    normalise: bool = True
    dropout: float = 0.1
    attention_dropout: float = 0.1
    activation_dropout: float = 0.0

    def write(self, folder: Path) -> None:
        """Write the folder's ``config.json``."""
        text = json.dumps({"model_type": MODEL_TYPE, **asdict(self)}, indent=2)
        (folder / "config.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Emotion2vecSettings:
        """Return what `write` wrote.

        Raises:
            UserError: if the file is missing or garbled.
        """
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            config.pop("model_type")
            config["convolutions"] = tuple((int(c), int(k), int(s)) for c, k, s in config["convolutions"])
            config["scales"] = tuple(config["scales"])
            return cls(**config)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{str(folder)!r} is no complete emotion2vec folder ({error}); make it again with "
                "mser convert emotion2vec"
            ) from error
