"""A table that names the channel of each row: it is heard alone wherever the corpus is, and is no copy of another."""

import numpy as np
import pytest
import soundfile
import torch
from fake.corpora.table import write_rows

from mser.audio.decoding import decode
from mser.audio.measure_cache import measure_all
from mser.cli import main
from mser.data.datamodules import Table
from mser.manifest import Manifest
from mser.report.page.audio_clips import _clip as embedded
from mser.splits.content import differing
from mser.splits.same_recordings import Recordings

RATE, CALLS = 16_000, 3


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Calls of 3 s with a customer on the left, who is tested, and an agent on the right; each side as a file, too."""
    folder = tmp_path_factory.mktemp("calls")
    chance = np.random.default_rng(0)
    said = []
    for call, split in enumerate(("train", "val", "test")):
        sides = 0.1 * chance.normal(0, 1, (3 * RATE, 2)) * np.sin(np.arange(3 * RATE)[:, None] / (900, 1300)) ** 2
        soundfile.write(folder / f"call{call}.wav", sides, RATE)
        for number, who in ((1, "customer"), (2, "agent")):
            soundfile.write(folder / f"call{call}-{who}.wav", sides[:, number - 1], RATE)
            said += [
                {"audio": f"call{call}.wav", "channel": number, "start": start, "end": start + 1.5,
                 "label": "calm" if start else "angry", "speaker": f"{who} {call}", "split": split}
                for start in (0.0, 1.5)
            ]  # fmt: skip
    write_rows(folder / "turns.csv", said)
    mixed = [row for row in said if row["channel"] == 1]
    write_rows(folder / "mixed.csv", [{key: row[key] for key in row if key != "channel"} for row in mixed])
    return folder


@pytest.fixture(scope="module")
def read(calls):
    return Table(str(calls / "turns.csv")).read()


def side(calls, utterance):
    name = utterance.audio.replace(".wav", "-agent.wav" if utterance.channel == 2 else "-customer.wav")
    return calls / name, utterance.start, utterance.end


def test_each_row_hears_its_own_channel(calls, read):
    assert [one.id for one in read][:4] == [
        "call0.wav[1]:0.0-1.5", "call0.wav[1]:1.5-3.0", "call0.wav[2]:0.0-1.5", "call0.wav[2]:1.5-3.0"
    ]  # fmt: skip
    assert (read.problems, read.notes) == ((), ())
    data = Table(str(calls / "turns.csv"))
    data.setup("fit")
    for part in ("train", "val"):
        for place, utterance in enumerate(data.datasets[part].utterances):
            alone = torch.from_numpy(decode(*side(calls, utterance)))
            assert torch.equal(data.datasets[part].clip(place), alone)
    measures = measure_all(read, calls)
    assert len({one.level for one in measures.values()}) == len(read)
    assert len({embedded(calls, utterance) for utterance in read}) == len(read)


def test_channels_of_one_call_are_no_copies_of_each_other(read, calls, tmp_path):
    recordings = Recordings.of(read, calls)
    assert not list(recordings.copies())
    left, right = ([one.id for one in read if one.channel == number] for number in (1, 2))
    assert (recordings.shared(left, right), recordings.same_file(left, right)) == (0, 0)
    assert recordings.same_file(left, left) == len(left)
    read.write(tmp_path / "manifest.jsonl")
    again = {one.id: one for one in Manifest.read(tmp_path / "manifest.jsonl")}
    assert [one.channel for one in again.values()] == [one.channel for one in read]
    mixed = {
        name: type(one)(**{f: getattr(one, f) for f in one.__slots__} | {"channel": None})
        for name, one in again.items()
    }
    assert differing(again, mixed) == {"times": len(read)}


def test_what_mixes_channels_is_said(calls, capsys):
    assert main(["data", "check", "table", str(calls / "mixed.csv")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "3 recordings have several channels, which are mixed: a column channel says which to hear" in said


@pytest.mark.parametrize("channel", ["left", "0", "1.5", "-1", "nan"])
def test_what_is_no_channel_is_refused(calls, channel, capsys):
    row = {"audio": "call0.wav", "channel": channel, "label": "calm", "speaker": "anna"}
    write_rows(calls / "wrong.csv", [row, row | {"audio": "call1.wav", "label": "angry"}])
    assert main(["data", "check", "table", str(calls / "wrong.csv")]) == 2
    error = capsys.readouterr().err
    assert f"wrong.csv, row 2: its channel is '{channel}'; expected 1, 2, ..., or nothing for all, mixed" in error
    assert main(["data", "check", "table", str(calls / "wrong.csv"), "--columns", "channel="]) == 0


def test_a_channel_that_a_recording_lacks_leaves_the_row_out(calls, capsys):
    row = {"audio": "call0.wav", "label": "calm", "speaker": "anna"}
    write_rows(calls / "third.csv", [row | {"channel": "2.0"}, row | {"channel": 3}, row | {"label": "angry"}])
    assert main(["data", "check", "table", str(calls / "third.csv")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "row 3: call0.wav has 2 channel(s), but channel 3 was asked for; the row is left out" in said
