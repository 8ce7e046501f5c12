"""When a model had better keep silent: how sure it must be for its answer to be taken. Imports no torch.

The threshold is fitted on validation, never on test: it is the sureness that a stated share of the validation answers
reach. What accuracy they have beside that of all is told with it, so that a user can see what the silence buys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mser.labels import Kind

Floats = NDArray[np.float64]


def sureness(probabilities: Floats, kind: Kind) -> Floats:
    """Return how sure each answer is, (N,): of one label its probability; of several, that of the least sure one.

    Args:
        probabilities: (N, C), calibrated.
        kind: whether one label is asked for, or several.

    Example:
        >>> sureness(np.array([[0.7, 0.3], [0.1, 0.9]]), Kind.LABELS).tolist()
        [0.7, 0.9]
        >>> sureness(np.array([[0.6, 0.1]]), Kind.MULTI_LABEL).tolist()
        [0.6]
    """
    if kind.is_several_labels:
        return np.asarray(np.maximum(probabilities, 1 - probabilities).min(-1))
    return np.asarray(probabilities.max(-1))
