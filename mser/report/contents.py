"""The whole of a report as one object: what ``report.json`` holds and what the page and the terminal show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mser import __version__
from mser.report import sentences as words
from mser.report.pairwise.chosen_score import judged
from mser.report.pairwise.comparison import comparison, require_comparable
from mser.report.pairwise.late_fusion import late_fusions, together
from mser.report.pairwise.same_content import content_notes
from mser.report.published import beside
from mser.report.searches.searched import warned
from mser.report.summary import summarise
from mser.runs.run import Json, read_run


def content(folders: Sequence[Path], score: str | None = None) -> Json:
    """Return what one or more run folders say.

    Args:
        folders: where the runs lie.
        score: what they are judged by; the customary score of their label set if None.

    Returns:
        - ``title``, ``answer``: for a person.
        - ``content_notes``: runs, or folds of one, that were not given the same labels, times and transcripts.
        - ``runs``: `summarise` of each, in the order given.
        - ``comparison``: a row per run and every two of them compared; null for a single one.
        - ``late_fusion``: whether fine-tuning together is better than fine-tuning apart, where a joint run stands
          beside one of speech and one of text; see `mser.report.pairwise.late_fusion`. Null elsewhere.
        - ``published``: what others report on the same labels; null if nothing is known.
        - ``mser``: the version that wrote it.

    Raises:
        UserError: if a folder is no run, cannot be believed or lacks the score, or runs cannot be compared.
    """
    runs = [read_run(folder) for folder in folders]
    require_comparable(runs)
    notes = content_notes(runs)
    fused, unfused = late_fusions(runs)
    runs += [one.fusion for one in fused]
    judges = [judged(run, score) for run in runs]
    summaries = [summarise(run, judge) for run, judge in zip(runs, judges, strict=True)]
    compared = comparison(runs, summaries, judges[0]) if len(runs) > 1 else None
    answer = words.answer(summaries, compared["pairs"] if compared else [])
    verdicts = together(fused, compared["pairs"] if compared else [])
    return {
        "title": words.title(summaries),
        "answer": " ".join(filter(None, [*notes, answer, *_together(verdicts, answer), *map(warned, summaries)])),
        "content_notes": notes,
        "runs": summaries,
        "comparison": compared,
        "late_fusion": {"verdicts": verdicts, "notes": unfused} if verdicts or unfused else None,
        "published": beside(summaries),
        "mser": __version__,
    }


def _together(verdicts: Sequence[Json], answer: str) -> list[str]:
    """Return the verdicts on late fusions, with what they rest on unless the answer has said it."""
    return [
        f"{one['words']}." if one["sentence"] in answer else f"{one['words']}: {one['sentence']}" for one in verdicts
    ]
