"""Made-up worlds in which the truth is known: how well models do varies with speaker, session, training set and seed.

Whether an utterance is recognised is a probit model with random effects. Each has a standard deviation in points of
recall; beside it stands a part by class, which moves the recalls apart and leaves their mean. Utterances have a
difficulty of their own, so that two models that are trained alike agree on about 86 % of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
_DIFFICULTY = 0.85  # the share of an utterance's chance that is its own
_BINS = 8
_BY_CLASS = {"speaker": 6.0, "training": 3.0, "seed": 4.0}  # points by which an effect moves single classes


@dataclass(frozen=True)
class World:
    """Who is tested, and by how many points of recall each effect makes models differ (standard deviations).

    Attributes:
        sizes: (G, C) utterances of each speaker and class.
        folds: (G,) the fold that tests each speaker.
        speaker, session, training, seed: see the head of this file; ``training`` and ``session`` are the folds'.
        config_speaker, config_training: what a setting adds of its own for a speaker, or on a fold's training set.
        alike: the correlation of the folds' training sets.
    """

    sizes: NDArray[np.int64]
    folds: NDArray[np.int64]
    level: Floats = field(default_factory=lambda: np.array([0.62, 0.74, 0.72, 0.65]))
    speaker: float = 4.0
    session: float = 0.0
    training: float = 0.0
    seed: float = 0.0
    config_speaker: float = 0.0
    config_training: float = 0.0
    alike: float = 0.0

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self.sizes.shape[1]

    @cached_property
    def slope(self) -> Floats:
        """(C,) what a point of recall is on the probit's scale."""
        middle = ndtri(self.level[: self.classes])
        return 0.01 * np.sqrt(2 * np.pi) * np.exp(middle**2 / 2)


@dataclass(frozen=True)
class Drawn:
    """What some corpora turned out to be.

    Attributes:
        right: (corpora, runs, seeds, G, C) utterances that were recognised.
        tables: (corpora, runs, seeds, G, C * C) confusion counts; what is wrong is called the next class.
        models: (corpora, runs) the mean recall of these trained models for countless speakers and sessions.
    """

    right: NDArray[np.int64]
    tables: Floats
    models: Floats


def draw(
    world: World, rng: np.random.Generator, corpora: int, *, seeds: int = 1, runs: int = 1, gain: float = 0.0
) -> Drawn:
    """Return what `runs` runs of `seeds` seeds say of as many corpora; the first is better by `gain` points."""
    groups, classes = world.sizes.shape
    folds = int(world.folds.max()) + 1

    def normal(sd: float, *shape: int) -> Floats:
        return rng.normal(0, sd, (corpora, *shape)) if sd else np.zeros((1,) * (1 + len(shape)))

    def both(kind: str, *shape: int) -> Floats:
        if not (sd := getattr(world, kind)):
            return normal(0.0, *shape, 1)
        by_class = normal(_BY_CLASS[kind], *shape, classes)
        return normal(sd, *shape, 1) + by_class - by_class.mean(-1, keepdims=True)

    training = np.sqrt(1 - world.alike) * both("training", 1, 1, folds)
    training = training + np.sqrt(world.alike) * both("training", 1, 1, 1)
    better = np.zeros((1, runs, 1, 1, 1))
    better[:, 0] = gain
    of_models = training + both("seed", runs, seeds, folds) + better
    of_models = of_models + normal(world.config_training, runs, 1, folds, 1)
    speakers = both("speaker", 1, 1, groups) + normal(world.config_speaker, runs, 1, groups, 1)
    sessions = normal(world.session, 1, 1, folds, 1)
    effects = np.broadcast_to(of_models + sessions, (corpora, runs, seeds, folds, classes))[..., world.folds, :]
    middle = ndtri(world.level[:classes])
    right = _recognised(middle + world.slope * (effects + speakers), world, rng)
    heard = _variance(world, "speaker") + world.session**2 + world.config_speaker**2
    recalls = _chance(world, world.slope * of_models, heard)
    models = np.broadcast_to(recalls, (corpora, runs, seeds, folds, classes)).mean((2, 3, 4))
    return Drawn(right, _tables(right, world.sizes), models)


def truth(world: World) -> float:
    """Return the mean recall that the method reaches over countless speakers, sessions, training sets and seeds."""
    variance = sum(_variance(world, name) for name in ("speaker", "training", "seed"))
    variance += world.session**2 + world.config_speaker**2 + world.config_training**2
    return float(_chance(world, np.zeros(world.classes), variance).mean())


def _variance(world: World, kind: str) -> float:
    """Return the variance of an effect on a class, in points squared."""
    sd = float(getattr(world, kind))
    return sd**2 + (_BY_CLASS[kind] ** 2 * (1 - 1 / world.classes) if sd else 0.0)


def _difficulties() -> Floats:
    bins = ndtri((np.arange(_BINS) + 0.5) / _BINS)
    return np.sqrt(_DIFFICULTY) * bins / np.sqrt((bins**2).mean())


def _chance(world: World, effects: Floats, variance: float) -> Floats:
    """Return the recalls, (..., C), where such effects are known and others have a variance in points squared."""
    width = np.sqrt(1 - _DIFFICULTY + world.slope**2 * variance)
    middle = ndtri(world.level[: world.classes]) + effects
    return np.asarray(ndtr((middle[..., None] - _difficulties()) / width[:, None]).mean(-1))


def _recognised(logits: Floats, world: World, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how many utterances each model recognises; an utterance is as difficult for one as for the other."""
    number = rng.multinomial(world.sizes, np.full(_BINS, 1 / _BINS), size=(len(logits), *world.sizes.shape))
    right = np.zeros(logits.shape, dtype=np.int64)
    for place, hard in enumerate(_difficulties()):
        chance = ndtr((logits - hard) / np.sqrt(1 - _DIFFICULTY))
        right += rng.binomial(np.broadcast_to(number[:, None, None, ..., place], logits.shape), chance)
    return right


def _tables(right: NDArray[np.int64], sizes: NDArray[np.int64]) -> Floats:
    classes = sizes.shape[1]
    found = np.zeros((*right.shape, classes))
    for true in range(classes):
        found[..., true, true] = right[..., true]
        found[..., true, (true + 1) % classes] += sizes[:, true] - right[..., true]
    return found.reshape(*right.shape[:-1], classes**2)


def iemocap(rng: np.random.Generator, **spread: float) -> World:
    """Return five folds of two speakers with as many utterances as IEMOCAP's sessions have."""
    sessions, shares = (1085, 1023, 1151, 1031, 1241), (1103, 1636, 1708, 1084)
    sizes = [
        rng.multinomial(total // 2, rng.dirichlet(np.array(shares) / sum(shares) * 40))
        for total in sessions
        for _ in range(2)
    ]
    return World(np.maximum(np.array(sizes), 5), np.repeat(np.arange(5), 2), **spread)


def official(clusters: NDArray[np.int64], **spread: float) -> World:
    """Return one split whose speakers or videos have so many utterances, half of them of either class."""
    sizes = np.column_stack([clusters // 2, clusters - clusters // 2])
    return World(sizes, np.zeros(len(clusters), dtype=np.int64), level=np.array([0.68, 0.76]), **spread)
