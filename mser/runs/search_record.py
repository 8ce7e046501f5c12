"""How a run's settings were found: what a search writes into ``best.yaml`` and every run made from it carries along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import yaml

from mser.files.json_fields import fit

KEY = "searched"
"""What it is called in ``best.yaml``, ``config.yaml`` and ``run.json``."""


@dataclass(frozen=True)
class Searched:
    """The search that settings come from.

    Attributes:
        by: the sweep's name.
        method: how it chose what to try: ``grid``, ``random`` or ``bayes``.
        trials: how many settings were compared.
        metric: what they were compared by, such as ``crossval/val_ua_mean``.
        corpus: that they were validated on.
        protocol: how it was split.
        digest: of that protocol's folds.
        folds: the numbers of those that were validated.
    """

    by: str
    method: str
    trials: int
    metric: str
    corpus: str
    protocol: str
    digest: str
    folds: tuple[int, ...]

    def facts(self) -> dict[str, Any]:
        """Return it for a file, numbers and names alone."""
        return asdict(self) | {"folds": list(self.folds)}


@dataclass(frozen=True)
class Choice:
    """What one fold chose of a search.

    Attributes:
        fold: its number.
        trial: the name of its best trial.
        validation: that trial's score on the fold's validation part, the mean over seeds.
        settings: the trial's, of the options that differ between trials.
    """

    fold: int
    trial: str
    validation: float
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Procedure:
    """A search as a whole: every fold has its own best trial, by its own validation part.

    Attributes:
        search: what was searched.
        space: the sweep file's ``parameters``; empty where only the trials are known.
        choices: of every fold.
    """

    search: Searched
    space: Mapping[str, Any]
    choices: tuple[Choice, ...]

    def facts(self) -> dict[str, Any]:
        """Return it for ``run.json`` and ``config.yaml``, numbers and names alone."""
        return {
            "search": self.search.facts(),
            "space": dict(self.space),
            "choices": [asdict(choice) for choice in self.choices],
        }


def of_config(config: str) -> dict[str, Any] | None:
    """Return what a ``config.yaml`` says of the search behind it, or None.

    Example:
        >>> of_config("model: {dropout: 0.1}") is None
        True
    """
    origin: dict[str, Any] | None = (yaml.safe_load(config) or {}).get(KEY)
    return origin


def of_facts(facts: Mapping[str, Any], where: object) -> Searched | Procedure | None:
    """Return the search that a ``run.json`` tells of; None where the settings are from no search that is known.

    Raises:
        UserError: if it is told in another way than this version writes.
    """
    advice = "restore the file"
    if facts.get("procedure"):
        return fit(Procedure, facts["procedure"], f"{where}, procedure", advice)
    return fit(Searched, facts[KEY], f"{where}, {KEY}", advice) if facts.get(KEY) else None
