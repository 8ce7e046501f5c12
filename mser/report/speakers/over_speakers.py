"""UA as the mean over speakers, where some of them lack classes: a pooled one can be high for no good reason."""

from __future__ import annotations

from dataclasses import dataclass

from mser.report.figures import pooled
from mser.runs.run import Run
from mser.scoring.means import mean
from mser.scoring.scorers import Judge


@dataclass(frozen=True)
class OverSpeakers:
    """UA of each speaker.

    Attributes:
        ua: the mean over speakers, and over seeds, of the mean recall of the classes that a speaker has.
        speakers: how many there are.
        lacking: how many of them lack a class.
    """

    ua: float
    speakers: int
    lacking: int


def over_speakers(run: Run, judge: Judge) -> OverSpeakers | None:
    """Return UA as the mean over speakers of a complete run; None where each speaker has all classes, or none is known.

    A pooled UA can be above chance though it is at chance for every speaker: one answer per fold suffices where a
    speaker of the fold lacks a class.
    """
    if not run.plan.task.is_one_label:
        return None
    first = pooled(run, run.seeds[0])
    present = {speaker: set[int]() for speaker in first.speakers if speaker}
    for speaker, target in zip(first.speakers, first.target.tolist(), strict=True):
        if speaker:
            present[speaker].add(target)
    tested = set(first.target.tolist())
    lacking = sum(classes != tested for classes in present.values())
    if len(present) < 2 or not lacking:
        return None
    ua = mean(mean(_of_speakers(run, judge, seed, list(present))) for seed in run.seeds)
    return OverSpeakers(ua, len(present), lacking)


def _of_speakers(run: Run, judge: Judge, seed: int, speakers: list[str]) -> list[float]:
    predictions = pooled(run, seed)
    by_speaker = predictions.divided(predictions.speakers)
    return [judge.scorer.score(by_speaker[speaker])["ua"] for speaker in speakers]
