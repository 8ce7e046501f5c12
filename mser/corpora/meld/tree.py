"""Reads the tree of ``MELD.Raw`` and says what is wrong with it.

The csv files and the folders of clips may lie in the root or up to two folders below it, as they were unpacked::

    train_sent_emo.csv   train_splits/dia0_utt0.wav
    dev_sent_emo.csv     dev_splits_complete/
    test_sent_emo.csv    output_repeated_splits_test/

MELD publishes videos (``dia0_utt0.mp4``), which are heard where PyAV is installed and no wav file lies beside them;
``mser data extract-audio`` puts these there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mser.audio.checks import check_recording
from mser.audio.containers import can_read_containers
from mser.audio.silence import check_audible
from mser.audio.wav import BadAudioError
from mser.corpora.meld.text import Row, read_rows
from mser.corpora.recorded import TOLERANCE
from mser.errors import UserError
from mser.manifest import Manifest, Problem, Utterance

EMOTIONS = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
SENTIMENTS = ("neutral", "positive", "negative")
PARTS = {
    "train": ("train", "train_splits"),
    "dev": ("val", "dev_splits_complete"),
    "test": ("test", "output_repeated_splits_test"),
}
"""MELD's name of a part to ours, and to the folder that holds its clips."""

BROKEN = ("train_dia125_utt3", "dev_dia110_utt7")
"""Labelled clips of the release that cannot be used, the one corrupt, the other missing: left out on every disk."""
WRONGLY_CUT = ("train_dia309_utt0", "test_dia38_utt4", "test_dia220_utt0")
"""Clips of the release that last up to five minutes: only as much is heard from their beginning as their times say."""
UNLABELLED = ("dev_dia66_utt9", "dev_dia66_utt10", "dev_dia49_utt4", "dev_dia49_utt5", "test_dia108_utt2")
"""Clips of the release that have no label; there are also copies that are named ``final_videos_test...``."""
_TOLERANCE = 10.0  # seconds that a clip may be longer than its times say: the release often cuts a little late
_SHORTEST = 0.1  # seconds, of words whose times say nothing
_MANY = 500  # clips of a part: of so many the release's lengths and times agree to a part in a hundred
_EXTRACT = "run `mser data extract-audio`"


def read(root: Path) -> Manifest:
    """Return the labelled clips whose audio can be used, and everything that is wrong with the tree.

    Every clip carries its emotion as its label and its sentiment among its labels. Its group is its dialogue, its
    session the episode, its split the published one. `BROKEN` clips are left out and `WRONGLY_CUT` ones shortened.

    A tree of csv files alone, as MELD's repository is, has words to read and no recordings: their `audio` is empty.

    Raises:
        UserError: if `root` holds none of the csv files, or videos whose sound has not been extracted.
    """
    root = root.absolute()
    tables = {name: path for name in PARTS if (path := _find(root, f"{name}_sent_emo.csv"))}
    if not tables:
        raise UserError(
            f"no MELD in {root}: looked for train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv and found none; "
            "give the folder that MELD.Raw was unpacked into, and copy these three into it"
        )
    folders = {name: path for name, (_, folder) in PARTS.items() if (path := _find(root, folder)) and _has_audio(path)}
    if not folders and not _has_clips(root):
        return _words_alone(root, tables)
    if not folders:
        names = ", ".join(folder for _, folder in PARTS.values())
        hint = f"get them from the videos: {_EXTRACT} {root}, or hear them: pip install 'multimodal-ser[av]'"
        raise UserError(f"MELD in {root} has no wav files in {names}; {hint}")
    problems = list(_missing_parts(tables, folders))
    utterances = []
    for name in (name for name in PARTS if name in tables and name in folders):
        rows, wrong = _rows(tables[name], name)
        found, unusable = _utterances(root, folders[name], rows.values())
        utterances += found
        problems += [*wrong, *unusable, *_unlabelled(folders[name], name, rows), *_other_hours(rows, found)]
    problems.sort(key=lambda problem: (problem.kind, problem.utterance or ""))
    return Manifest("meld", root, tuple(sorted(utterances, key=lambda one: one.id)), tuple(problems))


def _find(root: Path, name: str) -> Path | None:
    """Return the file or folder of that name that is nearest to the root."""
    places = (path for depth in ("", "*/", "*/*/") for path in sorted(root.glob(depth + name)))
    return next(places, None)


def _has_audio(folder: Path) -> bool:
    endings = ("wav", "mp4") if can_read_containers() else ("wav",)
    return any(next(folder.glob(f"dia*.{ending}"), None) for ending in endings)


def _has_clips(root: Path) -> bool:
    return any(next(root.glob(f"{depth}*/dia*.mp4"), None) for depth in ("", "*/", "*/*/"))


def _words_alone(root: Path, tables: Mapping[str, Path]) -> Manifest:
    """Return what a tree without any clip has to read; an utterance lasts as long as its times say."""
    names = ", ".join(folder for _, folder in PARTS.values())
    message = f"no clips in {names}: there are words alone, for model.speech: null; unpack MELD.Raw for the rest"
    problems, utterances = [Problem("missing", message)], []
    problems += [problem for problem in _missing_parts(tables, dict.fromkeys(PARTS, root))]
    for name, path in tables.items():
        rows, wrong = _rows(path, name)
        problems += wrong
        for row in rows.values():
            if row.id not in BROKEN:
                seconds = row.seconds if row.seconds and row.seconds > 0 else _SHORTEST
                utterances.append(replace(_utterance(row, Path(), seconds), audio="", end=None))
    problems.sort(key=lambda problem: (problem.kind, problem.utterance or ""))
    return Manifest("meld", root, tuple(sorted(utterances, key=lambda one: one.id)), tuple(problems))


def _other_hours(rows: Mapping[str, Row], utterances: Iterable[Utterance]) -> Iterator[Problem]:
    """Yield that a part lasts longer or shorter than its times say: then its clips were cut or padded."""
    timed = [
        (rows[utterance.id].seconds, utterance.duration)
        for utterance in utterances
        if (rows[utterance.id].seconds or 0) > 0
    ]
    stated, measured = (sum(lengths[place] or 0 for lengths in timed) / 3600 for place in (0, 1))
    if len(timed) >= _MANY and abs(measured - stated) > TOLERANCE * stated:
        part = next(iter(rows.values())).part
        message = (
            f"the clips of {part} last {measured:.2f} h, {stated:.2f} h by their times ({measured / stated - 1:+.0%})"
        )
        yield Problem("hours", f"{message}: a copy that was trimmed, cut or padded; get the release")


def _missing_parts(tables: Mapping[str, Path], folders: Mapping[str, Path]) -> Iterator[Problem]:
    for name, (_, folder) in PARTS.items():
        if name not in tables:
            yield Problem("missing", f"{name}_sent_emo.csv is missing; its part is left out, download it again")
        if name not in folders:
            yield Problem("missing", f"{folder} is missing or holds no wav files; its part is left out, {_EXTRACT}")


def _rows(path: Path, name: str) -> tuple[dict[str, Row], list[Problem]]:
    """Return the rows by their ids, the first of each, and what is wrong with the file."""
    of_part, problems = read_rows(path, name)
    rows: dict[str, Row] = {}
    for row in of_part:
        if rows.setdefault(row.id, row) is not row:
            problems.append(Problem("duplicate", f"{row.id} is labelled more than once; the first counts", row.id))
        for label, known in ((row.emotion, EMOTIONS), (row.sentiment, SENTIMENTS)):
            if label not in known:
                message = f"{row.id} is labelled {label!r}, which is none of {', '.join(known)}; no label set keeps it"
                problems.append(Problem("label", message, row.id))
    return rows, problems


def _utterances(root: Path, folder: Path, rows: Iterable[Row]) -> tuple[list[Utterance], list[Problem]]:
    utterances, problems = [], []
    for row in rows:
        if row.id in BROKEN:
            continue
        audio = folder / f"{row.clip}.wav"
        try:
            if can_read_containers() and not audio.exists() and audio.with_suffix(".mp4").exists():
                audio = audio.with_suffix(".mp4")
            duration = check_audible(audio).duration if audio.suffix == ".wav" else check_recording(audio)
            utterance = _utterance(row, audio.relative_to(root), duration)
        except BadAudioError as error:
            is_video = audio.suffix == ".wav" and audio.with_suffix(".mp4").exists()
            hint = _EXTRACT if is_video else "restore the file"
            message = f"{audio.relative_to(root)} {error}; the clip is left out, {hint}"
            problems.append(Problem(error.kind, message, row.id))
        else:
            utterances.append(utterance)
            problems += _too_long(row, utterance)
    return utterances, problems


def _too_long(row: Row, utterance: Utterance) -> Iterator[Problem]:
    if row.seconds is not None and utterance.duration > row.seconds + _TOLERANCE:
        message = f"{row.id} lasts {row.seconds:.2f} s by its times but {utterance.duration:.2f} s by its audio"
        yield Problem("time", f"{message}; restore the file", row.id)


def _unlabelled(folder: Path, name: str, rows: Mapping[str, Row]) -> Iterator[Problem]:
    """Yield the clips that belong to no row, but for those of which that is known."""
    clips = {path.stem for ending in ("wav", "mp4") for path in folder.glob(f"dia*.{ending}")}
    for clip in sorted({f"{name}_{clip}" for clip in clips} - rows.keys() - set(UNLABELLED)):
        yield Problem("unlabelled", f"{clip} has a clip but no label; it is left out", clip)


def _utterance(row: Row, audio: Path, duration: float) -> Utterance:
    is_cut = row.id in WRONGLY_CUT and row.seconds is not None and 0 < row.seconds < duration
    return Utterance(
        id=row.id,
        audio=audio.as_posix(),
        duration=row.seconds if is_cut and row.seconds else duration,
        transcript=row.text,
        speaker=row.speaker,
        group=f"{row.part}_dia{row.dialogue}",
        end=row.seconds if is_cut else None,
        session=row.episode,
        split=PARTS[row.part][0],
        label=row.emotion,
        labels={"sentiment": row.sentiment},
    )
