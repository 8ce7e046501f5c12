"""One datamodule per corpus: what a user names in an experiment file."""

from mser import corpora
from mser.data.module import CorpusDataModule


class IEMOCAP(CorpusDataModule):
    """IEMOCAP: ten actors in five sessions, improvised and scripted; four classes by default."""

    corpus = corpora.corpus("iemocap")
