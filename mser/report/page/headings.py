"""What lies where on the page: an id for every heading, and a list of them to go by."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from markupsafe import Markup

_HEADING = re.compile(r"<(h[23])>(.*?)</\1>", re.DOTALL)


class Entry(NamedTuple):
    """A heading of the page: its `level`, 2 or 3, its `id` and what it says."""

    level: int
    id: str
    title: Markup


def contents(body: str) -> tuple[Markup, list[Entry]]:
    """Return a page's body with an id in each heading of the second and third level, and these headings in order.

    Example:
        >>> body, entries = contents("<h2>Folds</h2><h2>Folds</h2>")
        >>> body
        Markup('<h2 id="folds">Folds</h2><h2 id="folds-2">Folds</h2>')
        >>> entries[0]
        Entry(level=2, id='folds', title=Markup('Folds'))
    """
    entries: list[Entry] = []
    seen: Counter[str] = Counter()

    def named(found: re.Match[str]) -> str:
        title = Markup(found[2])  # noqa: S704 - the template has escaped it
        name = re.sub(r"[^a-z0-9]+", "-", title.striptags().lower()).strip("-") or "section"
        seen[name] += 1
        entries.append(Entry(int(found[1][1]), f"{name}-{seen[name]}" if seen[name] > 1 else name, title))
        return f'<{found[1]} id="{entries[-1].id}">{found[2]}</{found[1]}>'

    return Markup(_HEADING.sub(named, body)), entries  # noqa: S704 - so has the body
