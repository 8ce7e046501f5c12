"""A run whose folds are settled before any training: which are asked for, and that nothing is in their way."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mser.crossval.fork_server import ForkServer
from mser.crossval.jobs import Job, call
from mser.crossval.language import language_notes
from mser.data.completeness import say_left_out, wordless
from mser.errors import UserError
from mser.manifest import Manifest
from mser.runs.folder import CONFIG, MANIFEST, PROTOCOL

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Planned:
    """A run whose folds are settled.

    Attributes:
        run: its folder.
        words: what was settled, for a person.
        protocol: its ``protocol.json``.
        folds: the numbers of those that are asked for.
        jobs: one for each of them and each seed.
    """

    run: Path
    words: str
    protocol: Mapping[str, Any]
    folds: Sequence[int]
    jobs: Sequence[Job]

    @property
    def summary(self) -> str:
        """What was settled, and what is left to be fitted.

        Raises:
            UserError: if the results of a fold are damaged.
        """
        left = [job.name for job in self.jobs if not job.finished]
        return f"{self.words}to be fitted in {self.run}: {', '.join(left) or 'nothing, all is finished'}"

    def require_idle(self) -> None:
        """Refuse folds that are still fitted though the command that began them is gone: killed, not asked to end."""
        for job in self.jobs:
            if job.folder.exists() and not job.finished:
                with job.alone():
                    pass


def planned(
    run: Path,
    fit_options: Sequence[str],
    server: ForkServer,
    *,
    folds: Collection[int] | None,
    seeds: Sequence[int],
    skip_test: bool,
    track: bool,
    notes: bool = True,
) -> Planned:
    """Settle and check a run, and measure its recordings.

    Args:
        run: its folder.
        fit_options: those of `mser fit`.
        server: what starts the worker that plans.
        folds: the numbers of those to fit; all when None.
        seeds: of each fold.
        skip_test: leave the test parts locked.
        track: log to Weights & Biases.
        notes: say what is left out, and what does not fit the model.

    Raises:
        UserError: for whatever is wrong.
    """
    words = call(server, ["plan", str(run), *fit_options], run / "plan.log")
    protocol = json.loads((run / PROTOCOL).read_text())
    _measure(run)
    if notes:
        say_left_out(Manifest.read(run / MANIFEST))
        _say_unfit(run, protocol)
    chosen = _chosen(folds, [fold["number"] for fold in protocol["folds"]])
    jobs = [Job(run, fold, seed, skip_test, track) for seed in seeds for fold in chosen]
    _require_folders(jobs)
    return Planned(run, words, protocol, chosen, jobs)


def _measure(run: Path) -> None:
    from mser.runs.cues import write_cues  # NumPy, which the help of this command can do without

    write_cues(run)


def _chosen(wanted: Collection[int] | None, folds: list[int]) -> list[int]:
    if unknown := sorted(set(wanted or ()) - set(folds)):
        raise UserError(f"fold {unknown[0]} was asked for, but the protocol has folds 1 to {len(folds)}")
    return list(wanted or folds)


def _require_folders(jobs: list[Job]) -> None:
    """Refuse what is no folder in a fold's place, and a fold whose results are damaged."""
    for job in jobs:
        for folder in (job.folder.parent, job.folder):
            if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
                raise UserError(f"{folder} is no folder; delete it, and run the same command again")
        if job.metrics.exists():
            job.scores()


def _say_unfit(run: Path, protocol: Mapping[str, Any]) -> None:
    """Say how many of the tested transcripts are empty, where the model reads, and whether it knows the language."""
    model = yaml.safe_load((run / CONFIG).read_text(encoding="utf-8"))["model"]
    audit = protocol["audit"]
    for note in language_notes(protocol["corpus"], protocol["terms"]["language"], model):
        log.warning("%s", note)
    if model["text"] and audit["empty_transcripts"]:
        log.warning("%s", wordless(audit["empty_transcripts"], audit["tested_transcripts"], "test"))
