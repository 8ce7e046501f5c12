"""The ``mser`` command, begun under a name that no other package has: it tells when it is not our mser that answers."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def main() -> int:
    """Run ``mser`` if the package of that name is the one beside this file, and return its exit code; 2 if not."""
    found, expected = find_spec("mser"), Path(__file__).resolve().parent / "mser"
    place = Path(found.origin).resolve().parent if found and found.origin else None
    if place != expected:
        print(
            f"mser: error: the package mser is {place or 'missing'}, expected {expected}; take the other one out of "
            "the way, then run pip install --force-reinstall --no-deps multimodal-ser",
            file=sys.stderr,
        )
        return 2
    from mser.cli import main as run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
