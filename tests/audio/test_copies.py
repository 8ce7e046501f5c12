import time

import numpy as np
import pytest
from fake.speech import COPIES, clips

from mser.audio.acoustic_fingerprint import BITS, LEAST_FRAMES, NOTHING, bit_error, fingerprint, telling
from mser.audio.copies import find_copies
from mser.audio.decoding import SAMPLE_RATE, decode


@pytest.fixture(scope="module")
def speech():
    return clips()


@pytest.fixture(scope="module")
def prints(speech):
    return [fingerprint(one) for one in speech]


def _never(number):
    raise AssertionError(f"listened to {number} again")


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_found_among_other_speech(speech, prints, kind, tmp_path):
    content, suffix = COPIES[kind](speech[0])
    path = tmp_path / f"copy{suffix}"
    path.write_bytes(content)
    copy = decode(path)
    assert find_copies([*prints, fingerprint(copy)], [*speech, copy].__getitem__) == [(0, len(speech))]


def test_two_cuts_of_one_recording_are_copies(speech):
    cuts = [speech[0][:-SAMPLE_RATE], speech[0][SAMPLE_RATE:]]
    assert find_copies([fingerprint(one) for one in cuts], cuts.__getitem__) == [(0, 1)]


def test_other_speech_is_no_copy(speech, prints):
    """The same sentences by other voices, and other sentences by the same voice."""
    assert find_copies(prints, speech.__getitem__) == []
    least = min(
        bit_error(one, two, offset)[0]
        for number, one in enumerate(prints)
        for two in prints[:number]
        for offset in range(-20, 21)
    )
    assert least > 0.25


def test_what_has_no_shape_tells_nothing():
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    tone = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    for nothing in (0 * tone, tone, np.float32(1e-9) * tone, tone[:700], tone[:0]):
        assert telling(fingerprint(nothing)) == 0
    hiss = [np.random.default_rng(seed).standard_normal(len(tone)).astype(np.float32) for seed in (1, 2)]
    prints = [fingerprint(tone + np.float32(0.05) * one) for one in hiss]
    assert find_copies(prints, _never) == []


def test_a_near_take_is_a_copy_only_where_the_waveforms_agree():
    chance = np.random.default_rng(1)
    marks = chance.integers(0, 1 << BITS, 200).astype(np.uint32)
    near = marks.copy()
    near[::2] ^= chance.integers(0, 1 << BITS, 100).astype(np.uint32) & chance.integers(0, 1 << BITS, 100).astype(
        np.uint32
    )
    near[::2] ^= np.uint32(0b11 << 7)
    assert 0.12 < bit_error(marks, near, 0)[0] < 0.25
    waves = chance.standard_normal((2, 3 * SAMPLE_RATE)).astype(np.float32)
    assert find_copies([marks, near], waves.__getitem__) == []
    assert find_copies([marks, near], lambda number: waves[0] * (0.5, -2)[number]) == [(0, 1)]


def test_a_moment_in_common_is_no_copy():
    chance = np.random.default_rng(1)
    marks = chance.integers(0, 1 << BITS, (2, 200)).astype(np.uint32)
    marks[1, 140:] = marks[0, :60]
    assert find_copies(list(marks), _never) == []
    marks[1, 120:] = marks[0, :80]
    assert find_copies(list(marks), _never) == [(0, 1)]
    short = [one[:LEAST_FRAMES] for one in marks[[0, 0]]]
    assert find_copies([short[0], short[1][1:]], _never) == []


def test_quiet_frames_are_not_compared():
    marks = np.random.default_rng(1).integers(0, 1 << BITS, 100).astype(np.uint32)
    half = np.where(np.arange(100) < 50, marks, NOTHING)
    assert bit_error(marks, half, 0) == (0.0, 50)
    assert bit_error(marks, marks, 200) == (1.0, 0)


def test_the_work_does_not_grow_with_the_square():
    """Ten thousand unrelated recordings, and a sound that is in a thousand of them."""
    chance = np.random.default_rng(1)
    many = list(chance.integers(0, 1 << BITS, (10_000, 60)).astype(np.uint32))
    for number in range(0, 10_000, 10):
        many[number][:10] = many[0][:10]
    started = time.process_time()
    assert find_copies(many, _never) == []
    assert time.process_time() - started < 30
