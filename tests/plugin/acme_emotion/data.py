"""What an experiment names: ``data: {class_path: acme_emotion.data.Acme, init_args: {root: calls}}``."""

from acme_emotion.corpus import CORPUS
from mser.data.module import CorpusDataModule


class Acme(CorpusDataModule):
    """Calls of Acme."""

    corpus = CORPUS
