"""Makes trees in the shapes of RAVDESS, CREMA-D and EmoDB: tones under the names of the releases."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from fake.corpora.iemocap import APPLE_DOUBLE, tone, write_wav

from mser.corpora.acted.emodb_names import NAMES

CREMA_D_SENTENCES = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI")


def ravdess(actor: int) -> list[str]:
    """Return the 60 names of an actor: neutral is never strong."""
    spoken = product(range(1, 9), (1, 2), (1, 2), (1, 2))
    return [f"03-01-0{emotion}-0{strong}-0{sentence}-0{again}-{actor:02}"
            for emotion, strong, sentence, again in spoken if (emotion, strong) != (1, 2)]  # fmt: skip


def crema_d(actor: int) -> list[str]:
    """Return 81 or 82 names of an actor, those of the release."""
    emotions = ("ANG", "DIS", "FEA", "HAP", "SAD")
    names = [f"{actor}_IEO_{emotion}_{level}" for emotion in emotions for level in ("LO", "MD", "HI")]
    names += [f"{actor}_{sentence}_{emotion}_XX" for sentence in CREMA_D_SENTENCES[1:] for emotion in emotions]
    names += [f"{actor}_{sentence}_NEU_XX" for sentence in CREMA_D_SENTENCES]
    never = {1008: "WSI", 1009: "MTI", 1019: "ITH"}.get(actor)
    absent = {"1002_TIE_NEU_XX", "1076_ITS_NEU_XX"} | {f"{actor}_{never}_{one}_XX" for one in (*emotions, "NEU")}
    return [name for name in names if name not in absent]


def make_ravdess(root: Path, actors: Iterable[int] = range(1, 25), **options) -> list[str]:
    """Write the spoken half, with a song and a stray file."""
    names = [name for actor in actors for name in ravdess(actor)]
    folders = {name: f"Audio_Speech_Actors_01-24/Actor_{name[-2:]}" for name in names}
    written = write_tree(root, folders, **options)
    song = root / "Audio_Song_Actors_01-24/Actor_01/03-02-01-01-01-01-01.wav"
    song.parent.mkdir(parents=True)
    write_wav(song, tone(0.05, 200, random.Random(1)))
    (root / f"{folders[names[0]]}/._{names[0]}.wav").write_bytes(APPLE_DOUBLE)
    return written


def make_crema_d(root: Path, actors: Iterable[int] = range(1001, 1092), **options) -> list[str]:
    """Write ``AudioWAV``."""
    return write_tree(root, {name: "AudioWAV" for actor in actors for name in crema_d(actor)}, **options)


def make_emodb(root: Path, **options) -> list[str]:
    """Write ``wav``."""
    return write_tree(root, dict.fromkeys(NAMES, "wav"), **options)


def write_tree(root: Path, folders: dict[str, str], *, keep=lambda name: True, seconds: float = 0.05) -> list[str]:
    """Write a tone for each name that is kept, no two alike, and return the names."""
    names = [name for name in folders if keep(name)]
    for name in names:
        path = root / folders[name] / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        chance = random.Random(name)
        write_wav(path, tone(seconds, chance.uniform(100, 300), chance))
    return names


def promise(root: Path, **counts) -> None:
    """Say what a tree that is not the whole release holds."""
    (root / "made-up.json").write_text(json.dumps({"counts": counts}))


def write_votes(root: Path, votes: dict[str, tuple[str, str, str]]) -> Path:
    """Write CREMA-D's votes: by clip what was chosen by voice, by face and by both, such as ``NNNHH``."""
    path = root / "processedResults/tabulatedVotes.csv"
    path.parent.mkdir(exist_ok=True)
    rows = ['"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"']
    for modality in range(3):
        for number, (name, chosen) in enumerate(votes.items(), 1):
            counts = ",".join(str(chosen[modality].count(letter)) for letter in "ADFHNS")
            rows.append(f'"{modality + 1}{number:05}",{counts},"{name}",{len(chosen[modality])},0.5,"N"')
    path.write_text("\n".join(rows) + "\n")
    return path
