"""A made-up tree in the shape of MELD.Raw, oddities of the release included; wav files stand in place of its videos."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np

from mser.corpora.corpus import MADE_UP
from mser.corpora.meld.corpus import count
from mser.corpora.meld.text import COLUMNS, repair
from mser.corpora.meld.tree import BROKEN, PARTS, WRONGLY_CUT
from mser.demo.recorded_speech import Room, write_wav
from mser.demo.script import perform, play, write_line
from mser.demo.speech import SAMPLE_RATE, Synthesizer, Voice, synthesizer
from mser.manifest import Manifest, Utterance

VOICES = {
    "Chandler": Voice("en-us+m3", pitch=46, rate=198, level=-1),
    "Joey": Voice("en-us+m1", pitch=52, rate=190, level=2),
    "Monica": Voice("en-us+f2", pitch=52, rate=192, level=1),
    "Phoebe": Voice("en-us+f4", pitch=46, rate=200, level=-2),
    "Rachel": Voice("en-us+f3", pitch=50, rate=195, level=0),
    "Ross": Voice("en-us+m4", pitch=44, rate=188, level=0),
    "The Neighbor’s Aunt": Voice("en-us+f1", pitch=54, rate=188, level=2),
}
DIALOGUES = {"train": (*range(23), 125), "dev": (*range(7), 110), "test": (*range(11), 38)}
"""Their numbers in each part; the last of each holds a clip that is known to be broken or wrongly cut."""
TURNS = 10
_EMOTIONS = {
    **{"neu": "neutral", "sad": "sadness", "ang": "anger", "hap": "joy", "exc": "joy"},
    **{"fru": "disgust", "xxx": "fear", "sur": "surprise"},
}
_SENTIMENTS = {"neutral": ("neutral",), "joy": ("positive",), "surprise": ("positive", "negative")}
_SHORTENED = {"I am": "I'm", "it is": "it's", "that is": "that's", "It is": "It's", "That is": "That's"}
_README = """This is no MELD: it is a made-up corpus in its folder shape, with wav files in place of its mp4.
The words are invented and spoken by the speech synthesizer espeak-ng; nothing of the real corpus is in it.
"""

Row = dict[str, str | int]


def write_meld(root: Path, *, seed: int = 1, turns: int = TURNS) -> None:
    """Write the whole tree, its README and the counts that `mser data check` compares it with.

    Args:
        root: a folder that does not exist yet.
        seed: what is said, how, by whom and in which order.
        turns: labelled turns per dialogue, at least 8.

    Raises:
        UserError: if the speech synthesizer is not installed.
        OSError: if the folder cannot be written to.
    """
    root.mkdir(parents=True)
    (root / "README.txt").write_text(_README, encoding="utf-8")
    rows: dict[str, list[Row]] = {part: [] for part in PARTS}
    with synthesizer(seed) as say:
        for part, (_, folder) in PARTS.items():
            (root / folder).mkdir()
            for number in DIALOGUES[part]:
                rows[part] += _write_dialogue(root / folder, part, number, say, seed, turns)
            (root / folder / "._dia0_utt0.wav").write_bytes(bytes.fromhex("00051607 00020000"))
            _write_table(root / f"{part}_sent_emo.csv", rows[part])
    counts = count(Manifest("meld", root, tuple(_labelled(rows))))
    (root / MADE_UP).write_text(json.dumps({"counts": counts}, indent=1) + "\n", encoding="utf-8")


def _write_dialogue(folder: Path, part: str, number: int, say: Synthesizer, seed: int, turns: int) -> list[Row]:
    """Write the clips of a dialogue of three and return its rows, in the order of time."""
    random = Random(f"{seed} {part} {number}")
    room, cast = Room(random), random.sample(sorted(VOICES), 3)
    season, episode, now = random.randint(1, 8), random.randint(1, 24), random.uniform(30, 1200)
    skipped = random.randrange(8, turns + 1)  # numbers of utterances have gaps
    rows: list[Row] = []
    for turn in (turn for turn in range(turns + 1) if turn != skipped):
        line, speaker = write_line(random), random.choice(cast)
        label = play(line, random)
        text = _shorten(line.text)
        sound = room.record(say(text, VOICES[speaker], perform(label, line, random)))
        emotion = _EMOTIONS[label]
        start, now = now, now + len(sound) / SAMPLE_RATE
        name = f"{part}_dia{number}_utt{turn}"
        if name in WRONGLY_CUT:
            sound = np.concatenate([sound, *(room.record(np.zeros(SAMPLE_RATE)) for _ in range(20))])
        if name not in BROKEN:
            write_wav(folder / f"dia{number}_utt{turn}.wav", sound)
        cells = (_typeset(text, part), speaker, emotion, random.choice(_SENTIMENTS.get(emotion, ("negative",))))
        times = (_time(start), _time(now))
        rows.append(dict(zip(COLUMNS, (*cells, number, turn, season, episode, *times), strict=True)))
        now += random.uniform(0.1, 0.9)
    return rows


def _shorten(text: str) -> str:
    for whole, short in _SHORTENED.items():
        text = text.replace(f"{whole} ", f"{short} ")
    return text


def _typeset(text: str, part: str) -> str:
    """Return a text with the marks of a word processor; in the training part they have lost their encoding."""
    text = text.replace("'", "’").replace(", ", "… ", int(text.startswith(("Well", "So"))))
    return text.encode("cp1252").decode("latin-1") if part == "train" else text


def _time(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"00:{whole // 60:02}:{whole % 60:02},{thousandths:03}"


def _write_table(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ("Sr No.", *COLUMNS), lineterminator="\r\n")
        writer.writeheader()
        # The release's serial numbers are not unique either.
        writer.writerows({"Sr No.": 1 + place - place % 50 // 49, **row} for place, row in enumerate(rows))


def _labelled(rows: dict[str, list[Row]]) -> Iterator[Utterance]:
    """Yield the utterances of which a reader must find the labels; no audio is looked at."""
    for part, (split, _) in PARTS.items():
        for row in rows[part]:
            group = f"{part}_dia{row['Dialogue_ID']}"
            if (name := f"{group}_utt{row['Utterance_ID']}") not in BROKEN:
                speaker, emotion, sentiment = (str(row[column]) for column in ("Speaker", "Emotion", "Sentiment"))
                yield Utterance(
                    id=name,
                    audio="",
                    duration=0,
                    transcript=repair(str(row["Utterance"])),
                    speaker=repair(speaker),
                    group=group,
                    split=split,
                    label=emotion,
                    labels={"sentiment": sentiment},
                )
