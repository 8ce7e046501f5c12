"""The grammar of MELD's csv files, and the marks that wrong encodings left in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mser.corpora.text_files import garbled, read_csv, read_or_windows, short
from mser.manifest import Problem

COLUMNS = (
    *("Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)
_TIME = re.compile(r"(\d{1,4}):(\d{1,4}):(\d{1,4})[,.](\d{1,9})", re.ASCII)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# What stands at 0x80 to 0x9F in Windows' encoding; as code points of their own these are control characters.
_CONTROLS = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0xA0)}
_TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "\xa0": " "})


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled utterance of a csv file.

    Attributes:
        part: ``train``, ``dev`` or ``test``; the numbers of dialogues begin anew in each.
        dialogue: its number in the part.
        number: its number in the dialogue; some are left out.
        seconds: how long it lasts by its times; None where these are no times.
    """

    part: str
    dialogue: int
    number: int
    text: str
    speaker: str
    emotion: str
    sentiment: str
    episode: str
    seconds: float | None

    @property
    def clip(self) -> str:
        """The name of its file, without the ending."""
        return f"dia{self.dialogue}_utt{self.number}"

    @property
    def id(self) -> str:
        """Its name in the corpus."""
        return f"{self.part}_{self.clip}"


def repair(text: str) -> str:
    r"""Return a text in plain quotes and single blanks, with characters that a wrong encoding garbled restored.

    Example:
        >>> repair("It\x92s mine\x85"), repair("Itâ€™s  café"), repair("ItÂ\x92s"), repair("na\xefve")
        ("It's mine...", "It's café", "It's", 'naïve')
    """
    text = _NOT_ASCII.sub(lambda run: _as_utf8(run[0]), text.translate(_CONTROLS)).translate(_CONTROLS)
    return " ".join(text.translate(_TYPOGRAPHY).split())


def _as_utf8(run: str) -> str:
    """Return what was UTF-8 and taken for Windows' encoding; what was not makes no UTF-8 and stays."""
    try:
        return run.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return run


def read_rows(path: Path, part: str) -> tuple[list[Row], list[Problem]]:
    """Return the rows of a ``*_sent_emo.csv``, and what in it could not be understood.

    Raises:
        UserError: if the file cannot be opened or lacks a column.
    """
    rows, problems = [], []
    for line, cells in read_csv(path, read_or_windows(path), COLUMNS, "download it again"):
        try:
            row = _row(cells, part)
        except (ValueError, AttributeError, OverflowError) as error:
            message = f"{path.name}:{line} is no row of {len(COLUMNS) + 1} cells ({str(error)[:80]}); it is left out"
            problems.append(Problem("unreadable", f"{message}, download the file again"))
            continue
        if wrong := garbled(row.text):
            message = f"{path.name}:{line} has for the transcript of {row.id} {wrong}; it is taken as empty"
            problems.append(Problem("transcript", message, row.id))
            row = replace(row, text="")
        rows.append(row)
    return rows, [*problems, *_odd(rows)]


def _row(cells: Mapping[str, str | None], part: str) -> Row:
    row = {name: cells[name] or "" for name in COLUMNS}
    if None in (cells[name] for name in COLUMNS):
        raise ValueError("it is cut short")
    start, end = _seconds(row["StartTime"]), _seconds(row["EndTime"])
    return Row(
        part=part,
        dialogue=_whole(row["Dialogue_ID"]),
        number=_whole(row["Utterance_ID"]),
        text=repair(row["Utterance"]),
        speaker=repair(row["Speaker"]),
        emotion=row["Emotion"].strip().lower(),
        sentiment=row["Sentiment"].strip().lower(),
        episode=f"s{_whole(row['Season']):02}e{_whole(row['Episode']):02}",
        seconds=None if start is None or end is None else end - start,
    )


def _whole(cell: str) -> int:
    if not re.fullmatch(r"\d{1,9}", cell.strip(), re.ASCII):
        raise ValueError(f"{short(cell)} is no number")
    return int(cell)


def _seconds(time: str) -> float | None:
    """Return the seconds of ``HH:MM:SS,mmm``."""
    if not (match := _TIME.fullmatch(time.strip())):
        return None
    hours, minutes, seconds, thousandths = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{thousandths}")


def _odd(rows: list[Row]) -> Iterator[Problem]:
    for row in rows:
        if row.seconds is None:
            yield Problem("time", f"{row.id} has no times such as 00:14:38,127; its whole clip is taken", row.id)
        elif row.seconds < 0:
            yield Problem(
                "time", f"{row.id} ends {-row.seconds:.2f} s before it starts; its whole clip is taken", row.id
            )
        if not row.speaker or garbled(row.speaker):
            yield Problem(
                "speaker", f"{row.id} has no speaker but {short(row.speaker)}; download the file again", row.id
            )
