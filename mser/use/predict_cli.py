"""``mser predict MODEL FILES...``: what a model folder says of any recordings. Light until it is asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mser.errors import UserError
from mser.use.asked import Asked, from_files, from_table
from mser.use.rows import Rows, key
from mser.use.settings import NEEDS_TEXT, Settings, is_url, read_settings

if TYPE_CHECKING:
    from mser.use.model import Prediction

_DESCRIPTION = """\
Say of each recording which emotion is heard, with a model folder that `mser export` made. Neither network, corpus nor
experiment file is needed. With --out a run that was interrupted carries on where it stopped. A recording that cannot be
used is named with the reason, and the others go on.

Another command of the same name writes a checkpoint's predictions of a whole corpus, as training did:
`mser predict --config RUN/config.yaml --ckpt_path ...`; `mser predict --config FILE --help` tells of its options.

Exit code 0: all done, 1: some recordings could not be used, 2: a mistake in what was asked."""


def main(argv: Sequence[str]) -> int:
    """Predict, and return the exit code.

    Raises:
        UserError: if the model cannot be used, or nothing was asked that it could answer.
    """
    args = _parser().parse_intermixed_args(argv)
    if is_url(args.model):
        raise UserError(f"{args.model} is a URL, expected the folder of a model; download it first")
    settings = read_settings(Path(args.model))
    asked = _asked(args, settings)
    out = Rows(Path(args.out), settings) if args.out else None
    todo = _still_to_do(asked, out)
    failed = _predict(args, todo, out) if todo else []
    if out:
        out.close()
        there = len(asked) - len(todo)
        print(f"{args.out}: {len(todo)} rows written" + (f", {there} were there already" if there else ""))
    if failed:
        print(
            f"mser predict: {len(failed)} of {len(todo)} could not be used, the first: {failed[0].error}",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _asked(args: argparse.Namespace, settings: Settings) -> list[Asked]:
    if bool(args.table) == bool(args.files or args.text):
        raise UserError("give recordings to predict, or --table with a row for each, one of the two")
    asked = from_table(args.table, dict(args.columns)) if args.table else from_files(args.files, args.text)
    if "text" in settings.modalities and all(one.transcript is None for one in asked):
        raise UserError(f"{NEEDS_TEXT}; --text, or a table with a column transcript, gives one")
    if "speech" in settings.modalities and all(one.path is None for one in asked):
        raise UserError("this model listens: give it recordings, or a table with a column audio")
    return asked


def _still_to_do(asked: Iterable[Asked], out: Rows | None) -> list[Asked]:
    done = out.done.copy() if out else {}
    todo = []
    for one in asked:
        name = key(one.audio, one.start, one.end, one.transcript)
        if done.get(name, 0):
            done[name] -= 1
        else:
            todo.append(one)
    return todo


def _predict(args: argparse.Namespace, todo: Sequence[Asked], out: Rows | None) -> list[Prediction]:
    from mser.data_tables import progress
    from mser.use.clips import Clip
    from mser.use.model import load

    model = load(args.model, device=args.device)
    clips = (Clip(one.path, one.transcript, one.start, one.end, name=one.audio) for one in todo)
    failed = []
    with progress("predicting", len(todo)) as step:
        for said in model.stream(clips, batch_seconds=args.batch_seconds):
            if out:
                out.write(said)
            else:
                print(_line(said))
            if said.error:
                failed.append(said)
            step()
    return failed


def _line(said: Prediction) -> str:
    """Return one answer for a reader."""
    name = f"{said.audio or said.transcript}: "
    if said.error:
        return f"{name}no answer: {said.error}"
    note = f" ({said.note})" if said.note else ""
    if said.scores:
        return name + ", ".join(f"{label} {score:.2f}" for label, score in said.scores.items()) + note
    ranked = sorted(said.probabilities.items(), key=lambda pair: -pair[1])
    return f"{name}{said.label or 'none'}; " + ", ".join(f"{label} {p:.0%}" for label, p in ranked) + note


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mser predict",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="a folder that `mser export` made")
    parser.add_argument("files", nargs="*", metavar="FILE", help="recordings of any format, or folders of them")
    parser.add_argument("--text", action="append", default=[], help="what is said; once for each file, in their order")
    parser.add_argument("--table", type=Path, help="CSV, TSV, JSON lines or Parquet with a row per clip: audio, "
                        "transcript, start, end; paths are relative to it")  # fmt: skip
    parser.add_argument("--columns", nargs="+", type=_column, default=[], metavar="ROLE=NAME",
                        help="where columns of the table are called otherwise, such as audio=file")  # fmt: skip
    parser.add_argument("--out", help="a .csv or .jsonl file to write, or to carry on with")
    parser.add_argument("--device", help="such as cpu or cuda:1; a GPU if there is one unless given")
    parser.add_argument("--batch-seconds", type=_positive, default=60.0, metavar="S",
                        help="most seconds of padded audio at a time (default: 60)")  # fmt: skip
    return parser


def _column(text: str) -> tuple[str, str]:
    role, equals, name = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form ROLE=NAME, such as audio=file")
    return role, name


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return number
