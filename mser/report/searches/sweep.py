"""The report of a search: its trials in their order, what each fold would choose, and a picture of what mattered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from mser import __version__
from mser.errors import UserError
from mser.files.whole import write_text
from mser.report.json_layout import as_json as json_of
from mser.report.searches.ranking import RankedTrial, SweepReport, TrialsAsked
from mser.report.searches.searched import overlap, score_name, scored
from mser.report.table_formats import Rows, as_csv, as_latex
from mser.report.terminal import new_table
from mser.runs.folder import PROTOCOL
from mser.runs.run_options import brief, setting
from mser.runs.trials import (
    Trial,
    judged_by,
    own_best,
    ranked,
    read_trials,
    require_alike,
    score_of,
    settings_of,
)
from mser.scoring.measures import MEASURES, measure

_SHOWN = 10
"""Rows in the terminal; the page has them all."""


def is_sweep(folder: Path) -> bool:
    """Return whether a folder holds the trials of a search, rather than a run."""
    return not (folder / PROTOCOL).exists() and bool(
        (folder / "sweep.json").is_file() or (folder.is_dir() and read_trials(folder))
    )


def read_sweep_report(folder: Path) -> SweepReport:
    """Return the report of a search's folder; see `sweep_report`.

    Raises:
        UserError: if no trial is finished.
    """
    trials = [trial for trial in read_trials(folder) if trial.whole]
    if not trials:
        raise UserError(f"no trial of {folder} is finished yet; run the same search again to carry on")
    metric, better = judged_by(folder, trials[0])
    return sweep_report(folder, trials, metric, better)


def sweep_report(folder: Path, trials: Sequence[Trial], metric: str, better: int) -> SweepReport:
    """Return what a search has found.

    Args:
        folder: of the search.
        trials: whole ones.
        metric: such as ``crossval/val_ua_mean``.
        better: 1 where more is better, -1 where less is.
    """
    require_alike(trials)
    score = score_of(metric, next(iter(trials[0].validation.values())))
    settings, plan = settings_of(trials), trials[0].plan
    chose, tested = overlap([fold for fold in plan.folds if fold.number in trials[0].folds], plan.folds)
    report = SweepReport(
        title=f"{folder.resolve().name}: a search of {len(trials)} trials",
        metric=metric,
        goal="maximize" if better > 0 else "minimize",
        protocol=TrialsAsked(plan.corpus, plan.protocol, plan.digest, plan.label_set, plan.labels),
        trials=[
            RankedTrial(
                trial=trial.name,
                mean=trial.mean(score),
                folds={str(fold): trial.of_fold(score, fold) for fold in trial.folds},
                settings=settings[trial.name],
                seconds=sum(trial.seconds.values()),
            )
            for trial in ranked(trials, score, better)
        ],
        unfinished=[trial.name for trial in read_trials(folder) if not trial.whole],
        choices={str(fold): trial.name for fold, trial in own_best(trials, score, better).items()},
        chose=chose,
        tested=tested,
        procedure=str(folder / "tested") if (folder / "tested/report/report.json").is_file() else None,
        mser=__version__,
    )
    return replace(report, answer=_answer(report))


def write_sweep_report(report: SweepReport, out: Path) -> None:
    """Write ``report.html``, ``report.json`` and the table of trials, as CSV and as LaTeX."""
    from mser.report.searches.page import sweep_page

    rows = trial_rows(report)
    write_text(out / "report.html", sweep_page(report))
    write_text(out / "report.json", as_json(report) + "\n")
    write_text(out / "tables/trials.csv", as_csv(rows))
    write_text(out / "tables/trials.tex", as_latex(rows))


def as_json(report: SweepReport) -> str:
    """Return what ``report.json`` holds."""
    return json_of(report, allow_nan=True)


def trial_rows(report: SweepReport) -> Rows:
    """Return a row per trial, the best first: its mean, each fold, and each setting."""
    return [
        {
            "rank": rank,
            "trial": trial.trial,
            report.metric: trial.mean,
            **{f"fold {fold}": value for fold, value in trial.folds.items()},
            **{name: _plain(trial.settings.get(name)) for name in report.options},
            "seconds": round(trial.seconds, 1),
        }
        for rank, trial in enumerate(report.trials, 1)
    ]


def show(report: SweepReport, page: Path | None = None, *, console: Console | None = None) -> None:
    """Print the answer, the best trials, and each fold's own choice.

    Args:
        report: `sweep_report`'s.
        page: where the page is, if there is one.
        console: to print to; standard error when None, for standard output belongs to programs.
    """
    console = console or Console(stderr=True, highlight=False)
    console.print()
    console.print(Text(report.title, style="bold"))
    console.print(Text(report.answer))
    names = list(_short(report.trials[0].settings))
    table = new_table("trial", title(report).removeprefix("validation "), *names)
    for rank, trial in enumerate(report.trials[:_SHOWN]):
        cells = [trial.trial, scored(trial.mean, report.metric)]
        cells += [setting(value) for value in _short(trial.settings).values()]
        table.add_row(*cells, style="" if rank else "bold")
    console.print(table)
    if (more := len(report.trials) - _SHOWN) > 0 and page:
        console.print(Text(f"{more} more are on the page.", "dim"))
    console.print(Text(_choices(report)))
    if page:
        console.print(Text("page  ").append(str(page), style="cyan"), soft_wrap=True)


def title(report: SweepReport, *, unit: bool = True) -> str:
    """Return what the metric is called, for the head of a column with its unit."""
    name = score_name(report.metric)
    if name not in MEASURES:
        return f"validation {name.replace('_', ' ')}"
    return f"validation {measure(name).title}{', %' if unit and measure(name).unit else ''}"


def _short(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by the last part of their names, where that tells them apart."""
    last = [name.rpartition(".")[2] for name in settings]
    return {
        short if last.count(short) == 1 else name: settings[name] for name, short in zip(settings, last, strict=True)
    }


def _answer(report: SweepReport) -> str:
    best = report.trials[0]
    settings = f" ({brief(_short(best.settings))})" if best.settings else ""
    sentences = f"{best.trial} won{settings}: {title(report, unit=False)} {_score(best, report)}, the mean of "
    sentences += f"{len(best.folds)} folds." if len(best.folds) > 1 else "one fold."
    if report.unfinished:
        sentences += f" {len(report.unfinished)} unfinished trials take no part."
    if not report.chose:
        return (
            f"{sentences} No fold validates on what is tested: a run of best.yaml is tested on what had no say in it."
        )
    share = f"{report.chose} of the {report.tested} tested utterances"
    sentences += (
        f" It was chosen on folds that are tested here: {share} are validated on by some fold, so that a run of "
    )
    sentences += "best.yaml is optimistic. "
    if report.procedure:
        return f"{sentences}What each fold's own choice scores on test is in {report.procedure}."
    return f"{sentences}`mser sweep --test` tests each fold with its own choice, without training."


def _score(trial: RankedTrial, report: SweepReport) -> str:
    name = score_name(report.metric)
    return scored(trial.mean, report.metric) + (measure(name).unit if name in MEASURES else "")


def _choices(report: SweepReport) -> str:
    """Return what each fold would choose by itself, and how good that is in its own validation part."""
    folds = {trial.trial: trial.folds for trial in report.trials}
    each = [f"{fold} {trial} ({scored(folds[trial][fold], report.metric)})" for fold, trial in report.choices.items()]
    return f"Each fold's own choice: {', '.join(each)}."


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) or value is None else json.dumps(value)
