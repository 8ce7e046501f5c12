"""The ``mser data`` command: what is in a corpus, what is wrong with it, how it is split. Imports no torch."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mser.corpora import CORPORA, corpus
from mser.corpora.check_summary import check_summary
from mser.corpora.copied import with_copies
from mser.corpora.corpus import Corpus, read_made_up
from mser.corpora.folder_table import add_parser as add_table_parser
from mser.corpora.table import corpus as table
from mser.corpora.table.rating_columns import RATED
from mser.corpora.table.reader import ROLES
from mser.corpora.turns_table import add_parser as add_turns_parser
from mser.data.completeness import silent_words
from mser.errors import UserError
from mser.plugins import imported
from mser.splits.audit import audit, named, overlaps
from mser.splits.protocols import digest
from mser.terminal.arguments import EachRoleOnce, count, role_and_name
from mser.terminal.command_parser import CommandParser

_FOLDER = "the folder that the corpus was unpacked into"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what `mser data` is asked for and return the exit code: 0 sound, 1 problems found.

    Raises:
        UserError: if a name is unknown, or a folder is no such corpus or cannot be written to.
    """
    args = command_parser().parse_args(argv)
    code: int = args.run(args)
    return code


def _check(args: argparse.Namespace) -> int:
    which = _corpus(args)
    manifest = with_copies(which.check(args.root))
    summary = check_summary(which, manifest)
    if args.json:
        print(json.dumps(asdict(summary)))
    else:
        from mser.corpora.printing import print_check

        made_up = read_made_up(args.root)
        expected = which.published if made_up is None else made_up
        silent = silent_words(manifest.utterances)
        print_check(summary, args.root, expected, notes=manifest.notes, silent=silent, made_up=made_up is not None)
    return 1 if manifest.problems else 0


def _manifest(args: argparse.Namespace) -> int:
    manifest = _corpus(args).read(args.root)
    manifest.write(args.out)
    hint = f"; {len(manifest.problems)} problems, see `mser data check`" if manifest.problems else ""
    print(f"wrote {len(manifest)} utterances to {args.out}{hint}")
    return 0


def _folds(args: argparse.Namespace) -> int:
    which = _corpus(args)
    protocol = which.protocol(args.protocol, args.fold_lists)
    labels = which.label_set(args.labels)
    manifest = which.read(args.root) if which.name == table.NAME else which.open(args.root)
    protocol.require_listed(manifest)
    utterances = labels.select(manifest)
    folds = protocol.folds(utterances)
    result = audit(utterances, folds, manifest.root)
    if args.json:
        rows = [{"name": one.name, "train": one.train, "val": one.val, "test": one.test} for one in folds]
        print(
            json.dumps(
                {
                    "corpus": which.name,
                    "protocol": protocol.name,
                    "digest": digest(folds),
                    "folds": rows,
                    "audit": result.facts(),
                }
            )
        )
    else:
        from mser.corpora.printing import print_folds

        print_folds(protocol, labels, utterances, folds, result)
    if undeclared := overlaps(protocol, result):
        message = f"{', '.join(undeclared)}{named(result, undeclared)}"
        print(f"mser data folds: parts that must not overlap do: {message}", file=sys.stderr)
    return 1 if undeclared else 0


def _describe(args: argparse.Namespace) -> int:
    from mser.corpora.describing import measure_and_describe, print_description, summary

    which = _corpus(args)
    labels = which.label_set(args.labels)
    manifest = which.read(args.root) if which.name == table.NAME else which.open(args.root)
    description = measure_and_describe(labels.select(manifest), manifest.root, labels)
    if args.out:
        from mser.corpora.describe_picture import draw

        draw(description, args.out, f"{which.name}, {labels.name}")
    if args.json:
        print(json.dumps({"corpus": which.name, "labels": labels.name, **summary(description)}))
    else:
        print_description(description, f"{which.name} in {args.root}, {labels.name}")
    return 0


def _transcribe(args: argparse.Namespace) -> int:
    from mser.corpora.other_transcripts import transcribe

    return transcribe(_corpus(args), args)


def _corpus(args: argparse.Namespace) -> Corpus:
    """Return the corpus that was asked for; what a table holds, the table says itself."""
    if args.corpus == table.NAME:
        columns = {role: names.split(",") if names else None for role, names in args.columns}
        for role, names in columns.items():
            if names and len(names) > 1 and role not in ("score", "table", *RATED):  # tables of an audformat database
                raise UserError(
                    f"--columns {role}={','.join(names)} names {len(names)} columns; only score, votes and rater have "
                    "several"
                )
        return table.open_table(args.root, columns)
    if args.columns:
        raise UserError(f"--columns names the columns of a table, but {args.corpus} is none; leave it out")
    if "." not in args.corpus:
        return corpus(args.corpus)
    manifest = imported(args.corpus)
    which = getattr(manifest, "corpus", manifest)
    if not isinstance(which, Corpus):
        raise UserError(f"{args.corpus} is neither a Corpus nor a datamodule of one; name one of these")
    return which


def _demo(args: argparse.Namespace) -> int:
    from mser.demo import make

    make(args.corpus, args.out)
    return 0


def _extract_audio(args: argparse.Namespace) -> int:
    from mser.audio.extract import extract, plan
    from mser.terminal.progress import progress

    planned = plan(args.root, args.out)
    todo = {video: wav for video, wav in planned.items() if not wav.exists()}
    failures: dict[Path, str] = {}
    if todo:
        with progress("extracting", len(todo)) as done:
            failures = extract(todo, jobs=args.jobs, done=done)
    print(
        f"extracted {len(todo) - len(failures)} of {len(planned)} files, {len(planned) - len(todo)} were there already"
    )
    for video, message in failures.items():
        print(f"mser data extract-audio: {video}: {message}", file=sys.stderr)
    return 1 if failures else 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser data",
        description="Check a corpus, list its utterances or folds, make up a small one, make a table, extract audio.",
    )
    actions = parser.add_subparsers(
        required=True, metavar="check | manifest | folds | describe | transcribe | table | turns | demo | extract-audio"
    )
    check = actions.add_parser(
        "check",
        help="counts and problems of a corpus",
        description="Compare a corpus with what was published, name every file that is missing or cannot be used, and "
        "listen for recordings that are in it twice. "
        "Exit code 0: sound, 1: problems, 2: no such corpus there.",
    )
    _corpus_arguments(check, _FOLDER)
    _json_argument(check)
    check.set_defaults(run=_check)
    manifest = actions.add_parser(
        "manifest",
        help="write the usable utterances, one JSON line each",
        description="Write one JSON line per usable utterance: audio, transcript, speaker, labels, all ratings. "
        "The file can stand for the corpus folder afterwards, which saves reading the tree again.",
    )
    _corpus_arguments(manifest, _FOLDER)
    manifest.add_argument("out", metavar="OUT.jsonl", type=Path, help="the file to write")
    manifest.set_defaults(run=_manifest)
    _folds_parser(actions.add_parser("folds", help="the ids of every fold of a protocol, and what they share"))
    demo = actions.add_parser(
        "demo",
        help="a small made-up corpus in the real folder shape",
        description="Make a small corpus of synthesized speech in the folder shape of a real one, to try things out; "
        "or votes: a table of recordings whose raters disagree.",
    )
    demo.add_argument("corpus", metavar="CORPUS", help="whose shape: iemocap, meld, mosi or mosei; or votes, a table")
    demo.add_argument("out", metavar="OUT", type=Path, help="the folder to make")
    demo.set_defaults(run=_demo)
    _describe_parser(actions.add_parser("describe", help="how long, loud, silent and wide its recordings are"))
    _transcribe_parser(actions.add_parser("transcribe", help="a corpus with what a recogniser hears, or bare words"))
    add_table_parser(actions.add_parser("table", help="a table of the recordings in a folder, by their names"))
    add_turns_parser(actions.add_parser("turns", help="a table of the turns that annotations tell of"))
    _extract_parser(actions.add_parser("extract-audio", help="wav files from the videos of a corpus"))
    return parser


def _folds_parser(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Split a corpus and audit the split: speakers, groups, recordings (equal files, and copies by their sound) "
        "and near-copies of transcripts that its parts share. "
        "Exit code 0: sound, 1: parts overlap that must not, 2: it cannot be split so."
    )
    _corpus_arguments(parser, f"{_FOLDER}, or its manifest")
    names = ", ".join(one.name for corpus in CORPORA.values() for one in corpus.protocols)
    parser.add_argument("--protocol", metavar="NAME", help="the corpus's first unless given: " + names)
    parser.add_argument(
        "--fold-lists",
        metavar="PATH",
        type=Path,
        help="where the lists of ids lie that emobox/CORPUS, emo-superb/CORPUS or lists/CORPUS is read from: the "
        "folder of EmoBox or EMO-SUPERB, what --json has printed, or a table with the columns utterance and fold",
    )
    names = ", ".join(labels.name for one in CORPORA.values() for labels in one.label_sets)
    parser.add_argument("--labels", metavar="NAME", help=f"label set, the corpus's first unless given: {names}")
    _json_argument(parser)
    parser.set_defaults(run=_folds)


def _describe_parser(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what the recordings of each class, speaker and part are like: duration, level, peak, silence at the ends, "
        "zero crossings, bandwidth, and how many peak at full scale; and what a model could learn from that instead of "
        "emotion. What was measured is kept in $MSER_CACHE."
    )
    _corpus_arguments(parser, f"{_FOLDER}, or its manifest")
    parser.add_argument("--labels", metavar="NAME", help="label set; the corpus's first unless given")
    parser.add_argument("--out", metavar="PICTURE", type=Path, help="draw it there too: .svg, .pdf or .png")
    _json_argument(parser)
    parser.set_defaults(run=_describe)


def _transcribe_parser(parser: argparse.ArgumentParser) -> None:
    from mser.corpora.other_transcripts import add_arguments

    _corpus_arguments(parser, f"{_FOLDER}, or its manifest")
    add_arguments(parser)
    parser.set_defaults(run=_transcribe)


def _extract_parser(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write the sound track of every video as mono wav at 16 kHz; what is there already is left as it is. "
        "FFmpeg does it where it is installed, else PyAV (extra av). "
        "Exit code 0: all done, 1: some videos could not be read, they are named; 2: no videos, or neither of the two."
    )
    parser.add_argument("root", metavar="ROOT", type=Path, help="the folder to look for videos in, at any depth")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="write the wav files into a tree like that of ROOT here"
    )
    parser.add_argument("--jobs", metavar="N", type=count, default=os.cpu_count() or 1, help="how many at once")
    parser.set_defaults(run=_extract_audio)


def _corpus_arguments(parser: argparse.ArgumentParser, root: str) -> None:
    parser.add_argument("corpus", metavar="CORPUS", help=", ".join(CORPORA) + ", or the class path of yours")
    parser.add_argument("root", metavar="ROOT", type=Path, help=f"{root}; of a table the file, folder or hub id")
    parser.add_argument(
        "--columns",
        metavar="ROLE=NAME",
        nargs="+",
        type=role_and_name,
        action=EachRoleOnce,
        default=[],
        help=f"where the columns of a table are not called {', '.join(ROLES)}, such as audio=file label=emotion; "
        "score=valence,arousal for several; votes=angry,happy for columns that count raters, rater=ann,bob for those "
        "of what each said; speaker= if nobody knows who speaks; table=NAME of an audformat database",
    )


def _json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
