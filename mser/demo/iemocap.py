"""A made-up tree in the shape of IEMOCAP's full release, oddities of the release included."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from mser.corpora.corpus import MADE_UP
from mser.corpora.iemocap.corpus import count
from mser.demo.iemocap_text import Turn, write_texts
from mser.demo.ratings import mean_scores, rate
from mser.demo.recorded_speech import Room, write_wav
from mser.demo.script import Line, perform, play, write_line
from mser.demo.speech import SAMPLE_RATE, Synthesizer, Voice, synthesizer
from mser.manifest import Manifest, Utterance

TURNS = 22
"""Labelled turns per dialogue."""

VOICES = {
    "Ses01F": Voice("en-us+f2", pitch=52, rate=192, level=1),
    "Ses01M": Voice("en-us+m3", pitch=46, rate=198, level=-1),
    "Ses02F": Voice("en-us+f4", pitch=46, rate=200, level=-2),
    "Ses02M": Voice("en-us+m1", pitch=52, rate=190, level=2),
    "Ses03F": Voice("en-us+f3", pitch=50, rate=195, level=0),
    "Ses03M": Voice("en-us+m4", pitch=44, rate=188, level=0),
    "Ses04F": Voice("en-us+f1", pitch=54, rate=188, level=2),
    "Ses04M": Voice("en-us+m2", pitch=50, rate=202, level=-2),
    "Ses05F": Voice("en-us+Annie", pitch=48, rate=197, level=-1),
    "Ses05M": Voice("en-us+m6", pitch=48, rate=192, level=1),
}
_PLAYS = {"F": ("impro01", "impro02", "script01_1"), "M": ("impro03", "impro04", "script02_2")}
_ODD_PLAYS = {"Ses03M": ("impro05a", "impro05b", "script02_2"), "Ses05M": ("impro03", "impro04", "script01_1b")}
_README = """This is no IEMOCAP: it is a made-up corpus in IEMOCAP's folder shape.
The words are invented and spoken by the speech synthesizer espeak-ng; nothing of the real corpus is in it.
"""


def write_iemocap(root: Path, *, seed: int = 1, turns: int = TURNS) -> None:
    """Write the whole tree, its README and the counts that `mser data check` compares it with.

    Args:
        root: a folder that does not exist yet.
        seed: what is said, how, and in which order.
        turns: labelled turns per dialogue; there are 30 dialogues.

    Raises:
        UserError: if the speech synthesizer is not installed.
        OSError: if the folder cannot be written to.
    """
    root.mkdir(parents=True)
    (root / "README.txt").write_text(_README, encoding="utf-8")
    with synthesizer(seed) as say:
        utterances = [turn for name in _dialogues() for turn in _write_dialogue(root, name, say, seed, turns)]
    counts = count(Manifest("iemocap", root, tuple(utterances)))
    (root / MADE_UP).write_text(json.dumps({"counts": counts}, indent=1) + "\n", encoding="utf-8")


def _dialogues() -> list[str]:
    wearers = [f"Ses0{session}{letter}" for session in range(1, 6) for letter in "FM"]
    return [f"{wearer}_{name}" for wearer in wearers for name in _ODD_PLAYS.get(wearer, _PLAYS[wearer[-1]])]


@dataclass(frozen=True, slots=True)
class _Cast:
    """A line, who speaks it (``F`` or ``M``) and which of his or her turns it is."""

    line: Line
    letter: str
    number: int


def _write_dialogue(root: Path, name: str, say: Synthesizer, seed: int, turns: int) -> list[Utterance]:
    """Write one dialogue's sound and texts; return its labelled turns as a reader must find them."""
    random = Random(f"{seed} {name}")
    session, room = root / f"Session{name[4]}", Room(random)
    observers = sorted(random.sample(["E1", "E2", "E3", "E4", "E5", "E6"], 3))
    audio = session / "sentences" / "wav" / name
    audio.mkdir(parents=True)
    spoken, now = [], random.uniform(1, 8)
    for cast in _cast(name, seed, turns):
        identifier, speaker = f"{name}_{cast.letter}{cast.number:03}", f"{name[:5]}{cast.letter}"
        label = play(cast.line, random)
        waveform = room.record(say(cast.line.text, VOICES[speaker], perform(label, cast.line, random)))
        write_wav(audio / f"{identifier}.wav", waveform)
        end = now + len(waveform) / SAMPLE_RATE
        tag = random.choice(("[LAUGHTER] ", "[BREATHING] ")) if random.random() < 0.03 else ""
        ratings = rate(label, f"{cast.letter}1", observers, random)
        spoken.append(Turn(identifier, now, end, tag + cast.line.text, label, ratings))
        now = end + random.uniform(0.1, 0.9)
    write_texts(session / "dialog", name, spoken, random)
    return [_utterance(turn) for turn in spoken]


def _cast(dialogue: str, seed: int, turns: int) -> Iterator[_Cast]:
    """Yield who says what, in the order of a dialogue.

    An improvisation has its own words. A script has the same lines in every session, but each pair of actors plays
    part of it in an order of its own: else the number of a turn would tell its emotion.
    """
    play_name = dialogue.split("_", 1)[1]
    is_script = play_name.startswith("script")
    author = Random(f"{seed} {play_name.rstrip('ab') if is_script else dialogue} words")
    lines = [write_line(author) for _ in range(turns + turns // 4 if is_script else turns)]
    random = Random(f"{seed} {dialogue} order")
    letter, spoken = random.choice("FM"), Counter[str]()
    for line in random.sample(lines, turns):
        yield _Cast(line, letter, spoken[letter])
        spoken[letter] += 1
        if random.random() < 0.7:
            letter = "M" if letter == "F" else "F"


def _utterance(turn: Turn) -> Utterance:
    dialogue, last = turn.id.rsplit("_", 1)
    session = f"Session{dialogue[4]}"
    return Utterance(
        id=turn.id,
        audio=f"{session}/sentences/wav/{dialogue}/{turn.id}.wav",
        duration=turn.end - turn.start,
        transcript=turn.text,
        speaker=dialogue[:5] + last[0],
        group=dialogue,
        session=session,
        style="improvised" if "impro" in dialogue else "scripted",
        gender=last[0],
        label=turn.label,
        scores=mean_scores(turn.ratings),
        ratings=turn.ratings,
    )
