"""``mser data transcribe``: a corpus with the transcripts that a speech recogniser writes, or bare ones."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from mser.corpora.corpus import Corpus
from mser.corpora.table import corpus as table
from mser.errors import UserError
from mser.everyday.bare_words import unpunctuated
from mser.manifest import Manifest, Utterance, is_manifest
from mser.splits.transcripts import is_wordless

DESCRIPTION = """\
Write a manifest of a corpus whose transcripts are what a speech recogniser hears in the recordings (--asr), what people
wrote without capitals and punctuation (--bare), or what is heard, so (both). It stands for the corpus folder, in all
commands: runs on the folder and on the manifest are asked the same, so that mser report tells what recognition costs,
and what punctuation. What people wrote stays beside it as `typed`, and models trained on it know who wrote what they
read. What was heard is kept in $MSER_CACHE."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options but for corpus and root."""
    parser.description = DESCRIPTION
    parser.add_argument("out", metavar="OUT.jsonl", type=Path, help="the manifest to write")
    parser.add_argument(
        "--asr", metavar="MODEL", help="a speech recogniser, such as openai/whisper-tiny, or its folder"
    )
    parser.add_argument("--bare", action="store_true", help="without capitals and punctuation")
    parser.add_argument("--device", help="of the recogniser, such as cpu or cuda:1; a GPU if there is one")


def transcribe(which: Corpus, args: argparse.Namespace) -> int:
    """Write the manifest, say how it differs from what people wrote, and return 0.

    Raises:
        UserError: if neither is asked for, an utterance cannot be heard, or the file cannot be written.
    """
    if not (args.asr or args.bare):
        raise UserError("nothing is to be changed; give --asr MODEL, --bare, or both")
    if args.out.exists() and not is_manifest(args.out):
        raise UserError(f"{args.out} is there already and is no manifest; choose another name, or delete it")
    manifest = which.read(args.root) if which.name == table.NAME else which.open(args.root)
    other = _heard(manifest, args.asr, args.device) if args.asr else manifest
    if args.bare:
        bare = tuple(_with(one, unpunctuated(one.transcript), one.heard_by) for one in other)
        other = replace(other, utterances=bare)
    other.write(args.out)
    print(f"wrote {len(other)} utterances to {args.out}{_compared(manifest, other)}")
    return 0


def _heard(manifest: Manifest, recogniser: str, device: str | None) -> Manifest:
    import torch

    from mser.use.words.kept_transcripts import heard_in
    from mser.use.words.transcribing import Transcriber

    listen = Transcriber(recogniser, torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))
    heard = heard_in(manifest.utterances, manifest.root, listen)
    return replace(manifest, utterances=tuple(_with(one, heard[one.id], listen.called) for one in manifest))


def _with(one: Utterance, transcript: str, by: str) -> Utterance:
    """Return an utterance with another transcript; what people wrote stays beside it."""
    typed = one.typed or ("" if one.heard_by else one.transcript)
    return replace(one, transcript=transcript, heard_by=by, typed=typed)


def _compared(before: Manifest, after: Manifest) -> str:
    """Return in words how many have no words, and how many of them say the same words as before."""
    silent = sum(is_wordless(one.transcript) for one in after)
    pairs = [(one, other) for one, other in zip(before, after, strict=True) if not is_wordless(one.transcript)]
    same = sum(unpunctuated(one.transcript) == unpunctuated(other.transcript) for one, other in pairs)
    parts = [f"{silent} without words"] if silent else []
    if pairs:
        parts.append(f"{same} of {len(pairs)} ({same / len(pairs):.0%}) have the words that were there before")
    return "".join(f"; {part}" for part in parts)
