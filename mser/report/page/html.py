"""The report as one self-contained page: it asks nothing of any network, and reads on paper and a phone too.

The browser itself keeps it from the network: the page's content security policy allows no address, and no script but
the one that sorts its tables.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mser.labels import Kind
from mser.report import printed, sentences
from mser.report.audit_findings import findings
from mser.report.confidence.calibration import calibrated
from mser.report.contents import Report
from mser.report.doubts import best_shortcut
from mser.report.page.audio_clips import MOST_SECONDS
from mser.report.page.headings import contents
from mser.report.page.links import Link, links
from mser.report.pairwise.robustness_together import together
from mser.report.pairwise.side_by_side import side_by_side
from mser.report.pictures import page_pictures
from mser.report.pictures.page_pictures import Pictures
from mser.report.robustness_words import about_dropout, condition, pull
from mser.report.searches.searched import finding, scored
from mser.report.summary import Summary
from mser.runs.run_options import setting
from mser.scoring.clusters import Resampling
from mser.scoring.measures import measure, shown
from mser.scoring.metrics import OF_A_CLASS


@dataclass(frozen=True)
class View:
    """What a run's part of the page holds beside what is said of it.

    Attributes:
        pictures: its own.
        links: from which its tables are saved, by their names.
        clips: the recordings of its mistakes by utterance, as data URIs.
    """

    pictures: Pictures
    links: Mapping[str, Link]
    clips: Mapping[str, str]


def page(report: Report, clips: Sequence[Mapping[str, str]] = ()) -> str:
    """Return the HTML of a report; the same report gives the same page, byte for byte.

    Args:
        report: what `mser.report.contents.content` returns.
        clips: for each run the recordings of its mistakes by utterance, as data URIs; empty for a page without audio.
    """
    templates, runs = environment(), report.runs
    pairs = report.comparison.pairs if report.comparison else ()
    views = [
        View(
            pictures=page_pictures.of_run(run, f"run{number}"),
            links=links([run], of=_file(run.name)),
            clips=clips[number] if clips else {},
        )
        for number, run in enumerate(runs)
    ]
    script = templates.get_template("script.js").render()
    return templates.get_template("report.html").render(
        report=report,
        runs=runs,
        views=views,
        script=Markup(script),  # noqa: S704 - our own
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        overview=page_pictures.overview(runs, report.answer),
        differences=page_pictures.differences(pairs),
        compared=side_by_side(runs) if len(runs) > 1 else [],
        robust=together(runs),
        links=links(runs, pairs, of="runs"),
        clip_seconds=MOST_SECONDS,
    )


@cache
def environment() -> Environment:
    """Return where the templates are, each compiled once, and the filters that put scores into sentences."""
    templates = Environment(
        loader=PackageLoader("mser.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["of_a_class"] = OF_A_CLASS
    templates.filters |= {
        "measure": measure,
        "column": column,
        "percent": printed.percent,
        "shown": lambda value, name: shown(name, value),
        "between": printed.between,
        "counted": counted,
        "over": sentences.over,
        "dot": page_pictures.dot,
        "contents": contents,
        "unbroken": unbroken,
        "meanings": meanings,
        "duration": duration,
        "thousands": "{:,}".format,
        "findings": findings,
        "opened": sentences.opened,
        "search": finding,
        "vars": vars,
        "setting": setting,
        "scored": scored,
        "missing": sentences.lacking,
        "calibrated": calibrated,
        "condition": condition,
        "pull": pull,
        "best_shortcut": best_shortcut,
        "about_dropout": about_dropout,
    }
    return templates


def column(name: str) -> str:
    r"""Return a score's title and unit, for the head of a column.

    Example:
        >>> column("ua"), column("mae")
        ('UA,\xa0%', 'MAE')
    """
    title = measure(name).title.replace("-", "\N{NON-BREAKING HYPHEN}")  # or a narrow column tears Acc-7 apart
    return ",\xa0".join(filter(None, (title, measure(name).unit)))


def counted(clusters: Resampling) -> str:
    """Return how many clusters there are, by kind."""
    return printed.counted(clusters.unit, clusters.number, clusters.unnamed)


def meanings(run: Summary) -> dict[str, str]:
    """Return the title and meaning of each score that the page shows of a run, and of the run's constant answer."""
    names = [*run.listed]
    if run.sections and run.sections.by_label.classes:
        names += [name for name in OF_A_CLASS if name not in names]
    if run.sections and run.sections.by_label.binary and Kind(run.protocol.task).is_several_labels:
        names += ["balanced_accuracy", "accuracy", "f1"]
    return {measure(name).title: measure(name).meaning for name in names}


def duration(seconds: float | None) -> str:
    """Return a time as a person says it.

    Example:
        >>> duration(42.3), duration(754), duration(9000), duration(None)
        ('42 s', '12 min 34 s', '2 h 30 min', '–')
    """
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def unbroken(sentence: str) -> str:
    r"""Return a sentence whose intervals and p values stay on one line.

    Example:
        >>> unbroken("better by 1.3 points [0.2, 2.4], p = 0.031").replace("\xa0", "_")
        'better by 1.3 points [0.2,_2.4], p_=_0.031'
    """
    return re.sub(r"\[[^\]]*\]|p [<=] [\d.]+", lambda found: found[0].replace(" ", "\xa0"), sentence)


def _file(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)
