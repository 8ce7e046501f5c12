"""What a run's models say when a side is taken away or made worse, from the predictions of `mser robustness`.

They lie in ``RUN/robustness/<part>/<condition>/seed<S>/fold<K>``. A condition counts once every fold and seed has been
asked, and as long as its models are those that the run has now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np

from mser.errors import UserError
from mser.files.json_fields import Whole, fit, read_object
from mser.report.figures import Estimate, Interval, models_error
from mser.report.json_layout import FLAT
from mser.report.robustness_labels import LabelAnswers, by_label, label_score
from mser.robustness.conditions import Kind
from mser.runs.fold_predictions import Part, Predictions, read_predictions
from mser.runs.folder import CONDITION, PREDICTIONS, ROBUSTNESS, fold_name, model_digest
from mser.runs.run import Job, Run
from mser.scoring.clusters import Clusters, clusters_of, replicates
from mser.scoring.influence import Influences, independent_error, influences
from mser.scoring.means import defined
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge
from mser.scoring.statistics import Floats, interval

KINDS = ("as_is", *get_args(Kind))
_OF_SIDES = ("as_is", "no_text", "no_speech", "wer", "snr")
_PARTS: tuple[Part, ...] = ("test", "val")


@dataclass(frozen=True)
class Difference:
    """A difference of scores, and its interval over the same resampled speakers."""

    difference: float | None
    difference_interval: Interval | None


@dataclass(frozen=True)
class Change(Estimate):
    """A score under a condition, and how it has changed `since` the models as they are; None for these themselves."""

    since: Difference | None = field(default=None, metadata=FLAT)


@dataclass(frozen=True)
class Row:
    """What the models say under a condition.

    Attributes:
        kind: one of `KINDS`.
        level: see `mser.robustness.conditions.Condition`.
        noise: the same.
        wer: the word error rate that was reached; None for other kinds.
        scores: the headline scores.
        by_label: what is answered of each label; empty where a lone score is all there is.
    """

    kind: str
    level: float
    noise: str
    wer: float | None
    scores: Mapping[str, Change] = field(metadata=FLAT)
    by_label: Mapping[str, LabelAnswers] = field(default_factory=dict)

    def cost(self, score: str) -> float:
        """Return by how much a score is worse than of the models as they are; 0 for these, or where it is not known."""
        since = self.scores[score].since
        return -measure(score).better * (since.difference or 0.0) if since else 0.0


@dataclass(frozen=True)
class Robustness:
    """How the headline scores change on a part.

    Attributes:
        part: ``test`` or ``validation``.
        dropout: the share of utterances that lost a side in training.
        floor: of each score.
        unfinished: conditions of which a fold or seed was not asked, by the names of their folders.
        conditions: first the models as they are, then the others in the order of `KINDS`.
        label_score: by which score single labels are judged.
    """

    part: str
    dropout: float
    floor: Mapping[str, float | None]
    unfinished: Sequence[str]
    conditions: Sequence[Row]
    label_score: str = "recall"

    @property
    def everyday(self) -> bool:
        """Whether it was asked about more than lost sides, wrong words and noise."""
        return any(row.kind not in _OF_SIDES for row in self.conditions)

    def ordered(self, score: str) -> Sequence[Row]:
        """Return the models as they are and the conditions as tables have them: everyday ones by what they cost."""
        if not self.everyday:
            return self.conditions
        return [*self.conditions[:1], *sorted(self.conditions[1:], key=lambda row: -row.cost(score))]


class _Condition(msgspec.Struct, frozen=True):
    kind: str
    level: float
    noise: str


class _Facts(msgspec.Struct, frozen=True):
    """``facts.json``."""

    model: str
    condition: _Condition
    errors: dict[str, Whole] = {}


@dataclass(frozen=True)
class _PartConditions:
    """A condition under which all folds and seeds have been asked.

    Attributes:
        condition: which.
        predictions: by seed and fold.
        errors: words and wrong ones, of all folds of one seed.
    """

    condition: _Condition
    predictions: Mapping[tuple[int, int], Predictions]
    errors: Mapping[str, int]


def robustness(run: Run, judge: Judge) -> list[Robustness]:
    """Return how the headline scores change on each part that was asked about; nothing for a partial run."""
    if run.missing:
        return []
    return [on_part for part in _PARTS if (on_part := _part(run, judge, part))]


def _part(run: Run, judge: Judge, part: Part) -> Robustness | None:
    folders = sorted(path for path in (run.folder / ROBUSTNESS / part).glob("*") if path.is_dir())
    plain = _as_is(run, part)
    if not folders or plain is None:
        return None
    by_name = {folder.name: _robustness(run, part, folder) for folder in folders}
    stressed = sorted((one for one in by_name.values() if one), key=_order)
    return Robustness(
        part="test" if part == "test" else "validation",
        dropout=_dropout(run),
        floor=_floor(plain, judge),
        unfinished=sorted(name for name, one in by_name.items() if one is None),
        conditions=_compared(plain, stressed, judge) if stressed else [],
        label_score=label_score(plain),
    )


def _as_is(run: Run, part: Part) -> Run | None:
    """Return the run as judged on a part; None where its predictions were not kept."""
    if part == run.part:
        return run
    if part == "test" or any(job.chosen_on is None for job in run.jobs):
        return None
    return _with(run, part, {(job.seed, job.fold.number): job.chosen_on for job in run.jobs if job.chosen_on})


def _with(run: Run, part: Part, predictions: Mapping[tuple[int, int], Predictions]) -> Run:
    jobs: tuple[Job, ...] = tuple(replace(job, predictions=predictions[job.seed, job.fold.number]) for job in run.jobs)
    return replace(run, part=part, jobs=jobs)


def _robustness(run: Run, part: Part, folder: Path) -> _PartConditions | None:
    """Return a condition's results; None where a fold or seed has none of the model that the run has now."""
    predictions, all_facts = {}, []
    for job in run.jobs:
        where = fold_name(job.seed, job.fold.number)
        facts = _facts(folder / where / CONDITION)
        if facts is None or facts.model != model_digest(run.folder / where):
            return None
        all_facts.append(facts)
        parts: dict[Part, Sequence[str]] = {part: getattr(job.fold, part)}
        path = folder / where / PREDICTIONS
        read = read_predictions(path, run.question, seed=job.seed, fold=job.fold.number, parts=parts)
        predictions[job.seed, job.fold.number] = read[part]
    condition = all_facts[0].condition
    if any(facts.condition != condition for facts in all_facts):
        return None
    first = [facts.errors for facts, job in zip(all_facts, run.jobs, strict=True) if job.seed == run.seeds[0]]
    return _PartConditions(condition, predictions, {name: sum(errors[name] for errors in first) for name in first[0]})


def _facts(path: Path) -> _Facts | None:
    if not path.exists():
        return None
    advice = "delete it and run `mser robustness` again"
    facts = fit(_Facts, read_object(path, advice), path, advice)
    if facts.condition.kind not in KINDS:
        raise UserError(f"{path} is of the condition {facts.condition.kind[:40]!r}; {advice}")
    return facts


def _order(asked: _PartConditions) -> tuple[int, float]:
    kind, level = asked.condition.kind, asked.condition.level
    return KINDS.index(kind), -level if kind == "snr" else level


def _compared(plain: Run, asked: Sequence[_PartConditions], judge: Judge) -> list[Row]:
    clusters = clusters_of(plain)
    as_is = _Scored.of(plain, judge, clusters)
    changes = {name: Change(*_estimate(name, as_is, clusters)) for name in judge.headline}
    labels = by_label(plain, judge.scorer)
    rows = [Row("as_is", level=0.0, noise="", wer=None, scores=changes, by_label=labels)]
    for one in asked:
        run = _with(plain, plain.part, one.predictions)
        worse, labels = _Scored.of(run, judge, clusters), by_label(run, judge.scorer)
        changes = {
            name: Change(*_estimate(name, worse, clusters), _difference(name, as_is, worse, clusters))
            for name in judge.headline
        }
        asked_for = one.condition.kind, one.condition.level, one.condition.noise
        rows.append(Row(*asked_for, _reached(one.errors), changes, labels))
    return rows


@dataclass(frozen=True)
class _Scored:
    """The mean of each score over folds and seeds, its replicates where there are enough speakers, and influences."""

    means: Mapping[str, float]
    resampled: Mapping[str, Floats]
    moved: Influences

    @classmethod
    def of(cls, run: Run, judge: Judge, clusters: Clusters) -> _Scored:
        once = np.ones((1, len(clusters.names)))
        each = [clusters.scores(judge.scorer, once, table) for table in clusters.sums(run, judge.scorer).values()]
        means = {name: float(np.mean([scores[name] for scores in each])) for name in judge.headline}
        resampled = replicates(run, judge.scorer, clusters) if clusters.freedom >= 1 else {}
        return cls(means, resampled, influences(run, judge.scorer))


def _estimate(name: str, scored: _Scored, clusters: Clusters) -> tuple[float | None, Interval | None]:
    mean, least = scored.means[name], independent_error(scored.moved[name])
    error = models_error(mean, scored.resampled.get(name), clusters.freedom, least)
    ends = interval(mean, error.size, error.freedom, measure(name).scale) if error else None
    return defined(mean), ends


def _difference(name: str, as_is: _Scored, worse: _Scored, clusters: Clusters) -> Difference:
    mean = worse.means[name] - as_is.means[name]
    both = worse.resampled[name] - as_is.resampled[name] if as_is.resampled else None
    error = models_error(mean, both, clusters.freedom, independent_error(worse.moved[name], as_is.moved[name]))
    return Difference(defined(mean), interval(mean, error.size, error.freedom) if error else None)


def _floor(run: Run, judge: Judge) -> dict[str, float | None]:
    floors = [judge.scorer.floor(job.predictions) for job in run.jobs if job.seed == run.seeds[0]]
    return {name: defined(float(np.mean([floor.get(name, np.nan) for floor in floors]))) for name in judge.headline}


def _reached(errors: Mapping[str, int]) -> float | None:
    """Return the word error rate: wrong words of all folds over spoken ones."""
    wrong = sum(errors.get(kind, 0) for kind in ("substitutions", "deletions", "insertions"))
    return wrong / errors["words"] if errors.get("words") else None


def _dropout(run: Run) -> float:
    augment = run.config["data"]["init_args"].get("augment") or {}
    return float(augment.get("modality_dropout", 0.0))
