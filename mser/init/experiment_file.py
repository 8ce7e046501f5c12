"""An experiment file with a comment for what was chosen, and the commands that come next. Imports no torch."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import yaml

from mser.corpora.table import corpus as table
from mser.init.found_corpus import FoundCorpus
from mser.init.suited_encoders import Machine, SuitedEncoders
from mser.labels import Task
from mser.splits.protocols import Protocol

_CLASSES = {"iemocap": "IEMOCAP", "mosi": "MOSI", "mosei": "MOSEI", "ravdess": "RAVDESS", "crema_d": "CREMAD",
            "emodb": "EmoDB", "meld": "MELD", "msp_podcast": "MSPPodcast", "table": "Table"}  # fmt: skip
_BATCH = 8
_UPDATES = 300  # of the weights at least, which few clips make in many epochs
_EPOCHS, _MOST_EPOCHS = 15, 60
_FEW_SENTENCES = 0.05  # distinct transcripts by utterances, below which words tell nothing


@dataclass(frozen=True)
class Looked:
    """What is known of the recordings.

    Attributes:
        found: the corpus.
        task: what is to be told of an utterance.
        protocol: how it is split.
        language: of the recordings.
        machine: to train on.
        encoders: that suit them.
    """

    found: FoundCorpus
    task: Task
    protocol: Protocol
    language: str | None
    machine: Machine
    encoders: SuitedEncoders

    @property
    def number(self) -> int:
        """How many utterances the task has."""
        return len(self.task.select(self.found.manifest))

    @property
    def hours(self) -> float:
        """Of speech, in all."""
        return sum(one.duration for one in self.found.manifest if one.audio) / 3600

    @property
    def speakers(self) -> int:
        """How many are known."""
        return len({one.speaker for one in self.found.manifest} - {""})

    @property
    def no_text(self) -> str:
        """Why a text encoder has nothing to learn from; empty where it has."""
        transcripts = [" ".join(one.transcript.lower().split()) for one in self.found.manifest]
        wordless = sum(not words for words in transcripts)
        if 2 * wordless > len(transcripts):
            return f"{wordless} of {len(transcripts)} utterances have no transcript"
        distinct = len(set(transcripts))
        if distinct <= max(2, _FEW_SENTENCES * len(transcripts)):
            return f"everybody says the same {distinct} sentences, which tell nothing of the emotion"
        return ""


def as_text(looked: Looked) -> str:
    """Return the experiment as commented YAML."""
    return "\n".join([*_head(looked), *_data(looked), *_model(looked), *_training(looked), ""])


def commands(looked: Looked, file: Path) -> list[str]:
    """Return what to do next, in order."""
    run = Path("runs") / file.stem
    out, config = shlex.quote(str(run)), shlex.quote(str(file))
    one_fold = looked.protocol.count == 1
    named = looked.found.columns.items()
    columns = [f"{role}={','.join(name) if isinstance(name, list) else name or ''}" for role, name in named]
    check = ["mser", "data", "check", looked.found.which.name, str(looked.found.root)]
    return [
        shlex.join([*check, *(["--columns", *columns] if columns else [])]),
        f"mser crossval --config {config} --out {out} --plan",
        f"mser crossval --config {config} --out {out}" + (" --seeds 1,2,3" if one_fold else ""),
        f"mser report {out}",
        f"mser export {out}/seed1/fold1 --out models/{shlex.quote(file.stem)}",
    ]


def _head(looked: Looked) -> Iterator[str]:
    labels = ", ".join(looked.task.labels)
    speakers = f"{looked.speakers} speakers" if looked.speakers else "nobody knows which speakers"
    spoken = looked.language or "a language that nobody has named (mser init --language)"
    yield f"# {looked.number} utterances, {looked.hours:.1f} hours, {speakers}, in {spoken}: {labels}."
    yield f"# Written by `mser init` for a machine with {looked.machine}; `mser fit --config FILE --print_config` shows"
    yield "# every other option."


def _data(looked: Looked) -> Iterator[str]:
    found = looked.found
    yield "data:"
    yield f"  class_path: {_CLASSES[found.which.name]}"
    yield "  init_args:"
    yield f"    root: {_flow([str(found.root)])[1:-1]}"
    if found.columns:
        if found.columns.get("speaker", "") is None:
            yield "    # Nobody says who speaks, so tested voices may have been trained on; name a column if you can."
        yield f"    columns: {_flow(dict(found.columns))}"
    if found.which.name == table.NAME:
        if looked.protocol.name.endswith("split"):
            yield "    # The table's own train, val and test."
        elif looked.protocol.name == "table/folds":
            yield "    # The table's own folds."
        else:
            yield f"    # {looked.protocol.description}"
            yield f"    folds: {looked.protocol.count or _folds(looked.protocol.name)}"
        if looked.language:
            yield f"    language: {looked.language}"
    else:
        yield f"    # One of {', '.join(one.name for one in found.which.label_sets)}."
        yield f"    labels: {looked.task.name}"
        yield f"    # {looked.protocol.description}"
        yield f"    protocol: {looked.protocol.name}"
    yield f"    batch_size: {_BATCH}"


def _flow(value: object) -> str:
    """Return it as YAML in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.strip()


def _folds(name: str) -> int:
    return int("".join(letter for letter in name if letter.isdecimal()))


def _model(looked: Looked) -> Iterator[str]:
    encoders = looked.encoders
    how = f", tune: {encoders.tune}, pooling: mean" if encoders.tune != "full" else ""
    yield "model:"
    yield f"  # Encoders {encoders.why}."
    has_audio = any(one.audio for one in looked.found.manifest)
    yield (
        f"  speech: {{name: {encoders.speech}{how}}}" if has_audio else "  speech: null  # there are no recordings here"
    )
    if why := looked.no_text:
        yield f"  text: null  # {why}"
    else:
        yield f"  text: {{name: {encoders.text}{how}}}"
    if looked.task.kind.is_numbers:
        yield "  objective: {class_path: mser.objectives.Regression, init_args: {error: l1}}"
    elif looked.task.kind.is_several_labels:
        yield "  objective: {class_path: mser.objectives.OneVsRest}"
    rate = f"{encoders.learning_rate:.1e}".replace("e-0", "e-")
    yield f"  optimizer: {{class_path: torch.optim.AdamW, init_args: {{lr: {rate}, fused: true}}}}"


def _training(looked: Looked) -> Iterator[str]:
    if looked.task.kind.is_numbers:
        yield "checkpoint: {monitor: val/mae, mode: min}"
    elif looked.task.kind.is_several_labels:
        yield "checkpoint: {monitor: val/balanced_accuracy, mode: max}"
    updates = max(1, round(0.6 * looked.number / _BATCH))
    epochs = min(_MOST_EPOCHS, max(_EPOCHS, ceil(_UPDATES / updates)))
    yield f"# About {updates} updates an epoch; fewer than {_UPDATES} in all teach little."
    yield f"trainer: {{max_epochs: {epochs}}}"
    if epochs > _EPOCHS:
        yield f"early_stopping: {{patience: {ceil(epochs / 3)}}}"
