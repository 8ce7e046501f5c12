"""What a run's ``config.yaml`` says of its own corpus, when the run's model is tried on another one."""

from __future__ import annotations

import logging
from typing import Any

from mser.corpora import CORPORA
from mser.corpora.corpus import Corpus

log = logging.getLogger(__name__)


def adapt(which: Corpus, options: dict[str, Any]) -> dict[str, Any]:
    """Return a datamodule's options without the protocol, the fold and the label set of another corpus.

    A protocol of another corpus gives way to the default one and its first fold; a label set of another corpus to the
    one that has the same labels in the same order, if there is one.

    Example:
        >>> adapt(CORPORA["meld"], {"labels": "iemocap4", "protocol": "iemocap/loso5", "fold": 2})
        {'labels': 'meld4', 'protocol': None, 'fold': 1}
    """
    adapted = dict(options)
    if (options["protocol"] or which.name).partition("/")[0] in CORPORA.keys() - {which.name}:
        adapted |= {"protocol": None, "fold": 1}
    if options["labels"] not in {None, *(labels.name for labels in which.label_sets)}:
        adapted["labels"] = _same_labels(which, options["labels"])
    for name in (name for name in adapted if adapted[name] != options[name]):
        log.info("%s is %s of another corpus: taking %s", name, options[name], adapted[name] or "the default")
    return adapted


def _same_labels(which: Corpus, name: str) -> str:
    known = {labels.name: labels for corpus in CORPORA.values() for labels in corpus.label_sets}
    same = (ours.name for ours in which.label_sets if name in known and ours.labels == known[name].labels)
    return next(same, name)
