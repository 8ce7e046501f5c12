"""What a run's ``config.yaml`` says of its own corpus, when the run's model is tried on another one."""

from __future__ import annotations

import logging
from typing import Any

from mser.corpora import CORPORA
from mser.corpora.corpus import Corpus

log = logging.getLogger(__name__)


def adapt(which: Corpus, options: dict[str, Any], of: str | None = None) -> dict[str, Any]:
    """Return a datamodule's options without the protocol, the fold and the label set of another corpus.

    A protocol of another corpus gives way to the default one and its first fold; a label set of another corpus, or that
    corpus's default one, to the one that has the same labels in the same order, if there is one.

    Args:
        which: the corpus that is asked for.
        options: of the datamodule.
        of: the corpus that the options were written for, where they name no protocol.

    Example:
        >>> adapt(CORPORA["meld"], {"labels": None, "protocol": "iemocap/loso5", "fold": 2})
        {'labels': 'meld4', 'protocol': None, 'fold': 1}
        >>> adapt(CORPORA["meld"], {"labels": None, "protocol": None, "fold": 5}, of="iemocap")
        {'labels': 'meld4', 'protocol': None, 'fold': 1}
    """
    adapted = dict(options)
    other = (options["protocol"] or of or which.name).partition("/")[0]
    if other != which.name and other in CORPORA:
        default = CORPORA[other].label_set().name
        adapted |= {"protocol": None, "fold": 1, "labels": options["labels"] or default}
    if adapted["labels"] not in {None, *(labels.name for labels in which.label_sets)}:
        adapted["labels"] = _same_labels(which, adapted["labels"])
    for name in (name for name in adapted if adapted[name] != options[name]):
        log.info(
            "%s %s is another corpus's: taking %s", name, options[name] or "default", adapted[name] or "the default"
        )
    return adapted


def _same_labels(which: Corpus, name: str) -> str:
    known = {labels.name: labels for corpus in CORPORA.values() for labels in corpus.label_sets}
    same = (ours.name for ours in which.label_sets if name in known and ours.labels == known[name].labels)
    return next(same, name)
