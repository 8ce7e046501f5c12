"""``mser data describe``: measures a corpus and says, in tables and sentences, what its recordings are like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mser.corpora.description import SHOWN, Description, Group, describe
from mser.corpora.giveaways import giveaways
from mser.errors import UserError
from mser.labels import Task
from mser.manifest import Utterance

_MOST = 12  # speakers in a table; --json has them all
_GROUPS = {"class": "classes", "part": "parts", "speaker": "speakers"}


def measure_and_describe(utterances: Sequence[Utterance], root: Path, task: Task) -> Description:
    """Return what the recordings of utterances are like; what was measured before comes from the cache.

    Raises:
        UserError: if none of them can be read.
    """
    from mser.audio.measure_cache import measure_all
    from mser.terminal.progress import progress

    if not utterances:
        raise UserError(f"no utterance here has labels of {task.name}; choose others with --labels")
    with progress("measuring recordings", len(utterances)) as done:
        measured = measure_all(utterances, root, done)
    if not measured:
        raise UserError(f"none of {len(utterances)} recordings below {root} can be read; see `mser data check`")
    return describe(utterances, measured, task)


def summary(description: Description) -> dict[str, Any]:
    """Return what ``--json`` prints: groups with the 5, 50 and 95 % quantile of each measure, and the giveaways."""
    return {
        "utterances": description.utterances,
        "measured": description.everything.utterances,
        "all": _numbers(description.everything),
        **{
            groups: {name: _numbers(group) for name, group in getattr(description, groups).items()}
            for groups in _GROUPS.values()
        },
        "giveaways": giveaways(description),
    }


def print_description(description: Description, title: str) -> None:
    """Print a table for each kind of group, and what gives a class away."""
    console = Console(highlight=False)
    console.print(title, style="bold", soft_wrap=True)
    unread = description.utterances - description.everything.utterances
    console.print(f"{description.everything.utterances} recordings" + (f"; {unread} cannot be read" if unread else ""))
    for head, groups in _GROUPS.items():
        rows: Mapping[str, Group] = getattr(description, groups)
        if rows:
            console.print(_table(head, dict(list(rows.items())[:_MOST]), description.everything))
        if len(rows) > _MOST:
            console.print(f"and {len(rows) - _MOST} more {groups}; --json has them all")
    notes = giveaways(description)
    console.print("What a model could learn instead of emotion:" if notes else "Nothing here gives a class away.")
    for sentence in notes:
        console.print(f"- {sentence}")


def _numbers(group: Group) -> dict[str, Any]:
    measures = {
        name: dict(zip(("low", "median", "high"), quantiles, strict=True))
        for name, quantiles in group.quantiles.items()
    }
    return {"utterances": group.utterances, "full_scale": group.full_scale, **measures}


def _table(head: str, rows: Mapping[str, Group], everything: Group) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(head, min_width=8)
    table.add_column("clips", justify="right", min_width=5)
    for first, rest in (*((f"{shown.short},", shown.unit) for shown in SHOWN.values()), ("at 0 dB,", "%")):
        table.add_column(f"{first}\n{rest}", justify="right", vertical="bottom", no_wrap=True)
    for name, group in {**rows, "all": everything}.items():
        medians = [shown.number(group.quantiles[key][1]) for key, shown in SHOWN.items()]
        style = "dim" if group is everything else ""
        table.add_row(Text(name), str(group.utterances), *medians, f"{100 * group.full_scale:.0f}", style=style)
    return table
