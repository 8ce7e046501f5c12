"""audformat databases, written by the library itself: as tables, and what can be wrong with them."""

import json
import pickle
import warnings

import audformat
import pytest
from fake.corpora.audformat_db import add, make_audformat, new_database
from fake.corpora.table import rows

from mser.cli import main
from mser.corpora.table.corpus import open_table
from mser.use.listed_clips import from_table


@pytest.fixture
def data(capsys):
    """Runs `mser data ACTION table`; gives exit code, standard output and standard error."""

    def run(action, path, *more):
        code = main(["data", action, "table", str(path), *map(str, more)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refused(data):
    def run(path, *words, columns=()):
        code, out, err = data("check", path, *(["--columns", *columns] if columns else []))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert all(word in err for word in words), err

    return run


@pytest.mark.parametrize("segmented", [False, True])
@pytest.mark.parametrize("storage", ["csv", "parquet"])
def test_every_clip_is_there_as_the_library_wrote_it(tmp_path, data, segmented, storage):
    make_audformat(tmp_path, segmented=segmented, storage=storage)
    code, out, err = data("check", tmp_path, "--json")
    summary = json.loads(out)
    assert (code, err, summary["utterances"], summary["speakers"], summary["splits"]) == (0, "", 36, 6, None)
    assert summary["notes"][0] == "columns that are not used: valence, gender"
    found = {one.audio: one for one in open_table(tmp_path).read(tmp_path)}
    for row in rows():
        one = found[row["audio"]]
        assert (one.label, one.speaker, one.transcript) == (row["label"], row["speaker"], row["transcript"])
        assert (one.start, one.end) == ((0.05, 0.25) if segmented else (0.0, None))


def test_parts_are_the_split(tmp_path, data):
    make_audformat(tmp_path, parts=True, segmented=True)
    code, out, _ = data("folds", tmp_path, "--json")
    folds = json.loads(out)
    assert (code, folds["protocol"]) == (0, "table/split")
    assert [len(folds["folds"][0][part]) for part in ("train", "val", "test")] == [24, 6, 6]
    code, out, _ = data("folds", tmp_path, "--json", "--columns", "split=")
    assert json.loads(out)["protocol"] == "table/5fold"
    code, out, _ = data("check", tmp_path, "--json", "--columns", "table=emotion.t*")
    assert json.loads(out)["splits"] == {"train": 24, "test": 6}
    code, out, _ = data("check", tmp_path, "--json", "--columns", "table=emotion.dev,emotion.test")
    assert json.loads(out)["splits"] == {"val": 6, "test": 6}


def test_tables_of_parts_come_before_those_of_everything(tmp_path, data):
    db = make_audformat(tmp_path, parts=True)
    db["raw"] = audformat.Table(audformat.filewise_index(["clips/s0_calm0.wav", "clips/s0_calm1.wav"]))
    add(db, "raw", "emotion", ["angry", "happy"])
    db.save(str(tmp_path))
    assert json.loads(data("check", tmp_path, "--json")[1])["utterances"] == 36
    _, out, _ = data("check", tmp_path, "--json", "--columns", "table=raw")
    assert json.loads(out)["labels"] == {"angry": 1, "happy": 1}


def test_schemes_columns_and_fields_are_asked_for_by_name(tmp_path, data):
    make_audformat(tmp_path)
    _, out, _ = data("check", tmp_path, "--json", "--columns", "label=gender", "transcript=")
    assert json.loads(out)["labels"] == {"male": 18, "female": 18}
    _, out, _ = data("check", tmp_path, "--json", "--columns", "score=valence")
    assert json.loads(out)["label_sets"] == {"table-scores": {"total": 36, "valence": 36}}
    (tmp_path / "db.yaml").rename(tmp_path / "other.yaml")
    for name in ("files", "emotion"):
        (tmp_path / f"db.{name}.csv").rename(tmp_path / f"other.{name}.csv")
    assert json.loads(data("check", tmp_path / "other.yaml", "--json")[1])["utterances"] == 36


def test_for_predicting_no_label_is_needed(tmp_path):
    make_audformat(tmp_path, segmented=True)
    said = list(from_table(tmp_path, {}))
    assert (len(said), said[0].transcript, said[0].start, said[0].end) == (36, "Number 0, please.", 0.05, 0.25)
    whole = list(from_table(tmp_path, {"table": "files"}))
    assert (len(whole), whole[0].end) == (36, None)
    assert whole[0].path == str(tmp_path / whole[0].audio)


def test_tables_that_disagree_are_named(tmp_path, refused, data):
    db = make_audformat(tmp_path)
    db["second"] = audformat.Table(audformat.filewise_index(["clips/s0_calm0.wav"]))
    add(db, "second", "emotion", ["angry"])
    db.save(str(tmp_path))
    refused(tmp_path, "its tables emotion and second say different things of clips/s0_calm0.wav; choose one with")
    assert data("check", tmp_path, "--columns", "table=emotion")[0] == 0
    add(db, "emotion", "emotion", ["angry"] * 36, column="rater1")
    db.save(str(tmp_path))
    refused(tmp_path, "its table emotion says several things of one clip", "label: emotion", columns=["table=emotion"])
    assert data("check", tmp_path, "--columns", "table=emotion", "label=rater1")[0] == 2  # one label, and no other


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["label=mood"], ["has no column 'mood' for the label: it has audio, ", "valence"]),
        (["table=emotions"], ["unknown table of ", "'emotions'", "did you mean 'emotion'?"]),
        (["table=files"], ["none of which is label or score"]),
        (["table=files", "label=emotion"], ["its table files has no emotion; choose another"]),
        (["speaker=who"], ["has no column 'who' for the speaker"]),
    ],
)
def test_what_is_not_there_is_named(tmp_path, refused, columns, words):
    make_audformat(tmp_path)
    refused(tmp_path, *words, columns=columns)


def test_what_pandas_tells_the_library_is_not_shown(tmp_path, data):
    make_audformat(tmp_path, segmented=True)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert data("check", tmp_path)[0] == 0
    assert [one for one in shown if "audformat" in one.filename] == []


def test_segments_that_cannot_be(tmp_path, refused, data):
    db = make_audformat(tmp_path)
    names = ["clips/s0_calm0.wav", "clips/s0_happy0.wav"]
    db["emotion"] = audformat.Table(audformat.segmented_index(names, ["0.2s", "0.1s"], ["0.1s", "9s"]))
    add(db, "emotion", "emotion", ["calm", "happy"])
    db.save(str(tmp_path))
    refused(tmp_path, "row clips/s0_calm0.wav: it starts at 0.2 s and ends at 0.1 s")
    db["emotion"] = audformat.Table(audformat.segmented_index(names, ["-0.2s", "0.1s"], ["0.1s", "9s"]))
    add(db, "emotion", "emotion", ["calm", "happy"])
    db.save(str(tmp_path))
    refused(tmp_path, "row clips/s0_calm0.wav: it starts at -0.2 s")
    db["emotion"] = audformat.Table(audformat.segmented_index([names[0], *names], [0, 0.1, 0.1], [0.2, 0.3, 9]))
    add(db, "emotion", "emotion", ["calm", "happy", None])
    db.save(str(tmp_path))
    refused(tmp_path, "row clips/s0_happy0.wav: its label is empty")
    add(db, "emotion", "emotion", ["calm", "happy", "calm"])
    db.save(str(tmp_path))
    _, out, _ = data("check", tmp_path, "--json")
    assert [one["kind"] for one in json.loads(out)["problems"]] == ["time", "copy"]
    db["emotion"] = audformat.Table(audformat.segmented_index([names[0], names[0]], [0, 0.05], [0.25, 0.3]))
    add(db, "emotion", "emotion", ["calm", "happy"])
    db.save(str(tmp_path))
    problems = json.loads(data("check", tmp_path, "--json")[1])["problems"]
    assert "are largely the same sound with another label or speaker" in problems[0]["message"]


class _Told:
    def __reduce__(self):
        return open, ("unpickled", "w")


def test_nothing_is_unpickled_or_built(tmp_path, refused, data, monkeypatch):
    make_audformat(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "db.emotion.pkl").write_bytes(pickle.dumps(_Told()))
    assert data("check", tmp_path)[0] == 0
    (tmp_path / "db.emotion.csv").unlink()
    refused(tmp_path, "db.yaml: its table emotion is a pickle only, and none is opened; save the database again with")
    (tmp_path / "db.emotion.pkl").unlink()
    refused(tmp_path, "its table emotion has no file db.emotion.csv or .parquet")
    with (tmp_path / "db.yaml").open("a") as file:
        file.write("meta: !!python/object/apply:builtins.open [built, w]\n")
    refused(tmp_path, "db.yaml is no header of an audformat database (could not determine a constructor")
    assert not {"unpickled", "built"} & {one.name for one in tmp_path.iterdir()}


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: b", "data: {class_path: Table}\nmodel: {}\nseed: 1", "{", "\x00"])
def test_other_yaml_is_no_header(tmp_path, refused, text):
    (tmp_path / "own.yaml").write_text(text)
    refused(tmp_path / "own.yaml", "own.yaml is no header of an audformat database (")


def test_a_damaged_table_is_named(tmp_path, refused):
    make_audformat(tmp_path)
    (tmp_path / "db.emotion.csv").write_bytes(b"\xff\xfe")
    refused(tmp_path, "db.emotion.csv is no table of ", "save the database again")
    new_database().save(str(tmp_path))
    refused(tmp_path, "holds no rows")
