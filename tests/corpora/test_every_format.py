"""Recordings in each format, written by its own library where there is one, go through every command."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake import annotations, containers
from fake.corpora.audformat_db import make_audformat
from fake.corpora.iemocap import RATE
from fake.corpora.table import make_table, write_rows
from fake.trained import untrained
from lhotse import Recording, RecordingSet, SupervisionSegment, SupervisionSet

from mser.cli import main

SPOKEN, APART = 0.3, 1.0  # seconds: each clip, and from one to the next in a long recording


def audformat(folder, said):
    make_audformat(folder / "db")
    return folder / "db", "emotion"


def kaldi(folder, said):
    columns = {"wav.scp": "audio", "text": "transcript", "utt2emo": "label", "utt2spk": "speaker"}
    for name, column in columns.items():
        (folder / name).write_text("".join(f"{Path(row['audio']).stem} {row[column]}\n" for row in said))
    return folder, "label"


def lhotse(folder, said):
    recordings = [Recording.from_file(row["audio"], recording_id=Path(row["audio"]).stem) for row in said]
    segments = [
        SupervisionSegment(
            one.id, one.id, 0, SPOKEN, text=row["transcript"], speaker=row["speaker"], custom={"emotion": row["label"]}
        )
        for one, row in zip(recordings, said, strict=True)
    ]
    RecordingSet.from_recordings(recordings).to_file(folder / "recordings.jsonl.gz")
    SupervisionSet.from_segments(segments).to_file(folder / "supervisions.jsonl.gz")
    return folder / "supervisions.jsonl.gz", "emotion"


def names(folder, said):
    for row in said:
        Path(row["audio"]).with_suffix(".txt").write_text(row["transcript"])
    how = "--label-from", r"(?P<speaker>s\d)_(?P<label>[a-z]+)\d\.wav$", "--transcript-from", ".txt"
    assert main(["data", "table", "clips", *how, "--out", "named.csv"]) == 0
    return folder / "named.csv", "label"


def compressed(suffix, codec, picture=False):
    def make(folder, said):
        rows = [row | {"audio": str(Path(row["audio"]).with_suffix(suffix))} for row in said]
        for row, other in zip(said, rows, strict=True):
            sound, rate = soundfile.read(row["audio"], dtype="float32", always_2d=True)
            containers.write(folder / other["audio"], codec, sound, rate, picture=picture)
        write_rows(folder / "compressed.csv", rows)
        return folder / "compressed.csv", "label"

    return make


def turns(suffix, write, *options, named=True):
    """Return what writes a long recording of each speaker with its annotation, and makes a table of the turns."""

    def make(folder, said):
        for speaker in sorted({row["speaker"] for row in said}):
            own = [row for row in said if row["speaker"] == speaker]
            sound = np.zeros(round(RATE * APART) * len(own))
            for number, row in enumerate(own):
                clip, _ = soundfile.read(row["audio"])
                sound[round(RATE * APART) * number :][: len(clip)] = clip
            soundfile.write(f"{speaker}.wav", sound, RATE)
            spans = ((APART * number, APART * number + SPOKEN) for number in range(len(own)))
            marked = [(speaker, *span, row["transcript"], row["label"]) for span, row in zip(spans, own, strict=True)]
            write(folder / f"{speaker}{suffix}", marked, **({"recording": speaker} if named else {}))
        notes = [str(path) for path in sorted(folder.glob(f"*{suffix}"))]
        assert main(["data", "turns", *notes, *options, "--out", "turns.csv"]) == 0
        label_by_hand(folder / "turns.csv", said)
        assert (
            main(["predict", str(folder.parent / "hears"), "--turns", *notes, *options, "--out", "turns-said.csv"]) == 0
        )
        assert len(table("turns-said.csv")) == 36
        return folder / "turns.csv", "label"

    return make


def label_by_hand(path, said):
    """Write the labels into a table of turns where its annotations had none."""
    rows = table(path)
    for row, known in zip(rows, said, strict=True):
        assert (row["speaker"], row.setdefault("label", known["label"])) == (known["speaker"], known["label"])
    write_rows(path, rows)


FORMATS = {
    "audformat": audformat,
    "kaldi": kaldi,
    "lhotse": lhotse,
    "folder": names,
    "m4a": compressed(".m4a", "aac"),
    "mp4": compressed(".mp4", "aac", picture=True),
    "TextGrid": turns(".TextGrid", annotations.praat, *annotations.BY_SPEAKER, named=False),
    "eaf": turns(".eaf", annotations.elan, *annotations.BY_SPEAKER),
    "srt": turns(".srt", annotations.srt, named=False),
    "vtt": turns(".vtt", annotations.vtt, named=False),
    "whisperx": turns(".json", annotations.whisperx, named=False),
    "rttm": turns(".rttm", annotations.rttm),
    "ctm": turns(".ctm", annotations.ctm),
    "label-studio": turns(".json", annotations.label_studio, *annotations.BY_CONTROL),
}


def table(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    untrained(tmp_path / "hears", sides=("speech",))
    (tmp_path / "made").mkdir()
    monkeypatch.chdir(tmp_path / "made")
    return tmp_path


def answers(place, path):
    """Return what the untrained model says of each row of a table, in the order of the numbers."""
    assert (
        main(["predict", str(place / "hears"), "--table", str(path), f"--out={place / f'{path.name}.said.csv'}"]) == 0
    )
    said = table(place / f"{path.name}.said.csv")
    assert [row["error"] for row in said] == [""] * 36
    return sorted([float(row[name]) for name in row if name.startswith("p_")] for row in said)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", FORMATS)
def test_it_goes_through_every_command(kind, place, capsys):
    said = make_table(place / "made/made.csv")
    path, label = FORMATS[kind](place / "made", said)
    capsys.readouterr()
    code = main(["data", "check", "table", str(path), "--columns", f"label={label}", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["utterances"], found["speakers"], found["problems"]) == (0, 36, 6, [])
    assert found["labels"] == {"angry": 12, "calm": 12, "happy": 12}
    own = f"--data.init_args.root={path}", "--data=Table", f"--data.init_args.columns={{label: {label}}}"
    options = [*own, "--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    assert main(["fit", *options, f"--trainer.default_root_dir={place / 'fit'}"]) == 0
    assert main(["crossval", f"--out={place / 'run'}", "--folds=1", *options]) == 0
    tested = table(place / "run/seed1/fold1/predictions.csv")
    speakers = {row["speaker"] for row in tested}
    assert sorted((row["speaker"], row["target"]) for row in tested) == sorted(
        (row["speaker"], row["label"]) for row in said if row["speaker"] in speakers
    )
    assert main(["report", str(place / "run")]) == 0
    assert json.loads((place / "run/report/report.json").read_text())
    heard = answers(place, path)
    if kind not in ("m4a", "mp4"):  # whose samples are other ones
        np.testing.assert_allclose(heard, answers(place, place / "made/made.csv"), atol=1e-4)
