"""A page of the options of each command, from the parser that reads them."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from mser.cli import COMMANDS
from mser.terminal.parsers import parser_of

_TRAIN = ("fit", "validate", "test")
_MORE = {
    "crossval": "All further options are those of [mser fit](fit.md).",
    "sweep": "All further options are those of [mser crossval](crossval.md).",
    "robustness": "All further options are those of [mser fit](fit.md).",
    "judge": "The corpus is given by `--data` and `--data.init_args.NAME`, as [for mser fit](fit.md).",
}
_ABOUT_FIT = """
Options are given on the command line or, without the dashes and nested at the dots, in the YAML file of `--config`. Of
an option that names a class, `--NAME.help CLASS` prints the options of that class; those of mser's own are at the end
of this page.
"""


def option_pages() -> dict[str, str]:
    """Return the Markdown of each command's page, by its name."""
    return {command: _page(command) for command in COMMANDS}


def _page(command: str) -> str:
    parts = [f"# mser {command}"]
    if command in ("validate", "test"):
        fit = {option for action in _listed(parser_of("fit")) for option in action.option_strings}
        parser = parser_of(command)
        own = [action for action in _listed(parser) if not set(action.option_strings) <= fit]
        parts += [_prose(parser.description), "All options of [mser fit](fit.md), and:", _table(own, parser)]
        return "\n\n".join(parts)
    parts += _parser_parts(parser_of(command))
    if command == "fit":
        parts += [_ABOUT_FIT, *_class_parts()]
    return "\n\n".join([*parts, _MORE.get(command, "")])


def _parser_parts(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield _prose(parser.description)
    yield f"```text\n{parser.format_usage().strip()}\n```"
    if subparsers := _subparsers(parser):
        for name, child in subparsers.items():
            yield f"## {parser.prog} {name}"
            yield from _parser_parts(child)
        return
    groups = [(group.title or "", _shown(group._group_actions)) for group in parser._action_groups]
    for title, actions in groups:
        if actions:
            own = title not in ("positional arguments", "options")
            yield (f"### {title.replace('``', '`')}\n\n" if own else "") + _table(actions, parser)


def _class_parts() -> Iterator[str]:
    from mser.fitting.training_options import class_options

    for kind, parser in class_options():
        yield f"## Options of {kind.__name__}"
        yield _prose((inspect.getdoc(kind) or "").partition("\n\n")[0])
        actions = [action for action in _listed(parser) if "." in action.option_strings[0]]
        yield _table(actions, parser) if actions else "It has none."


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _listed(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return _shown(parser._actions)


def _shown(actions: list[argparse.Action]) -> list[argparse.Action]:
    """Return what can be given, without what only asks for help."""
    return [action for action in actions if not _only_helps(action)
            and (action.option_strings or action.metavar or action.nargs)]  # fmt: skip


def _only_helps(action: argparse.Action) -> bool:
    hidden = action.help == argparse.SUPPRESS or action.dest.endswith(".help")
    return hidden or any(name.endswith("help") for name in action.option_strings)


def _table(actions: list[argparse.Action], parser: argparse.ArgumentParser) -> str:
    return '<dl class="options">\n' + "\n".join(_row(action, parser) for action in actions) + "\n</dl>"


def _row(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    formatter: Any = parser._get_formatter()
    default = action.dest.rpartition(".")[2].upper()
    value = formatter._format_args(action, default if action.option_strings else action.dest)
    names = ", ".join(name for name in action.option_strings if not name.endswith("+"))
    text = " ".join(formatter._expand_help(action).split()) if action.help else ""
    marks = re.sub(r"[^ -~]", "", f"{names} {value}").strip()  # jsonargparse takes a blank back by a control character
    return f"<dt><code>{escape(marks)}</code></dt>\n<dd>{_inline(text)}</dd>"


def _inline(text: str) -> str:
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)  # roles of Sphinx, in Lightning's words
    return re.sub(r"(`+)(.+?)\1", r"<code>\2</code>", escape(text, quote=False))


def _prose(text: str | None) -> str:
    """Return a description as Markdown: what is in angle brackets or stars is meant as it is, and options are code."""
    text = re.sub(r"(?<!`)<([^`>]*)>", r"&lt;\1&gt;", text or "").replace("*", "\\*")
    return re.sub(r"(?<![`\w-])(--[\w.]+)(?=[^`]*(?:`[^`]*`[^`]*)*$)", r"`\1`", text)
