"""What is no text, or not the corpus's own, is told of every corpus that has transcripts or labels as text."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fake.corpora.iemocap import make_iemocap
from fake.corpora.meld import make_meld
from fake.corpora.msp_podcast import make_msp_podcast
from fake.corpora.opinions import MOSI, make_label_csv, make_mosei, make_mosi
from fake.corpora.table import make_table, rows

from mser.cli import main
from mser.corpora.text_files import garbled

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 20\n"
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "pointer": lambda _: POINTER,
    "utf-16": lambda data: data.decode("latin-1").encode("utf-16"),
    "utf-16 without a mark": lambda data: data.decode("latin-1").encode("utf-16-le"),
    "gzip": gzip.compress,
    "page": lambda _: b"<!DOCTYPE html>\n<html><body>404 not found</body></html>\n",
    "conflict": lambda data: b"<<<<<<< HEAD\n" + data + b"=======\n" + data + b">>>>>>> theirs\n",
    "nothing": lambda _: b"",
    "blank": lambda _: b"\n \n",
    "zeros": lambda data: bytes(len(data)),
}


def _label_csv(root: Path) -> None:
    make_label_csv(root, MOSI, size=2)


TREES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "iemocap": ("iemocap", lambda root: make_iemocap(root, turns=2)),
    "meld": ("meld", lambda root: make_meld(root, dialogues=2, turns=2)),
    "msp": ("msp_podcast", lambda root: make_msp_podcast(root, each=5)),
    "mosi": ("mosi", lambda root: make_mosi(root, size=2)),
    "mosi-full": ("mosi", lambda root: make_mosi(root, size=2, full=True)),
    "mosei": ("mosei", lambda root: make_mosei(root, size=2)),
    "label_csv": ("mosi", _label_csv),
    "table": ("table", lambda root: make_table(root / "t.csv")),
}
CASES = [
    ("iemocap", "Session1/dialog/transcriptions/Ses01F_impro01.txt"),
    ("iemocap", "Session2/dialog/EmoEvaluation/Ses02F_impro01.txt"),
    ("meld", "dev_sent_emo.csv"),
    ("msp", "Labels/labels_consensus.csv"),
    ("msp", "Transcripts/MSP-PODCAST_0001_0000.txt"),
    ("mosi", "Raw/Transcript/Segmented/03bSnISJMiM.annotprocessed"),
    ("mosi-full", "Raw/Transcript/Full/03bSnISJMiM.textonly"),
    ("mosei", "Raw/Transcript/Segmented/Combined/100499.txt"),
    ("label_csv", "label.csv"),
    ("table", "t.csv"),
]


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    made = {}
    for name, (_, make) in TREES.items():
        made[name] = tmp_path_factory.mktemp(name)
        make(made[name])
    return made


def check(capsys, corpus, root):
    code = main(["data", "check", corpus, str(root / "t.csv" if corpus == "table" else root), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out)["problems"] if said.out else said.err


@pytest.mark.parametrize(("name", "file"), CASES)
def test_what_is_no_text_is_told(trees, name, file, capsys):
    path, corpus = trees[name] / file, TREES[name][0]
    before = path.read_bytes()
    try:
        for damage, spoil in DAMAGES.items():
            path.write_bytes(spoil(before))
            code, told = check(capsys, corpus, trees[name])
            assert code in (1, 2), damage
            if code == 1:
                assert any(path.stem in problem["message"] for problem in told), damage
            else:
                assert told.count("\n") == 1
                assert len(told) < 1000
    finally:
        path.write_bytes(before)
    assert check(capsys, corpus, trees[name])[0] == 0 or name in ("meld", "msp")  # these have the releases' counts


@pytest.mark.parametrize(
    ("name", "file", "column"),
    [
        ("meld", "dev_sent_emo.csv", "Emotion"),
        ("meld", "dev_sent_emo.csv", "Speaker"),
        ("msp", "Labels/labels_consensus.csv", "EmoClass"),
        ("label_csv", "label.csv", "label"),
        ("table", "t.csv", "label"),
    ],
)
def test_a_second_column_of_one_name_is_refused(trees, name, file, column, capsys):
    path = trees[name] / file
    before = path.read_bytes()
    lines = before.decode().splitlines()
    path.write_text("\n".join([f"{lines[0]},{column}", *(f"{line},H" for line in lines[1:])]))
    try:
        code, told = check(capsys, TREES[name][0], trees[name])
    finally:
        path.write_bytes(before)
    assert code == 2
    assert f"has several columns '{column}'" in told


def test_labels_in_json_are_there_once(trees, tmp_path, capsys):
    make_msp_podcast(tmp_path, each=2)
    (tmp_path / "Labels/labels_consensus.csv").unlink()
    path = tmp_path / "Labels/labels_consensus.json"
    path.write_text('{"MSP-PODCAST_0001_0000.wav": {"EmoClass": "H", "EmoClass": "A"}}')
    code, told = check(capsys, "msp_podcast", tmp_path)
    assert code == 2
    assert "'EmoClass' is there more than once" in told


@pytest.mark.parametrize(
    ("name", "file"), [("meld", "dev_sent_emo.csv"), ("msp", "Labels/labels_consensus.csv"), ("label_csv", "label.csv")]
)
def test_long_cells_are_one_line(trees, name, file, capsys):
    path = trees[name] / file
    before = path.read_bytes()
    try:
        for length in (200_000, 3_000_000):
            path.write_bytes(before + b"x" * length + b",y" * 12 + b"\r\n")
            code, told = check(capsys, TREES[name][0], trees[name])
            assert code in (1, 2)
            assert len(str(told)) < 20_000
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("cell", [POINTER.decode(), "<html><body>404</body></html>", "<<<<<<< HEAD\na\n>>>>>>> b",
                                  "{\\rtf1 hello}", '{"text": "hello"}', '["hello"]'])  # fmt: skip
def test_a_cell_that_is_no_text_is_refused_with_its_row(cell, tmp_path, capsys):
    said = [{**row, "transcript": cell if number == 2 else row["transcript"]} for number, row in enumerate(rows(2, 1))]
    make_table(tmp_path / "t.csv", said)
    assert main(["data", "check", "table", str(tmp_path / "t.csv")]) == 2
    assert "t.csv, row 4: its transcript is '" in capsys.readouterr().err


def test_brackets_that_somebody_wrote_are_words():
    assert [garbled(text) for text in ("[LAUGHTER]", "[BREATHING] Yes. [LAUGHTER]", "{sigh}", "version two")] == [
        ""
    ] * 4
