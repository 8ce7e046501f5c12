"""mser data turns: what annotations say of long recordings, each format written by its own library, as a table."""

import csv
import json

import numpy as np
import pytest
import soundfile
from fake.annotations import BY_CONTROL, BY_SPEAKER, ctm, elan, label_studio, praat, rttm, srt, vtt, whisperx
from praatio import textgrid
from praatio.data_classes.interval_tier import IntervalTier

from mser.cli import main

RATE = 16000
SAID = [("anna", 0.5, 2.0, "Hello there.", "happy"), ("ben", 1.8, 4.0, "Go away!", "angry"),
        ("anna", 4.5, 6.25, "So it is, too.", "sad")]  # fmt: skip
ROWS = [{"start": f"{start:.3f}", "end": f"{end:.3f}", "speaker": who, "transcript": said}
        for who, start, end, said, _ in SAID]  # fmt: skip
LABELLED = [row | {"label": one[-1]} for row, one in zip(ROWS, SAID, strict=True)]


@pytest.fixture
def call(tmp_path):
    """A folder with a recording of 10 s."""
    (tmp_path / "audio" / "may").mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    soundfile.write(tmp_path / "audio" / "may" / "call.wav", noise, RATE)
    return tmp_path


def of(who):
    return [one for one in SAID if one[0] == who]


FORMATS = {
    "call.TextGrid": (praat, BY_SPEAKER, LABELLED),
    "call.eaf": (elan, BY_SPEAKER, LABELLED),
    "call.en.vtt": (vtt, (), ROWS),
    "call.srt": (srt, (), ROWS),
    "call.json": (whisperx, (), ROWS),
    "all.rttm": (rttm, (), [row | {"transcript": ""} for row in ROWS]),
    "all.ctm": (ctm, (), ROWS),
    "export.json": (label_studio, BY_CONTROL, LABELLED),
}


def run(capsys, *args):
    try:
        code = main(["data", "turns", *map(str, args)])
    except SystemExit as exit_:
        code = exit_.code
    return code, *capsys.readouterr()


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_read_back(name, call, capsys):
    make, how, rows = FORMATS[name]
    (call / "notes").mkdir()
    make(call / "notes" / name, SAID)
    out = call / "table.csv"
    code, shown, err = run(capsys, call / "notes" / name, "--audio-root", call / "audio", *how, "--out", out)
    assert (code, err) == (0, "")
    assert table(out) == [{"audio": "audio/may/call.wav", **row} for row in rows]
    assert "3 turns, 5.5 s, in 1 recordings, from 1 annotations\nspeaker  turns\nanna         2\nben " in shown
    assert "1 turns begin while another speaker speaks: both are heard there\n" in shown
    if "label" in rows[0]:
        assert main(["data", "check", "table", str(out), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["labels"], found["speakers"]) == ({"happy": 1, "angry": 1, "sad": 1}, 2)


def test_openai_and_whisper_know_no_speakers(call, capsys):
    segments = [{"id": n, "start": one[1], "end": one[2], "text": one[3]} for n, one in enumerate(SAID[::2])]
    path = call / "audio/may/call.json"
    path.write_text(json.dumps({"task": "transcribe", "duration": 10.0, "text": "", "segments": segments}))
    code, shown, _ = run(capsys, path, "--out", call / "table.csv")
    assert (code, "who speaks is not known" in shown) == (0, True)
    assert list(table(call / "table.csv")[0]) == ["audio", "start", "end", "transcript"]


def test_each_tier_is_a_speaker_where_nothing_else_is_said(call, capsys):
    grid = textgrid.Textgrid()
    for who in ("anna", "ben"):
        grid.addTier(IntervalTier(who, [one[1:4] for one in of(who)], 0, 10))
    path = call / "call.TextGrid"
    grid.save(str(path), format="short_textgrid", includeBlankSpaces=True)
    assert run(capsys, path, "--out", call / "table.csv")[0] == 0
    assert [{name: row[name] for name in ROWS[0]} for row in table(call / "table.csv")] == ROWS


def test_labels_beside_the_turns(call, capsys):
    grid = textgrid.Textgrid()
    grid.addTier(IntervalTier("words", [(0.0, 2.0, "one"), (2.0, 4.0, "two"), (5.0, 6.0, "three")], 0, 10))
    grid.addTier(IntervalTier("emotion", [(0.0, 2.5, "happy"), (2.5, 4.0, "sad")], 0, 10))
    path = call / "call.TextGrid"
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)
    code, shown, _ = run(capsys, path, "--tiers", "transcript=words", "label=emotion", "--out", call / "table.csv")
    assert code == 0
    assert [(row["transcript"], row["label"]) for row in table(call / "table.csv")] == [
        ("one", "happy"),
        ("two", "sad"),
    ]
    assert "1 turns meet several words of label, the longest counts" in shown
    assert "left out, without a label: 1, such as" in shown


def refused(capsys, *args, words):
    code, out, err = run(capsys, *args)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err, err


def lines(path, *spans):
    path.write_text("\n".join(f"SPEAKER call 1 {start} {length} <NA> <NA> {who} <NA>" for start, length, who in spans))
    return path


def test_turns_that_cannot_be(call, capsys):
    path = call / "call.rttm"
    for spans, words in (
        ([(0, 2, "a"), (1, 2, "a")], ["line 2: it begins at 1.00 s, while a turn of a lasts until 2.00 s (line 1)"]),
        ([(0, 2, "a"), (3, -1, "b")], ["line 2: it is from 3 to 2 s; expected 0 <= start < end"]),
        ([(-1, 2, "a")], ["line 1: it is from -1 to 1 s"]),
        ([(8, 3, "a")], ["line 1: it ends at 11.00 s, but", "call.wav lasts 10.00 s"]),
        ([("x", 3, "a")], ["line 1: its start and length are 'x 3'; expected numbers"]),
    ):
        refused(capsys, lines(path, *spans), words=[str(path), *words])
    lines(path, (8, 2.05, "a"))  # the times are rounded
    assert run(capsys, path, "--out", call / "table.csv")[0] == 0
    assert table(call / "table.csv")[0]["end"] == "10.000"


def test_files_that_cannot_be_read(call, capsys):
    praat(call / "call.TextGrid", SAID)
    refused(
        capsys,
        call / "call.TextGrid",
        "--tiers",
        "transcript=ben",
        words=[
            "call.TextGrid: there is no tier ben for the column transcript; it has anna-text, anna-emotion, ben-text, "
        ],
    )
    refused(capsys, call / "call.TextGrid", "--tiers", "end=anna-text", words=["--tiers names a tier for end"])
    (call / "none.TextGrid").write_text((call / "call.TextGrid").read_text())
    refused(capsys, call / "none.TextGrid", words=["none.TextGrid: its recording none is not in", "--audio-root"])
    text = (call / "call.TextGrid").read_text()
    (call / "call.TextGrid").write_text(text.replace("ben-text", "anna-text"))
    refused(capsys, call / "call.TextGrid", words=["call.TextGrid: two tiers have one name", "anna-text"])
    (call / "call.TextGrid").write_text(text[: len(text) // 3])
    refused(capsys, call / "call.TextGrid", words=["call.TextGrid"])
    elan(call / "call.eaf", SAID)
    text = (call / "call.eaf").read_text()
    (call / "call.eaf").write_text(text.replace('TIER_ID="ben-text"', 'TIER_ID="anna-text"'))
    refused(capsys, call / "call.eaf", words=["call.eaf: two tiers have one name, anna-text"])
    (call / "call.eaf").write_text(text[:200])
    refused(capsys, call / "call.eaf", words=["call.eaf: it cannot be read as a file of ELAN"])
    srt(call / "call.srt", SAID)
    refused(capsys, call / "call.srt", *BY_SPEAKER, words=["call.srt: there is no tier", "its format has none"])
    (call / "call.srt").write_text("1\n00:00:01,000 --> soon\nHello\n")
    refused(capsys, call / "call.srt", words=["call.srt: "])
    for content, words in (
        ("{", "it is not JSON"), ("{}", "it holds no segments"), ('{"segments": [{"text": "a"}]}', "segment 1: it has"),
        ('{"segments": []}', "holds no interval"),
    ):  # fmt: skip
        (call / "call.json").write_text(content)
        refused(capsys, call / "call.json", words=["call.json", words])
    refused(capsys, call / "call.docx", words=["call.docx is no annotation: expected a file that ends in .textgrid"])
    refused(capsys, call / "gone.srt", words=["gone.srt is no file"])


def test_recordings_of_one_name(call, capsys):
    (call / "audio/june").mkdir()
    (call / "audio/june/call.flac").write_bytes(b"")
    refused(capsys, lines(call / "a.rttm", (0, 1, "a")), "--audio-root", call / "audio", words=["may be", "keep one"])
    (call / "audio/may/call.wav").unlink()
    refused(capsys, call / "a.rttm", "--audio-root", call / "audio", words=["call.flac is an empty file"])
    refused(capsys, call / "a.rttm", "--audio-root", call / "gone", words=["gone is no folder"])


def test_nothing_is_written_over(call, capsys):
    path = lines(call / "call.rttm", (0, 1, "a"))
    (call / "table.csv").write_text("mine")
    refused(capsys, path, "--out", call / "table.csv", words=["is there already", "--force"])
    assert run(capsys, path, "--out", call / "table.csv", "--force")[0] == 0
