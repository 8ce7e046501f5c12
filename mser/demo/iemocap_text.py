"""The text files of one made-up IEMOCAP dialogue, with the oddities of the release that a reader must bear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from mser.demo.ratings import DIMENSIONS, mean_scores
from mser.manifest import Rating

_HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
_APPLE_DOUBLE = bytes.fromhex("00051607 00020000") + b"Mac OS X        " + bytes(range(0xA0, 0xE0))
_ASIDES = ("{0}: [LAUGHTER]", "{0}: mhm.", "{0}: [BREATHING]", "{0}: voilà.")


@dataclass(frozen=True, slots=True)
class Turn:
    """A labelled turn as the text files tell it; times are seconds since the dialogue began."""

    id: str
    start: float
    end: float
    text: str
    label: str
    ratings: tuple[Rating, ...]


def write_texts(folder: Path, dialogue: str, turns: Sequence[Turn], random: Random) -> None:
    """Write everything below ``dialog`` of a session that belongs to one dialogue."""
    evaluation = folder / "EmoEvaluation"
    _write(evaluation / f"{dialogue}.txt", _HEADER + "\n".join(_block(turn, random) for turn in turns))
    _write(folder / "transcriptions" / f"{dialogue}.txt", "\n".join(_transcript(dialogue, turns, random)) + "\n")
    for observer in [rating.rater for rating in turns[0].ratings if not rating.is_self]:
        _write_rater(evaluation, dialogue, observer.lower(), turns)
    for path in (evaluation / f"._{dialogue}.txt", folder / "avi" / "DivX" / f"._{dialogue}.avi"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_APPLE_DOUBLE)


def _block(turn: Turn, random: Random) -> str:
    means = ", ".join(f"{value:.4f}" for value in mean_scores(turn.ratings).values())
    lines = [f"[{turn.start:.4f} - {turn.end:.4f}]\t{turn.id}\t{turn.label}\t[{means}]"]
    for rating in turn.ratings:
        remark = random.choice(("", "", "", "a remark", "blasé"))
        lines.append(f"C-{rating.rater}:\t{'; '.join(rating.labels)};\t({remark})")
    lines += [f"A-{rating.rater}:\t{_scores(rating)}\t()" for rating in turn.ratings if rating.scores]
    return "\n".join(lines) + "\n"


def _scores(rating: Rating) -> str:
    scores = {name: f"{rating.scores[name]:.0f}" if name in rating.scores else "" for name in DIMENSIONS}
    return f"val {scores['valence']}; act {scores['activation']}; dom  {scores['dominance']};"


def _transcript(dialogue: str, turns: Sequence[Turn], random: Random) -> list[str]:
    """Return the lines in the order of time, among them asides without a name and unlabelled overlapping turns."""
    lines, overlaps = [], 0
    for turn in turns:
        lines.append(f"{turn.id} [{turn.start:08.4f}-{turn.end:08.4f}]: {turn.text}")
        other = "M" if turn.id.rsplit("_", 1)[1].startswith("F") else "F"
        if random.random() < 0.08:
            lines.append(random.choice(_ASIDES).format(other))
        if random.random() < 0.04:
            times = f"{turn.end - 0.3:08.4f}-{turn.end + 0.2:08.4f}"
            lines.append(f"{dialogue}_{other}XX{overlaps} [{times}]: Mm hm.")
            overlaps += 1
    return lines


def _write_rater(evaluation: Path, dialogue: str, observer: str, turns: Sequence[Turn]) -> None:
    """Write the files of single raters, in grammars of their own, in folders that a reader must not descend into."""
    categories = [f"{turn.id} :{'; :'.join(turn.ratings[0].labels)}; ()" for turn in turns]
    attributes = [f"{turn.id} :act 3; :val 3; :dom  3; ()" for turn in turns]
    _write(evaluation / "Categorical" / f"{dialogue}_{observer}_cat.txt", "\n".join(categories) + "\n")
    _write(evaluation / "Attribute" / f"{dialogue}_{observer}_atr.txt", "\n".join(attributes) + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
