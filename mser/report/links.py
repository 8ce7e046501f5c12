"""The tables of a report as links from which a browser saves them, without network, script or another file."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from mser.report.table_formats import Rows, as_csv, as_latex
from mser.report.tables import tables
from mser.runs.run import Json


class Link(NamedTuple):
    """A table to be saved: the `name` of its file, without a suffix, and the data URIs of its `csv` and its `latex`."""

    name: str
    csv: str
    latex: str


def links(report: Json, *, of: str) -> dict[str, Link]:
    """Return a link for each of `tables`, by the table's name without ``validation_``.

    Args:
        report: what ``report.json`` holds, or as much of it as should be in the tables.
        of: begins the names of the files.
    """
    return {name.removeprefix("validation_"): link(f"{of}_{name}", rows) for name, rows in tables(report).items()}


def link(name: str, rows: Rows) -> Link:
    """Return a table as a link: the `name` of its file and its rows."""
    return Link(name, _uri("text/csv", as_csv(rows)), _uri("application/x-tex", as_latex(rows)))


def _uri(kind: str, text: str) -> str:
    r"""Return the text as an address.

    Example:
        >>> _uri("text/csv", "run,ua\nboth,0.7\n")
        'data:text/csv;charset=utf-8,run,ua%0Aboth,0.7%0A'
    """
    return f"data:{kind};charset=utf-8,{quote(text, safe=',')}"
