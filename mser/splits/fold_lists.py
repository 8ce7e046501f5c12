"""Folds that others have published or that you have made, as lists of ids.

- ``emobox/CORPUS``: the folder of EmoBox (Ma et al. 2024), its ``data``, or the folder of one corpus in it, with
  ``fold_1/NAME_train_fold_1.jsonl``, ``NAME_test_fold_1.jsonl`` and, for a few corpora, ``NAME_valid_fold_1.jsonl``.
- ``emo-superb/CORPUS``: the folder of EMO-SUPERB (Wu et al. 2024), its ``data``, or a folder in it, with
  ``labels_consensus_1.csv`` to ``labels_consensus_5.csv``, whose ``Split_Set`` says what is trained on.
- ``lists/CORPUS``: a JSON file as ``mser data folds --json`` prints it, or a table with the columns ``utterance`` (or
  ``id`` or ``audio``) and ``fold``, of which each fold is tested once, with the next one for validation. They may mix
  speakers and groups, which audit and report call a leak, and ``mser crossval --beside speakers`` weighs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from mser.errors import UserError, one_of
from mser.manifest import Utterance
from mser.splits.list_files import ListedFold, emo_superb, emobox, own
from mser.splits.protocols import Parts, Protocol

EMOBOX, EMO_SUPERB, LISTS = "emobox", "emo-superb", "lists"
_EMOBOX = {
    **{"iemocap": "iemocap", "meld": "meld", "msp_podcast": "msppodcast", "ravdess": "ravdess"},
    **{"crema_d": "cremad", "emodb": "emodb"},
}
_EMO_SUPERB = {"iemocap": "IEMOCAP", "crema_d": "CREMA-D", "msp_podcast": "PODCAST"}
_ALL = frozenset({"speaker", "group", "audio"})
_SHARED = {
    **{(EMOBOX, "emodb"): _ALL, (EMOBOX, "crema_d"): _ALL, (EMOBOX, "meld"): frozenset({"speaker", "audio"})},
    **{(EMOBOX, "msp_podcast"): frozenset({"group"}), (EMO_SUPERB, "msp_podcast"): frozenset({"group"})},
}
"""What the published folds share between what is trained on and what is tested."""
_MIXED = frozenset({"speaker", "group"})
"""What lists of one's own may share."""
_RELEASE = frozenset({"1076_MTI_SAD_XX", "train_dia125_utt3", "dev_dia110_utt7"})
"""Listed utterances that cannot be used in the releases themselves: silent, corrupt, missing."""


def is_listed(protocol: str | None) -> bool:
    """Whether a protocol of that name is read from lists."""
    return (protocol or "").partition("/")[0] in (EMOBOX, EMO_SUPERB, LISTS)


def listed(corpus: str, name: str | None, path: Path | None) -> Protocol:
    """Return the protocol that lists of ids make.

    Args:
        corpus: whose ids they are.
        name: such as ``emobox/iemocap``; ``lists/`` and the corpus when None.
        path: where the lists lie.

    Raises:
        UserError: if nobody lists that corpus, nothing is there, or an id is in two parts of a fold.
    """
    name = name or f"{LISTS}/{corpus}"
    who, _, whose = name.partition("/")
    known: Mapping[str, str] = {EMOBOX: _EMOBOX, EMO_SUPERB: _EMO_SUPERB}.get(who, {corpus: corpus})
    if not is_listed(name) or whose != corpus or corpus not in known:
        kinds = [
            f"{collection}/{corpus}"
            for collection, has in ((EMOBOX, _EMOBOX), (EMO_SUPERB, _EMO_SUPERB))
            if corpus in has
        ]
        raise one_of("protocol of fold lists", name, [*kinds, f"{LISTS}/{corpus}"])
    if path is None:
        raise UserError(
            f"{name} is read from lists of ids; say where they lie, by data.init_args.fold_lists (--fold-lists)"
        )
    read = {EMOBOX: emobox, EMO_SUPERB: emo_superb, LISTS: own}[who]
    folds = read(path, known[corpus])
    for fold in folds:
        _require_apart(name, fold)
    ids = frozenset().union(*(fold.train | (fold.val or frozenset()) | fold.test for fold in folds)) - _RELEASE
    drawn = any(fold.val is None for fold in folds)
    with_test = _MIXED if who == LISTS else _SHARED.get((who, corpus), frozenset())
    return Protocol(
        name,
        _description(who, len(folds), drawn=drawn, shares=who != LISTS and "speaker" in with_test),
        _splitter(name, folds),
        shares=_ALL | with_test if drawn else with_test,
        shares_with_test=with_test,
        listed=ids,
    )


def _description(who: str, number: int, *, drawn: bool, shares: bool) -> str:
    whose = {EMOBOX: "of EmoBox (2024)", EMO_SUPERB: "of EMO-SUPERB (2024)", LISTS: "by lists of ids"}[who]
    sentences = [f"{number} fold{'s' * (number > 1)} {whose}, as they are listed."]
    if drawn:
        sentences.append(
            "Of the training part a fifth, always the same, is for validation, which hears the same speakers."
        )
    if shares:
        sentences.append("The tested speakers are heard in training too, so scores say nothing of unseen ones.")
    return " ".join(sentences)


def _splitter(name: str, folds: Sequence[ListedFold]) -> Callable[[Sequence[Utterance]], Iterable[Parts]]:
    def split(utterances: Sequence[Utterance]) -> Iterator[Parts]:
        for fold in folds:
            train = [utterance for utterance in utterances if utterance.id in fold.train]
            val = fold.val
            if val is None:
                chance = sorted(
                    train, key=lambda utterance: hashlib.sha256(f"{name} {fold.name} {utterance.id}".encode()).digest()
                )
                val = frozenset(utterance.id for utterance in chance[: len(train) - len(train) * 4 // 5])
            trained = [utterance for utterance in train if utterance.id not in val]
            tested = [utterance for utterance in utterances if utterance.id in fold.test]
            yield fold.name, trained, [utterance for utterance in utterances if utterance.id in val], tested

    return split


def _require_apart(name: str, fold: ListedFold) -> None:
    parts = {"train": fold.train, "val": fold.val or frozenset(), "test": fold.test}
    for first, second in (("train", "val"), ("train", "test"), ("val", "test")):
        if both := parts[first] & parts[second]:
            raise UserError(f"{name}, {fold.name}: {min(both)[:80]} is in {first} and in {second}; mend the lists")
