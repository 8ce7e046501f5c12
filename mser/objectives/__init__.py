"""What is asked of the model: how many outputs, which loss, and how outputs become probabilities and a decision.

Experiments and model folders name them as classes of this package; a new objective is one more file and a line here.
"""

from mser.objectives.cross_entropy import CrossEntropy
from mser.objectives.objective import Objective
from mser.objectives.one_vs_rest import OneVsRest
from mser.objectives.regressing import Regression
from mser.objectives.soft_targets import Distribution

__all__ = ["CrossEntropy", "Distribution", "Objective", "OneVsRest", "Regression"]
