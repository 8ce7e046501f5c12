"""The named ways to split IEMOCAP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from mser.corpora.iemocap.tree import SESSIONS
from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.protocols import Parts, Protocol
from mser.splits.transcripts import NearCopies


def _by_session(utterances: Sequence[Utterance]) -> list[list[Utterance]]:
    sessions = [[utterance for utterance in utterances if utterance.session == name] for name in SESSIONS]
    absent = [name for name, members in zip(SESSIONS, sessions, strict=True) if not members]
    if absent:
        raise UserError(
            f"the protocol needs {', '.join(SESSIONS)}, but {', '.join(absent)} has no utterances; "
            "see `mser data check`"
        )
    return sessions


def _without(sessions: Sequence[list[Utterance]], *left_out: int) -> list[Utterance]:
    return [one for number, members in enumerate(sessions) if number not in left_out for one in members]


def _leave_one_session_out(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    sessions = _by_session(utterances)
    for test, members in enumerate(sessions):
        val = (test + 1) % len(sessions)
        yield f"session{test + 1}", _without(sessions, test, val), sessions[val], members


def _leave_one_speaker_out(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    sessions = _by_session(utterances)
    for number, members in enumerate(sessions):
        for speaker in sorted({utterance.speaker for utterance in members}):
            val = [utterance for utterance in members if utterance.speaker != speaker]
            yield (
                speaker,
                _without(sessions, number),
                val,
                [utterance for utterance in members if utterance.speaker == speaker],
            )


def _superb(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    sessions = _by_session(utterances)
    for test, members in enumerate(sessions):
        others = _without(sessions, test)
        shuffled = sorted(
            others, key=lambda utterance: hashlib.sha256(f"superb {test} {utterance.id}".encode()).digest()
        )
        val = {utterance.id for utterance in shuffled[: len(others) - len(others) * 4 // 5]}
        train = [utterance for utterance in others if utterance.id not in val]
        yield f"session{test + 1}", train, [utterance for utterance in others if utterance.id in val], members


def _paper2020(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    sessions = _by_session(utterances)
    yield "session5", _without(sessions, 3, 4), sessions[3], sessions[4]


def _improvised(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    return _leave_one_session_out([utterance for utterance in utterances if utterance.style == "improvised"])


def _text_disjoint(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    copies = NearCopies(utterances)
    for name, train, val, test in _leave_one_session_out(utterances):
        copied = copies.found((utterance.id for utterance in train), among=(utterance.id for utterance in test))
        yield name, [utterance for utterance in train if utterance.id not in copied], val, test


PROTOCOLS = (
    Protocol(
        "iemocap/loso5",
        "Five folds: one session is tested, the next is for validation, the other three are trained on.",
        _leave_one_session_out,
        count=5,
    ),
    Protocol(
        "iemocap/loso10",
        "Ten folds: one speaker is tested, the session's other speaker is for validation, the other four sessions "
        "are trained on.",
        _leave_one_speaker_out,
        count=10,
    ),
    Protocol(
        "iemocap/superb",
        "Five folds: one session is tested; of the turns of the other four a random fifth, always the same, is for "
        "validation, so that validation hears the training speakers.",
        _superb,
        shares=frozenset({"speaker", "group", "audio"}),
        count=5,
    ),
    Protocol(
        "iemocap/paper2020",
        "One fold: sessions 1 to 3 are trained on, 4 is for validation, 5 is tested (Siriwardhana et al. 2020, who "
        "left out 32 of the turns of sessions 2 to 4).",
        _paper2020,
        count=1,
    ),
    Protocol(
        "iemocap/loso5-improvised",
        "As iemocap/loso5, on the improvised dialogues alone.",
        _improvised,
        count=5,
    ),
    Protocol(
        "iemocap/loso5-textdisjoint",
        "As iemocap/loso5, but nothing is trained on whose transcript is a near copy of one that is tested.",
        _text_disjoint,
        count=5,
    ),
)
