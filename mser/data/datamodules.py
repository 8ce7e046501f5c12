"""One datamodule per corpus: what a user names in an experiment file."""

from pathlib import Path
from typing import Any

from mser import corpora
from mser.corpora.table.corpus import open_table
from mser.data.module import CorpusDataModule
from mser.manifest import Manifest


class IEMOCAP(CorpusDataModule):
    """IEMOCAP: ten actors in five sessions, improvised and scripted; four classes by default."""

    corpus = corpora.corpus("iemocap")


class RAVDESS(CorpusDataModule):
    """RAVDESS speech: 24 actors read two sentences; eight emotions by default."""

    corpus = corpora.corpus("ravdess")


class CREMAD(CorpusDataModule):
    """CREMA-D: 91 actors read twelve sentences; six emotions by default."""

    corpus = corpora.corpus("crema_d")


class EmoDB(CorpusDataModule):
    """EmoDB: ten actors read ten German sentences; seven emotions by default."""

    corpus = corpora.corpus("emodb")


class Table(CorpusDataModule):
    """Recordings of your own, listed in a table.

    Args:
        root: a CSV, TSV, JSON-lines, Parquet or Arrow file with a row per clip; audio paths are relative to it. Or the
            folder of a Hugging Face data set, whose recordings are kept in ``$MSER_CACHE``, a data folder of Kaldi, a
            manifest of lhotse, or an audformat database.
        columns: role to the column's name where it is another: audio, transcript, label, score (may be several),
            speaker, start, end, split, fold, group, heard_by (which recogniser wrote the transcript); of audformat
            ``table`` too. ``votes`` are columns that hold how many raters chose the label of their name, ``rater``
            columns of what each rater chose. ``speaker: null`` says that nobody knows who speaks.
        labels: the classes in the order wanted, others are dropped; all of the table's, sorted, when null.
        score_range: the least and the greatest possible score; those of the table when null.
        several: whether all labels with more than an even share of the votes hold of a clip, in place of the one that
            has most; with it nothing is dropped because raters disagree.
        folds: how many folds of unseen speakers; when null the table's own split or folds, or five if it has neither.
            With 1 nothing is trained on: its own test part is tested, or everything, with a model of another corpus.
        language: of the recordings, such as ``de``: encoders for English alone are noted, and model cards say it.
        **kwargs: those of every corpus, but for the protocol, which follows from `folds`.
    """

    def __init__(
        self,
        root: str,
        *,
        columns: dict[str, str | list[str] | None] | None = None,
        labels: list[str] | None = None,
        score_range: tuple[float, float] | None = None,
        several: bool = False,
        folds: int | None = None,
        language: str | None = None,
        **kwargs: Any,
    ) -> None:
        # The labels are the model's too, so the table is read before there is one.
        self.corpus = open_table(
            Path(root),
            columns,
            labels=labels,
            score_range=score_range,
            several=several,
            folds=folds,
            language=language,
        )
        super().__init__(root, labels=None, protocol=None, **kwargs)

    def read(self) -> Manifest:
        """Return the table's manifest."""
        return self.corpus.read(Path(self.root))


class MELD(CorpusDataModule):
    """MELD: dialogues of a television series, the same speakers in all published parts; seven classes by default."""

    corpus = corpora.corpus("meld")


class MSPPodcast(CorpusDataModule):
    """MSP-Podcast: segments of podcasts, in the release's parts; eight classes by default."""

    corpus = corpora.corpus("msp_podcast")


class MOSI(CorpusDataModule):
    """CMU-MOSI: 93 videos in which one person gives an opinion; sentiment from -3 to 3."""

    corpus = corpora.corpus("mosi")


class MOSEI(CorpusDataModule):
    """CMU-MOSEI: as MOSI, ten times larger; sentiment by default, or six emotions of which several may be present."""

    corpus = corpora.corpus("mosei")
