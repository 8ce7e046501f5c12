"""Arrays that are no sound are no answer."""

import numpy as np
import pytest

from mser.errors import UserError
from mser.use.clips import Clip, mixed


@pytest.mark.parametrize("kind", [bool, complex])
def test_what_is_no_sound_is_refused_by_its_type(kind):
    with pytest.raises(UserError, match=r"samples of type (bool|complex128) were given, which are no sound"):
        mixed(Clip(np.ones(16_000, kind), sample_rate=16_000))
