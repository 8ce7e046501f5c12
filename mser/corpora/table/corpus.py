"""Recordings of one's own, listed in a table: the table says which labels, speakers and splits there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from mser.corpora.corpus import Corpus
from mser.corpora.same_classes import emotion
from mser.corpora.table.hub_table import local_table
from mser.corpora.table.reader import SPLITS, read_table
from mser.corpora.table.rows import Columns
from mser.errors import UserError, one_of
from mser.labels import LabelSet, ScoreSet, Task
from mser.manifest import Manifest, Utterance, is_manifest
from mser.splits.grouped import fold_column, k_fold
from mser.splits.protocols import Parts, Protocol, whole
from mser.vote_counts import Votes, voted

NAME = "table"
TABLE_LABELS, TABLE_VOTES = "table-labels", "table-votes"
FOLDS = 5
LICENCE = "recordings of the author's own, whose licence is the author's to state here"
_UNKNOWN = " Who speaks is unknown, so the tested voices may have been trained on."


def open_table(
    path: Path,
    columns: Columns | None = None,
    *,
    labels: Sequence[str] | None = None,
    score_range: tuple[float, float] | None = None,
    several: bool = False,
    folds: int | None = None,
    language: str | None = None,
) -> Corpus:
    """Return the corpus that a table makes, or that a manifest of one does; it is read here, and only once.

    Args:
        path: CSV, TSV, JSON lines, Parquet, Arrow, a folder of the latter two, a data folder of Kaldi, a manifest of
            lhotse, an audformat database, the id of a data set of the Hugging Face hub, or what ``mser data manifest
            table`` wrote.
        columns: where not every role has a column of its name; see `mser.corpora.table.reader.ROLES`.
        labels: the classes in the order wanted, others are dropped; all of the table's, sorted, when None.
        score_range: the least and the greatest possible score; those of the table when None.
        several: whether all labels with more than an even share of the votes hold, in place of the one with most.
        folds: how many, of unseen speakers; when None the table's own split, or its own folds, or else five. With 1
            nothing is trained on: the table's own test part is tested, or everything.
        language: of the recordings, such as ``de``; None where nobody says.

    Raises:
        UserError: if the table is wrong, or does not hold what was asked for.
    """
    path = local_table(path)
    manifest = Manifest.read(path) if is_manifest(path) else read_table(path, columns)
    if manifest.corpus != NAME:
        raise UserError(f"{path} is a manifest of {manifest.corpus[:40]}, not of a table; give a table or its manifest")
    return Corpus(
        name=NAME,
        read=lambda _: manifest,
        label_sets=_tasks(manifest, labels, score_range, several=several),
        rated={word: word for word in _voted(manifest)},
        protocols=_protocols(manifest, folds),
        licence=LICENCE,
        language=language,
    )


def _tasks(
    manifest: Manifest, labels: Sequence[str] | None, score_range: tuple[float, float] | None, *, several: bool
) -> tuple[Task, ...]:
    classes, words = sorted({one.label for one in manifest if one.label is not None}), _voted(manifest)
    names = tuple(dict.fromkeys(name for one in manifest for name in one.scores))
    if labels and not classes:
        raise UserError(f"labels were asked for ({', '.join(labels)}), but the table has scores; leave labels out")
    if several and not words:
        raise UserError("several labels were asked for, but the table has no votes; name their columns as votes")
    merge = {} if labels is None else _in_words(sorted({*classes, *words}), labels)
    tasks: list[Task] = []
    if classes:
        one = LabelSet(TABLE_LABELS, _several(tuple(dict.fromkeys(labels or classes))), merge=merge)
        with_votes = [replace(voted(one, {word: word for word in words}), name=TABLE_VOTES)] if words else []
        tasks += [*with_votes, one] if several else [one, *with_votes]
    if names:
        tasks.append(_scores(manifest, names, score_range))
    return tuple(tasks)


def votes_of_table(utterances: Iterable[Utterance], task: LabelSet) -> Votes | None:
    """Return how the votes of a table are counted for its labels; None where it has none."""
    if not (words := _voted(utterances)):
        return None
    known = sorted({*words, *(one for one in task.labels)})
    return Votes(replace(task, merge=_in_words(known, task.labels)), {word: word for word in known})


def _voted(utterances: Iterable[Utterance]) -> list[str]:
    """Return all words that raters chose."""
    return sorted({word for one in utterances for rating in one.ratings for word in rating.labels})


def _in_words(labels: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return the table's words for the labels that were asked for in other words, such as happy for happiness."""
    merge: dict[str, str] = {}
    for label in wanted:
        if label not in labels:
            same = [word for word in labels if word not in wanted and emotion(word) == emotion(label)]
            if not same:
                raise one_of("label", label, list(labels))
            merge |= dict.fromkeys(same, label)
    return merge


def _several(labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(labels) < 2:
        raise UserError(f"there is one label, {labels[0]!r}, and nothing to tell it from; expected at least two")
    return labels


def _scores(manifest: Manifest, names: tuple[str, ...], score_range: tuple[float, float] | None) -> ScoreSet:
    every = [(score, utterance.id) for utterance in manifest for score in utterance.scores.values()]
    (least, lowest), (greatest, highest) = min(every), max(every)
    low, high = score_range or (least, greatest)
    for score, name in ((least, lowest), (greatest, highest)):
        if not low <= score <= high:
            raise UserError(f"{name} has the score {score:g}, which is not in the score_range {low:g} to {high:g}")
    return ScoreSet("table-scores", names, low=low, high=high)


def _protocols(manifest: Manifest, folds: int | None) -> tuple[Protocol, ...]:
    has_speakers = all(utterance.speaker for utterance in manifest)
    splits = {utterance.split for utterance in manifest}
    if folds == 1 or (folds is None and splits == {"test"}):
        return (replace(_own_split(has_speakers), parts=("test",)),) if splits > {"test"} else (whole(NAME),)
    grouped = tuple(_grouped(number, has_speakers) for number in dict.fromkeys([folds or FOLDS, *range(3, 11)]))
    own: tuple[Protocol, ...] = (_own_split(has_speakers),) if any(utterance.split for utterance in manifest) else ()
    if any(utterance.fold for utterance in manifest):
        own = (*own, _own_folds(has_speakers))
    return (*own, *grouped) if folds is None else (*grouped, *own)


def _grouped(number: int, known: bool) -> Protocol:
    kind, what, doubt = ("", "speaker", "") if known else ("-by-recording", "recording", _UNKNOWN)
    each = f"{number} folds with about the same share of each label: one is tested, the next is for validation"
    return Protocol(f"table/{number}fold{kind}", f"{each}; no {what} is in two of them.{doubt}", k_fold(number))


def _own_split(known: bool) -> Protocol:
    doubt = "" if known else _UNKNOWN
    return Protocol("table/split", f"One fold: the table's own train, val and test.{doubt}", _by_split)


def _own_folds(known: bool) -> Protocol:
    doubt = "" if known else _UNKNOWN
    described = f"The table's own folds: one is tested, the next is for validation.{doubt}"
    return Protocol("table/folds", described, fold_column)


def _by_split(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    train, val, test = ([utterance for utterance in utterances if utterance.split == split] for split in SPLITS)
    yield "split", train, val, test


CORPUS = Corpus(
    name=NAME,
    read=read_table,
    label_sets=(),
    protocols=(_own_split(known=True), _grouped(FOLDS, known=True)),
    licence=LICENCE,
)
"""Any table, before it is known which; `open_table` says what one holds."""
