"""How annotations are read, as options of commands."""

from __future__ import annotations

import argparse
from pathlib import Path

from mser.terminal.arguments import role_and_name

SPEAKER = "{speaker}"
"""Stands in the pattern of a tier's name for who speaks."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what says where the recordings of annotations are, and which tier is what."""
    parser.add_argument("--audio-root", metavar="FOLDER", type=Path, help="where the recordings of the annotations "
                        "are, at any depth (default: beside each of them)")  # fmt: skip
    parser.add_argument("--tiers", metavar="COLUMN=TIER", nargs="+", action="extend", type=role_and_name, default=[],
                        help="which tier is which column, such as transcript=words label=emotion, the first of which "
                        f"says where turns are; {SPEAKER} stands for who speaks, as in transcript={SPEAKER}-text "
                        "(default: each tier is what the speaker of its name says)")  # fmt: skip
