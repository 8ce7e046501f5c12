"""The same classes under other names and in another order: one corpus's ``neu, sad, ang, hap`` in another's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mser.labels import LabelSet, Task

_WORDS = (
    *(("neu", "neutral"), ("sad", "sadness"), ("ang", "anger", "angry"), ("hap", "happy", "happiness", "joy")),
    *(("fea", "fear", "fearful"), ("dis", "disgust", "disgusted"), ("sur", "surprise", "surprised")),
    *(("con", "contempt"), ("exc", "excited", "excitement"), ("fru", "frustrated", "frustration")),
    *(("bor", "boredom", "bored"), ("calm",)),
)
_EMOTION = {word: words[0] for words in _WORDS for word in words}


def emotion(word: str) -> str:
    """Return one name for all the words that corpora have for an emotion; other words are their own.

    Example:
        >>> emotion("Happiness"), emotion("joy"), emotion("proud")
        ('hap', 'hap', 'proud')
    """
    return _EMOTION.get(word.lower(), word.lower())


def in_words_of(wanted: Task, own: Iterable[Task]) -> LabelSet | None:
    """Return the first of a corpus's label sets that has the classes of another's, in that one's words and order.

    Example:
        >>> fours = LabelSet("own4", ("neutral", "happy", "sad"), merge={"calm": "neutral"})
        >>> found = in_words_of(LabelSet("other", ("neu", "sad", "hap")), [fours])
        >>> found.labels, found("calm"), found("happy"), found("fear")
        (('neu', 'sad', 'hap'), 'neu', 'hap', None)
    """
    if not isinstance(wanted, LabelSet):
        return None
    for task in own:
        if isinstance(task, LabelSet) and (words := translation(task.labels, wanted.labels)):
            merge = words | {published: words[label] for published, label in task.merge.items()}
            return LabelSet(wanted.name, wanted.labels, merge=merge, tells=task.tells)
    return None


def translation(own: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return each of a corpus's classes in another's words; nothing where the classes are not the same.

    Example:
        >>> translation(["happy", "sad"], ["sadness", "joy"]), translation(["happy", "sad"], ["sad", "fear"])
        ({'happy': 'joy', 'sad': 'sadness'}, {})
    """
    words = {emotion(word): word for word in wanted}
    same = words.keys() == {emotion(word) for word in own} and len(words) == len(own) == len(wanted)
    return {word: words[emotion(word)] for word in own} if same else {}
