"""What summarises states is one of the kinds that are told."""

import pytest

from mser.encoders.pooling import Pooling
from mser.errors import UserError


def test_an_unknown_kind_is_not_taken_for_the_mean():
    with pytest.raises(UserError, match="unknown pooling 'max': expected one of first, last, mean, attention"):
        Pooling("max", 4)
