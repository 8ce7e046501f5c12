"""What is said in made-up corpora, and how it is said. Knows no corpus's files.

An emotion shows in the words of some turns and in the voice of others, seldom in both, now and then misleadingly: so
that a model of either alone must miss what a model of both can find.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from mser.demo.phrases import CLOSINGS, OPENINGS, PLAIN, TELLING, TOPICS
from mser.demo.speech import Manner

SHARES = {"neu": 26, "sad": 20, "ang": 20, "hap": 11, "exc": 11, "fru": 5, "xxx": 5, "sur": 2}
"""How often each label occurs, in percent; ``xxx`` where raters do not agree."""

# Chances, tuned so that small random encoders reach about 0.65 UA on either side and 0.8 on both.
WORDS_TELL = 0.62
VOICE_TELLS = 0.35
VOICE_TELLS_ALONE = 0.92  # where the words do not tell
WORDS_MISLEAD = 0.06
VOICE_MISLEADS = 0.04

_KIN = {"exc": "hap", "fru": "ang"}
"""Labels that sound like another one."""

_UNDECIDED = Manner(pitch=0, range=45, rate=1.0, effort=0, level=0)
_MANNERS = {
    "neu": Manner(pitch=-12, range=0, rate=1.02, effort=-3, level=-2),
    "sad": Manner(pitch=-8, range=30, rate=0.92, effort=-9, level=-5),
    "ang": Manner(pitch=2, range=60, rate=1.06, effort=8, level=5),
    "hap": Manner(pitch=34, range=100, rate=1.02, effort=3, level=2),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to be said.

    Attributes:
        text: the words.
        label: the emotion that its author means.
        tells: the words say which.
    """

    text: str
    label: str
    tells: bool


def write_line(random: Random) -> Line:
    """Return a line whose words tell its emotion, or do not."""
    label = _draw(random)
    kin = _KIN.get(label, label)
    tells = kin in TELLING and random.random() < WORDS_TELL
    core = random.choice(TELLING[kin] if tells else PLAIN)
    opening = random.choice(OPENINGS) if random.random() < 0.4 else ""
    closing = random.choice(CLOSINGS) if random.random() < 0.3 else ""
    return Line(sentence(opening, core.format(topic=random.choice(TOPICS)), closing), label, tells)


def play(line: Line, random: Random) -> str:
    """Return the label with which a line is played: the author's, as long as its words tell and do not mislead."""
    return line.label if line.tells and random.random() >= WORDS_MISLEAD else _draw(random)


def perform(label: str, line: Line, random: Random) -> Manner:
    """Return how a line is said under a label: tellingly above all where the words do not tell."""
    kin = _KIN.get(label, label)
    is_needed = not (line.tells and line.label == label)
    if random.random() < VOICE_MISLEADS:
        kin = random.choice(sorted(_MANNERS))
    tells = kin in _MANNERS and random.random() < (VOICE_TELLS_ALONE if is_needed else VOICE_TELLS)
    return _vary(_MANNERS[kin] if tells else _UNDECIDED, random)


def manner(emotion: str, random: Random) -> Manner:
    """Return how ``neu``, ``sad``, ``ang`` or ``hap`` is said, a little different each time."""
    return _vary(_MANNERS[emotion], random)


def sentence(*parts: str) -> str:
    """Return the parts that are not empty as one sentence."""
    text = " ".join(part for part in parts if part)
    return text[0].upper() + text[1:] + "."


def _vary(manner: Manner, random: Random) -> Manner:
    return replace(
        manner,
        pitch=manner.pitch + random.gauss(0, 4),
        range=min(100, max(0, manner.range + random.gauss(0, 6))),
        rate=manner.rate * random.uniform(0.94, 1.06),
        effort=manner.effort + random.gauss(0, 0.8),
        level=manner.level + random.gauss(0, 1.5),
    )


def _draw(random: Random) -> str:
    return random.choices(list(SHARES), list(SHARES.values()))[0]
