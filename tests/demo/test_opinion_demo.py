"""The made-up CMU-MOSI and CMU-MOSEI: the reader finds what was promised, the oddities of the releases are there."""

import filecmp
import sys

import h5py
import numpy as np
import pytest
import soundfile

from mser.cli import main
from mser.corpora import corpus
from mser.demo import mosei_raw, mosi_raw
from mser.errors import UserError
from mser.splits.audit import audit


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    for name in ("mosi", "mosei"):
        assert main(["data", "demo", name, str(root / name)]) == 0
    return root


@pytest.fixture(scope="module", params=["mosi", "mosei"])
def checked(request, trees):
    return corpus(request.param).check(trees / request.param)


def test_the_reader_finds_what_was_promised_and_no_problem(checked):
    assert checked.problems == ()
    sizes = {"mosi": (272, 160, 48, 64), "mosei": (192, 128, 24, 32)}
    splits = [sum(one.split == split for one in checked) for split in ("train", "val", "test")]
    assert (len(checked), *splits) == sizes[checked.corpus]
    assert all(one.transcript and 0.5 < one.duration < 8 for one in checked)


def test_the_official_split_shares_nothing(checked):
    which = corpus(checked.corpus)
    folds = which.protocol().folds(checked)
    found = audit(checked, folds, checked.root).facts()
    assert {number for name, number in found.items() if name.endswith("_overlap")} == {0}


def test_scores_are_means_of_raters_on_both_sides_of_zero(checked):
    raters = {"mosi": 5, "mosei": 3}[checked.corpus]
    for one in checked:
        assert {round(score * raters, 3) % 1 for score in one.scores.values()} == {0}
    scores = np.array([one.scores["sentiment"] for one in checked])
    assert min((scores < 0).mean(), (scores > 0).mean(), 10 * (scores == 0).mean()) > 0.25
    for emotion in checked.utterances[0].scores.keys() - {"sentiment"}:
        assert 0.05 < np.mean([one.scores[emotion] > 0 for one in checked]) < 0.6


def test_what_is_cut_is_one_line_and_is_heard(checked):
    for one in checked.utterances[::17]:
        rate = soundfile.info(checked.root / one.audio).samplerate
        end = None if one.end is None else round(one.end * rate)
        waveform, _ = soundfile.read(checked.root / one.audio, start=round(one.start * rate), stop=end)
        assert 0.02 < np.abs(waveform).max() < 1
        assert waveform[:400].std() < 0.2 * waveform.std(), "it begins in the middle of a word"


def test_the_oddities_of_the_releases_are_there(trees):
    with h5py.File(trees / "mosi/CMU_MOSI_Opinion_Labels.csd") as file:
        start, end = file["Opinion Segment Labels/data/2WGyTLYerpo/intervals"][-1]
    assert start == end
    with h5py.File(trees / "mosei/CMU_MOSEI_Labels.csd") as file:
        data = file["All Labels/data"]
        assert data["-3g5yACwYnA/intervals"][0, 0] == -0.4175
        assert data["100499/features"].shape == (8, 7)
        assert (np.diff(data["100499/intervals"][:, 0]) < 0).any(), "not in the order of time"
    lines = (trees / "mosei/Raw/Transcript/Segmented/Combined/100499.txt").read_text().splitlines()
    assert len(lines) == 10
    assert "_" in lines[0].split("___", 4)[4]
    assert (trees / "mosi/Raw/Transcript/Segmented/_dI--eQ6qVU.annotprocessed").read_text().startswith("1_DELIM_")
    assert "is no CMU-MOSI" in " ".join((trees / "mosi/README.txt").read_text().split())


@pytest.mark.parametrize("name", ["mosi", "mosei"])
def test_the_same_seed_gives_the_same_bytes(name, tmp_path):
    write = {
        "mosi": lambda root: mosi_raw.write_mosi(root, segments=2),
        "mosei": lambda root: mosei_raw.write_mosei(root, lines=2),
    }
    for copy in ("a", "b"):
        write[name](tmp_path / copy)
    names = sorted(str(path.relative_to(tmp_path / "a")) for path in (tmp_path / "a").rglob("*") if path.is_file())
    same, _, _ = filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", names, shallow=False)
    assert sorted(same) == names


def test_without_h5py_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UserError, match=r"label files need the package h5py.*pip install 'multimodal-ser\[csd\]'"):
        mosi_raw.write_mosi(tmp_path / "tree", segments=1)
