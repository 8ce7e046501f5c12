"""Makes small trees in the shape and grammar of IEMOCAP_full_release, with all its oddities; tones stand for speech."""

from __future__ import annotations

import json
import random
import wave
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

DIALOGUES = (
    *(f"Ses0{session}{play}" for session in range(1, 6) for play in ("F_impro01", "M_impro02", "F_script01_1")),
    *("Ses03M_impro05a", "Ses03M_impro05b", "Ses03M_impro08a", "Ses03M_impro08b", "Ses05M_script01_1b"),
)
LABELS = ("neu", "sad", "ang", "hap", "exc", "fru", "xxx")
WORDS = {
    **{"neu": "Neutral", "sad": "Sadness", "ang": "Anger", "hap": "Happiness", "exc": "Excited", "fru": "Frustration"},
    **{"sur": "Surprise", "fea": "Fear", "dis": "Disgust", "oth": "Other", "xxx": "Neutral; Anger"},
}
PITCH = {"neu": 160, "sad": 110, "ang": 300, "hap": 230, "exc": 260, "fru": 190}  # Hz
HINT = {"neu": "okay", "sad": "alone", "ang": "never", "hap": "lovely", "exc": "amazing", "fru": "again"}
TEXT_QUIRKS = ("[LAUGHTER] Well: it's [this]: that.", "Caf\u00e9, then.", "[BREATHING]")
APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(48)
RATE = 16000


@dataclass(frozen=True)
class Said:
    """A turn as it was written."""

    id: str
    label: str
    start: float
    end: float
    text: str

    @property
    def dialogue(self) -> str:
        return self.id.rsplit("_", 1)[0]

    @property
    def wav(self) -> str:
        return f"Session{self.id[4]}/sentences/wav/{self.dialogue}/{self.id}.wav"


def make_iemocap(
    root: Path,
    *,
    turns: int = 6,
    dialogues: Sequence[str] = DIALOGUES,
    labels: Sequence[str] = LABELS,
    seconds: tuple[float, float] = (0.2, 0.5),
    seed: int = 0,
    counts: bool = True,
) -> list[Said]:
    """Write a tree and return its labelled turns.

    Args:
        root: the folder to write into.
        turns: labelled turns per dialogue; the two speakers take turns.
        dialogues: their names.
        labels: they go round, each said by both speakers.
        seconds: the shortest and the longest turn.
        seed: of lengths, words and noise.
        counts: whether to write the made-up.json that `mser data check` compares with.
    """
    plan = {
        name: [("FM"[turn % 2], labels[(turn // 2 + number) % len(labels)]) for turn in range(turns)]
        for number, name in enumerate(dialogues)
    }
    said = write_tree(root, plan, seconds=seconds, seed=seed)
    if counts:
        (root / "made-up.json").write_text(json.dumps({"counts": tally(said)}))
    return said


def make_release(root: Path) -> list[Said]:
    """Write a tree of 10,039 clips of 0.05 s with the published number of everything, without made-up.json."""
    return write_tree(root, _release_plan(), seconds=(0.05, 0.05), seed=0)


def tally(said: Sequence[Said]) -> dict[str, object]:
    """Return what `mser data check` should count."""
    return {
        "utterances": len(said),
        "dialogues": sorted({one.dialogue for one in said}),
        "labels": Counter(one.label for one in said),
        "styles": Counter("improvised" if "impro" in one.id else "scripted" for one in said),
        "genders": Counter(one.id.rsplit("_", 1)[1][0] for one in said),
    }


def write_tree(
    root: Path, plan: Mapping[str, Sequence[tuple[str, str]]], *, seconds: tuple[float, float], seed: int
) -> list[Said]:
    """Write the (speaker's letter, label) turns of each dialogue."""
    everything = []
    for name, turns in plan.items():
        chance = random.Random(f"{seed} {name}")
        said = _speak(name, turns, seconds, chance)
        session = root / f"Session{name[4]}"
        _write_evaluation(session / "dialog/EmoEvaluation", name, said, chance)
        _write_transcription(session / "dialog/transcriptions", name, said)
        folder = session / "sentences/wav" / name
        folder.mkdir(parents=True)
        (folder / f"._{said[0].id}.wav").write_bytes(APPLE_DOUBLE)
        for one in said:
            write_wav(folder / f"{one.id}.wav", tone(one.end - one.start, PITCH.get(one.label, 140), chance))
        everything += said
    return sorted(everything, key=lambda one: one.id)


def tone(seconds: float, pitch: float, chance: random.Random) -> np.ndarray:
    """Return noisy samples of a tone, no two alike."""
    noise = np.random.default_rng(chance.getrandbits(32))
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.3 * np.sin(2 * np.pi * pitch * time) + 0.05 * noise.standard_normal(len(time))


def write_wav(path: Path, samples: np.ndarray, *, rate: int = RATE, channels: int = 1) -> None:
    """Write 16-bit samples in [-1, 1]; every channel holds the same."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").repeat(channels).tobytes())


def _speak(
    name: str, turns: Sequence[tuple[str, str]], seconds: tuple[float, float], chance: random.Random
) -> list[Said]:
    now, spoken, said = 1.0, Counter(), []
    for number, (letter, label) in enumerate(turns):
        # Whole samples, so that four decimals in the text files say what the wav holds.
        end = round(now + round(chance.uniform(*seconds) * 200) / 200, 4)
        text = (
            TEXT_QUIRKS[number]
            if number < len(TEXT_QUIRKS) and name.endswith("impro01")
            else _text(name, number, label, chance)
        )
        said.append(Said(f"{name}_{letter}{spoken[letter]:03}", label, now, end, text))
        spoken[letter] += 1
        now = round(end + 0.25, 4)
    return said


def _text(name: str, number: int, label: str, chance: random.Random) -> str:
    """Return words of which some hint at the label; a script's are the same in every session."""
    if "script" in name:
        chance = random.Random(f"{name[6:]} {number}")
    words = [f"w{min(int(chance.paretovariate(0.6)), 3000)}" for _ in range(chance.randint(1, 18))]
    return " ".join([*words, HINT.get(label, "well")]) + "."


def _write_evaluation(folder: Path, name: str, said: Iterable[Said], chance: random.Random) -> None:
    for part in ("Attribute", "Categorical", "Self-evaluation"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / f"{name}_e1.txt").write_text(f"{name}_F000 :Neutral state; ()\n")
    (folder / f"._{name}.txt").write_bytes(APPLE_DOUBLE)
    blocks = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n"]
    for number, one in enumerate(said):
        scores = ", ".join(f"{chance.randint(2, 10) / 2:.4f}" for _ in range(3))
        rows = [f"[{one.start:.4f} - {one.end:.4f}]\t{one.id}\t{one.label}\t[{scores}]"]
        rows += [f"C-E{rater}:\t{WORDS.get(one.label, 'Other')};\t()" for rater in (2, 3, 4)[: 2 + number % 2]]
        letter = one.id.rsplit("_", 1)[1][0]
        rows += [f"C-{letter}1:\tSurprise; {WORDS.get(one.label, 'Other')};\t(curious; [quite]: so)"]
        missing = "act ; dom  2;" if number % 3 == 0 else "act 2; dom  2;"
        rows += [f"A-E3:\tval 3; {missing}\t()", f"A-{letter}1:\tval 5; act 5; dom  5;\t()"]
        blocks.append("\n".join(rows) + "\n")
    (folder / f"{name}.txt").write_text("\n".join(blocks))


def _write_transcription(folder: Path, name: str, said: Sequence[Said]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{one.id} [{one.start:08.4f}-{one.end:08.4f}]: {one.text}" for one in said]
    # Asides without an identifier, and overlapping speech that has no label and no audio.
    rows.insert(1, "M: sorry")
    rows.insert(2, f"{name}_FXX0 [{said[-1].end:08.4f}-{said[-1].end + 1:08.4f}]: [GARBAGE]")
    (folder / f"{name}.txt").write_bytes("\n".join([*rows, "F: [LAUGHTER]", ""]).encode("latin-1"))


def _release_plan() -> dict[str, list[tuple[str, str]]]:
    """Return turns that meet every published count; which turn is in which dialogue is made up."""
    hap = (135, 117, 135, 65, 143)
    four = (
        (384, 194, 229, 278),
        (362, 197, 137, 327),
        (320, 305, 240, 286),
        (258, 143, 327, 303),
        (384, 245, 170, 442),
    )
    female = (528, 481, 522, 528, 590)
    turns = []
    for session, (neu, sad, ang, happy) in enumerate(four):
        numbers = {"neu": neu, "sad": sad, "ang": ang, "hap": hap[session], "exc": happy - hap[session]}
        labels = [label for label, number in numbers.items() for _ in range(number)]
        turns += [(session + 1, "F" if i < female[session] else "M", label) for i, label in enumerate(labels)]
    others = {"fru": 1849, "sur": 107, "fea": 40, "dis": 2, "oth": 3, "xxx": 2507}
    labels = [label for label, number in others.items() for _ in range(number)]
    turns += [(i % 5 + 1, "F" if i < 4941 - sum(female) else "M", label) for i, label in enumerate(labels)]
    random.Random(0).shuffle(turns)
    plan: dict[str, list[tuple[str, str]]] = {name: [] for name in release_dialogues()}
    dialogues = {
        (s, kind): cycle([n for n in plan if n[4] == str(s) and kind in n])
        for s in range(1, 6)
        for kind in ("impro", "script")
    }
    for number, (session, letter, label) in enumerate(turns):
        plan[next(dialogues[session, "impro" if number < 4784 else "script"])].append((letter, label))
    return plan


def release_dialogues() -> list[str]:
    """Return the 151 names, written out session by session."""
    impro = {
        1: [f"impro{n:02}" for n in range(1, 8)],
        **{s: [f"impro{n:02}" for n in range(1, 9)] for s in range(2, 6)},
    }
    scripts = ["script01_1", "script01_2", "script01_3", "script02_1", "script02_2", "script03_1", "script03_2"]
    names = [f"Ses0{s}{wearer}_{play}" for s in range(1, 6) for wearer in "FM" for play in impro[s] + scripts]
    names.remove("Ses03M_impro05")
    names.remove("Ses03M_impro08")
    halved = (f"Ses03M_impro{part}" for part in ("05a", "05b", "08a", "08b"))
    return [*names, *halved, "Ses05M_script01_1b"]
