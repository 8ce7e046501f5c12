"""Calls of Acme: wav files called SPEAKER_EMOTION_NUMBER.wav, with the words in a text file beside each."""

from pathlib import Path

from mser.audio.silence import check_audible
from mser.audio.wav import BadAudioError
from mser.corpora import Corpus
from mser.labels import LabelSet
from mser.manifest import Manifest, Problem, Utterance
from mser.splits.grouped import k_fold
from mser.splits.protocols import Protocol


def read(root: Path) -> Manifest:
    """Return the calls whose audio can be used, and what is wrong with the others."""
    utterances, problems = [], []
    for path in sorted(root.glob("*_*_*.wav")):
        speaker, emotion, _ = path.stem.split("_")
        try:
            seconds = check_audible(path).duration
        except BadAudioError as error:
            problems.append(Problem(error.kind, f"{path.name} {error}; it is left out", path.stem))
            continue
        words = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
        utterances.append(Utterance(path.stem, path.name, seconds, words, speaker, speaker, label=emotion))
    return Manifest("acme", root.absolute(), tuple(utterances), tuple(problems))


CORPUS = Corpus(
    name="acme",
    read=read,
    label_sets=(LabelSet("acme2", ("calm", "angry")),),
    protocols=(Protocol("acme/3fold", "Three folds of unseen speakers.", k_fold(3)),),
    licence="calls of Acme, which are nobody else's business",
    language="nl",
)
