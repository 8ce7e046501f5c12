"""What ``mser data`` prints for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mser.corpora.check_summary import CheckSummary
from mser.corpora.corpus import Counts
from mser.labels import Task
from mser.manifest import Problem, Utterance
from mser.splits.audit import NOTHING_COMPARED, UNHEARD
from mser.splits.audit_result import PAIRS, Audit, Transcripts
from mser.splits.protocols import Fold, Protocol, digest

_COLUMNS = 4
"""Classes that have columns of their own; more would not fit a terminal."""
_SHOWN = 8  # problems of one kind; --json has them all


def print_check(
    summary: CheckSummary,
    root: Path,
    expected: Counts,
    *,
    notes: Sequence[str] = (),
    silent: str = "",
    made_up: bool,
) -> None:
    """Print the counts beside the expected ones, what is unusual, then the problems by kind."""
    console = _console()
    hours = f"{summary.seconds / 3600:.2f} h"
    console.print(f"{summary.corpus} in {root}", style="bold")
    speakers = f"{summary.speakers or 'unknown'} speakers"
    console.print(f"{summary.utterances} utterances, {speakers}, {hours} of audio")
    if summary.splits:
        console.print("splits: " + _numbers(summary.splits))
    source = "made up" if made_up else "published"
    if made_up:
        console.print("This is a made-up corpus: it is compared with its own counts, not with the published ones.")
    for note in notes:
        console.print(note, soft_wrap=True)
    if summary.labels:
        console.print(_label_table(summary.labels, expected.get("labels", {}), source), "")
    sets = _table("label set", "total", "classes")
    for name, counts in summary.label_sets.items():
        sets.add_row(name, str(counts["total"]), _numbers({k: n for k, n in counts.items() if k != "total"}))
    console.print(sets, "")
    _print_problems(console, summary.problems, but=silent)


def print_folds(
    protocol: Protocol,
    labels: Task,
    utterances: Sequence[Utterance],
    folds: Sequence[Fold],
    audit: Audit,
) -> None:
    """Print the size of every part, the classes of every test part, and the audit."""
    console = _console()
    console.print(f"{protocol.name} on {labels.name}, digest {digest(folds)}", style="bold")
    console.print(protocol.description, "")
    by_id = {one.id: one for one in utterances}
    few = len(labels.labels) <= _COLUMNS
    sizes = _table(
        "fold", "train", "val", "test", *([f"test {one}" for one in labels.labels] if few else ["test classes"])
    )
    for fold in folds:
        counts = labels.counts(by_id[name] for name in fold.test)
        tested = map(str, counts.values()) if few else [_numbers(counts)]
        sizes.add_row(fold.name, str(len(fold.train)), str(len(fold.val)), str(len(fold.test)), *tested)
    console.print(sizes, "")
    shared_by = _table("shared by", "speakers", "groups", "recordings")
    for prefix, parts in PAIRS.items():
        shared = audit.between[prefix]
        overlaps = (shared.speaker_overlap, shared.group_overlap, shared.audio_overlap)
        shared_by.add_row(" and ".join(parts), *map(_counted, overlaps))
    console.print(shared_by, "")
    pairs = {" and ".join(parts): audit.between[prefix].recording_copies for prefix, parts in PAIRS.items()}
    console.print(f"pairs of equal or re-encoded recordings: {_numbers(pairs)}", soft_wrap=True)
    for note in (*_copies(audit), *_notes(audit), _near_copies(audit.transcripts)):
        console.print(note, soft_wrap=True)


def _copies(audit: Audit) -> Iterator[str]:
    """Yield the first copies of recordings between two parts, and within one."""
    for prefix, parts in PAIRS.items():
        yield from (f"in {' and '.join(parts)}: {copy}" for copy in audit.between[prefix].copies)
    yield from (f"in one part: {copy}" for copy in audit.copies_within)
    if (more := audit.copies_within_parts - len(audit.copies_within)) > 0:
        yield f"and {more} more pairs of copies in one part"


def _notes(audit: Audit) -> Iterator[str]:
    """Yield what an audit mentions though it is no overlap."""
    if empty := audit.transcripts.empty_transcripts:
        yield f"tested utterances without a transcript: {empty}"
    if audit.unknown_speakers:
        yield f"{audit.unknown_speakers} utterances whose speaker is unknown count as shared with no part"
    for prefix, parts in PAIRS.items():
        if number := audit.between[prefix].split_files:
            yield f"{' and '.join(parts)} have segments of {number} same file(s), of other groups and without overlap"
    if audit.uncompared_recordings:
        yield f"{UNHEARD}: {audit.uncompared_recordings} utterances; of these only equal files are found"
    yield from (f"probably one speaker: {', '.join(names)}" for names in audit.alike_speakers)


def _near_copies(transcripts: Transcripts) -> str:
    shares = {style: f"{share:.1%}" for style, share in (transcripts.near_duplicate_transcripts_by_style or {}).items()}
    detail = f" ({_numbers(shares)})" if shares else ""
    share, compared = transcripts.near_duplicate_transcripts, transcripts.compared_transcripts
    near = f"not compared, {NOTHING_COMPARED}" if share is None else f"{share:.1%} of {compared} compared{detail}"
    return f"tested transcripts with a near copy in train: {near}"


def _counted(number: int | None) -> str:
    return "unknown" if number is None else str(number)


def _label_table(labels: Mapping[str, int], expected: Mapping[str, int], source: str) -> Table:
    if not expected:  # nobody published what a table of one's own holds
        table = _table("label", "found")
        for name, number in labels.items():
            table.add_row(name, str(number))
        return table
    table = _table("label", "found", source)
    for name in dict.fromkeys([*expected, *labels]):
        here, there = labels.get(name, 0), expected.get(name, 0)
        table.add_row(name, str(here), str(there), style="" if here == there else "yellow")
    return table


def _print_problems(console: Console, problems: Sequence[Problem], *, but: str) -> None:
    if but:
        console.print(but, style="yellow", soft_wrap=True)
    elif not problems:
        console.print("no problems: the corpus is sound", style="green")
    kinds = Counter(problem.kind for problem in problems)
    for kind, number in kinds.items():
        console.print(f"{kind}: {number}", style="bold red")
        messages = [problem.message for problem in problems if problem.kind == kind]
        for message in messages[:_SHOWN]:
            console.print(f"  {message}", soft_wrap=True)
        if number > _SHOWN:
            console.print(f"  and {number - _SHOWN} more; --json lists them all")
    if problems:
        console.print(f"{len(problems)} problems", style="bold red")


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in names:
        is_text = name == names[0] or name.endswith("classes")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=name == names[0])
    return table


def _numbers(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


def _console() -> Console:
    # Messages hold brackets, which rich would take for markup.
    return Console(markup=False, highlight=False)
