"""The made-up MELD: its shape, its counts, and its oddities."""

import json

import pytest
import soundfile

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.meld.tree import BROKEN, PARTS
from mser.demo.meld import write_meld

MELD = corpus("meld")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "meld"
    assert main(["data", "demo", "meld", str(out)]) == 0
    return out


def test_the_reader_finds_what_was_promised_and_no_problem(tree, capsys):
    assert main(["data", "check", "meld", str(tree), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["splits"] == {"train": 239, "val": 79, "test": 120}
    assert found["problems"] == []
    assert set(found["labels"]) == set(MELD.label_set("meld7").labels)
    assert min(n for name, n in found["label_sets"]["meld4"].items() if name != "total") > 60


@pytest.mark.parametrize("protocol", [one.name for one in MELD.protocols])
def test_every_protocol_splits_it(tree, protocol, capsys):
    assert main(["data", "folds", "meld", str(tree), "--protocol", protocol, "--labels", "meld4", "--json"]) == 0
    audit = json.loads(capsys.readouterr().out)["audit"]
    assert (audit["speaker_overlap"] > 0) == (protocol == "meld/official")


def test_the_oddities_of_the_release_are_there(tree):
    raw = {part: (tree / f"{part}_sent_emo.csv").read_bytes() for part in PARTS}
    assert all(b"\r\n" in text for text in raw.values())
    assert "\x92".encode() in raw["train"]
    assert "\u2019".encode() in raw["test"]
    assert not any((tree / PARTS[name.split("_")[0]][1] / f"{name.split('_', 1)[1]}.wav").exists() for name in BROKEN)
    long = next(one for one in MELD.read(tree) if one.id == "test_dia38_utt4")
    assert soundfile.info(tree / long.audio).duration > 20 > 8 > long.duration
    assert any("I'm" in one.transcript or "it's" in one.transcript for one in MELD.read(tree) if one.split == "train")
    assert all(one.transcript.isascii() and one.speaker.isascii() for one in MELD.read(tree))
    assert "wav files in place of its mp4" in (tree / "README.txt").read_text()


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in "ab":
        write_meld(tmp_path / name, turns=8)
    a, b = (sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in "ab")
    assert [one.read_bytes() for one in a] == [one.read_bytes() for one in b]
