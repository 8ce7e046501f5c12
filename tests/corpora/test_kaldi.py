"""A data folder of Kaldi or ESPnet as a table, and everything that can be wrong with it."""

import json
from pathlib import Path

import pytest
from fake.corpora.table import make_table

from mser.cli import main
from mser.corpora.table.corpus import open_table
from mser.use.listed_clips import from_table


def run(capsys, *args):
    code = main(["data", *map(str, args)])
    return code, *capsys.readouterr()


def refused(capsys, folder, *words):
    code, out, err = run(capsys, "check", "table", folder)
    assert (code, out, err.count("\n")) == (2, "", 1)
    for word in words:
        assert word in err


def write(folder, name, lines):
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def add(folder, name, line):
    (folder / name).write_text((folder / name).read_text("utf-8") + line + "\n", "utf-8")


@pytest.fixture
def data(tmp_path):
    """``egs/data/train`` whose paths begin at ``egs``, as a recipe's do."""
    said = make_table(tmp_path / "egs" / "made.csv")
    folder = tmp_path / "egs" / "data" / "train"
    folder.mkdir(parents=True)
    ids = [Path(row["audio"]).stem for row in said]
    write(folder, "wav.scp", [f"{one} {row['audio']}" for one, row in zip(ids, said, strict=True)])
    write(folder, "text", [f"{one}\t{row['transcript']}" for one, row in zip(ids, said, strict=True)])
    write(folder, "utt2emo", [f"{one} {row['label']}" for one, row in zip(ids, said, strict=True)])
    write(folder, "utt2spk", [f"{one} {row['speaker']}" for one, row in zip(ids, said, strict=True)])
    return folder


def test_a_data_folder_is_a_table(data, capsys, monkeypatch):
    code, out, _ = run(capsys, "check", "table", data, "--json")
    summary = json.loads(out)
    assert (code, summary["utterances"], summary["speakers"]) == (0, 36, 6)
    assert summary["labels"] == {"angry": 12, "calm": 12, "happy": 12}
    assert summary["problems"] == []
    assert not any("not used" in note for note in summary["notes"])
    first = open_table(data).read(data).utterances[0]
    assert (first.audio, first.transcript) == ("../clips/s0_angry0.wav", "Number 0, please.")
    assert (first.label, first.speaker, first.start, first.end) == ("angry", "s0", 0.0, None)
    code, out, _ = run(capsys, "folds", "table", data, "--json")
    assert (code, json.loads(out)["protocol"]) == (0, "table/5fold")
    # Where one stands makes no difference.
    monkeypatch.chdir(data)
    assert json.loads(run(capsys, "check", "table", ".", "--json")[1])["utterances"] == 36


def test_for_predicting_labels_are_not_needed(data, monkeypatch):
    (data / "utt2emo").unlink()
    for folder in (data, Path()):
        monkeypatch.chdir(data)
        clips = list(from_table(folder, {}))
        assert len(clips) == 36
        assert Path(clips[0].path).is_file()
        assert clips[0].transcript == "Number 0, please."


def test_segments_of_long_recordings(data, capsys):
    wav = (data.parents[1] / "clips" / "s0_calm0.wav").absolute()
    write(data, "wav.scp", [f"rec1 {wav}", "rec2 clips/s1_happy1.wav"])
    write(data, "segments", ["a-1 rec1 0.00 0.12", "a-2 rec1 0.12 -1", "b-1 rec2 0.05 0.25"])
    write(data, "text", ["a-1 it was", "b-1"])
    write(data, "utt2spk", ["a-1 a", "a-2 a", "b-1 b"])
    (data / "utt2emo").rename(data / "utt2label")
    write(data, "utt2label", ["a-1 calm", "a-2 angry", "b-1 happy"])
    code, out, _ = run(capsys, "check", "table", data, "--json")
    assert (code, json.loads(out)["seconds"]) == (0, pytest.approx(0.5))
    found = {one.label: one for one in open_table(data).read(data)}
    assert [(found[one].start, found[one].end) for one in ("calm", "angry", "happy")] == [
        (0.0, 0.12),
        (0.12, None),
        (0.05, 0.25),
    ]
    assert [found[one].transcript for one in ("calm", "angry", "happy")] == ["it was", "", ""]
    for line, words in (
        ("c-1 rec3 0 1", ["segments:4 is of recording 'rec3'"]),
        ("c-1 rec1 0", ["segments:4 says 'rec1 0'"]),
        ("c-1 rec1 0 end", ["segments:4 says 'rec1 0 end'"]),
        ("c-1", ["segments:4 says ''"]),
        ("a-1 rec1 0 1", ["segments:4 is about 'a-1', as line 1 is"]),
    ):
        write(data, "segments", ["a-1 rec1 0.00 0.12", "a-2 rec1 0.12 -1", "b-1 rec2 0.05 0.25", line])
        refused(capsys, data, *words)
    write(data, "segments", ["a-1 rec1 0.20 0.12", "a-2 rec1 0.12 -1", "b-1 rec2 0.05 0.25"])
    refused(capsys, data, "row 1: it starts at 0.2 s and ends at 0.12 s")


@pytest.mark.parametrize("command", ["touch run; cat a.wav |", "touch run|", "| touch run"])
def test_commands_are_never_run(data, capsys, monkeypatch, command):
    monkeypatch.chdir(data)
    add(data, "wav.scp", f"x {command}")
    refused(capsys, data, "wav.scp:37 is a shell command", "none is run")
    assert not (data / "run").exists()


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("wav.scp", "x raw.ark:15", ["wav.scp:37 names no audio file but 'raw.ark:15'"]),
        ("wav.scp", "x -", ["wav.scp:37 names no audio file but '-'"]),
        ("wav.scp", "x", ["wav.scp:37 names no audio file but ''"]),
        ("wav.scp", "x clips/s0_calm1.wav", ["row 37: its speaker is empty"]),
        ("wav.scp", "s0_calm1 a.wav", ["wav.scp:37 is about 's0_calm1', as line 4 is"]),
        ("utt2emo", "x calm", ["utt2emo:37 is about 'x', which wav.scp does not have"]),
        ("utt2emo", "s0_calm1 happy", ["utt2emo:37 is about 's0_calm1', as line 4 is"]),
        ("utt2spk", "x s9", ["utt2spk:37 is about 'x'"]),
        ("text", "x oh", ["text:37 is about 'x'"]),
        ("utt2label", "x oh", ["has both utt2emo and utt2label"]),
    ],
)
def test_files_that_do_not_fit(data, capsys, name, line, words):
    if not (data / name).exists():
        (data / name).touch()
    add(data, name, line)
    refused(capsys, data, *words)


def test_files_that_are_not_there(data, capsys):
    (data / "text").unlink()
    assert json.loads(run(capsys, "check", "table", data, "--json")[1])["utterances"] == 36
    (data / "utt2emo").rename(data / "aside")
    refused(capsys, data, "none of which is label or score")
    (data / "aside").rename(data / "utt2emo")
    (data / "utt2spk").unlink()
    refused(capsys, data, "none of which is speaker")
    (data / "wav.scp").unlink()
    refused(capsys, data, "is no table: expected a file, a folder with wav.scp, or one with files")


def test_text_that_is_none(data, capsys):
    (data / "text").write_bytes("s0_calm0 Käse".encode("cp1252"))
    refused(capsys, data, "text:1 is not in UTF-8")
    (data / "text").write_bytes(b"\0" * 50)
    refused(capsys, data, "text is in UTF-16 or holds no text")
    (data / "text").unlink()
    (data / "utt2emo").unlink()
    (data / "utt2spk").unlink()
    (data / "wav.scp").write_bytes(b"\n")
    refused(capsys, data, "holds no rows")
