"""Copies of recordings in a corpus: found, named, remembered, and stopped before a run."""

import csv
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake.corpora.iemocap import write_wav
from fake.speech import COPIES, clips

from mser.cli import main
from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits import recording_copies
from mser.splits.same_recordings import Recordings

PARTS = ("train", "val", "test")


@pytest.fixture(scope="module")
def speech():
    return clips()


@pytest.fixture
def table(tmp_path, speech, monkeypatch):
    """A table of nine clips by nine speakers in three parts, and a cache of its own."""
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    rows = []
    for number, one in enumerate(speech):
        write_wav(tmp_path / f"{number}.wav", one)
        rows.append({"audio": f"{number}.wav", "label": "ab"[number % 2], "speaker": f"s{number}",
                     "split": PARTS[number % 3], "start": "", "end": "", "group": number})  # fmt: skip
    return write_table(tmp_path / "table.csv", rows)


def write_table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def add(table, audio, **more):
    """Add a row of the test part by another speaker."""
    with table.open() as file:
        rows = list(csv.DictReader(file))
    rows.append(
        dict.fromkeys(rows[0], "")
        | {"audio": audio, "group": audio, "label": "b", "speaker": "x", "split": "test"}
        | more
    )
    write_table(table, rows)


def folds(capsys, table):
    code = main(["data", "folds", "table", str(table), "--json"])
    out, err = capsys.readouterr()
    assert code < 2, err
    return code, json.loads(out)["audit"], err


def check(capsys, table):
    code = main(["data", "check", "table", str(table), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert re.fullmatch(r"none of the \d+ utterances has a transcript: speech alone .*", found["notes"].pop())
    return code, [problem["message"] for problem in found["problems"]], found["notes"]


def test_other_recordings_are_sound(table, capsys):
    code, audit, err = folds(capsys, table)
    assert (code, err) == (0, "")
    counted = {name for name in audit if "recording_copies" in name}
    assert counted == {"recording_copies", "val_recording_copies", "val_test_recording_copies"}
    assert {audit[name] for name in counted} == {0} == {audit["copies_within_parts"], audit["uncompared_recordings"]}
    assert (audit["near_duplicate_transcripts"], audit["compared_transcripts"]) == (None, 0)
    assert check(capsys, table) == (0, [], [])


@pytest.mark.parametrize("kind", ["flac", "mp3", "48 kHz", "noise", "stereo"])
def test_a_copy_in_another_part_stops_a_run_and_is_named(table, speech, kind, capsys):
    content, suffix = COPIES[kind](speech[0])
    table.with_name(f"copy{suffix}").write_bytes(content)
    add(table, f"copy{suffix}")
    code, audit, err = folds(capsys, table)
    assert code == 1
    assert [audit[f"{prefix}recording_copies"] for prefix in ("", "val_", "val_test_")] == [1, 0, 0]
    assert audit["audio_overlap"] == 0
    named = f"0.wav = copy{suffix}; speakers s0 and x"
    assert audit["recording_copy_pairs"]["recording_copies"] == [named]
    assert f"parts that must not overlap do: recording_copies ({named})" in err
    assert main(["data", "folds", "table", str(table)]) == 1
    out = capsys.readouterr().out
    assert f"in train and test: {named}" in out
    assert "pairs of equal or re-encoded recordings: train and test 1, train and val 0, val and test 0" in out
    code, problems, _ = check(capsys, table)
    assert code == 1
    assert [problem.partition(":")[0] for problem in problems] == [f"{named}; labels a and b"]


def test_equal_files_and_links_count_as_copies_too(table, capsys):
    table.with_name("link.wav").symlink_to(table.with_name("1.wav"))
    table.with_name("same.wav").write_bytes(table.with_name("1.wav").read_bytes())
    add(table, "link.wav")
    add(table, "same.wav")
    code, audit, err = folds(capsys, table)
    assert (code, audit["val_test_audio_overlap"], audit["val_test_recording_copies"]) == (1, 2, 2)
    assert audit["copies_within_parts"] == 1
    assert audit["recording_copy_pairs"]["within"] == ["link.wav = same.wav; speaker x"]
    assert "val_test_audio_overlap, val_test_recording_copies (1.wav = link.wav; speakers s1 and x; 1.wav = same" in err


def test_copies_of_one_speaker_and_label_are_told_and_no_problem(table, speech, capsys):
    content, suffix = COPIES["ogg"](speech[0])
    table.with_name(f"again{suffix}").write_bytes(content)
    add(table, f"again{suffix}", label="a", speaker="s0", split="train")
    code, problems, notes = check(capsys, table)
    assert (code, problems) == (0, [])
    assert notes == ["1 pair of utterances are copies of one recording:", f"  0.wav = again{suffix}; speaker s0"]
    code, audit, _ = folds(capsys, table)
    assert (code, audit["copies_within_parts"]) == (0, 1)
    assert main(["data", "folds", "table", str(table)]) == 0
    assert f"in one part: 0.wav = again{suffix}; speaker s0" in capsys.readouterr().out


def test_a_fit_is_refused_with_the_pair_before_anything_is_trained(table, speech):
    from mser.data.datamodules import Table

    table.with_name("copy.wav").write_bytes(COPIES["gain"](speech[0])[0])
    add(table, "copy.wav")
    said = (
        "table/split: train and test share 1 re-encoded recording(s) summed over the folds, expected none "
        "(0.wav = copy.wav; speakers s0 and x); look for"
    )
    with pytest.raises(UserError, match=re.escape(said)):
        Table(str(table)).setup("fit")


def test_segments_of_a_file_overlap_adjoin_or_are_its_copy(tmp_path, speech):
    write_wav(tmp_path / "long.wav", np.concatenate(speech[:3]))
    soundfile.write(tmp_path / "long.flac", np.concatenate(speech[:3]), 16000)
    first, second = len(speech[0]) / 16000, len(np.concatenate(speech[:2])) / 16000

    def segment(name, audio, start, end):
        return Utterance(name, audio, end - start, "", name, name, start=start, end=end)

    said = [segment("a", "long.wav", 0, first), segment("b", "long.wav", first, second),
            segment("c", "long.wav", first - 0.2, second - 0.5), segment("d", "long.flac", first, second)]  # fmt: skip
    heard = Recordings.of(said, tmp_path)
    assert sorted(heard.pairs("abc", "d")) == [("b", "d"), ("c", "d")]
    assert heard.shared("ab", "c") == 2
    assert {"".join(sorted(pair)) for pair in heard.copies()} == {"bc", "bd", "cd"}  # a and c only touch
    assert heard.in_words("b", "d") == "b = d; speakers b and d"
    assert (heard.split_files("a", "b"), heard.split_files("a", "c"), heard.split_files("a", "d")) == (1, 0, 0)


def test_segments_of_one_file_in_several_parts_and_names_alike_are_noted(table, speech, capsys):
    write_wav(table.with_name("long.wav"), np.concatenate(speech[3:5]))
    seconds = len(speech[3]) / 16000
    table.with_name("3.wav").unlink()
    table.with_name("4.wav").unlink()
    rows = [row for row in csv.DictReader(table.open()) if row["audio"] not in ("3.wav", "4.wav")]
    shared = {"audio": "long.wav", "label": "a"}
    rows += [dict.fromkeys(rows[0], "") | shared | {"speaker": "S-3", "split": "train", "start": 0, "end": seconds,
                                                    "group": "one"},
             dict.fromkeys(rows[0], "") | shared | {"speaker": "s_5", "split": "test", "start": seconds,
                                                    "end": seconds + 2, "group": "two"}]  # fmt: skip
    write_table(table, rows)
    code, audit, _ = folds(capsys, table)
    assert (code, audit["split_files"], audit["recording_copies"]) == (0, 1, 0)
    assert audit["alike_speakers"] == [["s5", "s_5"]]
    assert main(["data", "folds", "table", str(table)]) == 0
    out = capsys.readouterr().out
    assert "train and test have segments of 1 same file(s), of other groups and without overlap" in out
    assert "probably one speaker: s5, s_5" in out
    assert check(capsys, table)[2] == ["probably one speaker: s5, s_5"]


def test_what_cannot_be_compared_is_counted(table, speech, capsys):
    write_wav(table.with_name("short.wav"), speech[0][8000:14000])
    soundfile.write(table.with_name("tone.wav"), 0.1 * np.sin(np.arange(32000) / 5), 16000)
    for audio in ("short.wav", "tone.wav"):
        add(table, audio)
    code, audit, _ = folds(capsys, table)
    assert (code, audit["uncompared_recordings"]) == (0, 2)
    assert check(capsys, table)[2] == [
        "too short, too quiet or too steady to be compared by ear: 2 of 11 utterances; of these only equal files are "
        "found"
    ]
    table.with_name("also short.wav").write_bytes(table.with_name("short.wav").read_bytes())
    add(table, "also short.wav", split="train", speaker="y")
    assert folds(capsys, table)[1]["recording_copies"] == 1


@pytest.fixture
def said(tmp_path, speech, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    for number, one in enumerate([*speech[:3], speech[0] / 2]):
        write_wav(tmp_path / f"{number}.wav", one)
    return [Utterance(str(number), f"{number}.wav", 3.0, "", "", "") for number in range(4)]


def _kept(folder: Path, what: str) -> list[Path]:
    return sorted(path for path in folder.glob(f"cache/{what}-*/**/*") if path.is_file())


def _count(monkeypatch, name):
    """Return a list that gets an entry for each call."""
    calls, original = [], getattr(recording_copies, name)

    def counted(*args):
        calls.append(args)
        return original(*args)

    monkeypatch.setattr(recording_copies, name, counted)
    return calls


def test_untouched_files_are_not_read_again_and_moved_ones_not_decoded(said, tmp_path, monkeypatch):
    heard = recording_copies.listen(said, tmp_path)
    assert [(one.audio, two.audio) for one, two in heard.copies] == [("0.wav", "3.wav")]
    read, decoded = _count(monkeypatch, "_digest"), _count(monkeypatch, "decode")
    assert recording_copies.listen(said, tmp_path) == heard
    assert (read, decoded) == ([], [])
    os.utime(tmp_path / "1.wav")
    assert recording_copies.listen(said, tmp_path) == heard
    assert (len(read), decoded) == (4, [])
    moved = tmp_path / "moved"
    moved.mkdir()
    for one in said:
        (tmp_path / one.audio).rename(moved / one.audio)
    assert recording_copies.listen(said, moved) == heard
    assert decoded == []
    (moved / "1.wav").write_bytes((moved / "2.wav").read_bytes())
    assert recording_copies.listen(said, moved).stands_for["2.wav"] == "1.wav"


@pytest.mark.parametrize("damage", [lambda old: old[:-4], lambda old: b"", lambda old: old[:40] + b"x" + old[41:]])
@pytest.mark.parametrize("what", ["copies", "fingerprints"])
def test_a_damaged_cache_is_computed_anew(said, tmp_path, what, damage):
    heard = recording_copies.listen(said, tmp_path)
    before = {path: path.read_bytes() for path in _kept(tmp_path, what)}
    for path, content in before.items():
        path.write_bytes(damage(content))
    if what == "fingerprints":
        _kept(tmp_path, "copies")[0].unlink()
    assert recording_copies.listen(said, tmp_path) == heard
    assert {path: path.read_bytes() for path in _kept(tmp_path, what)} == before


def test_a_cache_of_another_version_is_left_alone(said, tmp_path, monkeypatch):
    recording_copies.listen(said, tmp_path)
    monkeypatch.setattr(recording_copies, "VERSION", recording_copies.VERSION + 1)
    decoded = _count(monkeypatch, "decode")
    recording_copies.listen(said, tmp_path)
    assert len(decoded) == 4


def test_a_cache_that_cannot_be_written_costs_time_only(said, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "file"))
    assert len(recording_copies.listen(said, tmp_path).copies) == 1
    assert sum("set MSER_CACHE to save time" in record.message for record in caplog.records) == 2  # of each kind


def test_several_may_listen_at_once(said, tmp_path):
    with ThreadPoolExecutor(4) as threads:
        heard = list(threads.map(lambda _: recording_copies.listen(said, tmp_path), range(4)))
    assert heard == heard[:1] * 4
    assert [len(_kept(tmp_path, what)) for what in ("copies", "fingerprints")] == [1, 4]
