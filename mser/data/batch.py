"""Utterances as the model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.utils.data import Dataset

from mser.data.audio import SAMPLE_RATE, SHORTEST, at_least, load
from mser.data.augment import NOTHING, Augment, Draw, Hiding, Key
from mser.data.kept_states import KeptStates
from mser.encoders.outputs import Kept
from mser.labels import Task
from mser.manifest import Seconds, Utterance
from mser.objectives import Objective
from mser.vote_counts import Votes

Side = Literal["speech", "text"]


@dataclass
class Batch:
    """B utterances of similar lengths.

    Attributes:
        waveform: (B, samples) at 16 kHz, zeros behind each clip; no samples where `speech` is there.
        lengths: (B,) samples of each clip.
        transcripts: what was said; the text encoder tokenizes it.
        target: (B,) class indices, `mser.labels.UNKNOWN` without a label; or (B, C) scores or presences, NaN without.
        index: (B,) places in the dataset, by which predictions find their utterances again.
        speech_given: (B,) whether the model may hear it; all of them when None.
        text_given: (B,) whether the model may read it; all of them when None.
        hiding: which of the encoders' states are hidden; none when None.
        speech: what a frozen speech encoder said of the waveforms; None where it is to be asked.
        text: what a frozen text encoder said of the transcripts; None where it is to be asked.
        votes: (B, C) shares of the raters' votes, see `mser.vote_counts.Votes.target`; None where nobody's are known.
    """

    waveform: Tensor
    lengths: Tensor
    transcripts: list[str]
    target: Tensor
    index: Tensor
    speech_given: Tensor | None = None
    text_given: Tensor | None = None
    hiding: Hiding | None = None
    speech: Kept | None = None
    text: Kept | None = None
    votes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.transcripts)

    def asked(self, objective: Objective) -> Tensor:
        """Return the targets that an objective learns from, `target` or `votes`."""
        return self.votes if objective.learns_votes and self.votes is not None else self.target


class UtteranceDataset(Dataset[Batch]):
    """Loads the utterances of a batch together: a list of indices is one item.

    Args:
        utterances: what to load.
        root: the folder that their audio paths are relative to.
        task: what is asked of them.
        votes: how raters' votes are counted; None where nobody's are known.
        max_seconds: longer clips lose their end; None keeps all.
        augment: what is done to those that are drawn for an epoch of training.
        seed: of what is done to them.

    Attributes:
        kept: what frozen encoders have said of the utterances already; audio is not read for a speech encoder's.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        root: Path,
        task: Task,
        *,
        votes: Votes | None = None,
        max_seconds: Seconds | None = None,
        augment: Augment = NOTHING,
        seed: int = 0,
    ) -> None:
        self.utterances = list(utterances)
        self.root = root
        self.task = task
        self.votes = votes
        self.max_seconds = max_seconds
        self.augment, self.seed = augment, seed
        self.kept: dict[Side, KeptStates] = {}

    def __len__(self) -> int:
        return len(self.utterances)

    @property
    def durations(self) -> list[Seconds]:
        """Seconds of each utterance as it will be loaded."""
        longest = self.max_seconds or float("inf")
        return [max(min(utterance.duration, longest), SHORTEST / SAMPLE_RATE) for utterance in self.utterances]

    def __getitem__(self, chosen: list[int] | Draw) -> Batch:
        """Return one batch: as it was recorded, or as an epoch of training has it."""
        if not isinstance(chosen, Draw):
            return self._batch(chosen, self._clips(chosen))
        keys = [(self.seed, chosen.epoch, self.utterances[index].id) for index in chosen.indices]
        speech, text = torch.tensor([self.augment.sides(key) for key in keys]).T
        return replace(
            self._batch(chosen.indices, self._clips(chosen.indices, keys), [self.augment.version(key) for key in keys]),
            speech_given=speech,
            text_given=text,
            hiding=self.augment.hiding(keys),
        )

    def clip(self, index: int) -> Tensor:
        """Return (samples,) of one utterance as it was recorded, and as much of it as the model may hear."""
        utterance = self.utterances[index]
        clip = load(self.root / utterance.audio, utterance.start, utterance.end, utterance.channel)
        return clip if self.max_seconds is None else clip[: round(self.max_seconds * SAMPLE_RATE)]

    def _clips(self, indices: list[int], keys: list[Key] | None = None) -> list[Tensor]:
        """Return the clips, augmented where there are keys to draw by; empty ones where nobody will listen."""
        if "speech" in self.kept or not all(self.utterances[index].audio for index in indices):
            return [torch.empty(0)] * len(indices)
        clips = [self.clip(index) for index in indices]
        if keys is None:
            return clips
        return [at_least(self.augment.clip(clip, key), SHORTEST) for clip, key in zip(clips, keys, strict=True)]

    def _batch(self, indices: list[int], clips: list[Tensor], versions: list[int] | None = None) -> Batch:
        chosen = [self.utterances[index] for index in indices]
        return Batch(
            waveform=torch.nn.utils.rnn.pad_sequence(clips, batch_first=True),
            lengths=torch.tensor([len(clip) for clip in clips]),
            transcripts=[utterance.transcript for utterance in chosen],
            target=torch.tensor([self.task.target(utterance) for utterance in chosen]),
            index=torch.tensor(indices),
            speech=self.kept["speech"](indices, versions) if "speech" in self.kept else None,
            text=self.kept["text"](indices) if "text" in self.kept else None,
            votes=torch.tensor([self.votes.target(utterance) for utterance in chosen]) if self.votes else None,
        )
