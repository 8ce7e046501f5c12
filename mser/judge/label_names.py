"""From a model's answers to a corpus's labels, which seldom have the same names. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError
from mser.labels import ScoreSet, Task

Floats = NDArray[np.float64]
_HOW = "--labels happy=hap,other= (nothing behind = leaves an answer out)"


@dataclass(frozen=True)
class Named:
    """Which answer of a model counts as which label of a corpus.

    Attributes:
        model: what the model answers.
        corpus: what is asked.
        pairs: the model's label to the corpus's, or to None where it is left out.
    """

    model: Task
    corpus: Task
    pairs: Mapping[str, str | None]

    def __call__(self, answers: Floats, *, exclusive: bool) -> Floats:
        """Return (N, labels of the corpus) of (N, labels of the model).

        Probabilities of answers that count as one label are summed; where they exclude each other, what is left out is
        given to the others in proportion. Scores are moved from the model's range to the corpus's.
        """
        places = np.zeros((len(self.model.labels), len(self.corpus.labels)))
        for row, label in enumerate(self.model.labels):
            if (to := self.pairs[label]) is not None:
                places[row, self.corpus.labels.index(to)] = 1
        if isinstance(self.model, ScoreSet) and isinstance(self.corpus, ScoreSet):
            share = (answers - self.model.low) / (self.model.high - self.model.low)
            return np.asarray((self.corpus.low + share * (self.corpus.high - self.corpus.low)) @ places)
        shares = answers @ places
        if exclusive and None in self.pairs.values():
            whole = shares.sum(1, keepdims=True)
            shares = np.where(whole > 0, shares / np.where(whole > 0, whole, 1), 1 / shares.shape[1])
        return np.asarray(shares)


def named(model: Task, corpus: Task, renames: Mapping[str, str]) -> Named:
    """Return which answer counts as which label: as `renames`, or else where both are called alike.

    Args:
        model: what the model answers.
        corpus: what is asked.
        renames: the model's label to the corpus's; an empty one leaves it out.

    Raises:
        UserError: if a label has no counterpart, or the two do not ask the same kind of question.

    Example:
        >>> from mser.labels import LabelSet
        >>> pairs = named(LabelSet("m", ("开心/Happy", "sad")), LabelSet("c", ("hap", "sad")), {"happy": "hap"}).pairs
        >>> pairs
        {'开心/Happy': 'hap', 'sad': 'sad'}
    """
    if model.kind != corpus.kind:
        kinds = {"labels": "one label", "multi_label": "several labels at once", "scores": "scores"}
        raise UserError(
            f"the model gives {kinds[model.kind]}, but {corpus.name} asks for {kinds[corpus.kind]}; choose another "
            "label set of the corpus (--data.init_args.labels)"
        )
    by_plain_name = {_plain(label): label for label in corpus.labels}
    new_names = {_plain(name): to for name, to in renames.items()}
    _require_known(model, corpus, renames)
    pairs: dict[str, str | None] = {}
    for label in model.labels:
        to = new_names.get(_plain(label), new_names.get(label.lower(), _plain(label)))
        pairs[label] = by_plain_name.get(_plain(to)) if to else None
        if to and pairs[label] is None:
            raise UserError(
                f"{label!r} of the model is none of {corpus.name}, which has {', '.join(corpus.labels)}; say what it "
                f"counts as: {_HOW}"
            )
    _require_all(model, corpus, pairs)
    return Named(model, corpus, pairs)


def _require_known(model: Task, corpus: Task, renames: Mapping[str, str]) -> None:
    ours = {name for label in model.labels for name in (_plain(label), label.lower())}
    for name, to in renames.items():
        if name.lower() not in ours:
            raise UserError(f"--labels names {name!r}, which the model does not answer: {', '.join(model.labels)}")
        if to and _plain(to) not in map(_plain, corpus.labels):
            raise UserError(f"--labels names {to!r}, which is none of {corpus.name}: {', '.join(corpus.labels)}")


def _require_all(model: Task, corpus: Task, pairs: Mapping[str, str | None]) -> None:
    counted = [to for to in pairs.values() if to]
    if never := [label for label in corpus.labels if label not in counted]:
        raise UserError(
            f"nothing that the model answers ({', '.join(model.labels)}) counts as {', '.join(never)} of "
            f"{corpus.name}; give {_HOW}, or choose another label set (--data.init_args.labels)"
        )
    if not model.kind.is_one_label and len(set(counted)) < len(counted):
        raise UserError("only where there is one label may several answers count as the same; leave all but one out")


def _plain(label: str) -> str:
    """Return a label as it is compared: FunASR's have the English word behind a slash."""
    return label.rpartition("/")[2].strip().lower()


def parsed(words: Sequence[str]) -> dict[str, str]:
    """Return what ``happy=hap,other=`` says.

    Raises:
        UserError: if it says nothing.

    Example:
        >>> parsed(["happy=hap,other="])
        {'happy': 'hap', 'other': ''}
    """
    renames: dict[str, str] = {}
    for word in (word.strip() for listed in words for word in listed.split(",")):
        name, equals, to = word.partition("=")
        if not equals or not name.strip():
            raise UserError(f"--labels has {word!r}; expected such as {_HOW}")
        renames[name.strip()] = to.strip()
    return renames
