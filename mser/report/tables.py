"""Every table of a report, as rows of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from mser.report.observers import MEASURED
from mser.report.slices import KEYS
from mser.report.table_formats import FIGURE, Cell, Rows
from mser.runs.run import Json
from mser.runs.settings import brief
from mser.scoring.metrics import OF_A_CLASS


def tables(report: Json) -> dict[str, Rows]:
    """Return every table of a report by the name of its file; each row has the same columns, the run's name first.

    Scores are as in ``report.json``: shares in 0..1, null where undefined. A run on validation has ``validation_``
    before the names of its tables. A partial run has only its folds.
    """
    runs: Sequence[Json] = report["runs"]
    whole = [run for run in runs if run["complete"]]
    found = {
        "overall": [row for run in whole for row in _overall(run)],
        "folds": [row for run in runs for row in _folds(run)],
        "classes": [row for run in whole for row in _classes(run)],
        "confusion": [row for run in whole for row in _confusion(run)],
        "binary": [row for run in whole for row in _each(run, "binary", ("balanced_accuracy", "accuracy", "f1"))],
        "attributes": [row for run in whole for row in _each(run, "attributes", ("ccc", "pearson", "mae"))],
        **{key: [row for run in whole for row in _slice(run, key)] for key in KEYS},
        "observers": [row for run in whole for row in _observers(run)],
        "raters": [row for run in whole for row in _raters(run)],
        "choices": [row for run in runs for row in _choices(run)],
        "robustness": [row for run in whole for row in _robustness(run)],
        "shortcuts": [row for run in whole for row in _shortcuts(run)],
        "reliability": [row for run in whole for row in _reliability(run)],
        "risk_coverage": [row for run in whole for row in _risk_coverage(run)],
        "mistakes": [{"run": run["name"], **asdict(one)} for run in whole for one in run["mistakes"] or ()],
        "differences": _differences(report["comparison"]["pairs"]) if report["comparison"] else [],
    }
    prefix = "validation_" if runs[0]["part"] == "validation" else ""
    return {f"{prefix}{name}": rows for name, rows in found.items() if rows}


def _overall(run: Json) -> Rows:
    return [{"run": run["name"], **_figure(name, run["overall"][name])} for name in run["listed"]]


def _figure(name: str, figure: Json) -> dict[str, Cell]:
    low, high = figure["interval"] or (None, None)
    method_low, method_high = figure.get("method_interval") or (None, None)
    return {
        "score": name,
        "mean": figure["mean"],
        "low": low,
        "high": high,
        "method_low": method_low,
        "method_high": method_high,
        **{key: figure[key] for key in FIGURE[1:]},
    }


def _folds(run: Json) -> Rows:
    part = "val" if run["part"] == "validation" else "test"
    return [
        {
            "run": run["name"],
            "fold": fold["number"],
            "name": fold["name"],
            "utterances": fold["utterances"][part],
            "speakers": fold["speakers"],
            "seed": seed["seed"],
            **{name: seed[name] for name in run["columns"]},
            **{name: seed[name] for name in ("best_epoch", "seconds")},
        }
        for fold in run["folds"]
        for seed in fold["seeds"]
    ]


def _choices(run: Json) -> Rows:
    found = (run["searched"] or {}).get("choices") or ()
    return [
        {
            "run": run["name"],
            **{name: one[name] for name in ("fold", "trial", "validation")},
            "settings": brief(one["settings"]),
        }
        for one in found
    ]


def _classes(run: Json) -> Rows:
    return [
        {"run": run["name"], "class": label, "utterances": entry["utterances"], **_figure(name, entry[name])}
        for label, entry in (run["classes"] or {}).items()
        for name in OF_A_CLASS
    ]


def _confusion(run: Json) -> Rows:
    if not run["confusion"]:
        return []
    labels, counts = run["confusion"]["labels"], run["confusion"]["counts"]
    return [
        {"run": run["name"], "true": label, **{f"said {said}": count for said, count in zip(labels, row, strict=True)}}
        for label, row in zip(labels, counts, strict=True)
    ]


def _each(run: Json, section: str, kinds: Sequence[str]) -> Rows:
    found = run[section] or {}
    return [
        {"run": run["name"], "label": label, **_figure(kind, found[f"{kind}_{label}"])}
        for label in run["protocol"]["labels"]
        for kind in kinds
        if f"{kind}_{label}" in found
    ]


def _slice(run: Json, key: str) -> Rows:
    return [
        {
            "run": run["name"],
            key.replace("near_copies", "transcripts").removesuffix("s"): kind,
            "utterances": entry["utterances"],
            **{name: entry[name]["pooled"] for name in run["listed"]},
        }
        for kind, entry in (run[key] or {}).items()
    ]


def _observers(run: Json) -> Rows:
    found = run["observers"]
    return [
        {
            "run": run["name"],
            **_figure(name, found[name]),
            "an observer": ((found["people"] or {}).get(name) or {"mean": None})["mean"],
            "best": found[name]["best"],
        }
        for name in MEASURED
        if found
    ]


def _raters(run: Json) -> Rows:
    found = run["raters"] or {"people": {}}
    return [
        {
            "run": run["name"],
            "score": name,
            "an observer": figure["mean"],
            **dict(zip(("low", "high"), figure["interval"] or (None, None), strict=True)),
            "the model": found["model"][name]["mean"],
            **dict(zip(("model from", "model to"), found["model"][name]["interval"] or (None, None), strict=True)),
            "alpha": found["alpha"].get(name.partition("_")[2]) if name.startswith("ccc_") else None,
        }
        for name, figure in found["people"].items()
    ]


def _robustness(run: Json) -> Rows:
    return [
        {
            "run": run["name"],
            "part": part["part"],
            **{name: row[name] for name in ("kind", "level", "noise", "wer")},
            **_changed(name, row[name], part["floor"][name]),
        }
        for part in run["robustness"] or ()
        for row in part["conditions"]
        for name in run["headline"]
    ]


def _changed(name: str, figure: Json, floor: float | None) -> dict[str, Cell]:
    low, high = figure["interval"] or (None, None)
    least, most = figure.get("difference_interval") or (None, None)
    row = {"score": name, "mean": figure["mean"], "low": low, "high": high, "difference": figure.get("difference")}
    return row | {"difference from": least, "difference to": most, "floor": floor}


def _shortcuts(run: Json) -> Rows:
    return [
        {
            "run": run["name"],
            "cues": row["name"],
            **_changed(name, row[name], run["overall"][name]["floor"]),
            "clearly better": row[name]["clearly_better"],
        }
        for row in run["shortcuts"] or ()
        for name in run["listed"]
    ]


def _reliability(run: Json) -> Rows:
    if not (calibration := run["calibration"]):
        return []
    return [
        {"run": run["name"], "probabilities": kind, **asdict(one)}
        for kind, calibrated in (("as is", calibration.as_is), ("scaled", calibration.scaled))
        for one in (calibrated.bins if calibrated else ())
    ]


def _risk_coverage(run: Json) -> Rows:
    if not (abstaining := run["abstaining"]):
        return []
    return [
        {"run": run["name"], "coverage": coverage, "risk": risk}
        for coverage, risk in zip(abstaining.coverage, abstaining.risk, strict=True)
    ]


def _differences(pairs: Sequence[Json]) -> Rows:
    rows = []
    for pair in pairs:
        low, high = pair["interval"] or (None, None)
        row = {name: pair[name] for name in ("better", "worse", "score", "difference")} | {"low": low, "high": high}
        row |= {name: pair[name] for name in ("verdict", "method", "p", "p_holm", "smallest_detectable")}
        weights = pair["of_these_weights"]
        least, most = weights["interval"] or (None, None)
        row |= {
            "weights from": least,
            "weights to": most,
            "weights p": weights["p"],
            "weights p_holm": weights["p_holm"],
        }
        row |= {name: pair[name] for name in ("effect", "flips", "clusters", "unit")}
        rows.append(row | {"mcnemar p": pair["mcnemar"]["p"] if pair["mcnemar"] else None})
    return rows
