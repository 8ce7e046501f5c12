"""What a model was trained on, as far as anybody says, beside the corpus that it is judged on. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mser.use.settings import Settings

_MANY = ("emobox", "emotion2vec")
"""Collections and models that hold most public corpora of emotional speech."""


def trained_on(settings: Settings) -> list[str]:
    """Return the corpora that a model is known to have been trained on; none where nobody says."""
    trained = settings.trained
    own = [str(trained["corpus"])] if trained.get("corpus") else []
    return [*own, *map(str, trained.get("datasets") or ())]


def judged_facts(settings: Settings, corpus: str, name: str) -> dict[str, Any]:
    """Return what a run's ``run.json`` notes of the model that was judged."""
    return {"model": name, "id": settings.id, "trained_on": trained_on(settings), "corpus": corpus}


def training_note(facts: Mapping[str, Any]) -> tuple[bool, str]:
    """Return whether a judged model is known to be new to the corpus, and what a reader must know.

    Example:
        >>> training_note({"model": "superb", "trained_on": [], "corpus": "ravdess"})
        (False, 'superb was not trained here, and nobody says on what it was: it may have been trained on this corpus.')
        >>> training_note({"model": "superb", "trained_on": ["IEMOCAP"], "corpus": "ravdess"})
        (True, 'superb was trained on IEMOCAP, not on ravdess, as far as its makers say.')
    """
    name, corpora, corpus = facts["model"], facts["trained_on"], facts["corpus"]
    if not corpora:
        return False, (
            f"{name} was not trained here, and nobody says on what it was: it may have been trained on this corpus."
        )
    listed = ", ".join(corpora)
    if any(_holds(heard, corpus) for heard in corpora):
        return False, (
            f"{name} was trained on {listed}: it may have heard these speakers, and these very recordings, so this is "
            "no test of unheard ones."
        )
    return True, f"{name} was trained on {listed}, not on {corpus}, as far as its makers say."


def _holds(dataset: str, corpus: str) -> bool:
    plain_dataset, plain_corpus = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (dataset, corpus))
    return corpus == "table" or plain_corpus in plain_dataset or any(many in plain_dataset for many in _MANY)
