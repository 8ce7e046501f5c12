"""Calibration: is the model right as often as it says it is?

- *ECE*, the expected calibration error: answers are put into 15 bins of equal width by the probability that the model
  gave them; in each bin the mean probability and the share that was right differ by a gap; the mean of the gaps,
  weighted by the bins' sizes (Naeini et al. 2015; Guo et al. 2017).
- *Its floor*: the gaps are absolute, so luck alone fills them. As many answers are drawn right or wrong with the very
  probabilities that the model gave them, 200 times; the mean of their ECEs is what perfect calibration scores, and an
  ECE that 5 % of the draws reach cannot be told from it (Vaicenavicius et al. 2019). Seeds share a draw, since they
  answer the same utterances.
- *Intervals* of ECE and log-loss: 95 %, from resampling speakers within folds (`mser.scoring.statistics`).
- *Temperature scaling*: the logits are divided by the one number that makes the log-loss of the validation part least,
  for each fold and seed its own. It changes how sure the model is, never what it says (Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mser.report.confidence.calibration_error import calibration_scorer, perfect_errors, places
from mser.report.confidence.decisions import Floats, sure
from mser.report.printed import between, percent
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.clusters import Clusters
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import interval, standard_error
from mser.scoring.temperature import fitted_temperature, tempered

_LUCK = 0.95
"""The share of perfectly calibrated draws that an ECE must exceed to be told from them."""


@dataclass(frozen=True)
class Bin:
    """The answers that were given with about the same probability.

    Attributes:
        probability: the mean of theirs, 0..1.
        right: the share of them that is.
        answers: how many there are.
    """

    probability: float
    right: float
    answers: int


@dataclass(frozen=True)
class Calibrated:
    """How well some probabilities are calibrated, of all folds and seeds.

    Attributes:
        ece: the expected calibration error, 0..1.
        log_loss: in nats.
        ece_interval: 95 %; None where speakers are too few to tell.
        log_loss_interval: the same of the log-loss.
        perfect_ece: that of answers which are right as often as said.
        indistinguishable: whether they cannot be told from such.
        bins: those that hold any answer, by their probability.
    """

    ece: float
    log_loss: float
    ece_interval: tuple[float, float] | None
    log_loss_interval: tuple[float, float] | None
    perfect_ece: float
    indistinguishable: bool
    bins: Sequence[Bin]


@dataclass(frozen=True)
class Temperature:
    """What the logits of a fold with one seed are divided by."""

    seed: int
    fold: int
    temperature: float


@dataclass(frozen=True)
class Calibration:
    """A run's probabilities as they are, and with temperatures that were fitted on validation.

    Attributes:
        as_is: as the models give them.
        scaled: with the temperatures; None where validation is what is judged, or was not kept.
        temperatures: by seed and fold; None for the same reasons.
    """

    as_is: Calibrated
    scaled: Calibrated | None = None
    temperatures: Sequence[Temperature] | None = None


def calibration(run: Run, clusters: Clusters) -> Calibration | None:
    """Return how well the probabilities of a complete run are calibrated; None for scores, which have none.

    Args:
        run: a complete one.
        clusters: its own, for the intervals.
    """
    if run.plan.task.is_numbers:
        return None
    as_is = _calibrated(run, clusters)
    fitted = [_temperature(job.chosen_on, run) for job in run.jobs if job.chosen_on is not None]
    if len(fitted) < len(run.jobs):
        return Calibration(as_is)
    temperatures = [
        Temperature(job.seed, job.fold.number, temperature) for job, temperature in zip(run.jobs, fitted, strict=True)
    ]
    return Calibration(as_is, _calibrated(_scaled(run, fitted), clusters), temperatures)


def calibrated(one: Calibrated) -> str:
    """Return in words how far probabilities are off, and how far they would be if they were right as often as said.

    Example:
        >>> calibrated(Calibrated(0.068, 1.2, (0.05, 0.09), None, perfect_ece=0.061, indistinguishable=True, bins=()))
        'off by 6.8 points (ECE [5.0, 9.0]), perfect ones by 6.1: indistinguishable from perfectly calibrated'
    """
    ends = f" {between(one.ece_interval, 'ua')}" if one.ece_interval else ""
    sentence = f"off by {percent(one.ece)} points (ECE{ends}), perfect ones by {percent(one.perfect_ece)}"
    return f"{sentence}: indistinguishable from perfectly calibrated" if one.indistinguishable else sentence


def _calibrated(run: Run, clusters: Clusters) -> Calibrated:
    answers = {
        seed: tuple(
            np.concatenate(side)
            for side in zip(*[sure(job.predictions, run.question) for job in run.jobs if job.seed == seed], strict=True)
        )
        for seed in run.seeds
    }
    scores, intervals = _scores(run, clusters)
    perfect = perfect_errors([probability for probability, _ in answers.values()])
    return Calibrated(
        ece=scores["ece"],
        log_loss=scores["log_loss"],
        ece_interval=intervals["ece"],
        log_loss_interval=intervals["log_loss"],
        perfect_ece=float(perfect.mean()),
        indistinguishable=bool(scores["ece"] <= np.quantile(perfect, _LUCK)),
        bins=_bins(*(np.concatenate(side) for side in zip(*answers.values(), strict=True))),
    )


def _scores(run: Run, clusters: Clusters) -> tuple[dict[str, float], dict[str, tuple[float, float] | None]]:
    """Return ECE and log-loss, of all folds as one set and the mean over seeds, and their intervals."""
    scorer = calibration_scorer(run.question)
    tables = clusters.sums(run, scorer).values()
    scores = {name: float(np.mean(score)) for name, score in _seeds(scorer, [t.sum(0) for t in tables]).items()}
    pieces = []
    for weights in clusters.weights() if clusters.freedom >= 1 else ():
        weighed = weights[:, list(clusters.members)]
        pieces.append(_seeds(scorer, [weighed @ table for table in tables]))
    intervals = {}
    for name, score in scores.items():
        resampled = np.concatenate([piece[name].mean(0) for piece in pieces]) if pieces else None
        error = 0.0 if resampled is None else standard_error(score, resampled)
        # On no other scale: near 0, where an ECE may well lie, a logarithm would leave the upper end open.
        ends = interval(score, error, clusters.freedom)
        intervals[name] = (max(0.0, ends[0]), ends[1]) if ends else None
    return scores, intervals


def _seeds(scorer: Scorer, sums: list[Floats]) -> dict[str, Floats]:
    """Return each score with the seeds in the first dimension."""
    return scorer.of_sums(np.stack(sums))


def _scaled(run: Run, temperatures: list[float]) -> Run:
    """Return the run with its probabilities calibrated by a temperature per job."""
    jobs = []
    for job, temperature in zip(run.jobs, temperatures, strict=True):
        probabilities = tempered(job.predictions.probabilities, temperature, exclusive=run.question.exclusive)
        jobs.append(replace(job, predictions=replace(job.predictions, probabilities=probabilities)))
    return replace(run, jobs=tuple(jobs))


def _temperature(said: Predictions, run: Run) -> float:
    return fitted_temperature(said.probabilities, said.target, exclusive=run.question.exclusive)


def _bins(probability: Floats, right: NDArray[np.bool_]) -> list[Bin]:
    """Return each bin that has any answer."""
    place = places(probability)
    return [
        Bin(
            probability=float(probability[place == number].mean()),
            right=float(right[place == number].mean()),
            answers=int((place == number).sum()),
        )
        for number in np.unique(place)
    ]
