"""Data sets as Hugging Face's library writes them, with the recordings inside: checked, trained on and predicted."""

import csv
import io
import json
import os
import shutil
import threading

import numpy as np
import pyarrow
import pytest
import soundfile
from fake.corpora.hub import AUDIO, NAMES, as_table, encoded, hub_rows, save_splits, save_to_disk, write_parquet
from fake.corpora.table import make_table
from fake.trained import untrained
from pyarrow import parquet

from mser.audio.embedded import EmbeddedRecordings
from mser.cli import main
from mser.corpora.table.rows import each_row
from mser.data.audio import load
from mser.data.datamodules import Table
from mser.errors import UserError
from mser.manifest import Manifest

LABEL = ("--columns", "label=emotion")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/recordings"


@pytest.fixture
def data(kept, capsys):
    """Runs `mser data ACTION table`; gives exit code, standard output and standard error, free of any bytes."""

    def run(action, path, *more):
        code = main(["data", action, "table", str(path), *map(str, more)])
        out, err = capsys.readouterr()
        assert "b'" not in out + err
        assert "RIFF" not in out + err
        return code, out, err

    return run


@pytest.fixture
def checked(data):
    def run(path, *more):
        code, out, err = data("check", path, "--json", *(more or LABEL))
        assert err == ""
        return code, json.loads(out)

    return run


@pytest.fixture
def refused(data):
    def run(path, *words, options=LABEL):
        code, out, err = data("check", path, *options)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert all(word in err for word in words), err

    return run


def _parquet_file(folder):
    return write_parquet(folder / "hub.parquet", hub_rows())


def _parquet_shards(folder):
    for number in range(2):
        write_parquet(folder / f"set/data/train-{number:05}-of-00002.parquet", hub_rows()[9 * number : 9 * number + 9])
    return folder / "set"


def _arrow_file(folder):
    table = as_table(hub_rows())
    with pyarrow.OSFile(str(folder / "a.arrow"), "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, 4)
    return folder / "a.arrow"


def _saved(folder):
    return save_to_disk(folder / "saved", hub_rows(), shards=2)


def _saved_splits(folder):
    return save_splits(folder / "saved", train=hub_rows("abcd"), validation=hub_rows("e"), test=hub_rows("f"))


@pytest.mark.parametrize("make", [_parquet_file, _parquet_shards, _arrow_file, _saved, _saved_splits])
def test_every_layout_is_read_sample_by_sample_and_label_by_label(tmp_path, data, checked, make):
    path = make(tmp_path)
    code, summary = checked(path)
    assert (code, summary["utterances"], summary["speakers"], summary["problems"]) == (0, 18, 6, [])
    assert summary["labels"] == dict.fromkeys(NAMES, 6)
    assert summary["splits"] == ({"train": 12, "val": 3, "test": 3} if make is _saved_splits else None)
    assert data("manifest", path, tmp_path / "m.jsonl", *LABEL)[0] == 0
    manifest = Manifest.read(tmp_path / "m.jsonl")
    known = {one.id: one for one in manifest}
    for row in hub_rows():
        one = known[row["audio"]["path"]]
        assert (one.label, one.speaker, one.transcript) == (NAMES[row["emotion"]], row["speaker"], row["transcript"])
        expected, _ = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="float32")
        np.testing.assert_array_equal(load(manifest.root / one.audio).numpy(), expected)
    assert len(known) == 18


def test_a_fold_of_it_is_trained_on(tmp_path, kept):
    folder = tmp_path / "fit"
    options = ["--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--data=Table",
               f"--data.init_args.root={_saved_splits(tmp_path)}", "--data.init_args.columns={label: emotion}",
               f"--trainer.default_root_dir={folder}"]  # fmt: skip
    assert main(["fit", *options]) == 0
    assert main(["test", f"--config={folder / 'config.yaml'}", f"--ckpt_path={folder / 'checkpoints/best.ckpt'}"]) == 0
    said = list(csv.DictReader((folder / "predictions.csv").open()))
    assert {row["utterance"]: row["target"] for row in said if row["split"] == "test"} == {
        f"f_{n}.wav": name for n, name in enumerate(NAMES)
    }


def test_folds_of_unseen_speakers_are_set_up(tmp_path, kept):
    module = Table(str(_parquet_shards(tmp_path)), columns={"label": "emotion"}, folds=3)
    module.setup("fit")
    assert (module.label_set.labels, module.protocol.name) == (NAMES, "table/3fold")
    assert next(iter(module.train_dataloader())).waveform.abs().max() > 0


def test_predict_calls_each_recording_by_its_name(tmp_path, kept, capsys):
    untrained(tmp_path / "hears", sides=("speech",))
    rows = hub_rows()[:5]
    rows[1]["audio"] = {"bytes": b"no sound at all", "path": "a_1.wav"}
    rows[2]["audio"] = {"bytes": None, "path": None}
    rows[3]["audio"]["path"] = "a_0.wav"
    path = write_parquet(tmp_path / "hub.parquet", rows)
    assert main(["predict", str(tmp_path / "hears"), "--table", str(path), "--out", str(tmp_path / "o.csv")]) == 1
    assert "RIFF" not in "".join(capsys.readouterr())
    text = (tmp_path / "o.csv").read_text()
    assert "b'" not in text
    said = list(csv.DictReader(io.StringIO(text)))
    assert [row["audio"] for row in said] == ["a_0.wav", "a_1.wav", "hub.parquet:3", "hub.parquet:4", "b_1.wav"]
    assert [bool(row["error"]) for row in said] == [False, True, True, False, False]
    assert said[1]["error"].startswith("a_1.wav cannot be decoded: Format not recog")
    soundfile.write(tmp_path / "a_0.wav", *soundfile.read(io.BytesIO(rows[0]["audio"]["bytes"])))
    alone = tmp_path / "alone.csv"
    assert main(["predict", str(tmp_path / "hears"), str(tmp_path / "a_0.wav"), "--out", str(alone)]) == 0
    (by_file,) = csv.DictReader(alone.open())
    assert {name: by_file[name] for name in by_file if name[:2] == "p_"} == {
        name: said[0][name] for name in by_file if name[:2] == "p_"
    }


def test_a_recording_is_kept_once_and_written_again_where_it_was_damaged(tmp_path, kept, checked):
    rows = hub_rows()
    rows.append({**rows[0], "audio": {**rows[0]["audio"], "path": "again.wav"}})
    path = write_parquet(tmp_path / "hub.parquet", rows)
    checked(path)
    files = sorted(file for file in kept.rglob("*") if file.is_file())
    assert len(files) == 18
    assert {file.suffix for file in files} == {".wav", ".flac"}
    before = {file: file.read_bytes() for file in files}
    times = {file: file.stat().st_mtime_ns for file in files}
    files[0].write_bytes(b"0" * len(before[files[0]]))
    files[1].unlink()
    times |= {file: None for file in files[:2]}
    assert checked(path)[0] == 0
    assert {file: file.read_bytes() for file in files} == before
    assert all(times[file] in (None, file.stat().st_mtime_ns) for file in files)


def test_several_processes_may_keep_the_same_recordings(tmp_path, kept):
    path = _parquet_file(tmp_path)
    found = []
    readers = [threading.Thread(target=lambda: found.append(list(each_row(path, {})))) for _ in range(4)]
    [reader.start() for reader in readers]
    [reader.join() for reader in readers]
    assert found[0] == found[1] == found[2] == found[3]
    assert len([file for file in kept.rglob("*") if file.is_file()]) == 18  # and nothing half-written beside them


def test_memory_stays_the_same_however_long_a_row_group(tmp_path, kept):
    row = hub_rows("a")[0]
    schema = as_table([row]).schema
    sound = np.random.default_rng(0).bytes(50_000)
    most = {}
    for number in (40, 400):
        path = tmp_path / f"{number}.parquet"
        several = [{**row, "audio": {"bytes": sound + n.to_bytes(2), "path": str(n)}} for n in range(number)]
        with parquet.ParquetWriter(path, schema, use_dictionary=False, write_batch_size=16) as out:
            out.write_table(pyarrow.Table.from_pylist(several, schema=schema))
        most[number] = max(pyarrow.total_allocated_bytes() for _ in each_row(path, {}))
    assert most[400] < most[40] + 1_000_000 < 10_000_000


def test_paths_without_bytes_are_relative_to_the_table(tmp_path, kept, checked):
    make_table(tmp_path / "t.csv")
    clips = sorted((tmp_path / "clips").iterdir())[:18]
    rows = [
        row | {"audio": {"bytes": None, "path": f"clips/{clip.name}"}}
        for row, clip in zip(hub_rows(), clips, strict=True)
    ]
    write_parquet(tmp_path / "hub.parquet", rows)
    assert checked(tmp_path / "hub.parquet")[1]["utterances"] == 18
    shutil.copytree(tmp_path / "clips", tmp_path / "set/clips")
    write_parquet(tmp_path / "set/hub.parquet", rows)
    code, summary = checked(tmp_path / "set")
    assert (code, summary["utterances"], kept.exists()) == (0, 18, False)


def test_a_recording_that_cannot_be_used_is_a_problem_of_its_row(tmp_path, checked):
    rows = hub_rows()
    rows[0]["audio"] = {"bytes": b"no sound at all", "path": "odd.wav"}
    rows[1]["audio"] = {"bytes": None, "path": None}
    rows[2]["audio"] = None
    rows[3]["audio"] = {"bytes": b"", "path": "empty.wav"}
    rows[4]["audio"] = {"bytes": None, "path": "/nowhere/x.wav"}
    rows[5]["audio"] = {"bytes": encoded(200)[:2000], "path": "/home/anna/cut.wav"}
    code, summary = checked(write_parquet(tmp_path / "hub.parquet", rows))
    messages = [problem["message"] for problem in summary["problems"]]
    assert (code, summary["utterances"], len(messages)) == (1, 12, 6)
    starts = [
        "row 1: odd.wav cannot be decoded: Format not recog",
        "row 2: hub.parquet:2 has no audio file; the row is left out",
        "row 3: hub.parquet:3 has no audio file; the row is left out",
        "row 4: empty.wav is an empty file of 0 bytes",
        f"row 5: {os.path.relpath('/nowhere/x.wav', tmp_path)} has no audio file",
        "row 6: cut.wav is cut short: its header promises",
    ]
    assert [message[: len(start)] for message, start in zip(messages, starts, strict=True)] == starts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"emotion": None}, "row 2: its emotion is empty"),
        ({"emotion": -1}, "row 2: its emotion is empty"),
        ({"emotion": 7}, "row 2: its emotion is 7, but the schema names 3 classes"),
    ],
)
def test_a_wrong_label_is_named(tmp_path, refused, change, message):
    rows = hub_rows()
    rows[1] |= change
    refused(write_parquet(tmp_path / "hub.parquet", rows), message)


def test_labels_without_names_are_told(tmp_path, checked):
    code, summary = checked(write_parquet(tmp_path / "hub.parquet", hub_rows(), names=None))
    assert (code, summary["labels"]) == (0, {"0": 6, "1": 6, "2": 6})
    assert "labels are numbers, and the table does not name them: 0, 1, 2" in summary["notes"]


def test_other_structs_are_columns_and_other_bytes_are_never_read(tmp_path, checked, refused):
    image = {"bytes": b"b'picture", "path": "x.png"}
    rows = [
        row | {"meta": {"raw": b"x", "who": row["speaker"]}, "face": image, "votes": [1, 2], "raw": b"b'x"}
        for row in hub_rows()
    ]
    path = write_parquet(tmp_path / "hub.parquet", rows)
    code, summary = checked(path, "--columns", "label=emotion", "speaker=meta.who")
    assert (code, summary["speakers"]) == (0, 6)
    refused(
        path, "has no column 'votes' for the label", "(columns of lists or bytes", options=("--columns", "label=votes")
    )
    refused(path, "its column meta is a struct of raw, who; ", options=("--columns", "label=emotion", "audio=meta"))
    refused(path, "row 1: hub.parquet:1 cannot be decoded", options=("--columns", "label=emotion", "audio=raw"))


def test_audio_of_another_kind_is_refused(tmp_path, refused):
    rows = [row | {"audio": {"array": [0.0], "sampling_rate": 16000}} for row in hub_rows()]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "hub.parquet")
    refused(tmp_path / "hub.parquet", "its column audio is a struct of array, sampling_rate; expected paths, bytes, or")


def test_bytes_without_a_struct_are_recordings_too(tmp_path, checked):
    rows = [row | {"audio": row["audio"]["bytes"]} for row in hub_rows()]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "hub.parquet")
    assert checked(tmp_path / "hub.parquet")[1]["utterances"] == 18


def test_a_column_tells_the_split_before_the_names_of_files_do(tmp_path, checked):
    part = {"e": "dev", "f": "test"}
    for name, speakers in (("train", "abc"), ("test", "def")):
        rows = [row | {"split": part.get(row["speaker"], "training")} for row in hub_rows(speakers)]
        write_parquet(tmp_path / f"set/{name}.parquet", rows)
    assert checked(tmp_path / "set")[1]["splits"] == {"train": 12, "val": 3, "test": 3}


def test_a_data_set_that_lacks_a_part_is_refused(tmp_path, refused):
    folder = _saved_splits(tmp_path)
    shutil.rmtree(folder / "test")
    refused(folder, "has no folder of the split 'test'; copy the data set again")
    folder = _parquet_shards(tmp_path / "b")
    (folder / "data/train-00001-of-00002.parquet").unlink()
    refused(folder, "lacks data/train-00001-of-00002.parquet, one of 2 parts")
    folder = _saved(tmp_path / "c")
    (folder / "data-00000-of-00002.arrow").unlink()
    refused(folder, "lacks data-00000-of-00002.arrow; copy the data set again")
    (tmp_path / "d").mkdir()
    refused(
        tmp_path / "d", "d is no table: expected a file, a folder with wav.scp, or one with files that end in .parq"
    )


@pytest.mark.parametrize("keep", [0, 3, 600, -200])
def test_a_damaged_arrow_file_is_refused(tmp_path, refused, keep):
    path = _arrow_file(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, str(path))


def test_no_room_is_told_before_anything_is_copied(tmp_path, kept, refused, monkeypatch):
    path = _parquet_file(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    refused(
        path, "holds recordings of about ", "which are kept once as files in ", "; set MSER_CACHE to a folder that has"
    )
    assert not [file for file in kept.rglob("*") if file.is_file()]
    monkeypatch.undo()
    shutil.rmtree(kept.parent, ignore_errors=True)


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"cannot keep the recordings of .*; set MSER_CACHE to a folder that is writable"
    ):
        EmbeddedRecordings(tmp_path / "t.parquet", 10).keep(memoryview(b"x"), "x.wav")


def test_the_layout_is_the_one_of_datasets():
    """What was seen of `datasets` 5.2: a struct of bytes and path, labels as int64, the features in the metadata."""
    schema = as_table(hub_rows("a")).schema
    assert (schema.field("audio").type, schema.field("emotion").type) == (AUDIO, pyarrow.int64())
