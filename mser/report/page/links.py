"""The tables of a report as links from which a browser saves them, without network, script or another file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from mser.report.pairwise.pair import Pair
from mser.report.summary import Summary
from mser.report.table_formats import Rows, as_csv, as_latex
from mser.report.tables import tables


class Link(NamedTuple):
    """A table to be saved: the `name` of its file, without a suffix, and the data URIs of its `csv` and its `latex`."""

    name: str
    csv: str
    latex: str


def links(runs: Sequence[Summary], pairs: Sequence[Pair] = (), *, of: str) -> dict[str, Link]:
    """Return a link for each of `tables`, by the table's name without ``validation_``.

    Args:
        runs: what is said of each.
        pairs: every two of them compared.
        of: begins the names of the files.
    """
    return {name.removeprefix("validation_"): link(f"{of}_{name}", rows) for name, rows in tables(runs, pairs).items()}


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
