"""Every table of a report, as rows of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from mser.report import section_tables
from mser.report.figures import Figure
from mser.report.pairwise.pair import Pair
from mser.report.slices import KEYS
from mser.report.summary import Summary
from mser.report.table_formats import Cell, Rows, ends, figure_cells
from mser.runs.run_options import brief
from mser.scoring.metrics import OF_A_CLASS


def tables(runs: Sequence[Summary], pairs: Sequence[Pair] = ()) -> dict[str, Rows]:
    """Return every table of a report by the name of its file; each row has the same columns, the run's name first.

    Scores are as in ``report.json``: shares in 0..1, null where undefined. A run on validation has ``validation_``
    before the names of its tables. A partial run has only its folds.

    Args:
        runs: what is said of each.
        pairs: every two of them compared.
    """
    whole = [run for run in runs if run.complete]
    tables = {
        "overall": [row for run in whole for row in _overall(run)],
        "folds": [row for run in runs for row in _folds(run)],
        "classes": [row for run in whole for row in _classes(run)],
        "confusion": [row for run in whole for row in _confusion(run)],
        "binary": [row for run in whole for row in _binary(run)],
        "attributes": [row for run in whole for row in _attributes(run)],
        **{key: [row for run in whole for row in _slice(run, key)] for key in KEYS},
        "observers": [row for run in whole for row in section_tables.observers(run)],
        "raters": [row for run in whole for row in section_tables.raters(run)],
        "choices": [row for run in runs for row in _choices(run)],
        "robustness": [row for run in whole for row in section_tables.robustness(run)],
        "robustness_labels": [row for run in whole for row in section_tables.robustness_labels(run)],
        "shortcuts": [row for run in whole for row in section_tables.shortcuts(run)],
        "reliability": [row for run in whole for row in section_tables.reliability(run)],
        "risk_coverage": [row for run in whole for row in section_tables.risk_coverage(run)],
        "mistakes": [{"run": run.name, **asdict(mistake)} for run in whole for mistake in run.full.mistakes or ()],
        "differences": [_difference(pair) for pair in pairs],
    }
    prefix = "validation_" if runs[0].part == "validation" else ""
    return {f"{prefix}{name}": rows for name, rows in tables.items() if rows}


def _overall(run: Summary) -> Rows:
    return [{"run": run.name, **figure_cells(name, run.overall[name])} for name in run.listed]


def _folds(run: Summary) -> Rows:
    return [
        {
            "run": run.name,
            "fold": fold.number,
            "name": fold.name,
            "utterances": fold.utterances[run.judged_part],
            "speakers": fold.speakers,
            "seed": seed.seed,
            **{name: seed.scores[name] for name in run.columns},
            "best_epoch": seed.best_epoch,
            "seconds": seed.seconds,
        }
        for fold in run.folds
        for seed in fold.seeds
    ]


def _choices(run: Summary) -> Rows:
    return [
        {
            "run": run.name,
            "fold": choice.fold,
            "trial": choice.trial,
            "validation": choice.validation,
            "settings": brief(choice.settings),
        }
        for choice in (run.searched and run.searched.choices) or ()
    ]


def _classes(run: Summary) -> Rows:
    return [
        {"run": run.name, "class": label, "utterances": entry.utterances, **figure_cells(name, entry.scores[name])}
        for label, entry in (run.full.by_label.classes or {}).items()
        for name in OF_A_CLASS
    ]


def _confusion(run: Summary) -> Rows:
    if not (confusion := run.full.by_label.confusion):
        return []
    return [
        {
            "run": run.name,
            "true": true,
            **{f"said {label}": count for label, count in zip(confusion.labels, row, strict=True)},
        }
        for true, row in zip(confusion.labels, confusion.counts, strict=True)
    ]


def _binary(run: Summary) -> Rows:
    binary = run.full.by_label.binary
    return _each(run, binary.scores if binary else {}, ("balanced_accuracy", "accuracy", "f1"))


def _attributes(run: Summary) -> Rows:
    return _each(run, run.full.by_label.attributes or {}, ("ccc", "pearson", "mae"))


def _each(run: Summary, scores: Mapping[str, Figure], kinds: Sequence[str]) -> Rows:
    return [
        {"run": run.name, "label": label, **figure_cells(kind, scores[f"{kind}_{label}"])}
        for label in run.protocol.labels
        for kind in kinds
        if f"{kind}_{label}" in scores
    ]


def _slice(run: Summary, key: str) -> Rows:
    return [
        {
            "run": run.name,
            key.replace("near_copies", "transcripts").removesuffix("s"): kind,
            "utterances": entry.utterances,
            **{name: entry.scores[name].pooled for name in run.listed},
        }
        for kind, entry in (run.full.slices[key] or {}).items()
    ]


def _difference(pair: Pair) -> dict[str, Cell]:
    weights = pair.of_these_weights
    return {
        "better": pair.better,
        "worse": pair.worse,
        "score": pair.score,
        "difference": pair.difference,
        **ends(pair.interval),
        "verdict": pair.verdict,
        "method": pair.method,
        "p": pair.p,
        "p_holm": pair.p_holm,
        "smallest_detectable": pair.smallest_detectable,
        **ends(weights.interval, "weights from", "weights to"),
        "weights p": weights.p,
        "weights p_holm": weights.p_holm,
        "effect": pair.swaps.effect,
        "flips": pair.swaps.flips,
        "clusters": pair.swaps.clusters,
        "unit": pair.swaps.unit,
        "mcnemar p": pair.swaps.mcnemar.p if pair.swaps.mcnemar else None,
    }
