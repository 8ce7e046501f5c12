"""The report as one self-contained page: it asks nothing of any network, and reads on paper and a phone too.

The browser itself keeps it from the network: the page's content security policy allows no address, and no script but
the one that sorts its tables.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mser.report import sentences as words
from mser.report.audio_clips import MOST_SECONDS
from mser.report.confidence.calibration import calibrated
from mser.report.doubts import best_shortcut
from mser.report.headings import contents
from mser.report.links import links
from mser.report.pairwise.robustness_together import together
from mser.report.pairwise.side_by_side import side_by_side
from mser.report.pairwise.verdicts import is_better
from mser.report.pictures import page_pictures
from mser.report.robustness_words import about_dropout, condition
from mser.report.searches.searched import finding, scored
from mser.runs.run import Json
from mser.runs.run_options import setting
from mser.scoring.measures import measure, shown
from mser.scoring.metrics import OF_A_CLASS


def page(report: Json, clips: Sequence[Mapping[str, str]] = ()) -> str:
    """Return the HTML of what ``report.json`` holds; the same report gives the same page, byte for byte.

    Args:
        report: what `mser.report.contents.content` returns.
        clips: for each run the recordings of its mistakes by utterance, as data URIs; empty for a page without audio.
    """
    templates = environment()
    runs = [
        {
            **run,
            "pictures": page_pictures.of_run(run, f"run{number}"),
            "links": links({"runs": [run], "comparison": None}, of=_file(run["name"])),
            "clips": clips[number] if clips else {},
        }
        for number, run in enumerate(report["runs"])
    ]
    script = templates.get_template("script.js").render()
    return templates.get_template("report.html").render(
        **report | {"runs": runs},
        script=Markup(script),  # noqa: S704 - our own
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        overview=page_pictures.overview(runs, report["answer"]),
        pictures=[run["pictures"] for run in runs],
        differences=page_pictures.differences(report["comparison"]["pairs"]) if report["comparison"] else "",
        compared=side_by_side(runs) if len(runs) > 1 else [],
        robust=together(runs),
        links=links(report, of="runs"),
        clip_seconds=MOST_SECONDS,
    )


def environment() -> Environment:
    """Return where the templates are, and the filters that put scores into words."""
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
        "percent": words.percent,
        "shown": lambda value, name: shown(name, value),
        "with_interval": words.with_interval,
        "between": words.between,
        "is_better": is_better,
        "surest": words.surest,
        "counted": words.counted,
        "over": words.over,
        "dot": page_pictures.dot,
        "contents": contents,
        "unbroken": unbroken,
        "meanings": meanings,
        "duration": duration,
        "thousands": "{:,}".format,
        "findings": words.findings,
        "opened": words.opened,
        "search": finding,
        "setting": setting,
        "scored": scored,
        "missing": words.missing,
        "calibrated": calibrated,
        "condition": condition,
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


def meanings(run: Json) -> dict[str, str]:
    """Return the title and meaning of each score that the page shows of a run, and of the run's constant answer."""
    names = [*run["listed"]]
    if run["classes"]:
        names += [name for name in OF_A_CLASS if name not in names]
    if run["binary"]:
        names += ["balanced_accuracy", "accuracy", "f1"] if run["protocol"]["task"] == "multi_label" else []
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
