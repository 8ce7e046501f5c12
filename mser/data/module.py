"""The LightningDataModule that all corpora share: one fold of one protocol."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal, cast

import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from mser.corpora.corpus import Corpus
from mser.data.augment import NOTHING, Augment, WithEpoch
from mser.data.balanced_batches import BalancedBatches
from mser.data.batch import Batch, UtteranceDataset
from mser.data.batches import LengthBatches
from mser.data.completeness import (
    learns_votes,
    require_classes,
    require_recordings,
    require_transcripts,
    require_votes,
    say_left_out,
)
from mser.data.frozen import keep_frozen, settle_frozen
from mser.errors import UserError, require, require_interface
from mser.manifest import Manifest, Seconds, Utterance, is_manifest
from mser.splits.audit import audit, require_sound
from mser.splits.protocols import Fold, digest

Part = Literal["train", "val", "test", "predict"]
log = logging.getLogger(__name__)


class CorpusDataModule(LightningDataModule):
    """One fold of a corpus under a named protocol, in batches of similar lengths.

    Args:
        root: the corpus's folder as it was released, or a manifest made by ``mser data manifest``.
        labels: name of the label set; the corpus's first when null.
        protocol: name of the split; the corpus's first when null.
        fold: which fold of it, from 1.
        fold_lists: folder or file of the lists that the protocol is read from, such as EmoBox's folder for
            ``emobox/iemocap``, or a table with a column ``fold``; see `mser.splits.fold_lists`.
        batch_seconds: most seconds of padded audio in a batch; never exceeded.
        batch_size: most utterances in a batch; as many as the budget takes when null.
        balanced: draw the classes of the training part equally often in each epoch, rare ones again and again.
        max_seconds: cut longer clips; null keeps all.
        augment: what is done to the training part; nothing by default.
        keep_frozen: compute what frozen encoders say once and keep it in half precision in ``$MSER_CACHE``, for all
            epochs, folds, seeds and experiments.
        num_workers: processes that load audio; 0 loads where the training runs.
        seed: of the order of batches; follows ``seed_everything``.
    """

    corpus: Corpus

    def __init__(
        self,
        root: str,
        *,
        labels: str | None = None,
        protocol: str | None = None,
        fold: int = 1,
        fold_lists: str | None = None,
        batch_seconds: Seconds = 120.0,
        batch_size: int | None = None,
        balanced: bool = False,
        max_seconds: Seconds | None = None,
        augment: Augment = NOTHING,
        keep_frozen: bool = True,
        num_workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__()
        if not isinstance(getattr(self, "corpus", None), Corpus):
            name = type(self).__name__
            raise UserError(f"{name} has no corpus; give the class an attribute corpus = mser.corpora.Corpus(...)")
        for name, limit in (("batch_seconds", batch_seconds), ("batch_size", batch_size), ("max_seconds", max_seconds)):
            require(f"data.init_args.{name}", limit, limit is None or limit > 0, "more than 0")
        require("data.init_args.num_workers", num_workers, 0 <= num_workers <= 256, "0 to 256")
        self.root = root
        self.label_set = self.corpus.label_set(labels)
        self.label_names = list(self.label_set.labels)
        self.votes = self.corpus.votes(self.label_set)
        self.protocol = self.corpus.protocol(protocol, Path(fold_lists) if fold_lists else None)
        self.fold = fold
        self.batch_seconds, self.batch_size, self.max_seconds = batch_seconds, batch_size, max_seconds
        if balanced and not self.label_set.kind.is_one_label:
            raise UserError(
                f"data.init_args.balanced draws classes equally often, but {self.label_set.name} has no one label for "
                "each utterance; leave it out"
            )
        self.balanced = balanced
        self.augment = augment
        self.keep_frozen = keep_frozen
        self.num_workers = num_workers
        self.seed = seed
        self.datasets: dict[Part, UtteranceDataset] = {}
        self.split: str | None = None
        self._position = {"epoch": 0, "done": 0}

    def read(self) -> Manifest:
        """Return the corpus's manifest.

        Raises:
            UserError: if `root` holds no such corpus.
        """
        return self.corpus.open(Path(self.root))

    def setup(self, stage: str) -> None:
        """Read the corpus and split it; fitting never sees the test part."""
        manifest = self.read()
        if stage == "predict":
            self.datasets = {"predict": self._dataset(manifest, manifest.utterances)}
            self._require_sides(manifest, list(manifest.utterances), "predict")
            return
        if stage != "test":
            self.protocol.require_train()
        if stage == "fit":
            self.augment.require_possible()
        if not is_manifest(Path(self.root)):  # which may have been left with what is labelled
            self.protocol.require_listed(manifest)
        labelled = self.label_set.select(manifest)
        fold = self._fold(labelled, manifest.root)
        self.split = digest([fold])
        by_id = {utterance.id: utterance for utterance in labelled}
        parts: tuple[Part, ...] = ("test",) if stage == "test" else ("train", "val")
        for part in parts:
            utterances = [by_id[id_] for id_ in getattr(fold, part)]
            if part == "train" or self._tells:
                require_classes(self.label_set, utterances, part=part, where=f"{self.protocol.name}, fold {self.fold}")
            self.datasets[part] = self._dataset(manifest, utterances)
            self._require_sides(manifest, utterances, part)
        if stage == "fit" and self._tells:
            say_left_out(manifest)

    def facts(self) -> dict[str, Any]:
        """Return what a result needs to say of its data; `split` is the fold's digest, None where nothing is split."""
        return {
            "corpus": self.corpus.name,
            "protocol": self.protocol.name,
            "fold": self.fold,
            "seed": self.seed,
            "split": self.split,
            "label_set": self.label_set.name,
            "labels": self.label_names,
        }

    def state_dict(self) -> dict[str, int]:
        """Return where the fit is in its data: the epoch, and how many batches of it are done."""
        loop = cast(Trainer, self.trainer).fit_loop
        epochs, batches = cast(Any, loop.epoch_progress.current), cast(Any, loop.epoch_loop.batch_progress.current)
        return {"epoch": epochs.processed, "done": batches.processed if epochs.processed < epochs.ready else 0}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Let the training part go on from where an interrupted fit was."""
        self._position = state_dict
        # FSDP loads this after Lightning has made the loader, and begun to iterate over the batches of the first epoch.
        loop = cast(Trainer, self.trainer).fit_loop
        require_interface(loop, "_combined_loader", "a resumed fit goes on at its place in the data")
        loop._combined_loader = None

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the training part, shuffled anew each epoch."""
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the validation part."""
        return self._loader("val")

    def test_dataloader(self) -> DataLoader[Batch]:
        """Return the test part."""
        return self._loader("test")

    def predict_dataloader(self) -> DataLoader[Batch]:
        """Return every utterance with usable audio, labelled or not."""
        return self._loader("predict")

    def _fold(self, labelled: list[Utterance], audio: Path) -> Fold:
        folds = self.protocol.folds(labelled)
        self.protocol.require_fold(self.fold, len(folds))
        fold = folds[self.fold - 1]
        require_sound(self.protocol, audit(labelled, [fold], audio))
        world = self.trainer.world_size if self.trainer else 1
        for part in self.protocol.parts:  # the test part too: after the training it would be too late
            if (size := len(getattr(fold, part))) < world:
                raise UserError(
                    f"{self.protocol.name}, fold {self.fold}: the {part} part has {size} utterance(s), fewer than the "
                    f"{world} processes; use fewer devices"
                )
        return fold

    def _require_sides(self, manifest: Manifest, utterances: list[Utterance], part: Part) -> None:
        """Refuse a part without any transcript where the model reads, or with words alone where it listens."""
        where = f"{self.protocol.name}, fold {self.fold}" if part != "predict" else manifest.corpus
        if self.trainer and getattr(self.trainer.lightning_module, "speech", None):
            require_recordings(utterances, where=where)
        if part == "train" and self.trainer and learns_votes(self.trainer.lightning_module):
            require_votes(self.votes, utterances, where=where, tells=self._tells)
        if self.trainer and getattr(self.trainer.lightning_module, "text", None):
            require_transcripts(utterances, part=part, where=where, notes=manifest.notes, tells=self._tells)

    @property
    def _tells(self) -> bool:
        """Whether this is the process that says what all of them know."""
        return self.trainer is None or self.trainer.is_global_zero

    def _dataset(self, manifest: Manifest, utterances: list[Utterance] | tuple[Utterance, ...]) -> UtteranceDataset:
        if not utterances:
            raise UserError(f"{self.protocol.name} leaves nothing to work on in {self.root}; see `mser data folds`")
        return UtteranceDataset(
            utterances,
            manifest.root,
            self.label_set,
            votes=self.votes,
            max_seconds=self.max_seconds,
            augment=self.augment,
            seed=self.seed,
        )

    def _batches(self, part: Part, stretch: float, *, shuffle: bool) -> LengthBatches:
        """Return what shares out a part's utterances, whose clips may become so many times longer."""
        dataset = self.datasets[part]
        durations = [seconds * stretch for seconds in dataset.durations]
        place = {
            "rank": self.trainer.global_rank if self.trainer else 0,
            "world": self.trainer.world_size if self.trainer else 1,
        }
        if shuffle and self.balanced:
            classes = [cast(int, dataset.task.target(utterance)) for utterance in dataset.utterances]
            return BalancedBatches(
                durations, self.batch_seconds, classes, most=self.batch_size, seed=self.seed, **place, **self._position
            )
        return LengthBatches(
            durations,
            self.batch_seconds,
            most=self.batch_size,
            shuffle=shuffle,
            seed=self.seed,
            **place,
            **(self._position if shuffle else {}),
        )

    def _loader(self, part: Part, *, shuffle: bool = False) -> DataLoader[Batch]:
        dataset = self.datasets[part]
        augmented = part == "train" and self.augment != NOTHING
        # Here the weights are in place and no worker has started; what is predicted is asked for once.
        if self.keep_frozen and self.trainer and part != "predict":
            keep_frozen(self.trainer, dataset, training=part == "train")
        if self.trainer and part == "train":
            settle_frozen(self.trainer, dataset)
        batches = self._batches(part, self.augment.stretch if augmented else 1, shuffle=shuffle)
        if self._tells:
            log.info(
                "%s: %d utterances, %.2f h, %d batches of at most %g s, padded/actual %.3f",
                part, len(dataset), sum(dataset.durations) / 3600, len(batches), self.batch_seconds, batches.padding(),
            )  # fmt: skip
        # The sampler hands out whole batches, so the loader must not batch them again.
        return DataLoader(
            dataset,
            sampler=WithEpoch(batches) if augmented else batches,
            batch_size=None,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            # Its own: else each epoch would draw from the generator that dropout draws from.
            generator=torch.Generator().manual_seed(self.seed),
            pin_memory=torch.cuda.is_available(),
        )
