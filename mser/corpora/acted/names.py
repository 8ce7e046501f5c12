"""Corpora of actors who read fixed sentences: the name of a file says who speaks, what, and with which emotion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from mser.audio.silence import check_audible
from mser.audio.wav import BadAudioError
from mser.corpora.corpus import Counts
from mser.errors import UserError
from mser.manifest import Manifest, Problem, Utterance

Parse = Callable[[str], Utterance | None]
"""From the name of a file, without its suffix, to what it says; None for a name that says nothing."""


def read_names(corpus: str, root: Path, pattern: str, parse: Parse, leave_out: Iterable[str] = ()) -> Manifest:
    """Return the utterances of the wav files whose audio can be used, and everything that is wrong with the others.

    Args:
        corpus: its name.
        root: where it lies; copies of a file deeper in the tree do not count.
        pattern: of the files' paths in it.
        parse: reads a file's name; `Utterance.audio` and `Utterance.duration` are filled in here.
        leave_out: utterances that cannot be used in the release itself.

    Raises:
        UserError: if `root` holds no such file.
    """
    root = root.absolute()
    paths = sorted(root.rglob(pattern), key=lambda path: (len(path.parts), path))
    files = {path.stem: path for path in reversed(paths) if not path.name.startswith("._")}
    if not files:
        raise UserError(f"no {corpus} in {root}: looked for {pattern} in it and found none; give the unpacked folder")
    copies = [path for path in paths if not path.name.startswith("._") and files[path.stem] != path]
    utterances: list[Utterance] = []
    problems = list(_copies(copies))
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
    return Manifest(corpus, root, tuple(utterances), tuple(problems))


def _copies(paths: list[Path]) -> Iterable[Problem]:
    if paths:
        yield Problem("duplicate", f"{len(paths)} files are there twice, such as {paths[0]}; only the first counts")


def count_acted(manifest: Manifest) -> Counts:
    """Return the utterances, and how many of them each label and gender has, and the speakers."""
    return {
        "utterances": len(manifest),
        "labels": Counter(one.label for one in manifest),
        "genders": Counter(one.gender for one in manifest),
        "speakers": sorted({one.speaker for one in manifest}),
    }
