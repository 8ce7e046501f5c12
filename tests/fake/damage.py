"""Damages to files, as disks, downloads, editors and scripts leave them behind; the same seed does the same."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = (
    *("nan", "-1", "0", "1e999", "inf", "x", "", "null", "true", "[]", "{}", "9" * 400, "\0", "\ufeff", "\u2028"),
    *('"', "'", ",", "\t", "\n", "a" * 3000, "../../x", "/", "%s", "\x1b[31m", "Z\u0308", "1_0", "\uff11", "-0.0"),
    *("2.5", "999999999"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**30, 0.5, float("nan"), float("inf"), "", "x", "a" * 3000, "\0", "2.0"),
    *([], {}, [[]], {"a": {}}, [None], ["x", 1], {"x": "y"}, [{}]),
)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _zeros(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    size = min(chance.choice((1, 16, 512, 4096, len(data))), len(data) - start)
    return data[:start] + bytes(size) + data[start + size :]


def _flip(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(min(chance.choice((1, 4, 64)), len(data))):
        spoilt[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(spoilt)


def _header(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    if data:
        spoilt[chance.randrange(min(len(data), 64))] = chance.choice((0, 1, 127, 255))
    return bytes(spoilt)


def _insert(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + chance.choice((b"\0", b"\xff", b"\n", b"\r", b"{", chance.randbytes(9))) + data[start:]


def _word(data: bytes, chance: random.Random) -> bytes:
    """Replace what stands between two separators."""
    ends = [place for place, byte in enumerate(data[:20_000]) if byte in b' ,\n\t":[](){}_-;']
    if len(ends) < 2:
        return data
    first = chance.randrange(len(ends) - 1)
    return data[: ends[first] + 1] + chance.choice(WORDS).encode() + data[ends[first + 1] :]


def _lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    change = chance.choice(("drop", "double", "swap", "join"))
    if change == "drop":
        del lines[one]
    elif change == "double":
        lines.insert(other, lines[one])
    elif change == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines[one : one + 2] = [b"".join(lines[one : one + 2])]
    return b"\n".join(lines)


def _other(data: bytes, chance: random.Random) -> bytes:
    """Replace the content by that of another kind of file."""
    text = data.decode("latin-1")
    return chance.choice(
        [
            *(b"", b"\n", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", b"<!DOCTYPE html><p>"),
            *(gzip.compress(data), text.encode("utf-16"), text.encode("utf-16-le"), b"\xef\xbb\xbf" + data, data * 2),
            *(b"<<<<<<< a\n" + data + b"=======\n>>>>>>> b\n", b"RIFF\0\0\0\0WAVE", b"[" * 100_000, b"null"),
            *(b"3", b'"x"', b"[]", b"{}", data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), data[::-1]),
        ]
    )


def _json(data: bytes, chance: random.Random) -> bytes:
    """Give a name in the JSON another value, or take it away."""
    lines = data.split(b"\n") if b"}\n{" in data else [data]
    place = chance.randrange(len(lines))
    try:
        tree = json.loads(lines[place])
    except ValueError:
        return _word(data, chance)
    node, key = chance.choice(_places(tree, "root", {"root": tree}))
    if chance.random() < 0.2:
        del node[key]
    else:
        node[key] = chance.choice(VALUES)
    lines[place] = json.dumps(tree if key != "root" else node.get("root")).encode()
    return b"\n".join(lines)


def _places(node: Any, key: Any, parent: Any) -> list[tuple[Any, Any]]:
    found = [(parent, key)]
    if isinstance(node, dict):
        for name, value in node.items():
            found += _places(value, name, node)
    elif isinstance(node, list):
        for number, value in enumerate(node[:3]):
            found += _places(value, number, node)
    return found


SPOIL: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_cut, _zeros, _flip, _header, _insert, _word, _word, _lines, _other, _json, _json),
)  # fmt: skip


def damage(path: Path, chance: random.Random) -> str:
    """Damage a file and return how."""
    if chance.random() < 0.04:
        path.unlink()
        if chance.random() < 0.5:
            path.mkdir()
            return "a folder in its place"
        return "gone"
    spoil = chance.choice(SPOIL)
    path.write_bytes(spoil(path.read_bytes(), chance))
    return spoil.__name__


def restore(path: Path, content: bytes) -> None:
    """Put back what was there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(content)
