"""Overlaps of parts of files are those that every two held against each other have, and take no memory of a square."""

import tracemalloc
from itertools import combinations, product
from math import inf

from hypothesis import given
from hypothesis import strategies as draw

from mser.manifest import Utterance
from mser.splits.overlaps import Clip, Overlaps
from mser.splits.same_recordings import Recordings

ends = draw.one_of(draw.integers(1, 8), draw.just(inf))
parts = draw.builds(lambda audio, start, length, channel: Clip(audio, start, start + length, channel),
                    draw.sampled_from("ab"), draw.integers(0, 8), ends, draw.sampled_from([0, 0, 1, 2]))  # fmt: skip
lists = draw.lists(parts, max_size=12)
pairs = draw.lists(draw.tuples(draw.integers(0, 11), draw.integers(0, 11)), max_size=6)


def meet(one, two):
    heard = not (one.channel and two.channel) or one.channel == two.channel
    return heard and one.audio == two.audio and one.start < two.end and two.start < one.end


@given(lists, parts)
def test_each_is_held_against_each(clips, clip):
    found = Overlaps(clips)
    plain = sorted(other for other in clips if meet(clip, other))
    assert (found.number(clip), found.of(clip), clip in found) == (len(plain), plain, clip in clips)
    assert sorted(found.after(clip)) == [other for other in plain if other > clip]


@given(lists, lists, pairs)
def test_recordings_share_what_every_two_of_them_say(left, right, sounding):
    """Compare with the plain way, which asks of each pair whether it overlaps or sounds alike."""
    clip_of = {f"{side}{n}": clip for side, clips in (("l", left), ("r", right)) for n, clip in enumerate(clips)}
    known = sorted(set(clip_of.values()))
    heard = {tuple(sorted((known[a], known[b]))) for a, b in sounding if max(a, b) < len(known) and a != b}
    said = {name: Utterance(name, one.audio, 1.0, "", "", name[:2], start=one.start, end=one.end)
            for name, one in clip_of.items()}  # fmt: skip
    alike = {clip: frozenset(other for pair in heard if clip in pair for other in pair if other != clip)
             for clip in known}  # fmt: skip
    recordings = Recordings(said, clip_of, alike, frozenset())
    here, there = ([name for name in clip_of if name[0] == side] for side in "lr")

    def copies(one, two):
        return meet(clip_of[one], clip_of[two]) or clip_of[two] in alike[clip_of[one]]

    def much(one, two):
        return clip_of[one].share(clip_of[two]) >= 0.5 or clip_of[two] in alike[clip_of[one]]

    def in_one_file(one, two):
        return copies(one, two) and clip_of[one].audio == clip_of[two].audio

    plain = {pair for pair in product(here, there) if copies(*pair)}
    found = list(recordings.pairs(here, there))
    assert (len(found), set(found), recordings.shared(here, there)) == (len(plain), plain, len(plain))
    assert recordings.same_file(here, there) == sum(any(in_one_file(a, b) for a in here) for b in there)
    split = {clip_of[b].audio for b in there
             if {said[a].group for a in here if clip_of[a].audio == clip_of[b].audio} - {said[b].group}
             and not any(in_one_file(a, b) for a in here)}  # fmt: skip
    assert recordings.split_files(here, there) == len(split)
    twice = [frozenset(pair) for pair in recordings.copies()]
    assert (len(twice), set(twice)) == (
        len(set(twice)),
        {frozenset(pair) for pair in combinations(clip_of, 2) if much(*pair)},
    )


def test_a_file_of_many_overlapping_parts_takes_memory_for_each_of_them_alone():
    number = 5000
    said = {f"{n}": Utterance(f"{n}", "a.wav", 1.0, "", "", f"{n}") for n in range(number)}
    clip_of = {f"{n}": Clip("a.wav", n / number, 2 + n / number) for n in range(number)}
    half = list(said)[: number // 2], list(said)[number // 2 :]
    recordings = Recordings(said, clip_of, {}, frozenset())
    tracemalloc.start()
    assert recordings.shared(*half) == (number // 2) ** 2
    assert recordings.same_file(*half) == number // 2
    assert recordings.split_files(*half) == 0
    assert next(recordings.pairs(*half)) == ("0", str(number // 2))
    assert next(recordings.copies()) == ("0", "1")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1000 * number
    assert recordings.in_words("0", "1") == "0 = 1; speakers unknown and unknown"
