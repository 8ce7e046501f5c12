"""What a complete run says in full: overall, per class or score, and by kind of utterance; how sure it is, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from mser.report.agreement.observers import Observers, observers
from mser.report.agreement.raters import Raters, raters
from mser.report.by_label import ByLabel, by_label
from mser.report.confidence.abstaining import Abstaining, abstaining
from mser.report.confidence.calibration import Calibration, calibration
from mser.report.confidence.mistakes import Mistake, mistakes
from mser.report.figures import Figure, figures
from mser.report.json_layout import FLAT
from mser.report.recordings import Recordings, recordings
from mser.report.robustness import Robustness, robustness
from mser.report.shortcuts.floors import Shortcut, shortcuts
from mser.report.slices import KEYS, Slices, slices
from mser.report.speakers.beside_speakers import BesideSpeakers, beside_speakers
from mser.report.speakers.over_speakers import OverSpeakers, over_speakers
from mser.runs.run import Run
from mser.scoring.clusters import Resampling, clusters_of
from mser.scoring.metrics import ALIASES
from mser.scoring.scorers import Judge


@dataclass(frozen=True)
class Sections:
    """The figures of a complete run.

    Attributes:
        clusters: what the intervals rest on.
        overall: the figure of each score that the task has, and of its other names.
        by_label: of each class, label or score by itself.
        observers: how near the probabilities are to what the observers said, if anybody did.
        raters: how far single observers agree on scores, and the model in the place of one.
        calibration: whether the model is right as often as it says.
        robustness: the same models under harder conditions.
        shortcuts: what trivial cues reach in its place.
        over_speakers: UA as the mean over speakers where some lack classes.
        beside_speakers: the same experiment in folds of unheard speakers, if that was asked for.
        recordings: what the recordings of each class are like.
        slices: of each kind of utterance.
        abstaining: how often it is wrong if it may keep silent.
        mistakes: the surest ones.
    """

    clusters: Resampling
    overall: Mapping[str, Figure]
    by_label: ByLabel = field(metadata=FLAT)
    observers: Observers | None
    raters: Raters | None
    calibration: Calibration | None
    robustness: Sequence[Robustness]
    shortcuts: Sequence[Shortcut] | None
    over_speakers: OverSpeakers | None
    beside_speakers: BesideSpeakers | None
    recordings: Recordings | None
    slices: Slices = field(metadata=FLAT)
    abstaining: Abstaining | None
    mistakes: Sequence[Mistake] | None


_FLAT = {"by_label": [part.name for part in fields(ByLabel)], "slices": list(KEYS)}
NAMES = [name for part in fields(Sections) for name in _FLAT.get(part.name, [part.name])]
"""The keys of ``report.json`` that are null in a partial run."""


def sections(run: Run, judge: Judge) -> Sections | None:
    """Return the figures of a run; None for a partial one."""
    if run.missing:
        return None
    clusters = clusters_of(run)
    scores = figures(run, judge.scorer, clusters)
    overall = {name: scores[name] for name in judge.listed}
    aliases = {alias: overall[name] for alias, name in ALIASES.items() if name in overall}
    return Sections(
        clusters=clusters.resampling(),
        overall=overall | aliases,
        by_label=by_label(run, scores, clusters),
        observers=observers(run, clusters),
        raters=raters(run, clusters),
        calibration=calibration(run, clusters),
        robustness=robustness(run, judge),
        shortcuts=shortcuts(run, judge, clusters),
        over_speakers=over_speakers(run, judge),
        beside_speakers=beside_speakers(run, judge, overall[judge.headline[0]]),
        recordings=recordings(run),
        slices=slices(run, judge),
        abstaining=abstaining(run),
        mistakes=mistakes(run),
    )
