import pytest
from hypothesis import given
from hypothesis import strategies as st

from mser.manifest import Utterance
from mser.splits.transcripts import NearCopies, words


def _say(name, text):
    return Utterance(name, "", 1.0, text, "", "")


def test_words_are_what_was_said():
    assert words("[LAUGHTER] Don't -- you SEE?") == ["don't", "you", "see"]
    assert words("I don\u2019t.") == ["i", "don't"]
    assert words("[BREATHING]") == []


def test_four_of_five_words_are_a_near_copy_and_three_of_four_are_not():
    copies = NearCopies([_say("a", "a b c d"), _say("b", "a b c d e"), _say("c", "a b c d e f"), _say("d", "a b c f")])
    assert copies.found(["b"], among=["a"]) == {"b"}  # 4 / 5
    assert copies.found(["c"], among=["a"]) == set()  # 4 / 6
    assert copies.found(["c"], among=["b"]) == {"c"}  # 5 / 6
    assert copies.found(["d"], among=["a", "b"]) == set()  # 3 / 5


def test_short_transcripts_have_no_copies():
    copies = NearCopies([_say("a", "I don't know"), _say("b", "I don't know")])
    assert copies.found(["a"], among=["b"]) == set()
    assert copies.compared(["a", "b"]) == []


def test_nothing_is_copied_from_nothing():
    assert NearCopies([_say("a", "one two three four")]).found(["a"], among=[]) == set()


_texts = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9).map(" ".join), max_size=12)


@given(_texts, st.data())
def test_the_quick_search_finds_what_comparing_all_pairs_finds(texts, data):
    said = {str(number): text.split() for number, text in enumerate(texts)}
    among = data.draw(st.sets(st.sampled_from(sorted(said)))) if said else set()
    expected = {
        name
        for name, left in said.items()
        for right in (said[other] for other in among)
        if min(len(left), len(right)) >= 4 and 10 * len({*left} & {*right}) >= 8 * len({*left} | {*right})
    }
    copies = NearCopies([_say(name, " ".join(text)) for name, text in said.items()])
    assert copies.found(said, among=among) == expected


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("I have 21 of them here", "I have twenty-one of THEM here"),
        ("It was the 3rd of May", "it was the third of may"),
        ("1,000 people came in today", "one thousand people came in today"),
        ("They paid $2,500,000 for it", "they paid two million, five hundred thousand for it"),
        ("They paid 123,456 for it", "they paid 123456 for it"),
        ("１２ people came in today", "12 people came in today"),
        ("Die Straße ist lang hier", "die STRASSE ist lang hier"),
        ("né à la même café", "ne\u0301 a\u0300 la me\u0302me cafe\u0301"),
        ("I cannot see him now", "I can't see him now"),
        ("我今天真的不知道你在说什么，对吧？", "我今天真的不知道你在说什么 对吧"),
        ("我今天真的不知道你在说什么对吧朋友", "我今天真的不知道你在说什么对吧同学"),
        ("今日はとても天気がいいですね", "今日はとても天気がいいですね。"),
        ("ผมไม่รู้ว่าคุณพูดอะไร", "ผมไม่รู้ ว่าคุณพูดอะไร"),
        ("나는 네가 무슨 말을 하는지 몰라", "나는 네가 무슨 말을 하는지 몰라!"),
    ],
)
def test_the_same_words_written_in_another_way_are_a_copy(one, two):
    copies = NearCopies([_say("a", one), _say("b", two)])
    assert copies.found(["a"], among=["b"]) == {"a"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("我今天真的不知道你在说什么", "他昨天已经告诉我们不要再来了"),
        ("I have 21 of them here", "I have 22 dogs over there"),
        ("我不知道", "我不知道"),  # too short
    ],
)
def test_other_words_are_none(one, two):
    assert NearCopies([_say("a", one), _say("b", two)]).found(["a"], among=["b"]) == set()


def test_digits_that_are_no_number_stay_as_they_are():
    assert words("Room 12b at 0x1F, no 1234567890123456789.") == [
        "room",
        "12b",
        "at",
        "0x1f",
        "no",
        "1234567890123456789",
    ]
