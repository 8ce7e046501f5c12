"""What made-up raters say of a turn. Knows no files."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from mser.manifest import Rating

WORDS = {
    **{"neu": "Neutral", "sad": "Sadness", "ang": "Anger", "hap": "Happiness", "exc": "Excited"},
    **{"fru": "Frustration", "sur": "Surprise"},
}
"""The category that raters tick for a label."""

DIMENSIONS = ("valence", "activation", "dominance")
_USUAL = {
    **{"neu": (3, 2, 3), "sad": (2, 2, 2), "ang": (2, 4, 4), "hap": (4, 3, 3), "exc": (4, 4, 3)},
    **{"fru": (2, 3, 3), "sur": (3, 4, 3), "xxx": (3, 3, 3)},
}


def rate(label: str, speaker: str, observers: Sequence[str], random: Random) -> tuple[Rating, ...]:
    """Return the ratings that lead to a label: of three observers, then of the speaker.

    Two observers and the speaker give scores of 1 to 5; now and then one is forgotten.

    Args:
        label: the label that the observers' majority must give; with ``xxx`` no two of them agree.
        speaker: the speaker's name as a rater, such as ``F1``.
        observers: the three observers' names.
        random: where the differences between raters come from.
    """
    if label == "xxx":
        votes = random.sample(sorted(WORDS), 3)
    else:
        votes = [label, label, label if random.random() < 0.6 else random.choice(sorted(WORDS))]
        random.shuffle(votes)
    words = [(WORDS[vote], "Other") if random.random() < 0.05 else (WORDS[vote],) for vote in votes]
    scored = [_scores(label, random), _forget(_scores(label, random), random), {}]
    rated = [
        Rating(name, label_names, scores) for name, label_names, scores in zip(observers, words, scored, strict=True)
    ]
    own = WORDS.get(label, "Other") if random.random() < 0.7 else WORDS[random.choice(sorted(WORDS))]
    return (*rated, Rating(speaker, (own,), _scores(label, random), is_self=True))


def mean_scores(ratings: tuple[Rating, ...]) -> dict[str, float]:
    """Return the observers' mean of each dimension, over those who gave it."""
    ratings_of = {name: [r.scores[name] for r in ratings if name in r.scores and not r.is_self] for name in DIMENSIONS}
    return {name: round(sum(values) / len(values), 4) for name, values in ratings_of.items()}


def _forget(scores: dict[str, float], random: Random) -> dict[str, float]:
    forgotten = random.choice(DIMENSIONS) if random.random() < 0.03 else None
    return {name: score for name, score in scores.items() if name != forgotten}


def _scores(label: str, random: Random) -> dict[str, float]:
    means = dict(zip(DIMENSIONS, _USUAL[label], strict=True))
    return {name: float(min(5, max(1, mean + random.choice((-1, 0, 0, 1))))) for name, mean in means.items()}
