"""A made-up table of recordings whose raters disagree: where words and voice tell two emotions, votes are split."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from random import Random

from mser.corpora.corpus import MADE_UP
from mser.demo.phrases import CLOSINGS, OPENINGS, TELLING, TOPICS
from mser.demo.recorded_speech import Room, write_wav
from mser.demo.script import manner, sentence
from mser.demo.speech import Synthesizer, Voice, synthesizer

TABLE = "recordings.csv"
EMOTIONS = {"neu": "neutral", "sad": "sad", "ang": "angry", "hap": "happy"}
CLIPS = 24
"""Of each speaker."""
VOICES = {
    "anna": Voice("en-us+f2", pitch=52, rate=192, level=1),
    "ben": Voice("en-us+m3", pitch=46, rate=198, level=-1),
    "carla": Voice("en-us+f4", pitch=46, rate=200, level=-2),
    "dan": Voice("en-us+m1", pitch=52, rate=190, level=2),
    "eve": Voice("en-us+f3", pitch=50, rate=195, level=0),
    "finn": Voice("en-us+m4", pitch=44, rate=188, level=0),
    "gina": Voice("en-us+f1", pitch=54, rate=188, level=2),
    "hugo": Voice("en-us+m2", pitch=50, rate=202, level=-2),
}
_MIXED = 0.6  # of the clips, in which three raters go by the words and two by the voice
_ASTRAY = 0.1  # of the votes, which are for anything
_README = """This is made up: invented words in the voice of the speech synthesizer espeak-ng, rated by nobody.
recordings.csv counts, for each clip, how many of five raters chose each emotion.
"""
Row = dict[str, str | int]


def write_votes(root: Path, *, seed: int = 1, clips: int = CLIPS) -> None:
    """Write the recordings, the table of votes, and a README.

    Args:
        root: a folder that does not exist yet.
        seed: what is said, how, and how it is rated.
        clips: of each speaker.

    Raises:
        UserError: if the speech synthesizer is not installed.
        OSError: if the folder cannot be written to.
    """
    (root / "clips").mkdir(parents=True)
    (root / "README.txt").write_text(_README, encoding="utf-8")
    (root / MADE_UP).write_text(json.dumps({"counts": {"utterances": clips * len(VOICES)}}) + "\n", encoding="utf-8")
    with synthesizer(seed) as say:
        rows = [row for name in VOICES for row in _write_speaker(root, name, say, seed, clips)]
    with (root / TABLE).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _write_speaker(root: Path, name: str, say: Synthesizer, seed: int, clips: int) -> list[Row]:
    random = Random(f"{seed} {name}")
    room, rows = Room(random), list[Row]()
    for number in range(clips):
        words = list(EMOTIONS)[number % len(EMOTIONS)]
        voice = random.choice([one for one in EMOTIONS if one != words]) if random.random() < _MIXED else words
        text, audio = _line(words, random), f"clips/{name}-{number + 1:02}.wav"
        write_wav(root / audio, room.record(say(text, VOICES[name], manner(voice, random))))
        rows.append({"audio": audio, "transcript": text, "speaker": name, **_rated(words, voice, random)})
    return rows


def _rated(words: str, voice: str, random: Random) -> dict[str, int]:
    """Return how many raters chose each emotion: three of five go by the words, two by the voice."""
    chosen = [words, words, words, voice, voice]
    votes = Counter(random.choice(list(EMOTIONS)) if random.random() < _ASTRAY else one for one in chosen)
    return {name: votes[emotion] for emotion, name in EMOTIONS.items()}


def _line(emotion: str, random: Random) -> str:
    opening = random.choice(OPENINGS) if random.random() < 0.4 else ""
    closing = random.choice(CLOSINGS) if random.random() < 0.3 else ""
    return sentence(opening, random.choice(TELLING[emotion]).format(topic=random.choice(TOPICS)), closing)
