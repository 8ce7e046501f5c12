"""From the two encoders' outputs to one vector per utterance.

Experiments and model folders name them as classes of this package; a new fusion is one more file and a line here.
"""

from mser.fusion.attentive_statistics import AttentiveStatistics
from mser.fusion.co_attention import CoAttention
from mser.fusion.cross_attention import CrossAttention
from mser.fusion.gated import Gated
from mser.fusion.interface import Fusion
from mser.fusion.low_rank import LowRank
from mser.fusion.mixture import Mixture
from mser.fusion.summaries import Projection, Shallow

__all__ = [
    "AttentiveStatistics",
    "CoAttention",
    "CrossAttention",
    "Fusion",
    "Gated",
    "LowRank",
    "Mixture",
    "Projection",
    "Shallow",
]
