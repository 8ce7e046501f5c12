"""From the two encoders' outputs to one vector per utterance.

Experiments and model folders name them as classes of this package; a new fusion is one more file and a line here.
"""

from mser.fusion.attentive_statistics import AttentiveStatistics
from mser.fusion.co_attention import CoAttention
from mser.fusion.interface import Fusion
from mser.fusion.summaries import Projection, Shallow

__all__ = ["AttentiveStatistics", "CoAttention", "Fusion", "Projection", "Shallow"]
