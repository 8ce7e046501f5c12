"""The corpora that mser knows; a further one is one new folder or file, and one import here."""

from __future__ import annotations

from pathlib import Path

from mser.corpora.acted import crema_d, emodb, ravdess
from mser.corpora.cmu import mosei, mosi
from mser.corpora.corpus import Corpus as Corpus
from mser.corpora.iemocap import corpus as iemocap
from mser.corpora.meld import corpus as meld
from mser.corpora.msp_podcast import corpus as msp_podcast
from mser.corpora.table import corpus as table
from mser.errors import one_of
from mser.manifest import Manifest

CORPORA: dict[str, Corpus] = {
    one.CORPUS.name: one.CORPUS for one in (iemocap, mosi, mosei, meld, msp_podcast, ravdess, crema_d, emodb, table)
}


def corpus(name: str) -> Corpus:
    """Return the corpus of that name.

    Raises:
        UserError: if there is none.

    Example:
        >>> corpus("iemocap").label_set().labels
        ('neu', 'sad', 'ang', 'hap')
    """
    if name not in CORPORA:
        raise one_of("corpus", name, list(CORPORA))
    return CORPORA[name]


def open_manifest(name: str, root: Path) -> Manifest:
    """Return the manifest of a corpus from its folder, or from a file that `Manifest.write` wrote.

    Raises:
        UserError: if the folder or file holds no such corpus.
    """
    return corpus(name).open(root)
