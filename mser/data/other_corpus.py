"""What a run's ``config.yaml`` says of its own corpus, when the run's model is tried on another one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mser.corpora import CORPORA
from mser.corpora.corpus import Corpus
from mser.corpora.table import corpus as table
from mser.splits.fold_lists import is_listed
from mser.splits.protocols import whole

log = logging.getLogger(__name__)


def adapt(which: Corpus, options: dict[str, Any], trained_on: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a datamodule's options without the protocol, the fold and the label set of another corpus.

    A protocol of another corpus gives way to the published split, or else to all of this corpus, of which nothing was
    trained on; a label set of another corpus, or that corpus's default one, to the one that has the same labels in the
    same order, if there is one.

    Args:
        which: the corpus that is tested.
        options: of its datamodule.
        trained_on: what a checkpoint or an experiment file tells of its own data.

    Example:
        >>> adapt(CORPORA["meld"], {"labels": None, "protocol": "iemocap/loso5", "fold": 2})
        {'labels': 'meld4', 'protocol': None, 'fold': 1}
        >>> adapt(CORPORA["emodb"], {"labels": "ravdess4", "protocol": "ravdess/6fold", "fold": 2})
        {'labels': 'ravdess4', 'protocol': 'emodb/whole', 'fold': 1}
        >>> adapt(CORPORA["meld"], {"labels": None, "protocol": None, "fold": 5}, {"corpus": "iemocap"})
        {'labels': 'meld4', 'protocol': None, 'fold': 1}
    """
    adapted = dict(options)
    trained = trained_on or {}
    first, _, last = (options["protocol"] or "").partition("/")
    named = last if is_listed(options["protocol"]) else first
    other = named or trained.get("corpus") or which.name
    if other != which.name and other in CORPORA:
        default = trained.get("label_set") or CORPORA[other].label_set().name
        published = which.protocols and which.protocol().name.endswith("/official")
        protocol = None if published else whole(which.name).name
        adapted |= {"protocol": protocol, "fold": 1, "labels": options["labels"] or default}
        adapted |= {"fold_lists": None} if options.get("fold_lists") else {}
    if adapted["labels"] not in {None, *(labels.name for labels in which.label_sets)}:
        adapted["labels"] = _same_labels(which, adapted["labels"])
    for name in (name for name in adapted if adapted[name] != options[name]):
        log.info(
            "%s %s is another corpus's: taking %s", name, options[name] or "default", adapted[name] or "the default"
        )
    return adapted


def adapt_table(options: dict[str, Any], trained_on: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table's options for a model of a corpus: its labels, and all that the table has to test.

    Example:
        >>> trained_on = {"corpus": "emodb", "labels": ["anger", "fear"]}
        >>> adapt_table({"labels": None, "folds": None, "fold": 3}, trained_on)
        {'labels': ['anger', 'fear'], 'folds': 1, 'fold': 1}
    """
    if trained_on.get("corpus", table.NAME) == table.NAME:
        return options
    adapted = options | {"labels": options["labels"] or trained_on["labels"]}
    return adapted | ({"folds": 1, "fold": 1} if options["folds"] is None else {})


def _same_labels(which: Corpus, name: str) -> str:
    label_sets = {labels.name: labels for corpus in CORPORA.values() for labels in corpus.label_sets}
    same = (ours.name for ours in which.label_sets if name in label_sets and ours.labels == label_sets[name].labels)
    return next(same, name)
