"""Corpora of actors who read fixed sentences: the name of a file says who speaks, what, and with which emotion."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mser.audio.silence import check_audible
from mser.audio.wav import BadAudioError
from mser.corpora.corpus import Counts
from mser.errors import UserError
from mser.manifest import Manifest, Problem, Utterance

Parse = Callable[[str], Utterance | None]
"""From the name of a file, without its suffix, to what it says; None for a name that says nothing."""
_END = 1 << 12  # bytes


def read_names(corpus: str, root: Path, pattern: str, parse: Parse, leave_out: Iterable[str] = ()) -> Manifest:
    """Return the utterances of the wav files whose audio can be used, and everything that is wrong with the others.

    Args:
        corpus: its name.
        root: where it lies; copies of a file deeper in the tree do not count.
        pattern: of the files' names in it, without ``.wav``.
        parse: reads a file's name; `Utterance.audio` and `Utterance.duration` are filled in here.
        leave_out: utterances that cannot be used in the release itself.

    Raises:
        UserError: if `root` holds no such file.
    """
    root = root.absolute()
    wavs = (path for path in root.rglob(f"{pattern}.[wW][aA][vV]") if not path.name.startswith("._"))
    paths = sorted(wavs, key=lambda path: (len(path.parts), path))
    files = {path.stem: path for path in reversed(paths)}
    if not files:
        raise UserError(
            f"no {corpus} in {root}: looked for {pattern}.wav in it and found none; give the unpacked folder"
        )
    copies = [path for path in paths if files[path.stem] != path]
    same = [path for path in copies if _same(path, files[path.stem])]
    utterances: list[Utterance] = []
    problems = list(_others(root, [path for path in copies if path not in set(same)], files))
    for name, path in sorted(files.items()):
        audio = path.relative_to(root).as_posix()
        utterance = parse(name)
        try:
            if utterance is None:
                raise BadAudioError("name", f"has no name of a file of {corpus}")
            if name not in leave_out:
                utterances.append(replace(utterance, audio=audio, duration=check_audible(path).duration))
        except BadAudioError as error:
            problems.append(Problem(error.kind, f"{audio} {error}; it is left out", name))
    return Manifest(corpus, root, tuple(utterances), tuple(problems), tuple(_twice(same)))


def _same(first: Path, second: Path) -> bool:
    """Whether two files are one, as far as their sizes and ends tell: whole corpora are not read for that."""
    try:
        sizes = {first.stat().st_size, second.stat().st_size}
        return len(sizes) == 1 and all(_part(first, place) == _part(second, place) for place in (0, -_END))
    except OSError:
        return False


def _part(path: Path, place: int) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size + place, 0) if place < 0 else place)
        return file.read(_END)


def _twice(paths: list[Path]) -> Iterator[str]:
    if paths:
        yield f"{len(paths)} files are there twice, such as {paths[0]}; only the first counts"


def _others(root: Path, paths: Iterable[Path], files: Mapping[str, Path]) -> Iterator[Problem]:
    for path in paths:
        first = files[path.stem].relative_to(root).as_posix()
        message = (
            f"{path.relative_to(root).as_posix()} is another file than {first}; that one counts, delete the wrong one"
        )
        yield Problem("duplicate", message, path.stem)


def counting(parse: Parse, normal: Callable[[str], str] = str) -> Callable[[Manifest], Counts]:
    """Return what counts the utterances of a tree, their labels and genders, its speakers and its files.

    Files that cannot be used are there, and so are their speakers; why they cannot be used is a problem of its own.

    Args:
        parse: reads a file's name.
        normal: gives the name that a file has in the release.
    """

    def count(manifest: Manifest) -> Counts:
        unused = {one.utterance: parse(one.utterance) for one in manifest.problems if one.utterance}
        there = [*manifest, *filter(None, unused.values())]
        return {
            "utterances": len(manifest),
            "labels": Counter(one.label for one in manifest),
            "genders": Counter(one.gender for one in manifest),
            "speakers": sorted({one.speaker for one in there}),
            "files": sorted({normal(one.id) for one in there}),
        }

    return count
