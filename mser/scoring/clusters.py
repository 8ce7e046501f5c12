"""Which utterances belong together, and what a run would score if the speakers weighed otherwise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import LEVEL, REPLICATES, SEED, Floats, cluster_draws, weighed

_UNITS = ("speaker", "group", "utterance")
_ENTRIES = 4_000_000  # of a piece of the weights, so that thousands of clusters fit into memory
_KEPT = 200_000_000  # bytes of draws that are kept, of at most twenty thousand clusters


@dataclass(frozen=True)
class Resampling:
    """What the intervals of a run rest on.

    Attributes:
        level: of the intervals.
        unit: what is resampled; see `Clusters.unit`.
        number: of clusters.
        unnamed: how many of them are no such unit, by kind.
        effective: how many of one size would weigh as evenly.
        strata: that they are drawn in.
        degrees_of_freedom: of Student's t.
        replicates: how often they are drawn.
        seed: of the draws.
    """

    level: float
    unit: str
    number: int
    unnamed: Mapping[str, int]
    effective: float
    strata: int
    degrees_of_freedom: float
    replicates: int
    seed: int


@dataclass(frozen=True)
class Clusters:
    """The speakers of the judged utterances and the folds they are judged in.

    An utterance whose speaker nobody names is a cluster with its group, or by itself; the others keep their speakers.

    Attributes:
        unit: ``speaker``; ``group`` where no speaker is known; ``utterance`` where no group is either.
        names: G of them.
        folds: for each of C cells, one per fold and speaker in it, the place of the fold.
        members: for each cell the place of its speaker in `names`.
        cell: utterance and place of the fold to the number of the cell.
        sizes: the utterances of each cell; as many in each where it is empty.
        kinds: what each cluster is; all are a `unit` where it is empty.
    """

    unit: str
    names: tuple[str, ...]
    folds: tuple[int, ...]
    members: tuple[int, ...]
    cell: dict[tuple[str, int], int]
    sizes: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()

    @cached_property
    def strata(self) -> list[int]:
        """For each cluster the stratum that it is drawn in: its fold, if each is in one fold.

        Folds with a single cluster are taken together, with the next fold if there is only one such: nothing says how
        much a lone cluster could differ. Beside the speakers of a fold, what has none is a stratum of its own: a few
        utterances cannot stand in for a speaker.
        """
        fold = self._homes
        sizes = Counter(fold[place] for place in range(len(fold)) if place not in self._beside)
        alone = {number for number, size in sizes.items() if size == 1}
        if len(alone) == 1 and len(sizes) > 1:
            alone.add(min(sizes.keys() - alone))
        drawn = [-1 if number in alone else number for number in fold]
        return [len(fold) + fold[place] if place in self._beside else drawn[place] for place in range(len(fold))]

    @cached_property
    def _homes(self) -> list[int]:
        """The fold of each cluster; the same for all where one is in several."""
        if len(self.folds) > len(self.names):
            return [0] * len(self.names)
        fold = dict(zip(self.members, self.folds, strict=True))
        return [fold[place] for place in range(len(self.names))]

    @cached_property
    def _beside(self) -> frozenset[int]:
        """The clusters without a speaker in a fold that has speakers, but for a lone one half as large as a speaker."""
        beside: dict[int, list[int]] = defaultdict(list)
        speakers: dict[int, list[int]] = defaultdict(list)
        for place, kind in enumerate(self.kinds):
            (speakers if kind == "speaker" else beside)[self._homes[place]].append(place)
        talk = np.bincount(self.members, self.sizes or None, len(self.names))
        return frozenset(
            place
            for fold, places in beside.items()
            for place in places
            if speakers[fold] and (len(places) > 1 or 2 * talk[place] < min(talk[one] for one in speakers[fold]))
        )

    @cached_property
    def effective(self) -> float:
        """How many clusters of one size would weigh as evenly, n² / Σ n² with n shares of their fold (Kish 1965)."""
        sizes = np.asarray(self.sizes or [1] * len(self.folds), dtype=float)
        shares = sizes / np.bincount(self.folds, sizes)[list(self.folds)]
        weight = np.bincount(self.members, shares, len(self.names))
        return float(weight.sum() ** 2 / (weight**2).sum())

    @property
    def freedom(self) -> float:
        """Degrees of freedom: clusters minus strata; 0 where nothing can be said.

        Where clusters are so unequal that they count as fewer than half of their number, the effective ones less the
        strata of speakers.
        """
        number = len(self.names)
        if 2 * self.effective >= number:
            return number - len(set(self.strata))
        main = {stratum for place, stratum in enumerate(self.strata) if place not in self._beside}
        return max(0.0, self.effective - len(main))

    @property
    def unnamed(self) -> dict[str, int]:
        """How many of the clusters are no `unit`, by kind."""
        return dict(Counter(kind for kind in self.kinds if kind != self.unit))

    def resampling(self) -> Resampling:
        """Return what an interval rests on."""
        return Resampling(
            level=LEVEL,
            unit=self.unit,
            number=len(self.names),
            unnamed=self.unnamed,
            effective=self.effective,
            strata=len(set(self.strata)),
            degrees_of_freedom=self.freedom,
            replicates=REPLICATES,
            seed=SEED,
        )

    def weights(self) -> Iterator[Floats]:
        """Yield the weights of all replicates, (R, G), in pieces; the same every time."""
        strata = tuple(self.strata)
        for drawn in (_kept if len(strata) * REPLICATES <= _KEPT else _draws)(strata):
            yield weighed(strata, drawn)

    def sums(self, run: Run, scorer: Scorer) -> dict[int, Floats]:
        """Return by seed the sums of each cell, (C, S)."""
        found: dict[int, Floats] = {}
        for job in run.jobs:
            rows = scorer.sums(job.predictions)
            table = found.setdefault(job.seed, np.zeros((len(self.folds), rows.shape[1])))
            place = _place(run, job.fold.number)
            np.add.at(table, [self.cell[utterance, place] for utterance in job.predictions.utterances], rows)
        return found

    def scores(self, scorer: Scorer, weights: Floats, table: Floats, rest: Floats | None = None) -> dict[str, Floats]:
        """Return the mean over folds of each score where each cell's sums count as its cluster weighs, (..., R).

        Args:
            scorer: gives the scores.
            weights: (R, G).
            table: (..., C, S), the sums that are weighed.
            rest: (..., C, S), sums that count once whatever the weights; then so do the folds, which otherwise count as
                much as their clusters weigh.
        """
        total: dict[str, Floats] = defaultdict(lambda: np.zeros((*table.shape[:-2], len(weights))))
        counted: dict[str, Floats] = defaultdict(lambda: np.zeros((*table.shape[:-2], len(weights))))
        for fold in range(max(self.folds) + 1):
            cells = [cell for cell, where in enumerate(self.folds) if where == fold]
            members = [self.members[cell] for cell in cells]
            weighed, speakers = weights[:, members], [place for place in members if place not in self._beside]
            share = weights[:, speakers].mean(1) if rest is None else np.ones(len(weights))
            sums = weighed @ table[..., cells, :]
            if rest is not None:
                sums = sums + rest[..., cells, :].sum(-2, keepdims=True)
            for name, score in scorer.of_sums(sums).items():
                shares = np.where(np.isnan(score), 0, share)
                total[name] += shares * np.nan_to_num(score)
                counted[name] += shares
        return {name: total[name] / np.where(counted[name] > 0, counted[name], np.nan) for name in total}


def _draws(strata: tuple[int, ...]) -> Iterator[NDArray[np.uint8]]:
    """Yield how often each cluster is drawn in each replicate, (R, G), in pieces.

    Of n - 1 draws each cluster of a stratum has one in n, so that none is drawn more than 255 times.
    """
    rng, size = np.random.default_rng(SEED), max(1, _ENTRIES // len(strata))
    for start in range(0, REPLICATES, size):
        yield cluster_draws(strata, min(size, REPLICATES - start), rng).astype(np.uint8)


@lru_cache(maxsize=1)
def _kept(strata: tuple[int, ...]) -> list[NDArray[np.uint8]]:
    """Return `_draws`, kept: all scores weigh the same clusters, and drawing thousands takes longer than scoring."""
    return list(_draws(strata))


def clusters_of(run: Run) -> Clusters:
    """Return the clusters of a complete run."""
    parts = {_place(run, job.fold.number): job.predictions for job in run.jobs if job.seed == run.seeds[0]}
    owner = {
        (utterance, place): cluster
        for place, said in parts.items()
        for utterance, cluster in zip(said.utterances, _clusters(said), strict=True)
    }
    utterances = Counter((place, cluster) for (_, place), cluster in owner.items())
    cells = sorted(utterances)
    clusters = sorted({cluster for _, cluster in cells})
    number = {cell: place for place, cell in enumerate(cells)}
    place_of = {cluster: place for place, cluster in enumerate(clusters)}
    return Clusters(
        unit=next(unit for unit in _UNITS if any(kind == unit for kind, _ in clusters)),
        names=tuple(name for _, name in clusters),
        folds=tuple(place for place, _ in cells),
        members=tuple(place_of[cluster] for _, cluster in cells),
        cell={(utterance, place): number[place, cluster] for (utterance, place), cluster in owner.items()},
        sizes=tuple(utterances[cell] for cell in cells),
        kinds=tuple(kind for kind, _ in clusters),
    )


def replicates(run: Run, scorer: Scorer, clusters: Clusters) -> dict[str, Floats]:
    """Return each score of the run, mean over its folds and seeds, in all replicates of the bootstrap, (R,)."""
    tables = clusters.sums(run, scorer).values()
    pieces = []
    for weights in clusters.weights():
        scores = [clusters.scores(scorer, weights, table) for table in tables]
        pieces.append({name: np.mean([score[name] for score in scores], axis=0) for name in scores[0]})
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _clusters(said: Predictions) -> Iterator[tuple[str, str]]:
    """Yield what each utterance belongs to: the kind of the cluster and its name."""
    for names in zip(said.speakers, said.groups, said.utterances, strict=True):
        yield next((unit, name) for unit, name in zip(_UNITS, names, strict=True) if name)


def _place(run: Run, number: int) -> int:
    return [fold.number for fold in run.plan.folds].index(number)
