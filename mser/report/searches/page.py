"""The page of a search: its answer, a picture per option, and every trial in a table that can be sorted and saved."""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

from mser.report.html import environment
from mser.report.links import link
from mser.report.pictures.trial_charts import pictures
from mser.report.searches.sweep import title, trial_rows
from mser.runs.run import Json


def sweep_page(report: Json) -> str:
    """Return the HTML of `mser.report.searches.sweep.sweep_report`; it needs no network and forbids itself any."""
    templates = environment()
    script = templates.get_template("script.js").render()
    names = dict.fromkeys(name for trial in report["trials"] for name in trial["settings"])
    return templates.get_template("sweep.html").render(
        **report,
        column=title(report),
        options=list(names),
        pictures=pictures(report, label=report["answer"]),
        links={"trials": link("trials", trial_rows(report))},
        script=Markup(script),  # noqa: S704 - our own
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
