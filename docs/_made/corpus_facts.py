"""What a corpus's page says of counts, label sets and protocols: as the program knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mser.corpora import corpus
from mser.corpora.corpus import Corpus


def facts(name: str) -> str:
    """Return the Markdown that stands for ``<!-- facts: NAME -->``."""
    which = corpus(name)
    return "\n\n".join([*_published(which), *_label_sets(which), *_protocols(which), *_terms(which)])


def _published(which: Corpus) -> Iterator[str]:
    rows = [row for key, value in which.published.items() for row in _rows(key, value)]
    recorded = which.recorded
    if recorded.hours:
        of = f" of {recorded.label_set}" if recorded.label_set else ""
        rows.append(f"| hours{of} | {recorded.hours:g} |")
    if recorded.rate:
        rows.append(f"| sampling rate | {recorded.rate:,} Hz |")
    if recorded.shortest:
        rows.append(f"| shortest and longest recording | {recorded.shortest:g} s, {recorded.longest:g} s |")
    if rows:
        yield "## As published"
        yield (
            "\n".join(["`mser data check` compares a copy with these numbers.", "", "| what | number |", "|---|---|"])
            + "\n"
            + "\n".join(rows)
        )


def _rows(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and any(isinstance(inner, Mapping) for inner in value.values()):
        for inner_key, inner in value.items():
            yield from _rows(f"{key}: {inner_key}", inner)
    elif isinstance(value, Mapping):
        yield f"| {key} | {', '.join(f'{name} {number:,}' for name, number in value.items())} |"
    else:
        yield f"| {key} | {value if isinstance(value, int) else len(value):,} |"


def _label_sets(which: Corpus) -> Iterator[str]:
    yield "## Label sets"
    rows = ["| `data.init_args.labels` | kind | labels |", "|---|---|---|"]
    for place, task in enumerate(which.label_sets):
        merged = getattr(task, "merge", {})
        counted = ", ".join(f"{other} counts as {label}" for other, label in merged.items() if other not in task.labels)
        default = " (default)" if place == 0 else ""
        labels = ", ".join(task.labels) + (f"; {counted}" if counted and len(merged) < 3 else "")
        rows.append(f"| `{task.name}`{default} | {task.kind.value.replace('_', ' ')} | {labels} |")
    yield "\n".join(rows)


def _protocols(which: Corpus) -> Iterator[str]:
    yield "## Protocols"
    rows = ["| `data.init_args.protocol` | folds | what is tested, validated and trained on |", "|---|---|---|"]
    for place, protocol in enumerate(which.protocols):
        default = " (default)" if place == 0 else ""
        rows.append(f"| `{protocol.name}`{default} | {protocol.count or ''} | {protocol.description} |")
    rows.append(f"| `{which.name}/whole` | 1 | Tests everything, with a model of another corpus. |")
    yield "\n".join(rows)


def _terms(which: Corpus) -> Iterator[str]:
    yield "## Licence"
    yield f"{which.terms()['licence']}." + (f" It comes from <{which.url}>." if which.url else "")
