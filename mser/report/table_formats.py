"""Tables as text: CSV with full precision, LaTeX rounded as on the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from mser.report.figures import Figure, Interval
from mser.scoring.measures import MEASURES, measure, shown

Cell = str | int | float | None
Rows = list[dict[str, Cell]]
"""All with the same columns."""
FIGURE = ("mean", "sd", "sd_over_seeds", "pooled", "floor")
"""Columns of a score's figure, beside its intervals."""
_HEADS = {
    "low": "from (95%)",
    "high": "to (95%)",
    "method_low": "method, from (95%)",
    "method_high": "method, to (95%)",
    "sd": "sd over folds",
    "p_holm": "p (Holm)",
    "effect": "d_z",
}
_SCORES = (
    *("an observer", "the model", "model from", "model to", "best", "low", "high", "method_low", "method_high"),
    *("difference", "difference from", "difference to"),
    *("smallest_detectable", "weights from", "weights to"),
)
_P = ("p", "p_holm", "weights p", "weights p_holm", "mcnemar p")
_ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "–": "--",
        "<": "$<$",
        ">": "$>$",
    }
)


def figure_cells(name: str, figure: Figure) -> dict[str, Cell]:
    """Return the cells of a score's figure."""
    return {
        "score": name,
        "mean": figure.mean,
        **ends(figure.interval),
        **ends(figure.method_interval, "method_low", "method_high"),
        "sd": figure.sd,
        "sd_over_seeds": figure.sd_over_seeds,
        "pooled": figure.pooled,
        "floor": figure.floor,
    }


def ends(interval: Interval | None, low: str = "low", high: str = "high") -> dict[str, Cell]:
    """Return the cells of an interval, by the names of their columns."""
    return dict(zip((low, high), interval or (None, None), strict=True))


def as_csv(rows: Rows) -> str:
    r"""Return the rows below a header; null is an empty cell, and no name is a spreadsheet's formula.

    Example:
        >>> as_csv([{"run": "both", "ua": 0.6917, "wa": None}, {"run": "=1+1", "ua": -0.1, "wa": None}])
        "run,ua,wa\nboth,0.6917,\n'=1+1,-0.1,\n"
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _no_formula(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue()


def _no_formula(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def as_latex(rows: Rows) -> str:
    r"""Return the rows as a LaTeX table, which needs the package booktabs.

    Example:
        >>> print(as_latex([{"run": "a_b", "ua": 0.6917}]), end="")
        % needs \usepackage{booktabs}
        \begin{tabular}{lr}
        \toprule
        run & UA (\%) \\
        \midrule
        a\_b & 69.2 \\
        \bottomrule
        \end{tabular}
    """
    kinds = "".join("l" if all(isinstance(row[name], str) for row in rows) else "r" for name in rows[0])
    lines = [_line(_head(name) for name in rows[0]), r"\midrule"]
    lines += [_line(_cell(row, name) for name in row) for row in rows]
    begin = ["% needs \\usepackage{booktabs}", rf"\begin{{tabular}}{{{kinds}}}", r"\toprule"]
    return "\n".join([*begin, *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cell.translate(_ESCAPES) for cell in cells) + r" \\"


def _head(name: str) -> str:
    if name not in MEASURES:
        return _HEADS.get(name, name.replace("_", " "))
    return f"{measure(name).title} (%)" if measure(name).unit else measure(name).title


def _cell(row: Mapping[str, Cell], name: str) -> str:
    """Return a cell as text: a score as the page shows it, be it the column's or that of the whole row."""
    value, score = row[name], row.get("score")
    if isinstance(value, str):
        return _head(value) if name == "score" else value
    if name in MEASURES:
        return shown(name, value)
    if isinstance(score, str) and name in (*FIGURE, *_SCORES):
        return shown(score, value)
    if isinstance(value, float):
        return "< 0.001" if name in _P and value < 0.001 else f"{value:.3g}"
    return "–" if value is None else str(value)
