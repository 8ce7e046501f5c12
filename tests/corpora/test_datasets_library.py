"""Data sets as the library `datasets` writes them: read sample by sample, and taken through every command."""

import csv
import io

import numpy as np
import pytest
import soundfile
from fake.corpora import datasets_library as library
from fake.corpora.hub import NAMES, hub_rows
from fake.trained import untrained

from mser.cli import main
from mser.data.audio import load
from mser.manifest import Manifest

LAYOUTS = (library.one_parquet, library.paths_in_parquet, library.shards, library.saved, library.saved_splits)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write the rows in a layout; the library's own cache and ours are of this test."""
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    library.datasets.disable_progress_bars()
    return lambda layout: layout(tmp_path, hub_rows())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_read_sample_by_sample_and_label_by_label(written, layout, tmp_path, capsys):
    path = written(layout)
    assert main(["data", "check", "table", str(path), "--columns", "label=emotion"]) == 0
    assert "18 utterances, 6 speakers" in capsys.readouterr().out
    assert main(["data", "manifest", "table", str(path), str(tmp_path / "m.jsonl"), "--columns", "label=emotion"]) == 0
    manifest = Manifest.read(tmp_path / "m.jsonl")
    split = {"a": "train", "e": "val", "f": "test"} if layout in (library.shards, library.saved_splits) else {}
    assert all(one.split == split.get(one.speaker, one.split if split else "") for one in manifest)
    known = {one.transcript + one.speaker: one for one in manifest}
    assert len(known) == 18
    for row in hub_rows():
        one = known[row["transcript"] + row["speaker"]]
        assert one.label == NAMES[row["emotion"]]
        expected, _ = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="float32")
        np.testing.assert_array_equal(load(manifest.root / one.audio).numpy(), expected)


@pytest.mark.exhaustive
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_goes_through_every_command(written, layout, tmp_path):
    path, run = written(layout), tmp_path / "run"
    own = f"--data.init_args.root={path}", "--data=Table", "--data.init_args.columns={label: emotion}"
    options = [*own, "--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    assert main(["fit", *options, f"--trainer.default_root_dir={tmp_path / 'fit'}"]) == 0
    assert main(["crossval", f"--out={run}", *options]) == 0
    assert main(["report", str(run)]) == 0
    assert (run / "report/report.json").is_file()
    untrained(tmp_path / "hears", sides=("speech",))
    assert main(["predict", str(tmp_path / "hears"), "--table", str(path), f"--out={tmp_path / 'said.csv'}"]) == 0
    said = list(csv.DictReader((tmp_path / "said.csv").open()))
    assert len(said) == 18
    assert not any(row["error"] for row in said)
