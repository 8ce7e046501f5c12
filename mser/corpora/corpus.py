"""What every corpus has: a reader, label sets, protocols, and the counts it was published with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from mser.corpora.recorded import Recorded, differences, one_length
from mser.corpora.same_classes import in_words_of
from mser.errors import UserError, one_of
from mser.files.json_fields import read_object
from mser.labels import LabelSet, Task
from mser.manifest import Manifest, Problem, Utterance
from mser.splits.fold_lists import is_listed, listed
from mser.splits.protocols import Protocol, whole
from mser.vote_counts import VotedLabels, Votes

Counts = Mapping[str, Any]
"""Numbers by name, lists of names, or again such mappings."""
_NOTHING: Counts = {}
_UNKNOWN = Recorded()
_WHOLE = 0.95  # of a release's utterances: with fewer, hours tell nothing but that
T = TypeVar("T", bound=Task | Protocol)

MADE_UP = "made-up.json"
"""A file at the root of a made-up tree, which holds ``{"counts": Counts}``: what to expect there."""


@dataclass(frozen=True)
class Corpus:
    """How to read one corpus and what to expect of it.

    Attributes:
        name: how the command line asks for it.
        read: returns the manifest of the tree in a folder; opens headers, not samples.
        label_sets: the tasks; the first is the default.
        protocols: the ways to split it; the first is the default.
        count: returns what the manifest holds, in the shape of `published`.
        published: what the whole corpus holds; empty where nobody has published that.
        recorded: what its recordings are like as published.
        rated: the words with which single raters chose published labels; empty where no ratings are published.
        also_published: part of what others count, by whose count it is, to explain differences.
        licence: what it is and on which terms, as the card of a model that has seen it says.
        url: where it comes from.
        hub_licence: its licence in the Hugging Face hub's terms; ``other`` where these have none.
        language: of its speech, such as ``en``; None where nobody knows.
        typed: people wrote its transcripts, or what was to be said.
    """

    name: str
    read: Callable[[Path], Manifest]
    label_sets: tuple[Task, ...]
    protocols: tuple[Protocol, ...]
    count: Callable[[Manifest], Counts] = lambda _: _NOTHING
    published: Counts = field(default_factory=dict)
    recorded: Recorded = _UNKNOWN
    rated: Mapping[str, str] = field(default_factory=dict)
    also_published: Mapping[str, Counts] = field(default_factory=dict)
    licence: str = ""
    url: str = ""
    hub_licence: str = "other"
    language: str | None = None
    typed: bool = False

    def open(self, root: Path) -> Manifest:
        """Return the manifest of a folder, or of a file that `Manifest.write` wrote.

        Raises:
            UserError: if the folder or file holds no such corpus, or no recording of it that can be used.
        """
        manifest = Manifest.read(root) if root.is_file() else self.read(root)
        if manifest.corpus != self.name:
            raise UserError(
                f"{root} is a manifest of {manifest.corpus[:40]}, not of {self.name}; give the {self.name} folder or "
                "manifest, or let its reader name it so"
            )
        if not manifest.utterances and manifest.problems:
            kinds = Counter(problem.kind for problem in manifest.problems)
            listed = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
            message = f"none of the recordings of {self.name} can be used ({listed}): {manifest.problems[0].message}"
            raise UserError(f"{message}; `mser data check` names them all")
        return manifest

    def terms(self) -> dict[str, str | None]:
        """Return what a model that has seen it must tell: ``licence``, ``url``, ``hub_licence`` and ``language``."""
        licence = self.licence or f"{self.name}; see where it comes from for its terms"
        return {"licence": licence, "url": self.url, "hub_licence": self.hub_licence, "language": self.language}

    def label_set(self, name: str | None = None) -> Task:
        """Return the label set of that name; without a name the default one.

        The name may be another corpus's whose classes this one has too: they come in that one's words and order.

        Raises:
            UserError: if the corpus has none of that name.
        """
        from mser.corpora import CORPORA  # which are made of this class

        others = {one.name: one for corpus in CORPORA.values() for one in corpus.label_sets}
        if name in others and name not in {one.name for one in self.label_sets}:
            if same := in_words_of(others[name], self.label_sets):
                return same
        return _chosen(self.label_sets, name, f"label set of {self.name}")

    def votes(self, task: Task) -> Votes | None:
        """Return how raters' votes are counted for a label set; None where nobody's are known."""
        if isinstance(task, VotedLabels):
            return task.votes
        return Votes(task, self.rated) if self.rated and isinstance(task, LabelSet) else None

    def protocol(self, name: str | None = None, lists: Path | None = None) -> Protocol:
        """Return the protocol of that name; without a name the default one.

        Every corpus has one called ``whole``, such as ``ravdess/whole``, for a model of another corpus. Those that are
        read from `lists` of ids are in `mser.splits.fold_lists`.

        Raises:
            UserError: if the corpus has none of that name.
        """
        if lists is not None or is_listed(name):
            return listed(self.name, name, lists)
        tested = whole(self.name)
        if name == tested.name:
            return tested
        return _chosen(self.protocols, name, f"protocol of {self.name}")

    def check(self, root: Path) -> Manifest:
        """Return the manifest with everything that differs from the published counts among its problems.

        A tree with a `MADE_UP` file is compared with the counts of that file instead.

        Raises:
            UserError: if the root holds no such corpus.
        """
        manifest = self.read(root)
        made_up = read_made_up(root)
        source = "published" if made_up is None else f"in {MADE_UP}"
        counts = self.count(manifest)
        unlike = list(compare(self.published if made_up is None else made_up, counts, source))
        if unlike and made_up is None:
            unlike[0] = self._explained(unlike[0], counts)
        if made_up is None:
            manifest, unlike = self._compare_recordings(manifest, unlike)
        return replace(manifest, problems=(*manifest.problems, *unlike))

    def _compare_recordings(self, manifest: Manifest, unlike: list[Problem]) -> tuple[Manifest, list[Problem]]:
        """Return what is unlike the release's recordings too; of what nobody has published that is but a note."""
        if self.published or self.recorded != _UNKNOWN:
            whole = len(manifest) >= _WHOLE * self.published.get("utterances", 0)
            if self.recorded.hours is None and any(utterance.audio for utterance in manifest):
                unknown = f"how long all of {self.name} is together is not known here: its hours are not compared"
                manifest = replace(manifest, notes=(*manifest.notes, unknown))
            return manifest, [*unlike, *differences(self.recorded, manifest, self._measured(manifest), whole=whole)]
        differing = one_length(manifest)
        return replace(
            manifest, notes=(*manifest.notes, *([f"{differing}: cut or padded?"] if differing else []))
        ), unlike

    def _measured(self, manifest: Manifest) -> Sequence[Utterance]:
        """Return the utterances that the release's hours and lengths are of."""
        name = self.recorded.label_set
        return self.label_set(name).select(manifest) if name else manifest.utterances

    def _explained(self, difference: Problem, own_counts: Counts) -> Problem:
        """Return the difference with whose count this is, if it is somebody's."""
        whose = [who for who, counts in self.also_published.items() if not any(compare(counts, own_counts, who))]
        explanation = "".join(f"; these are the numbers of {who}" for who in whose)
        return replace(difference, message=f"{difference.message}{explanation}")


def _chosen(choices: Sequence[T], name: str | None, what: str) -> T:
    """Return the one of that name; without a name the first."""
    named = {choice.name: choice for choice in choices}
    if name is None:
        return choices[0]
    if name not in named:
        raise one_of(what, name, list(named))
    return named[name]


def read_made_up(root: Path) -> Counts | None:
    """Return the counts that a made-up tree promises, or None if the tree does not say that it is made up.

    Raises:
        UserError: if the file is not as `MADE_UP` describes it.
    """
    path = root / MADE_UP
    if not path.exists():
        return None
    advice = "make the corpus again or delete it"
    try:
        counts = read_object(path, advice)["counts"]
    except KeyError as error:
        raise UserError(f'{path} holds no {{"counts": ...}} ({error}); {advice}') from error
    return _counts(counts, f"{path}: its counts", advice)


def _counts(content: object, where: str, advice: str) -> Counts:
    """Return what are counts: numbers, lists of names, or objects of such."""
    if not isinstance(content, dict):
        raise UserError(f"{where} are no object: {str(content)[:80]}; {advice}")
    for name, value in content.items():
        if isinstance(value, dict):
            _counts(value, f"{where} of {name[:40]}", advice)
        elif not isinstance(value, int) and not (
            isinstance(value, list) and all(isinstance(text, str) for text in value)
        ):
            raise UserError(f"{where} of {name[:40]} are {str(value)[:80]}, expected a number or names; {advice}")
    return content


def compare(expected: Counts, counted: Counts, source: str, name: str = "") -> Iterator[Problem]:
    """Yield one problem for each group of counts that differs; what `expected` does not name is not compared.

    Example:
        >>> next(compare({"labels": {"ang": 3, "sad": 4}}, {"labels": {"ang": 3, "sad": 2}}, "published")).message
        'labels: sad is 2, published 4'
    """
    title = f"{name}: " if name else ""
    wrong = []
    for key, value in expected.items():
        here = counted.get(key, 0)
        if isinstance(value, Mapping) and isinstance(here or {}, Mapping):
            yield from compare(value, here or {}, source, f"{name} {key}".strip())
        elif isinstance(value, Collection) and isinstance(here or (), list | tuple):
            yield from _missing(key, value, here or (), source)
        elif value != here:
            wrong.append(f"{key} is {here}, {source} {value}")
    if wrong:
        yield Problem("count", title + "; ".join(wrong))


def _missing(key: str, expected: Collection[str], counted: Collection[str], source: str) -> Iterator[Problem]:
    for name in sorted(set(expected) - set(counted)):
        yield Problem("missing", f"{key}: {name} is missing; it is among the {len(expected)} {source}")
    for name in sorted(set(counted) - set(expected)):
        yield Problem("count", f"{key}: {name} is not among the {len(expected)} {source}")
