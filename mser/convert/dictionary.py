"""fairseq's dictionaries: which word has which id."""

from __future__ import annotations

from pathlib import Path

from mser.errors import UserError

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
MASK = "<mask>"


def read_dictionary(path: str | Path) -> dict[str, int]:
    """Return the id of each word of a masked language model's ``dict.txt``.

    Four special tokens come first, then the file's words in their order, then ``<mask>``.

    Raises:
        UserError: if the file is missing, a line is not a word and its count, or a word comes twice.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot read the dictionary {str(path)!r}: expected the dict.txt that was released beside the checkpoint; "
            "give its path with --dict"
        ) from error
    words = list(SPECIAL)
    for number, line in enumerate(lines, 1):
        word, _, count = line.removesuffix(" #fairseq:overwrite").rpartition(" ")
        if not word or not count.isdigit():
            raise UserError(f"{str(path)!r}, line {number}: found {line[:40]!r}, expected a word and its count")
        words.append(word)
    ids = {word: id_ for id_, word in enumerate([*words, MASK])}
    if len(ids) <= len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise UserError(f"{str(path)!r} has the word {twice!r} twice; take the file as it was released")
    return ids


def require_fit(ids: dict[str, int], rows: int, *, dictionary: str | Path, checkpoint: str | Path) -> None:
    """Raise unless the dictionary is the one whose words the embedding's rows stand for."""
    if len(ids) != rows:
        lines = len(ids) - len(SPECIAL) - 1
        raise UserError(
            f"{str(dictionary)!r} has {lines} words, with the special tokens {len(ids)}, but the embedding of "
            f"{str(checkpoint)!r} has {rows} rows; give the dict.txt that was released with this checkpoint"
        )
