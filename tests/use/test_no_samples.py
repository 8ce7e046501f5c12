"""Arrays that are no sound are no answer."""

import numpy as np
import pytest

from mser.errors import UserError
from mser.use.clips import Clip, mixed
from mser.use.inputs import clips_of


@pytest.mark.parametrize("kind", [bool, complex])
def test_what_is_no_sound_is_refused_by_its_type(kind):
    with pytest.raises(UserError, match=r"samples of type (bool|complex128) were given, which are no sound"):
        mixed(Clip(np.ones(16_000, kind), sample_rate=16_000))


def test_a_recording_has_one_rate():
    clip = {"array": np.zeros(8), "sampling_rate": 8000}
    assert [one.sample_rate for one in clips_of([clip, clip], None, None, {})[0]] == [8000, 8000]
    with pytest.raises(UserError, match="says 8000 samples a second, sample_rate 16000; give one of them"):
        list(clips_of([clip], None, 16000, {})[0])
