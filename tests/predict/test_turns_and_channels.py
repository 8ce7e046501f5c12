"""mser predict --turns and --channel: a row for each turn of each speaker, each channel on its own."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake.trained import untrained
from praatio import textgrid
from praatio.data_classes.interval_tier import IntervalTier

from mser.cli import main
from mser.errors import UserError
from mser.use.listed_clips import from_table

RATE = 16000
FLOATS = ("p_neu", "p_sad", "p_ang", "p_hap")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two models and a stereo call of 8 s in which one side is not the other, and both sides as files of their own."""
    folder = tmp_path_factory.mktemp("calls")
    untrained(folder / "both")
    untrained(folder / "hears", sides=("speech",), seed=2)
    time = np.arange(8 * RATE) / RATE
    chance = np.random.default_rng(0)
    left = 0.3 * np.sin(2 * np.pi * 140 * time) * np.sin(time) + chance.normal(0, 0.01, len(time))
    right = 0.2 * np.sign(np.sin(2 * np.pi * 310 * time)) * np.cos(2 * time) + chance.normal(0, 0.05, len(time))
    soundfile.write(folder / "call.wav", np.stack([left, right], 1), RATE)
    soundfile.write(folder / "left.wav", left, RATE)
    soundfile.write(folder / "right.wav", right, RATE)
    (folder / "call.rttm").write_text(
        "SPEAKER call 1 0.5 2.5 <NA> <NA> anna <NA> <NA>\nSPEAKER call 1 2.0 3.0 <NA> <NA> ben <NA> <NA>\n"
    )
    (folder / "call.srt").write_text(
        "1\n00:00:00,500 --> 00:00:03,000\n[anna]: Well, so it is.\n\n2\n00:00:03,000 --> 00:00:05,000\n[ben]: No!\n"
    )
    return folder


@pytest.fixture
def ask(place, monkeypatch, capsys):
    """Runs mser predict beside the recordings; gives exit code, the lines that it prints, and of errors."""
    monkeypatch.chdir(place)

    def run(*words):
        code = main(["predict", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.strip().splitlines()

    return run


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def answers(rows):
    return np.array([[float(row[name]) for name in FLOATS] for row in rows])


def test_a_row_for_each_turn(ask, tmp_path):
    code, out, _ = ask("hears", "--turns", "call.rttm")
    assert code == 0
    assert [line.split(": ")[0] for line in out] == ["call.wav 0.5-3.0 s anna", "call.wav 2.0-5.0 s ben"]
    assert ask("hears", "--turns", "call.rttm", "--out", tmp_path / "a.csv")[0] == 0
    rows = read(tmp_path / "a.csv")
    assert list(rows[0])[:5] == ["audio", "start", "end", "speaker", "transcript"]
    assert [(row["speaker"], row["start"], row["end"]) for row in rows] == [
        ("anna", "0.5", "3.0"),
        ("ben", "2.0", "5.0"),
    ]
    assert ask("hears", "--turns", "call.rttm", "--out", tmp_path / "a.csv")[1][0].endswith("2 were there already")
    assert len(read(tmp_path / "a.csv")) == 2


def test_what_is_said_comes_with_the_turns(ask, tmp_path):
    assert ask("both", "--turns", "call.srt", "--out", tmp_path / "a.jsonl")[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [(row["speaker"], row["transcript"]) for row in rows] == [("anna", "Well, so it is."), ("ben", "No!")]
    code, _, err = ask("both", "--turns", "call.rttm")
    assert (code, len(err)) == (2, 1)


def test_each_channel_is_a_speaker(ask, tmp_path):
    assert ask("hears", "call.wav", "--channels", "split", "--window", 4, "--out", tmp_path / "split.csv")[0] == 0
    assert ask("hears", "left.wav", "right.wav", "--window", 4, "--out", tmp_path / "sides.csv")[0] == 0
    rows, sides = read(tmp_path / "split.csv"), read(tmp_path / "sides.csv")
    assert [row["speaker"] for row in rows] == ["channel 1"] * 3 + ["channel 2"] * 3
    assert [(row["start"], row["end"]) for row in rows] == [(row["start"], row["end"]) for row in sides]
    np.testing.assert_allclose(answers(rows), answers(sides), atol=1e-5)
    assert abs(answers(rows)[:3] - answers(rows)[3:]).max() > 3e-4
    assert not any(row["note"] for row in rows)


def test_one_channel(ask, tmp_path):
    for number, side in ((1, "left"), (2, "right")):
        assert ask("hears", "call.wav", "--channel", number, "--out", tmp_path / f"{side}.csv")[0] == 0
        assert ask("hears", f"{side}.wav", "--out", tmp_path / "alone.csv")[0] == 0
        [row], alone = read(tmp_path / f"{side}.csv"), read(tmp_path / "alone.csv")
        np.testing.assert_allclose(answers([row]), answers(alone[-1:]), atol=1e-5)
        assert "speaker" not in row
    assert ask("hears", "call.wav", "--out", tmp_path / "left.csv")[0] == 2  # answers of another channel
    code, out, _ = ask("hears", "call.wav", "left.wav", "--channel", 2)
    assert code == 1
    assert "left.wav: no answer: left.wav has 1 channel(s), but channel 2 was asked for" in out[1]
    code, out, _ = ask("hears", "--turns", "call.rttm", "--channel", 2)
    assert (code, len(out)) == (0, 2)


@pytest.mark.slow
def test_voices_of_each_channel(ask, tmp_path):
    pytest.importorskip("silero_vad", reason="voice detection is an extra")
    code, _, _ = ask("hears", "call.wav", "--channels", "split", "--vad", "--out", tmp_path / "a.csv")
    assert code in (0, 1)
    assert {row["speaker"] for row in read(tmp_path / "a.csv")} == {"channel 1", "channel 2"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hears", "call.wav", "--turns", "call.rttm"), "--turns, one of the three"),
        (("hears", "call.wav", "--tiers", "transcript=a"), "add --turns"),
        (("hears", "--turns", "call.rttm", "--channels", "split"), "leave one out"),
        (("hears", "--turns", "left.rttm"), "left.rttm is no file"),
        (("hears", "--turns", "call.wav"), "call.wav is no annotation"),
        (
            ("hears", "--turns", "turns.csv"),
            "turns.csv is a table, no annotation; `mser predict MODEL --table turns.csv`",
        ),
        (
            ("hears", "--table", "call.srt"),
            "call.srt is no table but looks like annotations of recordings: `mser data turns",
        ),
        (("hears", "--table", "a.TextGrid"), "`mser predict MODEL --turns a.TextGrid` answers turn by turn"),
    ],
)
def test_what_does_not_go_together(words, told, ask):
    code, out, err = ask(*words)
    assert (code, out, len(err)) == (2, [], 1)
    assert told in err[0]


def test_a_channel_that_is_no_number(ask):
    assert ask("hears", "call.wav", "--channel", "0")[0] == 2


def test_the_commands_of_the_documentation(place, tmp_path, monkeypatch, capsys):
    text = (Path(__file__).parents[2] / "docs" / "tables.md").read_text("utf-8")
    section = text.split("## Annotations over long recordings")[1].split("\n## ")[0]
    commands = [shlex.split(line) for line in section.split("```sh\n")[1].split("```")[0].splitlines()]
    assert len(commands) == 4
    (tmp_path / "calls").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "calls/call.wav").write_bytes((place / "call.wav").read_bytes())
    grid = textgrid.Textgrid()
    for name, said in (("anna-text", "Hello."), ("anna-emotion", "neu"), ("ben-text", "No!"), ("ben-emotion", "ang")):
        start = 1.0 if name.startswith("anna") else 3.0
        grid.addTier(IntervalTier(name, [(start, start + 2, said)], 0, 8))
    grid.save(str(tmp_path / "notes/call.TextGrid"), format="long_textgrid", includeBlankSpaces=True)
    monkeypatch.chdir(tmp_path)
    for command in commands:
        model = "both" if "--turns" in command else "hears"
        words = [str(place / model) if word == "MODEL" else word for word in command[1:]]
        assert main(words) == 0, command
    assert [(row["speaker"], row["label"]) for row in read(tmp_path / "turns.csv")] == [("anna", "neu"), ("ben", "ang")]
    assert [row["transcript"] for row in read(tmp_path / "emotions.csv")] == ["Hello.", "No!"]
    assert len(read(tmp_path / "channels.csv")) == 14


def test_a_table_says_which_channel_and_who_speaks(tmp_path):
    table = tmp_path / "turns.csv"
    table.write_text("audio,speaker,channel\ncall.wav,anna,1\ncall.wav,,2\ncall.wav,ben,\n")
    asked = from_table(table, {})
    assert [(one.speaker, one.channel) for one in asked] == [("anna", 1), ("channel 2", 2), ("ben", None)]
    assert (asked.speakers, asked.channels) == (True, True)
    for wrong in ("0", "left", "-1", "1.5"):
        table.write_text(f"audio,side\ncall.wav,{wrong}\n")
        with pytest.raises(UserError, match=f"row 2: its channel is '{wrong}'; expected 1, 2, "):
            from_table(table, {"channel": "side"})
