"""The ``config.json`` of a model folder: all that is known of the model but its weights. Imports no torch."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec

from mser.errors import UserError
from mser.everyday.training_recordings import TrainingRecordings
from mser.everyday.training_transcripts import TrainingTranscripts
from mser.files.json_fields import fit, read_object
from mser.labels import Kind, Task, task_of_kind
from mser.use.parts import has_files

FILE = "config.json"
FORMAT = 1
"""Which shape of folder this code writes and reads."""
NEEDS_TEXT = (
    "this model reads the transcript too and was never trained without it: give one, let speech recognition write it "
    "(--asr; asr=), or use a model of speech"
)
AGAIN = "export the model again, or copy the whole folder"


_Above = Annotated[float, msgspec.Meta(gt=0, le=1e12)]


class _Task(TypedDict):
    kind: Literal["labels", "multi_label", "scores"]
    name: str
    labels: list[str]
    low: NotRequired[float]
    high: NotRequired[float]
    exclusive: NotRequired[bool]


_Part = TypedDict("_Part", {"class": str, "options": dict[str, Any]})
_Encoder = TypedDict("_Encoder", {"name": NotRequired[str | _Part], "class": NotRequired[str]})


class _Model(TypedDict):
    speech: _Encoder | None
    text: _Encoder | None
    fusion: _Part
    objective: _Part
    dropout: float


class _Given(TypedDict):
    """The types of what is in the file; objects may hold more than is named here."""

    id: str
    task: _Task
    sample_rate: Literal[16000]
    max_seconds: _Above | None
    model: _Model
    trained: dict[str, Any]
    members: list[Member]
    abstain: NotRequired[dict[str, float] | None]
    recordings: NotRequired[TrainingRecordings | None]
    transcripts: NotRequired[TrainingTranscripts | None]


@dataclass(frozen=True)
class Member:
    """One fold with one seed, of which a model folder holds one or, as an ensemble, several.

    Attributes:
        weights: its file.
        temperature: what its probabilities are calibrated by; see `mser.scoring.temperature`.
        metrics: part to its scores, as training wrote them.
        floor: what a constant answer scores on the part that the model was judged on.
    """

    weights: str
    seed: int
    fold: int
    temperature: Annotated[float, msgspec.Meta(ge=0.01, le=1000)]
    metrics: dict[str, dict[str, float | None]]
    floor: dict[str, float | None]


@dataclass(frozen=True)
class Settings:
    """What a model folder says of its model.

    Attributes:
        id: twelve hexadecimal digits of the weights: another model has another.
        task: ``kind``, ``name``, ``labels`` and ``exclusive``, for scores also ``low`` and ``high``.
        sample_rate: of the audio that the model takes, in Hz.
        max_seconds: longer clips lose their end, as in training; None keeps all.
        model: the options of `EmotionRecognizer`; the names of encoders are folders beside this file. Fusion,
            objective and what else has a ``class`` are ours, or by class path another package's (`mser.use.parts`).
        trained: corpus, protocol and digest, run, the encoders' own names, the ``modality_dropout``, and whether the
            corpus was ``made_up``.
        members: one, or those of an ensemble, whose probabilities or scores are averaged.
        abstain: ``threshold`` of sureness and what it does to validation (`mser.use.abstention`); None for scores.
        recordings: how those were that it was trained on; None where that is not known, as in folders from before.
        transcripts: the same of its transcripts.
    """

    id: str
    task: dict[str, Any]
    sample_rate: int
    max_seconds: float | None
    model: dict[str, Any]
    trained: dict[str, Any]
    members: tuple[Member, ...]
    abstain: dict[str, float] | None = None
    recordings: TrainingRecordings | None = None
    transcripts: TrainingTranscripts | None = None

    def question(self) -> Task:
        """Return what the model answers."""
        limits = {name: self.task[name] for name in ("low", "high") if self.kind.is_numbers}
        return task_of_kind(self.kind, self.task["name"], tuple(self.task["labels"]), **limits)

    @property
    def kind(self) -> Kind:
        """Whether the model answers with one label, several, or numbers."""
        return Kind(self.task["kind"])

    @property
    def exclusive(self) -> bool:
        """Whether the probabilities of an utterance sum to 1."""
        objective = self.model["objective"]["class"]
        return bool(self.task.get("exclusive", objective == "CrossEntropy"))  # older folders do not say

    @property
    def modalities(self) -> tuple[str, ...]:
        """``speech``, ``text`` or both: what the model takes."""
        return tuple(side for side in ("speech", "text") if self.model[side])

    @property
    def takes_either(self) -> bool:
        """Whether speech or text alone will do: the model has both, and was trained with one missing now and then."""
        return len(self.modalities) == 2 and bool(self.trained.get("modality_dropout"))

    @property
    def made_up(self) -> bool:
        """Whether it was trained on recordings that nobody has spoken, so that its answers mean nothing."""
        return bool(self.trained.get("made_up"))

    @property
    def is_onnx(self) -> bool:
        """Whether ONNX Runtime runs it."""
        return any(member.weights.endswith(".onnx") for member in self.members)

    def write(self, folder: Path) -> None:
        """Write the file."""
        text = json.dumps({"mser_model": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")


def is_model_folder(path: str | Path) -> bool:
    """Return whether this is a folder that ``mser export`` made, of whatever version."""
    try:
        return "mser_model" in json.loads((Path(path) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def is_url(name: object) -> bool:
    """Return whether a path is a URL instead, though it may have lost a slash on its way.

    Example:
        >>> is_url("https://example.org/clip.wav"), is_url(Path("s3://clips/a.wav")), is_url("clips/a: b.wav")
        (True, True, False)
    """
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(name)))


def read_settings(folder: Path) -> Settings:
    """Return what a model folder says, after looking whether it is whole.

    Raises:
        UserError: if it is no model folder, one of another version, or lacks a file.
    """
    content = _read(folder)
    if content["mser_model"] != FORMAT:
        raise UserError(
            f"{folder} is a model folder of version {content['mser_model']}, this mser reads version {FORMAT}; "
            "use the mser that wrote it, or export the model again"
        )
    del content["mser_model"]
    _require_keys(folder, content, Settings)
    typed = fit(_Given, content, folder / FILE, AGAIN)
    for member in content["members"]:
        _require_keys(folder, member, Member)
    known = {"recordings": typed.get("recordings"), "transcripts": typed.get("transcripts")}
    settings = Settings(**content | {"members": tuple(typed["members"])} | known)
    _require_sense(folder, settings)
    _require_files(folder, settings)
    return settings


def _require_sense(folder: Path, settings: Settings) -> None:
    """Refuse what fits by its types and still says nothing."""
    labels, task = settings.task["labels"], settings.task
    faults = {
        "names no weights, or a label twice": not settings.members or len(set(labels)) != len(labels),
        "lacks labels": not labels,
        "lacks low and high": settings.kind.is_numbers and not ("low" in task and "high" in task),
        "names neither a speech nor a text encoder": not settings.modalities,
        "lacks the threshold of abstain": settings.abstain is not None and "threshold" not in settings.abstain,
    }
    for fault, faulty in faults.items():
        if faulty:
            raise UserError(f"{folder / FILE} {fault}; {AGAIN}")


def _require_keys(folder: Path, content: dict[str, Any], kind: type[Settings] | type[Member]) -> None:
    required = {field.name: field.default is MISSING for field in fields(kind)}
    if unknown := content.keys() - required:
        raise UserError(
            f"{folder / FILE} has {', '.join(sorted(unknown))}, which this mser does not know; use a newer one"
        )
    if missing := [name for name, needed in required.items() if needed and name not in content]:
        raise UserError(f"{folder / FILE} lacks {', '.join(missing)}; {AGAIN}")


def _read(folder: Path) -> dict[str, Any]:
    if is_url(folder):
        raise UserError(f"{folder} is a URL, expected the folder of a model; download it first")
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give one that `mser export` made")
    content = read_object(folder / FILE, "give a folder that `mser export` made")
    if "mser_model" not in content:
        raise UserError(f"{folder} is no model folder of mser; make one of a finished fold with `mser export`")
    return content


def _require_files(folder: Path, settings: Settings) -> None:
    needed = [member.weights for member in settings.members]
    needed += [f"{side}/config.json" for side in settings.modalities if has_files(settings.model[side])]
    for name in needed:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UserError(f"{folder / FILE} names {name}, which lies elsewhere; {AGAIN}")
        if not (folder / name).is_file():
            raise UserError(f"{folder} lacks {name}; {AGAIN}")
