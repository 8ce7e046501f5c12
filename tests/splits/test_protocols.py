import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mser.corpora import corpus
from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.protocols import Fold, digest, official

IEMOCAP = corpus("iemocap")
PROTOCOLS = [protocol.name for protocol in IEMOCAP.protocols]
SPLITS = official("corpus/official", "Its own split.")
WHOLE = ("iemocap/loso5", "iemocap/loso10", "iemocap/superb")


def _turn(name, text="", session=None, speaker=None):
    letter = name.rsplit("_", 1)[1][0]
    style = "improvised" if "impro" in name else "scripted"
    speaker = speaker or f"Ses0{name[4]}{letter}"
    return Utterance(
        name, f"{name}.wav", 1.0, text, speaker, name[:-5], session=session or f"Session{name[4]}", style=style
    )


@st.composite
def corpora(draw):
    """Five sessions; both speakers say something in both styles, and some say more."""
    names = [
        f"Ses0{s}F_{play}_{letter}000" for s in range(1, 6) for play in ("impro01", "script01_1") for letter in "FM"
    ]
    more = st.builds(
        "Ses0{}{}_{}_{}{:03}".format,
        st.integers(1, 5),
        st.sampled_from("FM"),
        st.sampled_from(["impro01", "impro05a", "script01_1", "script01_1b"]),
        st.sampled_from("FM"),
        st.integers(1, 20),
    )
    return [_turn(name) for name in sorted({*names, *draw(st.lists(more, max_size=40))})]


@settings(max_examples=40)
@given(corpora(), st.sampled_from(PROTOCOLS))
def test_parts_are_disjoint_and_share_no_speaker(utterances, name):
    speakers = {one.id: one.speaker for one in utterances}
    for fold in IEMOCAP.protocol(name).folds(utterances):
        train, val, test = map(set, (fold.train, fold.val, fold.test))
        assert len(train | val | test) == len(train) + len(val) + len(test)
        assert train | val | test <= speakers.keys()
        heard = [{speakers[one] for one in part} for part in (train, val, test)]
        assert not heard[2] & (heard[0] | heard[1])
        assert name == "iemocap/superb" or not heard[0] & heard[1]


@settings(max_examples=40)
@given(corpora(), st.sampled_from(WHOLE))
def test_every_utterance_is_tested_once_and_used_in_every_fold(utterances, name):
    folds = IEMOCAP.protocol(name).folds(utterances)
    names = sorted(one.id for one in utterances)
    assert sorted(one for fold in folds for one in fold.test) == names
    assert all(sorted(fold.train + fold.val + fold.test) == names for fold in folds)
    assert [fold.number for fold in folds] == list(range(1, len(folds) + 1))


@settings(max_examples=40)
@given(corpora(), st.sampled_from(PROTOCOLS), st.randoms())
def test_the_order_of_the_utterances_does_not_matter(utterances, name, chance):
    shuffled = chance.sample(utterances, len(utterances))
    folds = IEMOCAP.protocol(name).folds(utterances)
    assert IEMOCAP.protocol(name).folds(shuffled) == folds
    assert all(list(part) == sorted(part) for fold in folds for part in (fold.train, fold.val, fold.test))


@settings(max_examples=40)
@given(corpora(), st.sampled_from(PROTOCOLS), st.data())
def test_the_digest_changes_when_an_id_moves(utterances, name, data):
    folds = IEMOCAP.protocol(name).folds(utterances)
    number = data.draw(st.integers(0, len(folds) - 1))
    fold = folds[number]
    moved = data.draw(st.sampled_from(fold.train))
    train = tuple(one for one in fold.train if one != moved)
    other = [*folds]
    other[number] = dataclasses.replace(fold, train=train, val=tuple(sorted((*fold.val, moved))))
    assert digest(other) != digest(folds) == digest(IEMOCAP.protocol(name).folds(utterances))


def _small():
    return [_turn(f"Ses0{s}F_{play}_{who}{n:03}") for s in range(1, 6) for play in ("impro01", "script01_1")
            for who in "FM" for n in range(5)]  # fmt: skip


def _sessions(ids):
    return sorted({int(one[4]) for one in ids})


def test_loso5_validates_on_the_next_session():
    folds = IEMOCAP.protocol("iemocap/loso5").folds(_small())
    found = [(fold.name, _sessions(fold.train), _sessions(fold.val), _sessions(fold.test)) for fold in folds]
    assert found == [
        ("session1", [3, 4, 5], [2], [1]),
        ("session2", [1, 4, 5], [3], [2]),
        ("session3", [1, 2, 5], [4], [3]),
        ("session4", [1, 2, 3], [5], [4]),
        ("session5", [2, 3, 4], [1], [5]),
    ]


def test_loso10_validates_on_the_other_speaker_of_the_session():
    folds = IEMOCAP.protocol("iemocap/loso10").folds(_small())
    assert [fold.name for fold in folds] == [f"Ses0{s}{letter}" for s in range(1, 6) for letter in "FM"]
    fourth = folds[3]
    assert {one.rsplit("_", 1)[1][0] for one in fourth.test} == {"M"}
    assert {one.rsplit("_", 1)[1][0] for one in fourth.val} == {"F"}
    assert (_sessions(fourth.train), _sessions(fourth.val), _sessions(fourth.test)) == ([1, 3, 4, 5], [2], [2])


def test_paper2020_is_one_fold():
    (fold,) = IEMOCAP.protocol("iemocap/paper2020").folds(_small())
    assert (fold.number, fold.name) == (1, "session5")
    assert (_sessions(fold.train), _sessions(fold.val), _sessions(fold.test)) == ([1, 2, 3], [4], [5])


def test_superb_validates_on_a_fifth_of_the_training_sessions_turns():
    folds = IEMOCAP.protocol("iemocap/superb").folds(_small())
    assert [(len(fold.train), len(fold.val), len(fold.test)) for fold in folds] == [(64, 16, 20)] * 5
    assert all(len(_sessions(fold.val)) > 1 for fold in folds)
    assert len({fold.val for fold in folds}) == 5
    assert IEMOCAP.protocol("iemocap/superb").shares >= {"speaker", "group"}


def test_the_seeded_choice_of_superb_never_changes():
    assert digest(IEMOCAP.protocol("iemocap/superb").folds(_small())) == "c79aca5065ea3844"


def test_improvised_leaves_the_scripts_out():
    used = {
        one for fold in IEMOCAP.protocol("iemocap/loso5-improvised").folds(_small()) for one in fold.train + fold.test
    }
    assert len(used) == 50
    assert all("impro" in one for one in used)


def test_textdisjoint_trains_on_no_near_copy_of_a_tested_transcript():
    said = {
        "Ses01F_impro01_F000": "Where have you been all day?",
        "Ses03F_impro01_F000": "where have you BEEN, all day",
        "Ses03F_impro01_F001": "Where have you been?",  # four of six words
        "Ses02F_impro01_F000": "where have you been all day",  # validation keeps it
        "Ses04F_impro01_F000": "[LAUGHTER]",
    }
    utterances = [_turn(one.id, said.get(one.id, "")) for one in _small()]
    plain, disjoint = (
        IEMOCAP.protocol("iemocap/loso5").folds(utterances)[0],
        IEMOCAP.protocol("iemocap/loso5-textdisjoint").folds(utterances)[0],
    )
    assert {*plain.train} - {*disjoint.train} == {"Ses03F_impro01_F000"}
    assert (plain.val, plain.test) == (disjoint.val, disjoint.test)


def test_a_missing_session_is_named():
    with pytest.raises(UserError, match="but Session3 has no utterances"):
        IEMOCAP.protocol("iemocap/loso5").folds([one for one in _small() if one.session != "Session3"])


def test_a_session_with_one_speaker_has_nobody_to_validate_on():
    utterances = [one for one in _small() if one.speaker != "Ses02M"]
    with pytest.raises(UserError, match="iemocap/loso10: fold Ses02F has no utterance to val"):
        IEMOCAP.protocol("iemocap/loso10").folds(utterances)


def test_an_unknown_protocol_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"unknown protocol of iemocap 'iemocap/losso5'.*did you mean 'iemocap/loso5'"):
        IEMOCAP.protocol("iemocap/losso5")


def test_digest_depends_on_the_part():
    a, b = Fold(1, "x", ("a",), ("b",), ("c",)), Fold(1, "x", ("b",), ("a",), ("c",))
    assert digest([a]) != digest([b])
    assert len(digest([a])) == 16


def test_an_official_split_is_one_fold_and_leaves_out_what_has_no_split():
    said = [Utterance(f"{split}{i}", "a.wav", 1, "", split, split, split=split)
            for split in ("test", "val", "", "train") for i in range(2)]  # fmt: skip
    [fold] = official("x/official", "As published.").folds(said)
    assert (fold.number, fold.name) == (1, "official")
    assert (fold.train, fold.val, fold.test) == (("train0", "train1"), ("val0", "val1"), ("test0", "test1"))
    with pytest.raises(UserError, match="x/official: fold official has no utterance to val"):
        official("x/official", "As published.").folds([one for one in said if one.split != "val"])


def test_a_protocol_refuses_other_folds_missing_ids_and_fits_without_a_training_part():
    three = dataclasses.replace(SPLITS, count=3)
    for number in (1, 3):
        three.require_fold(number)
    dataclasses.replace(SPLITS, count=None).require_fold(7)  # how many there are is not known before the utterances are
    for number, known, there in ((0, None, "1 to 3"), (4, None, "1 to 3"), (9, 5, "1 to 5")):
        with pytest.raises(UserError, match=f"fold {number} was asked for, but .* has folds {there}"):
            three.require_fold(number, known)

    turns = [_turn("Ses01F_impro01_F000"), _turn("Ses01F_impro01_M000")]
    listed = dataclasses.replace(SPLITS, listed=frozenset(turn.id for turn in turns))
    listed.require_listed([*turns, _turn("Ses02F_impro01_F000")])
    with pytest.raises(UserError, match="1 of 2 listed utterances are not here, such as Ses01F_impro01_M000"):
        listed.require_listed(turns[:1])

    SPLITS.require_train()
    with pytest.raises(UserError, match="tests everything and trains on nothing"):
        dataclasses.replace(SPLITS, parts=("test",)).require_train()
