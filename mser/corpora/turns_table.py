"""``mser data turns``: a table of the turns that annotations tell of, for people to read, correct and train on."""

from __future__ import annotations

import argparse
import csv
import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mser.corpora.annotations.options import add_options
from mser.corpora.annotations.turns import Turn, overlapping, read_turns
from mser.corpora.folder_table import csv_path, require_free
from mser.errors import UserError
from mser.files.whole import write_text

_MOST = 30  # words in a list


def add_parser(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``mser data turns``."""
    parser.description = (
        "List the turns of annotations in a table: who speaks from when to when in which recording, what is said, and "
        "with which emotion. What was understood is shown before anything is written. "
        "Exit code 0: a table, 2: a file, tier or recording is not there, a turn cannot be, or the table is there."
    )
    parser.add_argument("annotations", metavar="ANNOTATION", nargs="+", type=Path, help="Praat TextGrid, ELAN .eaf, "
                        ".srt, .vtt, .rttm, .ctm, or .json of Whisper, WhisperX, OpenAI or Label Studio")  # fmt: skip
    add_options(parser)
    parser.add_argument("--out", metavar="TABLE.csv", type=csv_path, help="the table to write; only shown without it")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.set_defaults(run=_turns)


def _turns(args: argparse.Namespace) -> int:
    turns = read_turns(args.annotations, args.audio_root, dict(args.tiers))
    labelled = any("label" in turn.columns for turn in turns)
    chosen = [turn for turn in turns if turn.columns.get("label") or not labelled]
    if not chosen:
        raise UserError(f"{args.annotations[0]}: none of its {len(turns)} turns has a label")
    text = _as_csv(chosen, args.out) if args.out else ""
    if args.out:
        require_free(args.out, text, force=args.force)
    left = [turn for turn in turns if labelled and not turn.columns.get("label")]
    print("\n".join(_summary_lines(args.annotations, chosen, left)))
    if args.out:
        write_text(args.out, text)
        check = f"mser data check table {args.out}" + ("" if chosen[0].speaker else " --columns speaker=")
        print(f"wrote {len(chosen)} rows to {args.out}; next: {check if labelled else 'mser predict MODEL --table'}")
    return 0


def _as_csv(turns: Sequence[Turn], out: Path) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    others = list(dict.fromkeys(name for turn in turns for name in turn.columns))
    speakers = ["speaker"] if any(turn.speaker for turn in turns) else []
    writer.writerow(["audio", "start", "end", *speakers, *others])
    for turn in turns:
        audio = Path(os.path.relpath(turn.audio.resolve(), out.parent.resolve())).as_posix()
        who = [turn.speaker] if speakers else []
        cells = [turn.columns.get(name, "") for name in others]
        writer.writerow([audio, f"{turn.start:.3f}", f"{turn.end:.3f}", *who, *cells])
    return text.getvalue()


def _summary_lines(annotations: Sequence[Path], turns: Sequence[Turn], unlabelled: Sequence[Turn]) -> Iterator[str]:
    seconds, files = sum(turn.end - turn.start for turn in turns), len({turn.audio for turn in turns})
    yield f"{len(turns)} turns, {seconds:.1f} s, in {files} recordings, from {len(annotations)} annotations"
    if any(turn.speaker for turn in turns):
        yield from _counted("speaker", Counter(turn.speaker or "(nobody)" for turn in turns))
    else:
        yield "who speaks is not known"
    if any("label" in turn.columns for turn in turns):
        yield from _counted("label", Counter(turn.columns["label"] for turn in turns))
    if number := overlapping(turns):
        yield f"{number} turns begin while another speaker speaks: both are heard there"
    if doubtful := [turn for turn in turns if turn.doubtful]:
        where = f"{doubtful[0].annotation}, {doubtful[0].place}"
        yield f"{len(doubtful)} turns meet several words of {doubtful[0].doubtful[0]}, the longest counts: {where}"
    if unlabelled:
        yield f"left out, without a label: {len(unlabelled)}, such as {unlabelled[0].annotation}, {unlabelled[0].place}"


def _counted(role: str, counts: Counter[str]) -> Iterator[str]:
    width = max(map(len, [role, *counts]))
    yield f"{role:{width}}  turns"
    yield from (f"{word:{width}}  {number:5}" for word, number in sorted(counts.items())[:_MOST])
    if len(counts) > _MOST:
        yield f"and {len(counts) - _MOST} more: {len(counts)} {role}s in all"
