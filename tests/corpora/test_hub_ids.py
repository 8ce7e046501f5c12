"""Data sets of the Hugging Face hub by their ids, from a cache as the client lays it out, without a network."""

import csv
import json
import time

import huggingface_hub
import pytest
from fake.corpora.hub import hub_rows, write_parquet
from fake.corpora.table import make_table
from fake.trained import untrained

from mser.cli import main
from mser.data.datamodules import Table

COMMIT = "1" * 40
LABEL = ["--columns", "label=emotion"]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache of someone's two data sets, which were fetched once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    parts = {"train": "abcd", "validation": "e", "test": "f"}
    for name, speakers in parts.items():
        fetched(tmp_path / "hub", "their-data", f"data/{name}-00000-of-00001.parquet", hub_rows(speakers))
    return tmp_path / "hub"


def fetched(cache, name, inside, rows, revision="main"):
    """Lay a file into the cache: its content under a blob, which the snapshot of a commit links to."""
    folder = cache / f"datasets--someone--{name}"
    blob = folder / "blobs" / inside.replace("/", "-")
    write_parquet(blob, rows)
    link = folder / "snapshots" / COMMIT / inside
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(blob)
    (folder / "refs" / revision).parent.mkdir(parents=True, exist_ok=True)
    (folder / "refs" / revision).write_text(COMMIT)
    return folder / "snapshots" / COMMIT


def check(capsys, name, *more):
    code = main(["data", "check", "table", name, "--json", *(more or LABEL)])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else out, err


def test_an_id_is_a_table(cache, capsys):
    code, summary, err = check(capsys, "someone/their-data")
    assert (code, err, summary["utterances"], summary["speakers"]) == (0, "", 18, 6)
    assert summary["splits"] == {"train": 12, "val": 3, "test": 3}
    code, summary, _ = check(capsys, "someone/their-data/data/test-00000-of-00001.parquet")
    assert (code, summary["utterances"], summary["splits"]) == (0, 3, None)
    fetched(cache, "other", "x.parquet", hub_rows(), revision="refs/convert/parquet")
    assert check(capsys, "someone/other@refs/convert/parquet")[1]["utterances"] == 18
    assert check(capsys, "someone/other@refs/convert/parquet/x.parquet")[1]["utterances"] == 18
    assert check(capsys, f"someone/other@{COMMIT}")[1]["utterances"] == 18


def test_it_is_trained_on_and_predicted(cache, tmp_path):
    module = Table("someone/their-data", columns={"label": "emotion"})
    module.setup("fit")
    assert module.protocol.name == "table/split"
    assert next(iter(module.train_dataloader())).waveform.abs().max() > 0
    untrained(tmp_path / "hears", sides=("speech",))
    assert main(["predict", "hears", "--table", "someone/their-data", "--out", "said.csv"]) == 0
    said = list(csv.DictReader((tmp_path / "said.csv").open()))
    assert len({row["audio"] for row in said}) == 18
    assert not any(row["error"] for row in said)


def test_a_text_table_lists_the_files_beside_it(cache, capsys):
    folder = fetched(cache, "files", "x.parquet", hub_rows())
    make_table(folder / "metadata.csv")
    assert check(capsys, "someone/files/metadata.csv", "--columns", "split=")[1]["utterances"] == 36


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "someone/no-data",
            ["someone/no-data is neither a table here nor could it be had from the Hugging Face hub ("],
        ),
        ("someone/their-data@v2", ["someone/their-data@v2 is neither"]),
        (
            "someone/their-data/data/dev.parquet",
            ["someone/their-data has no data/dev.parquet, as far as it was fetched"],
        ),
        ("data/none.csv", ["data/none.csv is no file"]),
        ("hub/none", ["hub/none is no table"]),  # the folder is here
    ],
)
def test_what_was_not_fetched_is_told_at_once(cache, capsys, name, words):
    before = time.perf_counter()
    code, out, err = check(capsys, name)
    assert time.perf_counter() - before < 2
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert all(word in err for word in words), err


def test_a_part_that_was_not_fetched_is_named(cache, capsys):
    fetched(cache, "parts", "data/train-00001-of-00002.parquet", hub_rows("abc"))
    code, _, err = check(capsys, "someone/parts")
    assert code == 2
    assert "lacks data/train-00000-of-00002.parquet, one of 2 parts" in err
