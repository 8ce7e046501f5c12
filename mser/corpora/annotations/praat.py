"""TextGrids of Praat, read by praatio: each tier of intervals; points in time are left out."""

from __future__ import annotations

from pathlib import Path

from mser.corpora.annotations.annotation import Annotation, Tier, interval
from mser.errors import UserError, brief


def read_textgrid(path: Path) -> list[Annotation]:
    """Return the tiers of intervals, but for intervals without text.

    Raises:
        UserError: if it is no TextGrid, two of its tiers have one name, or an interval cannot be.
    """
    from praatio import textgrid
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.utilities.errors import DuplicateTierName, PraatioException

    try:
        grid = textgrid.openTextgrid(str(path), False, reportingMode="silence")
    except DuplicateTierName as error:
        name = str(error).partition("'")[2].partition("'")[0]
        raise UserError(f"{path}: two tiers have one name, {name}; rename one of them") from error
    except (PraatioException, ValueError, IndexError, KeyError, TypeError) as error:
        raise UserError(f"{path}: it cannot be read as a TextGrid: {brief(error)}") from error
    tiers = []
    for tier in grid.tiers:
        if isinstance(tier, IntervalTier):
            annotated = [
                interval(path, f"interval {number} of tier {tier.name}", one.start, one.end, one.label)
                for number, one in enumerate(tier.entries, 1)
            ]
            tiers.append(Tier(tier.name, annotated))
    return [Annotation(path, path.stem, tiers)]
