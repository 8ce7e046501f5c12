"""Files of ELAN (.eaf), read by pympi: all tiers, those that refer to others too."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from mser.corpora.annotations.annotation import Annotation, Tier, interval
from mser.errors import UserError, brief


def read_eaf(path: Path) -> list[Annotation]:
    """Return the tiers, each with its participant as the speaker; annotations without text or times are left out.

    Raises:
        UserError: if ELAN could not read it, two of its tiers have one name, or an annotation cannot be.
    """
    from pympi.Elan import Eaf

    try:
        names = Counter(tier.get("TIER_ID") for tier in ElementTree.parse(path).getroot().iter("TIER"))  # noqa: S314
        if repeated := [name for name, number in names.items() if number > 1]:
            raise UserError(f"{path}: two tiers have one name, {repeated[0]}; rename one of them")
        eaf: Any = Eaf(str(path), suppress_version_warning=True)
        data = {name: eaf.get_annotation_data_for_tier(name) for name in eaf.tiers}
    except (UserError, OSError):
        raise
    except Exception as error:  # pympi raises its like
        raise UserError(f"{path}: it cannot be read as a file of ELAN: {brief(error)}") from error
    tiers = []
    for name, rows in data.items():
        annotated = [
            interval(path, f"annotation {number} of tier {name}", start / 1000, end / 1000, text)
            for number, (start, end, text, *_) in enumerate(sorted(rows, key=_begin), 1)
            if text and None not in (start, end)
        ]
        tiers.append(Tier(name, annotated, speaker=eaf.tiers[name][2].get("PARTICIPANT", "")))
    return [Annotation(path, _recording(path, eaf.media_descriptors), tiers)]


def _begin(row: tuple[Any, ...]) -> float:
    return -1.0 if row[0] is None else float(row[0])


def _recording(path: Path, media: list[dict[str, str]]) -> str:
    for descriptor in media:
        if url := descriptor.get("RELATIVE_MEDIA_URL") or descriptor.get("MEDIA_URL"):
            return PurePosixPath(url).name
    return path.stem
