"""mser predict --table --keep: what else a table says of its clips, beside the answers."""

import csv
import json

import numpy as np
import pytest
import soundfile
from fake.trained import untrained
from pyarrow import parquet

from mser.cli import main

HEAD = ("file", "transcript", "label", "take", "error")
ROWS = [
    ("a.wav", "so well", "hap", "1, loud", "none"),
    ("gone.wav", "no", "neu", "2", ""),
    ("b.wav", "oh", "sad", "", "x"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    untrained(folder / "model", trained={"modality_dropout": 0.1})
    noise = np.random.default_rng(0)
    for name in ("a", "b"):
        soundfile.write(folder / f"{name}.wav", 0.1 * noise.standard_normal(9000), 16_000)
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *ROWS])
    return folder


def predict(place, *options):
    given = ["predict", str(place / "model"), f"--table={place / 'clips.csv'}", "--columns", "audio=file"]
    return main([*given, *map(str, options)])


def test_all_of_them_or_those_that_are_named(place, tmp_path):
    for name, read in (("o.csv", _csv), ("o.jsonl", _json_lines), ("o.parquet", _parquet)):
        out = tmp_path / name
        assert predict(place, "--out", out, "--keep") == 1  # one recording is not there
        rows = read(out)
        assert list(rows[0])[-4:] == ["model", "table_label", "take", "table_error"]
        assert "file" not in rows[0]
        kept = [(row["table_label"], row["take"], row["table_error"]) for row in rows]
        assert kept == [row[2:] for row in ROWS]
        assert [bool(row["error"]) for row in rows] == [False, True, False]
    out = tmp_path / "named.csv"
    assert predict(place, "--keep", "take", "file", "--out", out) == 1
    assert [(row["take"], row["file"]) for row in _csv(out)] == [(row[3], row[0]) for row in ROWS]


def test_a_run_carries_on_and_windows_have_what_their_recording_has(place, tmp_path):
    out = tmp_path / "o.csv"
    (place / "silent.csv").write_text("audio,take\n" + "".join(f'{row[0]},"{row[3]}"\n' for row in ROWS))
    asked = ["predict", str(place / "model"), f"--table={place / 'silent.csv'}", f"--out={out}", "--window=0.3"]
    assert main([*asked, "--keep"]) == 1
    takes = {(row["audio"], row["take"]) for row in _csv(out)}
    assert takes == {(row[0], row[3]) for row in ROWS}
    whole = out.read_text()
    assert len(whole.splitlines()) > 1 + len(ROWS)
    out.write_text("".join(whole.splitlines(keepends=True)[:2]))
    assert main([*asked, "--keep"]) == 1
    assert out.read_text() == whole
    assert main(asked) == 2  # other columns than there


def test_embeddings_have_them_too(place, tmp_path):
    for name in ("o.npz", "o.parquet"):
        assert predict(place, f"--embeddings={tmp_path / name}", "--keep", "label", "--of=speech") == 1
    assert np.load(tmp_path / "o.npz")["label"].tolist() == ["hap", "sad"]
    assert _parquet(tmp_path / "o.parquet")[1]["label"] == "sad"


def test_what_is_refused(place, tmp_path, capsys):
    assert predict(place, "--keep", "mood", "--out", tmp_path / "o.csv") == 2
    assert "has no column 'mood': it has file, transcript, label, take, error" in capsys.readouterr().err
    assert main(["predict", str(place / "model"), str(place / "a.wav"), "--text=a", "--keep"]) == 2
    assert "--keep names columns of a table" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def _csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def _parquet(path):
    return parquet.read_table(path).to_pylist()
