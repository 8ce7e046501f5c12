"""The page of a search: its answer, a picture per option, and every trial in a table that can be sorted and saved."""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

from mser.report.page.html import environment
from mser.report.page.links import link
from mser.report.pictures.trial_charts import pictures
from mser.report.searches.ranking import SweepReport
from mser.report.searches.sweep import title, trial_rows


def sweep_page(report: SweepReport) -> str:
    """Return the HTML of what a search has found; it needs no network and forbids itself any."""
    templates = environment()
    script = templates.get_template("script.js").render()
    return templates.get_template("sweep.html").render(
        report=report,
        column=title(report),
        pictures=pictures(report, label=report.answer),
        links={"trials": link("trials", trial_rows(report))},
        script=Markup(script),  # noqa: S704 - our own
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
