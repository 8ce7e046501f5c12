"""Reads the tree of MSP-Podcast and says what is wrong with it.

Mirrors nest folders of the same name (``Audios/Audios``), and some releases name them a little otherwise::

    Labels/labels_consensus.csv          or .json; labels_concensus in the older releases
    Labels/labels_detailed.csv           or .json: what each rater said
    Audios/MSP-PODCAST_0001_0008.wav     or Audio
    Transcripts/MSP-PODCAST_0001_0008.txt
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from mser.audio.silence import check_audible
from mser.audio.wav import BadAudioError
from mser.corpora.msp_podcast.text import Row, read_rows
from mser.corpora.msp_podcast.votes import with_votes
from mser.corpora.text_files import NoTextError, garbled, read_or_windows
from mser.errors import UserError
from mser.manifest import Manifest, Problem, Utterance

RELEASES = {
    "1.10": {"train": 63076, "val": 10999, "test": 16903, "test2": 13289},
    "1.11": {"train": 84030, "val": 19815, "test": 30647, "test2": 14815},
}
"""Published sizes of the releases of which they are known; a release is recognised by its training part."""
_TABLES = [f"labels_{name}.{ending}" for ending, name in product(("csv", "json"), ("consensus", "concensus"))]
_VOTES = ("labels_detailed.csv", "labels_detailed.json")
_HIDDEN = "_test3_"  # in the names of segments whose labels the makers of the corpus keep to themselves


def read(root: Path) -> Manifest:
    """Return the labelled segments whose audio can be used, and everything that is wrong with the tree.

    Every segment carries its published letter as its label, ``X`` where the raters did not agree. Its group is its
    podcast; its speaker is empty where nobody says who speaks.

    Raises:
        UserError: if `root` holds no label file or no audio.
    """
    root = root.absolute()
    if not (table := next(filter(Path.is_file, _places(root, ("Labels",), _TABLES)), None)):
        raise UserError(
            f"no MSP-Podcast in {root}: looked for Labels/{_TABLES[0]} and found none; "
            "give the folder that holds Labels, Audios and Transcripts"
        )
    if not (audios := next((folder for folder in _folders(root, ("Audios", "Audio"), "*.wav")), None)):
        raise UserError(f"MSP-Podcast in {root} has no wav files in Audios; unpack Audios there")
    transcripts = next((folder for folder in _folders(root, ("Transcripts", "Transcript"), "*.txt")), None)
    read_in, problems = read_rows(table)
    rows = {row.id: row for row in reversed(read_in)}
    problems += _repeated(read_in)
    problems += _incomplete(table, Counter(row.split for row in rows.values()))
    utterances, wrong = _utterances(root, audios, transcripts, sorted(rows.values(), key=lambda row: row.id))
    problems += [*wrong, *_unlabelled(audios, rows)]
    manifest = Manifest("msp_podcast", root, tuple(utterances), tuple(problems))
    return with_votes(manifest, next(filter(Path.is_file, _places(root, ("Labels",), _VOTES)), None))


def _places(root: Path, folders: Iterable[str], names: Iterable[str]) -> Iterator[Path]:
    """Yield where a file may lie: in one of the folders, in one of its own name below it, or in the root."""
    tops = [*(part for name in folders for part in (root / name, root / name / name)), root]
    yield from (top / name for name, top in product(names, tops))


def _folders(root: Path, names: Iterable[str], pattern: str) -> Iterator[Path]:
    """Yield the folders of these names, or those of the same name below them, that hold any such file."""
    for name in names:
        for folder in (root / name, root / name / name):
            if next(folder.glob(pattern), None):
                yield folder


def _repeated(rows: Iterable[Row]) -> Iterator[Problem]:
    for name, number in Counter(row.id for row in rows).items():
        if number > 1:
            yield Problem("duplicate", f"{name} is labelled {number} times; the first counts", name)


def _incomplete(table: Path, sizes: Counter[str]) -> Iterator[Problem]:
    """Yield the parts that have another size than in the release, if it is one of those whose sizes are known."""
    for release, published in RELEASES.items():
        if published["train"] == sizes["train"]:
            wrong = [f"{name} is {sizes[name]}, published {n}" for name, n in published.items() if sizes[name] != n]
            if wrong:
                yield Problem("count", f"{table.name} of release {release}: {'; '.join(wrong)}")


def _utterances(
    root: Path, audios: Path, transcripts: Path | None, rows: Iterable[Row]
) -> tuple[list[Utterance], list[Problem]]:
    utterances, problems = [], []
    if transcripts is None:
        problems.append(Problem("transcript", "Transcripts is missing or empty; all transcripts are taken as empty"))
    for row in rows:
        audio = audios / f"{row.id}.wav"
        text, wrong = _transcript(transcripts / f"{row.id}.txt") if transcripts else ("", "")
        if wrong:
            problems.append(Problem("transcript", f"{row.id} has {wrong}; it is taken as empty", row.id))
        try:
            duration = check_audible(audio).duration
        except BadAudioError as error:
            message = f"{audio.relative_to(root)} {error}; the segment is left out, restore the file"
            problems.append(Problem(error.kind, message, row.id))
        else:
            utterances.append(_utterance(row, audio.relative_to(root), duration, text))
    return utterances, problems


def _transcript(path: Path) -> tuple[str, str]:
    """Return a transcript in one line, and why there is none."""
    if not path.exists():
        return "", "no transcript"
    try:
        text = " ".join(read_or_windows(path).split())
    except NoTextError as error:
        return "", f"no transcript: {error}"
    wrong = garbled(text)
    return ("", f"for its transcript {wrong}") if wrong else (text, "")


def _unlabelled(audios: Path, rows: Iterable[str]) -> Iterator[Problem]:
    names = sorted({path.stem for path in audios.glob("MSP-PODCAST_*.wav")} - set(rows))
    if names := [name for name in names if _HIDDEN not in name]:
        yield Problem("unlabelled", f"{len(names)} wav files have no label, such as {names[0]}; they are left out")


def _utterance(row: Row, audio: Path, duration: float, text: str) -> Utterance:
    return Utterance(
        id=row.id,
        audio=audio.as_posix(),
        duration=duration,
        transcript=text,
        speaker=row.speaker,
        group=row.podcast,
        gender=row.gender,
        split=row.split,
        label=row.label,
        scores=row.scores,
    )
