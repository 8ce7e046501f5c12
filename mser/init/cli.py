"""``mser init``: an experiment for recordings that lie somewhere, commented, and the commands that come next."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mser.corpora import CORPORA
from mser.corpora.table import corpus as table
from mser.corpora.table.rating_columns import RATED
from mser.corpora.table.reader import ROLES
from mser.errors import UserError
from mser.files.whole import write_text
from mser.init.experiment_file import Looked, as_text, commands
from mser.init.found_corpus import FoundCorpus, find_corpus
from mser.init.suited_encoders import suited, this_machine
from mser.labels import Task
from mser.splits.protocols import Protocol
from mser.terminal.arguments import EachRoleOnce, role_and_name
from mser.terminal.command_parser import CommandParser

_DESCRIPTION = """\
Look at the folder of a corpus, or at a table with a row per clip, and write an experiment file that runs: with encoders
that suit the language, the hours and this machine, folds of unseen speakers, and a comment for what was chosen. Then it
says which commands come next. Nothing is trained or fetched.

Without ROOT it asks, if it stands in a terminal."""


def main(argv: Sequence[str]) -> int:
    """Write the file, say what was seen and what comes next, and return 0.

    Raises:
        UserError: if there is nothing that can be trained on, or the file is there already.
    """
    args = command_parser().parse_args(argv)
    root = args.root or Path(_asked("Where are the recordings (a folder, or a table with a row per clip)?", "ROOT"))
    columns = {role: (names.split(",") if role in RATED else names) or None for role, names in args.columns}
    found = find_corpus(root, args.corpus, columns)
    language = args.language or found.which.language or _language()
    hours = sum(one.duration for one in found.manifest if one.audio) / 3600
    machine = this_machine()
    task = found.which.label_set(args.labels) if args.labels else _task(found)
    looked = Looked(found, task, _protocol(found), language, machine, suited(language, hours, machine))
    text = as_text(looked)
    if args.out.exists() and args.out.read_text(encoding="utf-8", errors="replace") != text and not args.force:
        raise UserError(f"{args.out} is there already; choose another name by --out, or write over it with --force")
    write_text(args.out, text)
    _tell(looked, args.out)
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser init", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", metavar="ROOT", nargs="?", type=Path, help="folder of a corpus, or a table")
    parser.add_argument("--out", type=Path, default=Path("experiment.yaml"), metavar="FILE.yaml",
                        help="the file to write (default: experiment.yaml)")  # fmt: skip
    parser.add_argument("--corpus", choices=tuple(CORPORA), help="which corpus it is, where that cannot be told")
    parser.add_argument("--columns", metavar="ROLE=NAME", nargs="+", type=role_and_name, action=EachRoleOnce,
                        default=[], help=f"columns of a table that are not called {', '.join(ROLES)} or much alike, "
                        "such as label=feeling; speaker= if nobody knows who speaks")  # fmt: skip
    parser.add_argument(
        "--labels", metavar="NAME", help="label set (default: the corpus's first whose classes are all there)"
    )
    parser.add_argument("--language", metavar="CODE", help="of the recordings, such as de, where the corpus has none")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    return parser


def _asked(question: str, option: str, *, needed: bool = True) -> str:
    """Return what somebody answers, if there is somebody."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if needed:
            raise UserError(f"nobody is there to be asked; give {option}, such as mser init recordings.csv")
        return ""
    print(question, end=" ", file=sys.stderr, flush=True)
    answer = os.path.expanduser(sys.stdin.readline().strip())
    if needed and not answer:
        raise UserError(f"there was no answer; give {option}")
    return answer


def _language() -> str | None:
    question = "In which language are they (en, de, ...; nothing if in several)?"
    return _asked(question, "--language", needed=False) or None


def _task(found: FoundCorpus) -> Task:
    """Return the corpus's first label set of which every class is there: without one, training is refused."""
    whole = (task for task in found.which.label_sets if all(task.counts(found.manifest).values()))
    return next(whole, found.which.label_set(None))


def _protocol(found: FoundCorpus) -> Protocol:
    """Return the corpus's first protocol; of a table with few speakers one of as many folds as they allow."""
    first = found.which.protocol()
    speakers = len({one.speaker for one in found.manifest} - {""})
    if found.which.name != table.NAME or first.name in ("table/split", "table/folds") or not speakers or speakers >= 5:
        return first
    if speakers < 3:
        raise UserError(
            f"{found.root} has {speakers} speaker{'s' * (speakers > 1)}, of which no folds of unseen speakers can be "
            "made: it takes three. Add recordings of others, or say --columns speaker= and know that voices are shared"
        )
    return found.which.protocol(f"table/{speakers}fold")


def _tell(looked: Looked, file: Path) -> None:
    found = looked.found
    name = "a table" if found.which.name == table.NAME else found.which.name
    print(f"{found.root}: {name}, {looked.number} utterances, {looked.hours:.1f} hours, {looked.speakers} speakers")
    if found.manifest.problems:
        print(f"{len(found.manifest.problems)} problems, such as: {found.manifest.problems[0].message}")
    for role, column in found.columns.items():
        print(f"{role}: {f'the column {column}' if column else 'unknown'}")
    print(f"wrote {file}; next:")
    for command in commands(looked, file):
        print(f"  {command}")
