"""What is said of a pair of runs in words, for each thing that can be known of them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from mser.report.pairwise.pair import OfWeights, Pair, Swaps
from mser.report.pairwise.verdicts import family, notes, sentence

SWAPS = Swaps(1024, True, 2 / 1024, None, None, 10, {}, "speaker")
PAIR = Pair(
    better="both", worse="text", score="ua", difference=0.031, method="seeds", p=0.01, degrees_of_freedom=4.0,
    seeds=(3, 3), folds=5, too_few_seeds=[], swaps=SWAPS, of_these_weights=OfWeights((0.004, 0.058), 0.02, SWAPS, 0.02),
    verdict="better", p_holm=0.01, interval=(0.002, 0.06), smallest_detectable=0.04,
)  # fmt: skip
ALIKE = OfWeights((-0.01, 0.07), 0.2, SWAPS, 0.2)


@pytest.mark.parametrize(
    ("changes", "compared", "said"),
    [
        (
            {},
            1,
            "both is better than text by 3.1 UA points [0.2, 6.0], p = 0.010, over 10 speakers in 5 folds and 3 seeds "
            "each.",
        ),
        (
            {"p_holm": 0.03, "seeds": (3, 5), "folds": 1},
            3,
            "both is better than text by 3.1 UA points [0.2, 6.0], p = 0.030 (Holm, 3 comparisons), over 10 speakers "
            "and 3 and 5 seeds.",
        ),
        (
            {"score": "mae", "method": "folds", "seeds": (1, 1), "interval": None},
            1,
            "both is better than text by 0.031 MAE, p = 0.010, over 5 folds, one seed each.",
        ),
        (
            {"method": "folds", "seeds": (2, 2), "verdict": "unclear", "p_holm": 0.2, "of_these_weights": ALIKE},
            1,
            "both and text cannot be told apart: the difference is 3.1 UA points [0.2, 6.0], p = 0.200, over 5 folds, "
            "2 seeds each; 4.0 UA points would be found four times of five.",
        ),
        (
            {"method": "folds", "seeds": (2, 1), "verdict": "unclear", "p_holm": 0.2, "smallest_detectable": None},
            2,
            "both and text cannot be told apart: the difference is 3.1 UA points [0.2, 6.0], p = 0.200 (Holm, 2 "
            "comparisons), over 5 folds, 2 and 1 seeds. The trained models differ (p = 0.020 over 10 speakers), which "
            "training again may undo.",
        ),
    ],
)
def test_a_pair_that_is_decided(changes, compared, said):
    assert sentence(replace(PAIR, **changes), compared) == said


UNDECIDED = replace(
    PAIR, method="none", p=None, p_holm=None, interval=None, verdict="undecidable", seeds=(1, 1), folds=1,
    too_few_seeds=["both", "text"], smallest_detectable=None,
)  # fmt: skip
AHEAD = "both is ahead by 3.1 UA points"
RUN = "With one seed each and one split nothing tells whether the settings do: run both with --seeds 1,2,3."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, f"These two trained models differ: {AHEAD} [0.4, 5.8], p = 0.020 over 10 speakers. {RUN}"),
        (
            {"of_these_weights": ALIKE},
            f"These two trained models cannot be told apart: {AHEAD} [-1.0, 7.0], p = 0.200 over 10 speakers. {RUN}",
        ),
        (
            {"of_these_weights": replace(ALIKE, p_holm=0.02, interval=None)},
            f"These two trained models cannot be told apart: {AHEAD}, p = 0.020 over 10 speakers. {RUN}",
        ),
        (
            {"of_these_weights": replace(ALIKE, p_holm=0.02, interval=(0.0, 0.05))},
            f"These two trained models cannot be told apart: {AHEAD} [0.0, 5.0], p = 0.020 over 10 speakers. {RUN}",
        ),
        (
            {"difference": 0.0, "of_these_weights": ALIKE},
            f"These two trained models score the same, p = 0.200 over 10 speakers. {RUN}",
        ),
        (
            {"seeds": (2, 5), "too_few_seeds": ["both"]},
            f"These two trained models differ: {AHEAD} [0.4, 5.8], p = 0.020 over 10 speakers. With fewer than 3 seeds "
            "and one split nothing tells whether the settings do: run both with --seeds 1,2,3.",
        ),
        (
            {"seeds": (1, 2), "too_few_seeds": ["speech", "words", "text"]},
            f"These two trained models differ: {AHEAD} [0.4, 5.8], p = 0.020 over 10 speakers. With fewer than 3 seeds "
            "and one split nothing tells whether the settings do: run speech, words and text with --seeds 1,2,3.",
        ),
        (
            {"seeds": (3, 4), "too_few_seeds": []},
            f"These two trained models differ: {AHEAD} [0.4, 5.8], p = 0.020 over 10 speakers; nothing tells how sure "
            "that is for others.",
        ),
    ],
)
def test_a_pair_that_cannot_be_decided(changes, said):
    assert sentence(replace(UNDECIDED, **changes), 1) == said


CORRECTED = "p and intervals are corrected for the {} comparisons of this report (Holm 1979); "


def few(clusters):
    swaps = replace(SWAPS, clusters=clusters, least_p=2 / 2**clusters, unnamed={"group": 1} if clusters < 6 else {})
    return replace(PAIR, swaps=swaps)


def test_what_a_report_s_comparisons_are_corrected_for():
    assert family([PAIR]) == family([UNDECIDED, PAIR]) == ""
    told = family([PAIR, PAIR, UNDECIDED])
    assert told == CORRECTED.format(2) + "comparisons made in other reports are not counted."
    assert family([few(4)]) == (
        "Swapping the answers to 3 speakers and 1 group without a speaker gives no smaller p of these weights than "
        "0.12: too few to call any two trained models different."
    )
    assert family([few(6), few(6)]).endswith(
        " are not counted. Swapping the answers to 6 speakers gives no smaller p of these weights than 0.062 after the "
        "correction for 2 comparisons: too few to call any two trained models different."
    )


def run(name, *seeds, missing=()):
    return SimpleNamespace(name=name, seeds=seeds, missing=missing)


def test_what_differs_between_runs_is_noted():
    assert notes([run("a", 1, 2), run("b", 1, 2)]) == []
    assert notes([run("a", 1, 2), run("b", 1, missing=((1, 2),))]) == [
        "b is compared with nothing: it lacks seed 1: fold 2."
    ]
    assert notes([run("a", 1, 2), run("b", 3), run("c", 4, missing=((4, 1),))]) == [
        "c is compared with nothing: it lacks seed 4: fold 1.",
        "The runs have different seeds: a has seeds 1, 2, b has seed 3. Each is the mean over its own.",
    ]
