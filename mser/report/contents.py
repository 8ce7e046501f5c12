"""The whole of a report as one object: what ``report.json`` holds and what the page and the terminal show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mser import __version__
from mser.report import sentences
from mser.report.pairwise.chosen_score import judged
from mser.report.pairwise.comparison import Comparison, comparison, require_comparable
from mser.report.pairwise.late_fusion import LateFusion, Verdict, late_fusions, together
from mser.report.pairwise.same_content import content_notes
from mser.report.published import Published, beside
from mser.report.summarise import summarise
from mser.report.summary import Summary
from mser.runs.run import read_run


@dataclass(frozen=True)
class Report:
    """What one or more runs say.

    Attributes:
        title: for a person.
        answer: the same, in a few sentences.
        content_notes: runs, or folds of one, that were not given the same labels, times and transcripts.
        runs: in the order given, then late fusions.
        comparison: of several; None for a single one.
        late_fusion: whether fine-tuning together is better than fine-tuning apart, where a joint run stands beside one
            of speech and one of text; see `mser.report.pairwise.late_fusion`. None elsewhere.
        published: what others report on the same labels; None if nothing is known.
        mser: the version that wrote it.
    """

    title: str
    answer: str
    content_notes: Sequence[str]
    runs: Sequence[Summary]
    comparison: Comparison | None
    late_fusion: LateFusion | None
    published: Published | None
    mser: str


def content(folders: Sequence[Path], score: str | None = None) -> Report:
    """Return what one or more run folders say.

    Args:
        folders: where the runs lie.
        score: what they are judged by; the customary score of their label set if None.

    Raises:
        UserError: if a folder is no run, cannot be believed or lacks the score, or runs cannot be compared.
    """
    runs = [read_run(folder) for folder in folders]
    require_comparable(runs)
    notes = content_notes(runs)
    fusions, unfused = late_fusions(runs)
    runs += [fused.fusion for fused in fusions]
    judges = [judged(run, score) for run in runs]
    summaries = [summarise(run, judge) for run, judge in zip(runs, judges, strict=True)]
    compared = comparison(runs, summaries, judges[0]) if len(runs) > 1 else None
    pairs = compared.pairs if compared else []
    answer = sentences.answer(summaries, pairs)
    verdicts = together(fusions, pairs)
    more = [*_together(verdicts, answer), *map(sentences.warned, summaries)]
    return Report(
        title=sentences.title(summaries),
        answer=" ".join(filter(None, [*notes, answer, *more])),
        content_notes=notes,
        runs=summaries,
        comparison=compared,
        late_fusion=LateFusion(verdicts, unfused) if verdicts or unfused else None,
        published=beside(summaries),
        mser=__version__,
    )


def _together(verdicts: Sequence[Verdict], answer: str) -> list[str]:
    """Return the verdicts on late fusions, with what they rest on unless the answer has said it."""
    return [
        f"{verdict.words}." if verdict.sentence in answer else f"{verdict.words}: {verdict.sentence}"
        for verdict in verdicts
    ]
