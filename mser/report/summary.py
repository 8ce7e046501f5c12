"""What is said of one run: what it was asked, what each fold scored, what that comes to, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mser.report.audit_findings import Finding
from mser.report.figures import Figure
from mser.report.json_layout import FLAT, KNOWN, flat_or_null
from mser.report.searches.searched import Origin
from mser.report.sections import NAMES, Sections
from mser.runs.run import Judged


@dataclass(frozen=True)
class Missing:
    """A fold with a seed that has no result."""

    seed: int
    fold: int


@dataclass(frozen=True)
class Opened:
    """How often the test part of a fold was opened with a seed."""

    seed: int
    fold: int
    times: int


@dataclass(frozen=True)
class Model:
    """The parts of a model by name: an encoder's checkpoint, or else the class; None where there is none."""

    speech: str | None
    text: str | None
    fusion: str | None
    objective: str


@dataclass(frozen=True)
class AskedProtocol:
    """What a run was asked; see `mser.runs.run.Plan`."""

    corpus: str
    name: str
    description: str
    digest: str
    content: str | None
    task: str
    label_set: str
    labels: Sequence[str]
    audit: Mapping[str, Any]
    made_up: bool


@dataclass(frozen=True)
class SeedScores:
    """A fold with one seed.

    Attributes:
        seed: which.
        scores: of the judged part, by all of their names; None where one is not defined.
        epochs: how many were trained.
        best_epoch: the one that was chosen.
        seconds: what it took.
        peak_memory_gb: the same.
        curves: column of ``history.csv`` to its values, one per epoch.
    """

    seed: int
    scores: Mapping[str, float | None] = field(metadata=FLAT)
    epochs: int | None
    best_epoch: int | None
    seconds: float | None
    peak_memory_gb: float | None
    curves: Mapping[str, Sequence[float | None]]


@dataclass(frozen=True)
class FoldScores:
    """A fold.

    Attributes:
        number: its own, from 1.
        name: for a reader.
        utterances: of each part.
        speakers: who are judged, how many; None where they are not known.
        mean: of each score over seeds; None where one of these is missing.
        floor: what a constant answer reaches; None without any result.
        seeds: those with a result.
    """

    number: int
    name: str
    utterances: Mapping[str, int]
    speakers: int | None
    mean: Mapping[str, float | None] | None
    floor: Mapping[str, float | None] | None
    seeds: Sequence[SeedScores]


@dataclass(frozen=True)
class Cost:
    """What the finished jobs took, and the parameters of one model, `trainable` and `total`, by its parts."""

    jobs: int
    seconds: float | None
    peak_memory_gb: float | None
    parameters: Mapping[str, int | Mapping[str, int]]


@dataclass(frozen=True)
class Provenance:
    """How a run came about, as far as its ``run.json`` says."""

    command: str | None
    commit: str | None
    versions: Mapping[str, str | None] | None
    hardware: Mapping[str, Any] | None
    started: str | None


@dataclass(frozen=True)
class Summary:
    """What is said of one run; shares are in 0..1, times in seconds, memory in GB.

    How its numbers come about is told in `mser.report.figures`.

    Attributes:
        name: what its author called it.
        folder: where it lies.
        complete: whether every fold has a result with every seed; a partial run has no figures, only scores of folds.
        missing: what has none.
        problems: what it lacks else, in words.
        seeds: planned or present.
        model: its parts.
        protocol: what it was asked.
        part: ``validation`` for a run that left the test parts locked.
        tested: how often each test part was opened; None where nobody counted.
        searched: where its settings come from, if a search tells.
        constant: the answer behind the floors, in words.
        headline: the two scores that a report begins with.
        columns: those that a table of folds or runs has room for.
        listed: all that the overall table shows.
        curve: the one whose learning curve is drawn.
        sections: its figures; None of a partial run.
        folds: of the protocol.
        cost: what it took.
        provenance: how it came about.
        judged: which model was asked, of a run of `mser judge`.
        doubts: what a reader should know before believing a score.
    """

    name: str
    folder: str
    complete: bool
    missing: Sequence[Missing]
    problems: Sequence[str]
    seeds: Sequence[int]
    model: Model
    protocol: AskedProtocol
    part: Literal["test", "validation"]
    tested: Sequence[Opened] | None
    searched: Origin | None
    constant: str
    headline: Sequence[str]
    columns: Sequence[str]
    listed: Sequence[str]
    curve: str
    sections: Sections | None = field(metadata=flat_or_null(NAMES))
    folds: Sequence[FoldScores]
    cost: Cost
    provenance: Provenance
    judged: Judged | None = field(default=None, metadata=KNOWN)
    doubts: Sequence[Finding] = ()

    @property
    def full(self) -> Sections:
        """The figures of a complete run.

        Raises:
            ValueError: for a partial one.
        """
        if self.sections is None:
            raise ValueError(f"{self.name} is partial: it has no figures")
        return self.sections

    @property
    def overall(self) -> Mapping[str, Figure]:
        """The figure of each score of a complete run."""
        return self.full.overall

    @property
    def judged_part(self) -> str:
        """The part that is judged, as folds call it."""
        return "val" if self.part == "validation" else "test"
