"""Where tests find the repository, and material that not everybody has."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
_SHARED = ROOT.parent / "shared"
GOLDEN = Path(os.environ.get("MSER_GOLDEN") or _SHARED / "golden/paper/set_a")
"""Outputs of the paper's released code."""
REAL = Path(os.environ.get("MSER_IEMOCAP_LAYOUT") or _SHARED / "corpora/ravdess-iemocap-layout")
"""Real speech in IEMOCAP's folders."""
