"""Names of speakers that are probably one name, written in two ways."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable


def alike(names: Iterable[str]) -> list[list[str]]:
    """Return the names that are equal but for case, blanks and ``_-.``, each list sorted.

    Example:
        >>> alike(["Ses01_F", "ses01F", "Ses02_F", "Ses01_F", ""])
        [['Ses01_F', 'ses01F']]
    """
    written: dict[str, set[str]] = defaultdict(set)
    for name in names:
        written[re.sub(r"[\s_.-]", "", unicodedata.normalize("NFKC", name).casefold())].add(name)
    return sorted(sorted(same) for key, same in written.items() if key and len(same) > 1)
