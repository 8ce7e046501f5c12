"""Which utterances belong together, and what a run would score if the speakers weighed otherwise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mser.runs.predictions import Predictions
from mser.runs.run import Json, Run
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import LEVEL, REPLICATES, SEED, Floats, cluster_weights

_ENTRIES = 4_000_000  # of a piece of the weights, so that thousands of clusters fit into memory


@dataclass(frozen=True)
class Clusters:
    """The speakers of the judged utterances and the folds they are judged in.

    Attributes:
        unit: ``speaker``; ``group`` where speakers are not known; ``utterance`` where neither is.
        names: G of them.
        folds: for each of C cells, one per fold and speaker in it, the place of the fold.
        members: for each cell the place of its speaker in `names`.
        cell: utterance and place of the fold to the number of the cell.
    """

    unit: str
    names: tuple[str, ...]
    folds: tuple[int, ...]
    members: tuple[int, ...]
    cell: dict[tuple[str, int], int]

    @cached_property
    def strata(self) -> list[int]:
        """For each cluster the stratum that it is drawn in: its fold, if each is in one fold.

        Folds with a single cluster are taken together, with the next fold if there is only one such: nothing says how
        much a lone cluster could differ.
        """
        if len(self.folds) > len(self.names):
            return [0] * len(self.names)
        fold = dict(zip(self.members, self.folds, strict=True))
        sizes = Counter(fold.values())
        alone = {number for number, size in sizes.items() if size == 1}
        if len(alone) == 1 and len(sizes) > 1:
            alone.add(min(sizes.keys() - alone))
        return [-1 if fold[place] in alone else fold[place] for place in range(len(self.names))]

    @property
    def freedom(self) -> int:
        """Degrees of freedom: clusters minus strata; 0 where nothing can be said."""
        return len(self.names) - len(set(self.strata))

    def facts(self) -> Json:
        """Return what an interval rests on."""
        return {
            "level": LEVEL,
            "unit": self.unit,
            "number": len(self.names),
            "strata": len(set(self.strata)),
            "degrees_of_freedom": self.freedom,
            "replicates": REPLICATES,
            "seed": SEED,
        }

    def weights(self) -> Iterator[Floats]:
        """Yield the weights of all replicates, (R, G), in pieces; the same every time."""
        rng = np.random.default_rng(SEED)
        size = max(1, _ENTRIES // len(self.names))
        for start in range(0, REPLICATES, size):
            yield cluster_weights(self.strata, min(size, REPLICATES - start), rng)

    def sums(self, run: Run, scorer: Scorer) -> dict[int, Floats]:
        """Return by seed the sums of each cell, (C, S)."""
        found: dict[int, Floats] = {}
        for job in run.jobs:
            rows = scorer.sums(job.said)
            table = found.setdefault(job.seed, np.zeros((len(self.folds), rows.shape[1])))
            place = _place(run, job.fold.number)
            np.add.at(table, [self.cell[utterance, place] for utterance in job.said.utterances], rows)
        return found

    def scores(self, scorer: Scorer, weights: Floats, table: Floats, rest: Floats | None = None) -> dict[str, Floats]:
        """Return the mean over folds of each score where each cell's sums count as much as its cluster weighs, (R,).

        Args:
            scorer: gives the scores.
            weights: (R, G).
            table: (C, S), the sums that are weighed.
            rest: (C, S), sums that count once whatever the weights; then so do the folds, which otherwise count as
                much as their clusters weigh.
        """
        total: dict[str, Floats] = defaultdict(lambda: np.zeros(len(weights)))
        counted: dict[str, Floats] = defaultdict(lambda: np.zeros(len(weights)))
        for fold in range(max(self.folds) + 1):
            cells = [cell for cell, where in enumerate(self.folds) if where == fold]
            weighed = weights[:, [self.members[cell] for cell in cells]]
            share = weighed.mean(1) if rest is None else np.ones(len(weights))
            sums = weighed @ table[cells] + (0 if rest is None else rest[cells].sum(0))
            for name, score in scorer.of_sums(sums).items():
                known = np.where(np.isnan(score), 0, share)
                total[name] += known * np.nan_to_num(score)
                counted[name] += known
        return {name: total[name] / np.where(counted[name] > 0, counted[name], np.nan) for name in total}


def clusters(run: Run) -> Clusters:
    """Return the clusters of a complete run."""
    parts = {_place(run, job.fold.number): job.said for job in run.jobs if job.seed == run.seeds[0]}
    unit = _unit(list(parts.values()))
    owner = {
        (utterance, place): name
        for place, said in parts.items()
        for utterance, name in zip(said.utterances, _names(said, unit), strict=True)
    }
    cells = sorted({(place, name) for (_, place), name in owner.items()})
    names = sorted({name for _, name in cells})
    number = {cell: place for place, cell in enumerate(cells)}
    return Clusters(
        unit,
        tuple(names),
        tuple(place for place, _ in cells),
        tuple(names.index(name) for _, name in cells),
        {(utterance, place): number[place, name] for (utterance, place), name in owner.items()},
    )


def replicates(run: Run, scorer: Scorer, found: Clusters) -> dict[str, Floats]:
    """Return each score of the run, mean over its folds and seeds, in all replicates of the bootstrap, (R,)."""
    tables = found.sums(run, scorer).values()
    pieces = []
    for weights in found.weights():
        scores = [found.scores(scorer, weights, table) for table in tables]
        pieces.append({name: np.mean([score[name] for score in scores], axis=0) for name in scores[0]})
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def _unit(parts: Sequence[Predictions]) -> str:
    if all(all(said.speakers) for said in parts):
        return "speaker"
    return "group" if all(all(said.groups) for said in parts) else "utterance"


def _names(said: Predictions, unit: str) -> tuple[str, ...]:
    return {"speaker": said.speakers, "group": said.groups, "utterance": said.utterances}[unit]


def _place(run: Run, number: int) -> int:
    return [fold.number for fold in run.plan.folds].index(number)
