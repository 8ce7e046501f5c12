"""Turns a matplotlib figure into inline SVG whose colours and fonts are the page's, in light and in dark."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

from matplotlib.figure import Figure

# Stand-ins that matplotlib draws with and that become the page's CSS variables of the same name.
INK, MUTED, RULE, ACCENT, SECOND, HEAT = (f"#00000{number}" for number in range(1, 7))
_VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", ACCENT: "accent", SECOND: "second", HEAT: "heat"}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mser",
    "text.parse_math": False,
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.titley": 1.0,  # or matplotlib spends a fifth of its time on moving titles out of the way
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "savefig.transparent": True,
}


def svg(figure: Figure, key: str, label: str, kind: str = "") -> str:
    """Return the figure as an SVG element of a CSS class without colours, fonts, size, addresses or ids of its own."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    width, height = figure.get_size_inches() * 72
    named = f'role="img" aria-label="{escape(label)}"' + (f' class="{kind}"' if kind else "")
    head = f'<svg {named} viewBox="0 0 {width:g} {height:g}" style="width: {width:g}pt">'
    text = re.sub(r"^.*?<svg[^>]*>", head, file.getvalue(), count=1, flags=re.DOTALL)
    for unwanted in (
        r"<metadata>.*?</metadata>",
        r"<style.*?</style>",
        r"<!--.*?-->",
        r" font-family: [^;]+;",
        "xlink:",
    ):
        text = re.sub(unwanted, "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{key}-", text)
    return re.sub("|".join(_VARIABLES), lambda found: f"var(--{_VARIABLES[found[0]]})", text)
