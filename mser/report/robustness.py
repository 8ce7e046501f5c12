"""What a run's models say when a side is taken away or made worse, from the predictions of `mser robustness`.

They lie in ``RUN/robustness/<part>/<condition>/seed<S>/fold<K>``. A condition counts once every fold and seed has been
asked, and as long as its models are those that the run has now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from mser.errors import UserError
from mser.files.json_fields import Whole, fit, read_object
from mser.report.figures import models_error
from mser.runs.fold_predictions import Part, Predictions, read_predictions
from mser.runs.folder import CONDITION, PREDICTIONS, ROBUSTNESS, fold_name, model_digest
from mser.runs.run import Job, Json, Run
from mser.scoring.clusters import Clusters, clusters, replicates
from mser.scoring.influence import Influences, independent_error, influences
from mser.scoring.means import defined
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge
from mser.scoring.statistics import Floats, interval

KINDS = ("as_is", "no_text", "no_speech", "wer", "snr")
_PARTS: tuple[Part, ...] = ("test", "val")


@dataclass(frozen=True)
class _Asked:
    """A condition under which all folds and seeds have been asked.

    Attributes:
        facts: what `CONDITION` says of it.
        said: by seed and fold.
        errors: words and wrong ones, of all folds of one seed.
    """

    facts: Json
    said: Mapping[tuple[int, int], Predictions]
    errors: Mapping[str, int]


def robustness(run: Run, judge: Judge) -> list[Json]:
    """Return for each part that was asked about how the headline scores change; nothing for a partial run.

    Returns:
        For each part ``part``, ``floor`` by score, ``dropout`` (the share of utterances that lost a side in training),
        ``unfinished`` conditions by name, and ``conditions``: first the models as they are, then the others with

        - ``kind``, ``level``, ``noise``: see `mser.robustness.conditions.Condition`.
        - ``wer``: the word error rate that was reached; null for other kinds.
        - each headline score: its ``mean`` over folds and seeds and 95 % ``interval``, and the ``difference`` from the
          models as they are with its ``difference_interval``, paired over the same resampled speakers.
    """
    if run.missing:
        return []
    return [found for part in _PARTS if (found := _part(run, judge, part))]


def _part(run: Run, judge: Judge, part: Part) -> Json | None:
    folders = sorted(path for path in (run.folder / ROBUSTNESS / part).glob("*") if path.is_dir())
    plain = _as_is(run, part)
    if not folders or plain is None:
        return None
    found = {folder.name: _asked(run, part, folder) for folder in folders}
    asked = sorted((one for one in found.values() if one), key=_order)
    return {
        "part": "test" if part == "test" else "validation",
        "dropout": _dropout(run),
        "floor": _floor(plain, judge),
        "unfinished": sorted(name for name, one in found.items() if one is None),
        "conditions": _compared(plain, asked, judge) if asked else [],
    }


def _as_is(run: Run, part: Part) -> Run | None:
    """Return the run as judged on a part; None where its predictions were not kept."""
    if part == run.part:
        return run
    if part == "test" or any(job.chosen_on is None for job in run.jobs):
        return None
    return _with(run, part, {(job.seed, job.fold.number): job.chosen_on for job in run.jobs if job.chosen_on})


def _with(run: Run, part: Part, said: Mapping[tuple[int, int], Predictions]) -> Run:
    jobs: tuple[Job, ...] = tuple(replace(job, said=said[job.seed, job.fold.number]) for job in run.jobs)
    return replace(run, part=part, jobs=jobs)


def _asked(run: Run, part: Part, folder: Path) -> _Asked | None:
    """Return a condition's results; None where a fold or seed has none of the model that the run has now."""
    said, all_facts = {}, []
    for job in run.jobs:
        where = fold_name(job.seed, job.fold.number)
        facts = _facts(folder / where / CONDITION)
        if facts is None or facts.get("model") != model_digest(run.folder / where):
            return None
        all_facts.append(facts)
        parts: dict[Part, Sequence[str]] = {part: getattr(job.fold, part)}
        path = folder / where / PREDICTIONS
        read = read_predictions(path, run.question, seed=job.seed, fold=job.fold.number, parts=parts)
        said[job.seed, job.fold.number] = read[part]
    if any(facts["condition"] != all_facts[0]["condition"] for facts in all_facts):
        return None
    first = [
        facts.get("errors", {}) for facts, job in zip(all_facts, run.jobs, strict=True) if job.seed == run.seeds[0]
    ]
    return _Asked(all_facts[0]["condition"], said, {name: sum(one[name] for one in first) for name in first[0]})


class _Condition(TypedDict):
    kind: str
    level: float
    noise: str


class _Facts(TypedDict):
    """``facts.json``."""

    model: str
    condition: _Condition
    errors: NotRequired[dict[str, Whole]]


def _facts(path: Path) -> Json | None:
    if not path.exists():
        return None
    advice = "delete it and run `mser robustness` again"
    facts = read_object(path, advice)
    if (kind := fit(_Facts, facts, path, advice)["condition"]["kind"]) not in KINDS:
        raise UserError(f"{path} is of the condition {kind[:40]!r}; {advice}")
    return facts


def _order(asked: _Asked) -> tuple[int, float]:
    kind, level = asked.facts["kind"], asked.facts["level"]
    return KINDS.index(kind), -level if kind == "snr" else level


def _compared(plain: Run, asked: Sequence[_Asked], judge: Judge) -> list[Json]:
    found = clusters(plain)
    as_is = _Scored.of(plain, judge, found)
    first = {"kind": "as_is", "level": 0.0, "noise": "", "wer": None}
    rows: list[Json] = [{**first, **{name: _figure(name, as_is, found) for name in judge.headline}}]
    for one in asked:
        worse = _Scored.of(_with(plain, plain.part, one.said), judge, found)
        rows.append({**one.facts, "wer": _reached(one.errors)})
        for name in judge.headline:
            rows[-1][name] = _figure(name, worse, found) | _difference(name, as_is, worse, found)
    return rows


@dataclass(frozen=True)
class _Scored:
    """The mean of each score over folds and seeds, its replicates where there are enough speakers, and influences."""

    means: Mapping[str, float]
    resampled: Mapping[str, Floats]
    moved: Influences

    @classmethod
    def of(cls, run: Run, judge: Judge, found: Clusters) -> _Scored:
        once = np.ones((1, len(found.names)))
        each = [found.scores(judge.scorer, once, table) for table in found.sums(run, judge.scorer).values()]
        means = {name: float(np.mean([scores[name] for scores in each])) for name in judge.headline}
        resampled = replicates(run, judge.scorer, found) if found.freedom >= 1 else {}
        return cls(means, resampled, influences(run, judge.scorer))


def _figure(name: str, scored: _Scored, found: Clusters) -> Json:
    mean, least = scored.means[name], independent_error(scored.moved[name])
    error = models_error(mean, scored.resampled.get(name), found.freedom, least)
    ends = error and interval(mean, error.size, error.freedom, measure(name).scale)
    return {"mean": defined(mean), "interval": ends and list(ends)}


def _difference(name: str, as_is: _Scored, worse: _Scored, found: Clusters) -> Json:
    mean = worse.means[name] - as_is.means[name]
    both = worse.resampled[name] - as_is.resampled[name] if as_is.resampled else None
    error = models_error(mean, both, found.freedom, independent_error(worse.moved[name], as_is.moved[name]))
    ends = error and interval(mean, error.size, error.freedom)
    return {"difference": defined(mean), "difference_interval": ends and list(ends)}


def _floor(run: Run, judge: Judge) -> dict[str, float | None]:
    floors = [judge.scorer.floor(job.said) for job in run.jobs if job.seed == run.seeds[0]]
    return {name: defined(float(np.mean([floor.get(name, np.nan) for floor in floors]))) for name in judge.headline}


def _reached(errors: Mapping[str, int]) -> float | None:
    """Return the word error rate: wrong words of all folds over spoken ones."""
    wrong = sum(errors.get(kind, 0) for kind in ("substitutions", "deletions", "insertions"))
    return wrong / errors["words"] if errors.get("words") else None


def _dropout(run: Run) -> float:
    given = run.config["data"]["init_args"].get("augment") or {}
    return float(given.get("modality_dropout", 0.0))
