"""What fine-tuning together must beat: the same encoders fine-tuned apart, their answers weighted, nothing trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

from mser.report.pairwise.opinion_pool import fuse
from mser.report.pairwise.pair import Pair
from mser.runs.csv_cells import Question
from mser.runs.run import Job, JobFacts, Run, RunFacts

_Kind = Literal["together", "apart", "unclear", "undecidable"]


@dataclass(frozen=True)
class Weight:
    """How much `speech` weighs, 0 to 1, with a seed in a fold."""

    seed: int
    fold: int
    speech: float


@dataclass(frozen=True)
class Fused:
    """What is fused, and what for: the run of the late `fusion`, the `joint` runs it stands against, its `weights`."""

    fusion: Run
    joint: tuple[Run, ...]
    weights: Sequence[Weight]


@dataclass(frozen=True)
class Verdict:
    """Whether fine-tuning together is better than fine-tuning apart.

    Attributes:
        joint: the name of the joint run.
        apart: that of the late fusion.
        verdict: which is better, if that can be told.
        words: the same in words.
        sentence: of the pair.
        weights: of the late fusion.
    """

    joint: str
    apart: str
    verdict: _Kind
    words: str
    sentence: str
    weights: Sequence[Weight]


@dataclass(frozen=True)
class LateFusion:
    """The `verdicts` on each joint run beside each late fusion, and `notes` on fusions that could not be made."""

    verdicts: Sequence[Verdict]
    notes: Sequence[str]


def late_fusions(runs: Sequence[Run]) -> tuple[list[Fused], list[str]]:
    """Return the late fusions of speech-only and text-only runs that stand beside a joint one of the same encoders.

    Args:
        runs: that were asked the same question.

    Returns:
        The fusions, and a line for each that could not be made, with the reason.
    """
    whole = [run for run in runs if run.part == "test" and not run.missing]
    sides = {kind: [run for run in whole if _hears(run) == kind] for kind in ("speech", "text", "both")}
    pairs = list(product(sides["speech"], sides["text"]))
    if not pairs or not sides["both"]:
        return [], []
    fusions, notes = [], []
    for speech, text in pairs:
        joint = tuple(run for run in sides["both"] if _encoders(run) == (_encoders(speech)[0], _encoders(text)[1]))
        names = f"{speech.name} and {text.name}"
        if not joint:
            notes.append(f"No late fusion of {names}: no joint run has their encoders.")
        elif reason := _unfit(speech, text):
            notes.append(f"No late fusion of {names}: {reason}.")
        else:
            name = "late fusion" if len(pairs) == 1 else f"late fusion of {names}"
            fusions.append(_fused(name, speech, text, joint))
    return fusions, notes


def together(fusions: Sequence[Fused], pairs: Sequence[Pair]) -> list[Verdict]:
    """Return whether fine-tuning together is better than fine-tuning apart, for each joint run beside each late fusion.

    Args:
        fusions: `late_fusions`'.
        pairs: every two runs compared, with their sentences.
    """
    verdicts = []
    for fused, joint in ((one, run) for one in fusions for run in one.joint):
        names = {joint.name, fused.fusion.name}
        pair = next((pair for pair in pairs if {pair.better, pair.worse} == names), None)
        if pair is None:
            continue
        if pair.verdict == "better":
            verdict: _Kind = "together" if pair.better == joint.name else "apart"
        else:
            verdict = pair.verdict
        verdicts.append(
            Verdict(joint.name, fused.fusion.name, verdict, _VERDICTS[verdict], pair.sentence, fused.weights)
        )
    return verdicts


_VERDICTS = {
    "together": "Fine-tuning together is better than fine-tuning apart",
    "apart": "Fine-tuning apart is better than fine-tuning together",
    "unclear": "Whether fine-tuning together is better than fine-tuning apart cannot be told",
    "undecidable": "Whether fine-tuning together is better than fine-tuning apart cannot be decided by these runs",
}


def _fused(name: str, speech: Run, text: Run, joint: tuple[Run, ...]) -> Fused:
    jobs = {(job.seed, job.fold.number): job for job in text.jobs}
    fused = [(job, *_job(job, jobs[job.seed, job.fold.number], speech.question)) for job in speech.jobs
             if (job.seed, job.fold.number) in jobs]  # fmt: skip
    seeds = tuple(sorted({job.seed for job, *_ in fused}))
    fusion = replace(
        speech,
        folder=Path(f"{speech.folder} + {text.folder}"),
        name=name,
        config=_config(speech, text),
        facts=_facts(name, speech, text, joint, seeds),
        tested=_opened(speech, text),
        seeds=seeds,
        jobs=tuple(job for _, job, _ in fused),
        made_of=(speech, text),
    )
    weights = [Weight(job.seed, job.fold.number, weight) for job, _, weight in fused]
    return Fused(fusion, joint, weights)


def _job(speech: Job, text: Job, question: Question) -> tuple[Job, float]:
    if speech.chosen_on is None or text.chosen_on is None:
        raise AssertionError("_unfit has looked")
    predictions, chosen_on, weight = fuse(
        (speech.predictions, text.predictions), (speech.chosen_on, text.chosen_on), question
    )
    facts: JobFacts = {
        "seconds": sum(job.facts.get("seconds") or 0 for job in (speech, text)) or None,
        "peak_memory_gb": max((job.facts.get("peak_memory_gb") or 0 for job in (speech, text)), default=0) or None,
        "parameters": {
            side: number
            for side, job in (("speech", speech), ("text", text))
            if (number := (job.facts.get("parameters") or {}).get(side))
        },
    }
    return Job(speech.seed, speech.fold, predictions, chosen_on, {"epoch": []}, facts), weight


def _unfit(speech: Run, text: Run) -> str | None:
    """Return why two runs cannot be fused."""
    if speech.question != text.question:
        return "their objectives answer in different ways"
    if not set(speech.seeds) & set(text.seeds):
        return "they share no seed"
    for run in (speech, text):
        if any(job.chosen_on is None for job in run.jobs):
            return f"{run.name} has kept no predictions of its validation parts, on which the weight is fitted"
    return None


def _hears(run: Run) -> str:
    speech, text = _encoders(run)
    return "both" if speech and text else "speech" if speech else "text"


def _encoders(run: Run) -> tuple[str | None, str | None]:
    """Return the names of the pretrained encoders, or their classes."""
    names = []
    for side in ("speech", "text"):
        config = run.config["model"].get(side)
        names.append(config and str(config.get("init_args", config).get("name") or config.get("class_path")))
    return names[0], names[1]


def _config(speech: Run, text: Run) -> dict[str, Any]:
    model = speech.config["model"]
    sides = {"speech": model["speech"], "text": text.config["model"]["text"]}
    return {**speech.config, "model": {**model, **sides, "fusion": {"class_path": "late fusion"}}}


def _facts(name: str, speech: Run, text: Run, joint: tuple[Run, ...], seeds: tuple[int, ...]) -> RunFacts:
    folders = " ".join(str(run.folder) for run in (speech, text, *joint))
    return {
        "name": name,
        "command": f"mser report {folders}",
        "seeds": list(seeds),
        "searched": speech.facts.get("searched") or text.facts.get("searched"),
    }


def _opened(speech: Run, text: Run) -> dict[tuple[int, int], int] | None:
    """Return how often each test part was opened by the side that opened it more often."""
    if speech.tested is None or text.tested is None:
        return None
    shared = [key for key in speech.tested if key in text.tested]
    return {key: max(speech.tested[key], text.tested[key]) for key in shared}
