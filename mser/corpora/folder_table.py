"""``mser data table``: a table of the recordings in a folder, by their names, for people to read and correct."""

from __future__ import annotations

import argparse
import csv
import io
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unicodedata import normalize

from mser.corpora.table.names import FOLDER, NamedFile, NamedFiles, find_words, read_names
from mser.errors import UserError
from mser.files.whole import write_text

_FIRST = 5  # files named of those that are left out
_MOST = 30  # labels or speakers in a list


def add_parser(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``mser data table``."""
    parser.description = (
        "List the audio below a folder in a table, with the label and speaker that each path says. What was understood "
        "is shown before anything is written. An expression is a regular one, looked for in the path below FOLDER; its "
        "group (?P<label>...) or (?P<speaker>...) is taken, or else its first, and one may name both. "
        "Exit code 0: a table, 2: nothing matches, or the file is there already."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where the audio is, at any depth")
    how = f"{FOLDER}, for the name of the folder a file lies in, or an expression"
    parser.add_argument("--label-from", metavar="HOW", help=how)
    parser.add_argument("--speaker-from", metavar="HOW", help=f"{how}; the table has no speakers without it")
    parser.add_argument(
        "--transcript-from",
        metavar=".txt",
        type=_suffix,
        help="the text file of the same name that lies beside the audio",
    )
    parser.add_argument(
        "--map",
        metavar="FOUND=LABEL",
        nargs="+",
        action="extend",
        type=_renaming,
        default=[],
        help="labels to call otherwise, such as dis=disgust; several may become one",
    )
    parser.add_argument("--out", metavar="TABLE.csv", type=csv_path, help="the table to write; only shown without it")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.set_defaults(run=_table)


def _table(args: argparse.Namespace) -> int:
    named_files = read_names(args.folder, find_words(args.label_from, args.speaker_from), args.transcript_from)
    if not named_files.named:
        raise UserError(_nothing(args, named_files))
    if args.transcript_from and len(named_files.silent) == len(named_files.named):
        raise UserError(f"no file has a transcript in {args.transcript_from}, such as: {named_files.silent[0]}")
    renamed = _renames(args.map)
    files = [_with_label(one, renamed) for one in named_files.named]
    # What nobody has is left out: of a column that is there, every row has to say something.
    columns = ["audio", *(["transcript"] if args.transcript_from else []), *files[0].words]
    text = _as_csv(files, args.folder, args.out, columns) if args.out else ""
    if args.out:
        require_free(args.out, text, force=args.force)
    unused = [name for name in renamed if name not in {one.words["label"] for one in named_files.named}]
    _show(args.folder, files, named_files, unused, transcripts=bool(args.transcript_from))
    if args.out:
        write_text(args.out, text)
        more = "" if "speaker" in columns else " --columns speaker="
        print(f"wrote {len(files)} rows to {args.out}; next: mser data check table {args.out}{more}")
    return 0


def _nothing(args: argparse.Namespace, named_files: NamedFiles) -> str:
    role, paths = max(named_files.missed.items(), key=lambda item: len(item[1]))
    options = [args.label_from, args.speaker_from]
    how = next(filter(None, options if role == "label" else options[::-1]))
    number = sum(map(len, named_files.missed.values()))
    return f"'{how}' finds no {role} in {number} audio files of {args.folder}, such as {_readable(paths[0])}; mend it"


def _with_label(file: NamedFile, renamed: Mapping[str, str]) -> NamedFile:
    label = file.words["label"]
    return NamedFile(file.path, {**file.words, "label": renamed.get(label, label)}, file.transcript)


def _as_csv(files: Sequence[NamedFile], folder: Path, out: Path, columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for file in files:
        path = Path(os.path.relpath(folder.resolve() / file.path, out.parent.resolve())).as_posix()
        # Blanks around a cell are no part of it.
        cells = {"audio": path if path == path.strip() else f"./{path}", "transcript": file.transcript, **file.words}
        writer.writerow([cells[name] for name in columns])
    return text.getvalue()


def _suffix(text: str) -> str:
    if not text.startswith(".") or "/" in text or len(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is no suffix of a file, such as .txt")
    return text


def _renaming(text: str) -> tuple[str, str]:
    before, _, label = (normalize("NFC", part).strip() for part in text.partition("="))
    if not before or not label:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form FOUND=LABEL, such as dis=disgust")
    return before, label


def csv_path(text: str) -> Path:
    """Return the name of a table to write.

    Raises:
        ArgumentTypeError: if it does not end in .csv.
    """
    if not text.lower().endswith(".csv"):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a table; give one that ends in .csv")
    return Path(text)


def _renames(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    renamed: dict[str, str] = {}
    for before, label in pairs:
        if renamed.setdefault(before, label) != label:
            raise UserError(f"--map calls {before} both {renamed[before]} and {label}; keep one of them")
    return renamed


def require_free(out: Path, text: str, *, force: bool) -> None:
    """Refuse to write over a table that says otherwise: somebody may have corrected it.

    Raises:
        UserError: if there is one and it is not to be replaced by `force`.
    """
    if out.is_dir():
        raise UserError(f"{out} is a folder; give the name of a table")
    if not force and out.exists() and out.read_bytes() != text.encode():
        raise UserError(
            f"{out} is there already and says otherwise; choose another name, or write over it with --force"
        )


def _show(
    folder: Path, files: Sequence[NamedFile], named_files: NamedFiles, unused: Sequence[str], *, transcripts: bool
) -> None:
    missed = sum(map(len, named_files.missed.values()))
    print(f"{folder}: {len(files) + missed} audio files, {len(files)} of them understood")
    print("\n".join(_counted("label", "speaker", files)))
    if "speaker" in files[0].words:
        print("\n".join(_counted("speaker", "label", files)))
    else:
        print("who speaks is not known: --speaker-from says where it stands")
    if transcripts:
        print(f"transcripts: of {len(files) - len(named_files.silent)} files")
        if named_files.silent:
            print("\n".join(_first(f"without a transcript: {len(named_files.silent)}", named_files.silent)))
    for role, paths in named_files.missed.items():
        print("\n".join(_first(f"left out, no {role} found: {len(paths)}", paths)))
    if named_files.videos:
        print(f"passed over: {named_files.videos} videos; `mser data extract-audio {folder}` takes their sound out")
    if unused:
        print(f"--map renames what is no label here: {', '.join(unused)}")


def _counted(role: str, other: str, files: Sequence[NamedFile]) -> Iterator[str]:
    """Yield a line for each word of a role: how many files have it, and how many words of the other role."""
    counts = Counter(file.words[role] for file in files)
    others: dict[str, set[str | None]] = defaultdict(set)
    for file in files:
        others[file.words[role]].add(file.words.get(other))
    width = max(map(len, [role, *counts]))
    of_words = other in files[0].words
    yield f"{role:{width}}  files" + (f"  {other}s" if of_words else "")
    for word, number in sorted(counts.items())[:_MOST]:
        yield f"{word:{width}}  {number:5}" + (f"  {len(others[word]):{len(other) + 1}}" if of_words else "")
    if len(counts) > _MOST:
        yield f"and {len(counts) - _MOST} more: {len(counts)} {role}s in all"


def _first(head: str, names: Sequence[str]) -> Iterator[str]:
    yield head
    yield from (f"  {_readable(name)}" for name in names[:_FIRST])
    if len(names) > _FIRST:
        yield f"  and {len(names) - _FIRST} more"


def _readable(name: str) -> str:
    return name if name.isprintable() else ascii(name)
