"""What every corpus has: a reader, label sets, protocols, and the counts it was published with."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from mser.errors import UserError, one_of
from mser.labels import Task
from mser.manifest import Manifest, Problem
from mser.splits.protocols import Protocol

T = TypeVar("T", bound=Task | Protocol)
Counts = Mapping[str, Any]
"""Numbers by name, lists of names, or again such mappings."""

MADE_UP = "made-up.json"
"""A file at the root of a made-up tree, which holds ``{"counts": Counts}``: what to expect there."""


@dataclass(frozen=True)
class Corpus:
    """How to read one corpus and what to expect of it.

    Attributes:
        name: how the command line asks for it.
        read: returns the manifest of the tree in a folder; opens headers, not samples.
        count: returns what the manifest holds, in the shape of `published`.
        label_sets: the tasks; the first is the default.
        protocols: the ways to split it; the first is the default.
        published: what the whole corpus holds.
        rated: the words with which single raters chose published labels; empty where no ratings are published.
        also_published: part of what others count, by whose count it is, to explain differences.
    """

    name: str
    read: Callable[[Path], Manifest]
    count: Callable[[Manifest], Counts]
    label_sets: tuple[Task, ...]
    protocols: tuple[Protocol, ...]
    published: Counts
    rated: Mapping[str, str] = field(default_factory=dict)
    also_published: Mapping[str, Counts] = field(default_factory=dict)

    def label_set(self, name: str | None = None) -> Task:
        """Return the label set of that name; without a name the default one.

        Raises:
            UserError: if the corpus has none of that name.
        """
        return _chosen(self.label_sets, name, f"label set of {self.name}")

    def protocol(self, name: str | None = None) -> Protocol:
        """Return the protocol of that name; without a name the default one.

        Raises:
            UserError: if the corpus has none of that name.
        """
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
        found = self.count(manifest)
        differences = list(compare(self.published if made_up is None else made_up, found, source))
        if differences and made_up is None:
            differences[0] = self._explained(differences[0], found)
        return replace(manifest, problems=(*manifest.problems, *differences))

    def _explained(self, difference: Problem, found: Counts) -> Problem:
        """Return the difference with whose count this is, if it is somebody's."""
        whose = [who for who, counts in self.also_published.items() if not any(compare(counts, found, who))]
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
    try:
        counts = json.loads(path.read_text(encoding="utf-8"))["counts"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path} holds no {{"counts": ...}} ({error}); make the corpus again or delete it') from error
    if not isinstance(counts, dict):
        raise UserError(f"{path} has counts that are no object: {counts!r}; make the corpus again or delete it")
    return counts


def compare(expected: Counts, found: Counts, source: str, name: str = "") -> Iterator[Problem]:
    """Yield one problem for each group of counts that differs; what `expected` does not name is not compared.

    Example:
        >>> next(compare({"labels": {"ang": 3, "sad": 4}}, {"labels": {"ang": 3, "sad": 2}}, "published")).message
        'labels: sad is 2, published 4'
    """
    title = f"{name}: " if name else ""
    wrong = []
    for key, value in expected.items():
        here = found.get(key, 0)
        if isinstance(value, Mapping):
            yield from compare(value, here or {}, source, f"{name} {key}".strip())
        elif isinstance(value, Collection):
            yield from _missing(key, value, here or (), source)
        elif value != here:
            wrong.append(f"{key} is {here}, {source} {value}")
    if wrong:
        yield Problem("count", title + "; ".join(wrong))


def _missing(key: str, expected: Collection[str], found: Collection[str], source: str) -> Iterator[Problem]:
    for name in sorted(set(expected) - set(found)):
        yield Problem("missing", f"{key}: {name} is missing; it is among the {len(expected)} {source}")
    for name in sorted(set(found) - set(expected)):
        yield Problem("count", f"{key}: {name} is not among the {len(expected)} {source}")
