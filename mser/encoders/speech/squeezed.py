"""SEW and SEW-D: wav2vec 2.0 whose transformer hears half as many frames, which are drawn out again behind it."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn
from torch.nn import functional

from mser.encoders.masks import mask_of
from mser.encoders.speech.wav2vec2 import WaveformBackbone

FAMILIES = ("sew", "sew-d")


class SqueezedBackbone(WaveformBackbone):
    """A pretrained SEW or SEW-D (Wu et al. 2021), whose output for a clip does not depend on its batch.

    In transformers' own, the last frame of a clip with an odd number of them shares a squeezed frame with the padding
    behind it, while alone it has none: here it is heard by the positions and has no state of its own, in any batch.

    Args:
        model: a transformers SEWModel or SEWDModel, which should not be used any more.
        normalise: whether the checkpoint expects waveforms of zero mean and unit variance.
    """

    summable = False  # the last state has other frames than those between the layers

    def __init__(self, model: Any, *, normalise: bool) -> None:
        model.feature_projection = nn.Sequential(
            model.layer_norm, model.feature_projection if model.project_features else nn.Identity()
        )
        super().__init__(model, normalise=normalise)
        self.dropout = model.feature_dropout
        self.squeeze: int = model.config.squeeze_factor
        self._heard: Tensor | None = None
        model.encoder.pos_conv_embed.register_forward_pre_hook(lambda *_: (self._heard,))

    def _transform(self, states: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the transformer makes of states (B, T, D), and their mask (B, T), of the real frames (B,)."""
        # A clip shorter than one squeezed frame is filled up with silence to it.
        states = functional.pad(states, (0, 0, 0, max(0, self.squeeze - states.shape[1])))
        dropped = self.dropout(states) * mask_of(frames, states.shape[1]).unsqueeze(2)
        mask = mask_of((frames // self.squeeze).clamp(min=1) * self.squeeze, states.shape[1])
        self._heard = dropped.transpose(1, 2)
        # A copy, in which transformers sets to zero all that the mask leaves out.
        return self.transformer(dropped.clone(), attention_mask=mask).last_hidden_state, mask

    @staticmethod
    def _layers(encoder: Any) -> nn.ModuleList:
        return cast(nn.ModuleList, encoder.encoder.layer if hasattr(encoder, "encoder") else encoder.layers)
