"""``mser report``: reads finished runs, writes the page and the JSON, and shows the result in the terminal."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mser.errors import UserError
from mser.terminal.command_parser import CommandParser

if TYPE_CHECKING:
    from mser.report.contents import Report

_DESCRIPTION = """\
Say what one or more runs of `mser crossval` found. Everything is computed from their predictions.csv files: no model,
audio or GPU is needed. Writes report.html, a single page; report.json with the same numbers; and in tables/ every table
as CSV, with full precision, and as LaTeX, rounded.

Every score has two 95% intervals: of these trained models for other speakers, and, where several folds or three seeds
tell, of the method, trained again. Several runs are compared, each difference with its interval and a test that know of
the luck of training; they must have been asked the same question (the same protocol digest and labels).
A run that lacks folds or seeds is reported as partial, without a headline number; one with --skip_test as validation,
which is no result on test.

Of the folder of a search (mser sweep, or the one that agents of wandb's put their trials in) it ranks the trials."""


def main(argv: list[str]) -> int:
    """Run ``mser report`` and return its exit code.

    Raises:
        UserError: if a run cannot be believed, the runs cannot be compared, or nothing can be written.
    """
    args = command_parser().parse_args(argv)
    out = args.out or _default_out(args.runs)
    if len(args.runs) == 1 and _is_sweep(args.runs[0]):
        if args.score is not None:
            raise UserError(
                f"{args.runs[0]} is a search, and its trials are ranked by what it searched for; leave out --score "
                f"{args.score}, or give the folder of a trial"
            )
        return _sweep(args.runs[0], out, as_json=args.json)

    from mser.report.contents import content
    from mser.report.json_layout import as_json

    # A pattern such as `runs/*` also names the report that was written there before.
    report = content([run for run in args.runs if run.resolve() != out.resolve()], args.score)
    if args.json:
        print(as_json(report))
        with suppress(UserError):  # a run that may only be read can be asked all the same
            _write(report, out, args.audio)
    else:
        _write_and_show(report, out, args.audio)
    return 0


def report_of(run: Path) -> Report:
    """Write and show the report of one run, as ``mser report RUN`` does, and return it.

    Raises:
        UserError: if the run cannot be believed, or nothing can be written.
    """
    from mser.report.contents import content

    report = content([run])
    _write_and_show(report, _default_out([run]))
    return report


def _write_and_show(report: Report, out: Path, audio: int = 0) -> None:
    from mser.report.terminal import show

    _write(report, out, audio)
    show(report, out / "report.html")


def _is_sweep(folder: Path) -> bool:
    from mser.report.searches.sweep import is_sweep

    return is_sweep(folder)


def _sweep(folder: Path, out: Path, *, as_json: bool) -> int:
    from rich.console import Console

    from mser.report.searches import sweep

    report = sweep.read_sweep_report(folder)
    sweep.write_sweep_report(report, out)
    if as_json:
        print(sweep.as_json(report))
    else:
        sweep.show(report, out / "report.html", console=Console(highlight=False))
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser report", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="+",
        type=Path,
        help="a folder that `mser crossval --out` wrote; or one that `mser sweep --out` did",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="where to write (default: RUN/report; for several runs: report in the folder that holds them all)",
    )
    parser.add_argument(
        "--score",
        metavar="NAME",
        help="what runs are judged and compared by, as in report.json: macro_f1, recall_hap, acc7, ccc_valence; "
        "js_divergence and the other scores of the observers' votes; ece, log_loss ... (default: what is customary for "
        "the labels)",
    )
    parser.add_argument(
        "--audio",
        metavar="N",
        type=_count,
        nargs="?",
        const=10,
        default=0,
        help="put the recordings of the N surest mistakes into the page, of each run (default without N: 10); it then "
        "holds parts of the corpus",
    )
    parser.add_argument("--json", action="store_true", help="print report.json instead of a table")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of recordings; give 10, say, or put --audio last")
    return int(text)


def _default_out(runs: list[Path]) -> Path:
    if len(runs) == 1:
        return runs[0] / "report"
    from os.path import commonpath

    return Path(commonpath([run.resolve().parent for run in runs])) / "report"


def _write(report: Report, out: Path, audio: int) -> None:
    from mser.files.whole import write_text
    from mser.report.json_layout import as_json
    from mser.report.page.audio_clips import clips
    from mser.report.page.html import page
    from mser.report.table_formats import as_csv, as_latex
    from mser.report.tables import tables

    # A late fusion is no folder, and has no recordings of its own.
    heard = [clips(run, audio) if Path(run.folder).is_dir() else {} for run in report.runs]
    write_text(out / "report.html", page(report, heard))
    write_text(out / "report.json", as_json(report) + "\n")
    for name, rows in tables(report.runs, report.comparison.pairs if report.comparison else ()).items():
        write_text(out / "tables" / f"{name}.csv", as_csv(rows))
        write_text(out / "tables" / f"{name}.tex", as_latex(rows))
