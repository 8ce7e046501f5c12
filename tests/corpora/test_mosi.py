"""CMU-MOSI on disk, read through the command line: sound trees of every source, and one tree for each quirk."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from fake.corpora.iemocap import write_wav
from fake.corpora.opinions import (
    MOSI,
    by_video,
    make_label_csv,
    make_mosi,
    pieces,
    row,
    write_counts,
    write_csd,
    write_rows,
)

from mser.cli import main
from mser.corpora import corpus
from mser.manifest import Manifest

LABELS = "CMU_MOSI_Opinion_Labels.csd"
CLIPS, VIDEOS = "Raw/Audio/WAV_16000/Segmented", "Raw/Audio/WAV_16000/Full"
TEXTS = "Raw/Transcript/Segmented"
NAME = "_dI--eQ6qVU_2"


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    root = tmp_path_factory.mktemp("mosi")
    make_mosi(root / "clips")
    make_mosi(root / "videos", full=True)
    make_label_csv(root / "csv", MOSI)
    return root


@pytest.fixture
def clips(trees, tmp_path):
    """A tree of one's own to break."""
    return Path(shutil.copytree(trees / "clips", tmp_path / "clips"))


@pytest.fixture
def videos(trees, tmp_path):
    return Path(shutil.copytree(trees / "videos", tmp_path / "videos"))


@pytest.fixture
def table(trees, tmp_path):
    return Path(shutil.copytree(trees / "csv", tmp_path / "csv"))


def check(capsys, root, expected=1):
    capsys.readouterr()
    assert main(["data", "check", "mosi", str(root), "--json"]) == expected
    return json.loads(capsys.readouterr().out)


def problems(capsys, root, *kinds):
    return [one for one in check(capsys, root)["problems"] if one["kind"] in kinds]


def refused(capsys, root, *words):
    assert main(["data", "check", "mosi", str(root)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("mser: error: ")
    assert error.count("\n") == 1
    for word in words:
        assert word in error


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def relabel(root, *changed):
    """Write the label file again, with some of its segments changed."""
    said = {(one.video, one.index): one for one in pieces(MOSI)} | {(one.video, one.index): one for one in changed}
    write_csd(root / LABELS, "Opinion Segment Labels", said.values())


def piece(video, index):
    [found] = [one for one in pieces([video]) if one.index == index]
    return found


@pytest.mark.parametrize("source", ["clips", "videos", "csv"])
def test_every_source_gives_the_same_segments(trees, source, capsys):
    found = check(capsys, trees / source, expected=0)
    assert (found["utterances"], found["speakers"], found["problems"]) == (24, 8, [])
    assert found["splits"] == {"train": 12, "val": 6, "test": 6}
    assert found["label_sets"] == {"mosi-sentiment": {"total": 24, "sentiment": 24}}
    manifest = corpus("mosi").read(trees / source)
    said = {f"{one.video}_{one.index + 1}": one for one in pieces(MOSI)}
    assert [one.id for one in manifest] == sorted(said)
    for one in manifest:
        truth = said[one.id]
        assert one.scores == {"sentiment": pytest.approx(truth.scores[0], abs=1e-6)}
        assert one.transcript.lower() == truth.text
        assert (one.speaker, one.group, one.split) == (truth.video, truth.video, MOSI[truth.video])
        assert one.duration == pytest.approx(truth.end - truth.start, abs=0.15)


def test_clips_are_whole_files_and_videos_are_cut(trees):
    clip = next(one for one in corpus("mosi").read(trees / "clips") if one.id == NAME)
    assert (clip.audio, clip.start, clip.end) == (f"{CLIPS}/{NAME}.wav", 0, None)
    video = next(one for one in corpus("mosi").read(trees / "videos") if one.id == NAME)
    truth = piece("_dI--eQ6qVU", 1)
    assert (video.audio, video.start, video.end) == (f"{VIDEOS}/_dI--eQ6qVU.wav", truth.start, truth.end)
    assert video.duration == truth.end - truth.start


def test_the_official_split_is_one_audited_fold(trees, tmp_path, capsys):
    assert main(["data", "manifest", "mosi", str(trees / "clips"), str(tmp_path / "m.jsonl")]) == 0
    assert len(Manifest.read(tmp_path / "m.jsonl")) == 24
    capsys.readouterr()
    assert main(["data", "folds", "mosi", str(tmp_path / "m.jsonl"), "--protocol", "mosi/official", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [fold] = found["folds"]
    assert fold["name"] == "official"
    assert fold["val"] == sorted(f"{video}_{k}" for video in ("_dI--eQ6qVU", "WKA5OygbEKI") for k in (1, 2, 3))
    assert {found["audit"][f"{what}_overlap"] for what in ("speaker", "group", "audio")} == {0}


def test_the_published_counts_are_those_of_the_release():
    published = corpus("mosi").published
    assert published["splits"] == {"train": 1284, "val": 229, "test": 686}
    assert published["sentiment"]["test"] == {"negative": 379, "zero": 30, "positive": 277}
    assert [len(published[f"{split} videos"]) for split in ("train", "val", "test")] == [52, 10, 31]


def test_a_corpus_that_is_not_made_up_is_compared_with_the_published_counts(clips, capsys):
    (clips / "made-up.json").unlink()
    found = problems(capsys, clips, "count", "missing")
    assert (
        found[0]["message"] == "splits: train is 12, published 1284; val is 6, published 229; test is 6, published 686"
    )
    assert sum("videos: " in one["message"] for one in found) == 93 - 8


def test_the_count_of_those_who_dropped_a_segment_is_explained(clips, monkeypatch, capsys):
    (clips / "made-up.json").unlink()
    splits = {"train": 12, "val": 6, "test": 6}
    monkeypatch.setitem(corpus("mosi").also_published, "somebody", {"splits": splits})
    assert problems(capsys, clips, "count")[0]["message"].endswith("; these are the numbers of somebody")
    [(who, counts)] = [item for item in corpus("mosi").also_published.items() if item[0] != "somebody"]
    assert "2WGyTLYerpo_44" in who
    assert counts["splits"] == {"train": 1283, "val": 229, "test": 686}


def test_a_segment_of_no_length_is_kept_with_its_clip_and_left_out_of_a_video(clips, videos, capsys):
    assert "2WGyTLYerpo_2" in {one.id for one in corpus("mosi").check(clips)}
    one = piece("2WGyTLYerpo", 1)
    relabel(videos, replace(one, start=one.end))
    [found] = problems(capsys, videos, "time")
    assert found["utterance"] == "2WGyTLYerpo_2"
    assert found["message"].endswith("s of audio: nothing of it can be heard, it is left out")
    assert problems(capsys, videos, "count")[0]["message"] == "splits: train is 11, in made-up.json 12"


def test_clips_that_are_counted_from_0_are_left_out(clips, capsys):
    for k in (1, 2, 3):
        (clips / CLIPS / f"_dI--eQ6qVU_{k}.wav").rename(clips / CLIPS / f"_dI--eQ6qVU_{k - 1}.wav")
    [found] = problems(capsys, clips, "numbering")
    assert found["message"] == (
        "the clips of _dI--eQ6qVU are counted from 0, expected from 1 to 3; all are left out, rename them"
    )
    assert check(capsys, clips)["splits"]["val"] == 3


def test_clips_without_a_label_and_what_macos_leaves(clips, capsys):
    write_wav(clips / CLIPS / "_dI--eQ6qVU_4.wav", np.ones(800) / 2)
    write_wav(clips / CLIPS / "a_b_1.wav", np.ones(800) / 2)
    (clips / CLIPS / "._a_1.wav").write_bytes(b"")
    assert [one["utterance"] for one in problems(capsys, clips, "unlabelled")] == ["_dI--eQ6qVU_4", "a_b_1"]


def test_a_clip_of_another_length_than_its_label(clips, capsys):
    one = piece("_dI--eQ6qVU", 1)
    relabel(clips, replace(one, end=one.end + 3), replace(piece("WKA5OygbEKI", 0), end=0))
    assert [found["utterance"] for found in problems(capsys, clips, "time")] == ["WKA5OygbEKI_1", NAME]
    assert len(corpus("mosi").read(clips)) == 24


def test_a_video_that_ends_before_its_segments(videos, capsys):
    last, beyond = piece("_dI--eQ6qVU", 2), piece("WKA5OygbEKI", 2)
    relabel(videos, replace(last, end=last.end + 2), replace(beyond, start=100, end=101))
    found = problems(capsys, videos, "time")
    assert [one["utterance"] for one in found] == ["WKA5OygbEKI_3", "_dI--eQ6qVU_3"]
    assert found[1]["message"].endswith("what is missing is left out")
    cut = next(one for one in corpus("mosi").read(videos) if one.id == "_dI--eQ6qVU_3")
    assert cut.end == pytest.approx(last.end + 0.5, abs=1e-4)


def test_scores_outside_the_range_and_missing_ones_are_left_out(clips, capsys):
    relabel(clips, replace(piece("_dI--eQ6qVU", 1), scores=(3.4,)),
            replace(piece("WKA5OygbEKI", 0), scores=(float("nan"),)))  # fmt: skip
    assert [one["message"] for one in problems(capsys, clips, "label")] == [
        "WKA5OygbEKI_1 has no sentiment, expected -3 to 3; it takes no part where that is asked",
        "_dI--eQ6qVU_2 has 3.4 as sentiment, expected -3 to 3; it takes no part where that is asked",
    ]
    assert check(capsys, clips)["label_sets"]["mosi-sentiment"]["total"] == 22
    assert main(["data", "folds", "mosi", str(clips), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["folds"][0]["val"]) == 4


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("pointer", b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        ("empty", b"", "is an empty file"),
        ("missing", None, f"has no audio file; {NAME} is left out, restore the file"),
    ],
)
def test_clips_that_cannot_be_heard_are_named(clips, kind, data, message, capsys):
    path = clips / CLIPS / f"{NAME}.wav"
    path.unlink() if data is None else path.write_bytes(data)
    [found] = problems(capsys, clips, kind)
    assert found["utterance"] == NAME
    assert found["message"].startswith(f"{CLIPS}/{NAME}.wav ")
    assert message in found["message"]


def test_a_missing_video_is_named_once(videos, capsys):
    (videos / VIDEOS / "_dI--eQ6qVU.wav").unlink()
    [found] = [one for one in problems(capsys, videos, "missing") if "has no audio" in one["message"]]
    assert found["message"].endswith("its 3 segments, _dI--eQ6qVU_1 the first, are left out, restore the file")


def test_silent_clips_and_six_channels_are_named(clips, capsys):
    write_wav(clips / CLIPS / f"{NAME}.wav", np.zeros(5600))
    write_wav(clips / CLIPS / "WKA5OygbEKI_1.wav", np.sin(np.arange(16800)), rate=48000, channels=6)
    [silent] = problems(capsys, clips, "silent")
    assert (silent["utterance"], silent["message"]) == (
        NAME, f"{NAME} is silent in {CLIPS}/{NAME}.wav; restore the file",
    )  # fmt: skip
    [odd] = problems(capsys, clips, "format")
    assert odd["message"].startswith(f"1 wav files have 6 channel(s) at 48000 Hz, such as {CLIPS}/WKA5OygbEKI_1.wav")
    assert check(capsys, clips)["utterances"] == 24


def test_broken_transcripts(clips, capsys):
    path = clips / TEXTS / "_dI--eQ6qVU.annotprocessed"
    said = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([said[0], said[0], "2_DELIM_ 5 5", "no number"]), encoding="utf-8")
    (clips / TEXTS / "WKA5OygbEKI.annotprocessed").write_bytes(
        "1_DELIM_CAF\u00c9\r\n2_DELIM_A\0B\r\n3_DELIM_GOOD\r\n".encode("cp1252")
    )
    (clips / TEXTS / "f_pcplsH_V0.annotprocessed").unlink()
    found = [one["message"] for one in problems(capsys, clips, "transcript", "duplicate", "encoding")]
    assert found == [
        "WKA5OygbEKI.annotprocessed:1 is not in UTF-8; it is read as Windows-1252, save the file as UTF-8",
        "WKA5OygbEKI_2 has for its transcript 'A\\x00B', which holds control characters; it is taken as empty",
        "_dI--eQ6qVU.annotprocessed:2 has segment 1 again; the first line counts",
        "_dI--eQ6qVU.annotprocessed:4 is no line such as '1_DELIM_TEXT': 'no number'",
        "_dI--eQ6qVU_2 has for its transcript '5 5', which holds no word; it is taken as empty",
        "_dI--eQ6qVU_3 has for its transcript nothing; it is taken as empty",
        "f_pcplsH_V0 has no f_pcplsH_V0.annotprocessed; its transcripts are taken as empty",
    ]
    texts = {one.id: one.transcript for one in corpus("mosi").read(clips)}
    assert (texts["WKA5OygbEKI_1"], texts["WKA5OygbEKI_2"], texts["WKA5OygbEKI_3"]) == ("CAF\u00c9", "", "GOOD")


def test_transcripts_that_are_counted_from_0_are_taken_as_empty(clips, capsys):
    path = clips / TEXTS / "_dI--eQ6qVU.annotprocessed"
    path.write_text("0_DELIM_A\n1_DELIM_B\n2_DELIM_C\n")
    [found] = problems(capsys, clips, "numbering")
    assert found["message"].startswith("_dI--eQ6qVU.annotprocessed counts its segments from 0, expected from 1")
    assert {one.transcript for one in corpus("mosi").read(clips) if one.group == "_dI--eQ6qVU"} == {""}


def test_full_transcripts_need_a_line_for_each_segment(videos, capsys):
    path = videos / "Raw/Transcript/Full/_dI--eQ6qVU.textonly"
    path.write_text("all in one line\n")
    [found] = problems(capsys, videos, "transcript")
    assert found["message"].startswith("_dI--eQ6qVU.textonly has 1 lines for 3 segments")
    shutil.rmtree(videos / "Raw/Transcript")
    [found] = problems(capsys, videos, "missing")
    assert found["message"].startswith("Raw/Transcript/Segmented is missing; all transcripts are taken as empty")


def test_the_raw_folder_and_the_labels_may_lie_elsewhere(clips, capsys):
    (clips / "labels").mkdir()
    (clips / LABELS).rename(clips / "labels/Opinion Segment Labels.csd")
    for part in ("Audio", "Transcript"):
        (clips / "Raw" / part).rename(clips / part)
    assert check(capsys, clips, expected=0)["utterances"] == 24


def test_labels_that_were_aligned_to_segments(tmp_path, capsys):
    said = by_video(make_mosi(tmp_path, size=11))
    with h5py.File(tmp_path / LABELS, "w") as file:
        for video, own in said.items():
            for one in own:
                file[f"x/data/{video}[{one.index}]/features"] = [one.scores]
                file[f"x/data/{video}[{one.index}]/intervals"] = [(one.start, one.end)]
    assert check(capsys, tmp_path, expected=0)["utterances"] == 88


def test_label_files_that_are_broken_in_part(clips, capsys):
    with h5py.File(clips / LABELS, "a") as file:
        data = file["Opinion Segment Labels/data"]
        del data["_dI--eQ6qVU/intervals"]
        del data["WKA5OygbEKI/intervals"]
        data["WKA5OygbEKI/intervals"] = [(0.0, 1.0)]
        data["03bSnISJMiM/intervals"][0] = (float("nan"), 1)
    found = [one["message"] for one in problems(capsys, clips, "unreadable", "time")]
    assert len(found) == 3
    assert found[0] == f"{LABELS}: 03bSnISJMiM[0] is left out, it lasts from nan to 1.0; restore the file"
    assert "WKA5OygbEKI is left out, it has features of shape (3, 1) and intervals of shape (1, 2)" in found[1]
    assert found[2].startswith(f"{LABELS}: _dI--eQ6qVU is left out, it has ")


def test_label_files_that_are_none(clips, tmp_path, monkeypatch, capsys):
    path = clips / LABELS
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    refused(capsys, clips, "is a pointer of Git LFS, not the file itself; fetch it with `git lfs pull`")
    path.write_bytes(b"text")
    refused(capsys, clips, "is no HDF5 file", "restore the label file")
    with h5py.File(path, "w") as file:
        file["x/other"] = 1
    refused(capsys, clips, "holds no <name>/data/<video>")
    write_csd(path, "All Labels", pieces(MOSI, emotions=True))
    refused(capsys, clips, "has 7 labels a row, expected 1; is it another file?")
    monkeypatch.setitem(sys.modules, "h5py", None)
    refused(capsys, clips, "needs the package h5py, which is not installed; `pip install 'multimodal-ser[csd]'`")


@pytest.mark.usefixtures("_without_pyav")
def test_folders_that_hold_no_corpus(clips, tmp_path, capsys):
    refused(capsys, tmp_path / "none", "none is no folder; give the folder that holds CMU-MOSI")
    (tmp_path / "empty").mkdir()
    refused(capsys, tmp_path / "empty", f"looked for {LABELS}", "label.csv and found none")
    shutil.rmtree(clips / "Raw/Audio")
    refused(capsys, clips, f"is there but no audio: looked for {VIDEOS} and {CLIPS}; unpack the raw data")
    (clips / "Raw/Video/Segmented").mkdir(parents=True)
    refused(capsys, clips, f"run `mser data extract-audio {clips}/Raw/Video/Segmented --out {clips / CLIPS}`")


@pytest.mark.usefixtures("_without_pyav")
def test_a_table_with_only_videos_beside_it_says_what_to_do(table, capsys):
    path = table / "Raw/_dI--eQ6qVU/2.wav"
    path.with_suffix(".mp4").write_bytes(b"")
    path.unlink()
    [found] = problems(capsys, table, "missing")
    hint = f"there is an mp4: run `mser data extract-audio {table}`"
    assert found["message"].endswith(f"{NAME} is left out, {hint}")
    for wav in table.glob("Raw/*/*.wav"):
        wav.rename(wav.with_suffix(".mp4"))
    refused(capsys, table, "Raw holds 24 mp4 files but no wav file beside any of them; run `mser data extract-audio ")
    shutil.rmtree(table / "Raw")
    refused(capsys, table, "label.csv lists 24 clips, but ", "Raw/<video_id>/<clip_id>.wav is there of none")


def test_rows_of_a_table_that_are_wrong(table, capsys):
    said = [row(one, MOSI[one.video]) for one in pieces(MOSI)]
    name = {"video_id": "_dI--eQ6qVU", "clip_id": 2}
    changed = [one | {"label": "5"} if one | name == one else one for one in said]
    write_rows(table, [
        *changed,
        said[0] | {"label": -3},
        said[1] | {"video_id": ""},
        said[2] | {"clip_id": 9, "mode": "test", "label": "", "text": ""},
        said[3] | {"video_id": "unknown"},
    ])  # fmt: skip
    found = {one["kind"]: [] for one in check(capsys, table)["problems"]}
    for one in check(capsys, table)["problems"]:
        found[one["kind"]].append(one["message"])
    assert found["duplicate"] == ["label.csv:26 labels 03bSnISJMiM_1 again; the first row counts, delete the other"]
    assert found["unreadable"] == ["label.csv:27 names no video and clip; it is left out, restore the file"]
    assert found["transcript"] == ["label.csv:28 has for the transcript of 03bSnISJMiM_9 nothing; it is taken as empty"]
    assert found["split"] == [
        "label.csv has video 03bSnISJMiM in test and train; officially it is in train, which counts",
        "label.csv has video unknown in train; officially it is in none, so no protocol uses it",
    ]
    assert [message.split(",")[0] for message in found["label"]] == [
        "_dI--eQ6qVU_2 has 5 as sentiment", "03bSnISJMiM_9 has no sentiment",
    ]  # fmt: skip
    assert corpus("mosi").read(table).utterances[0].scores == {"sentiment": -3.0}


@pytest.mark.parametrize(
    ("edited", "message"),
    [
        (
            ("video_id,clip_id", "video_id;clip_id"),
            "has no column video_id, clip_id; expected video_id, clip_id, text, ",
        ),
        ((",label,", ",Label,"), "has no column label; expected video_id, clip_id, text, label, mode, found "),
        (("awful", '"aw"ful'), "cannot be read as CSV"),
    ],
)
def test_tables_with_wrong_columns_are_refused(table, edited, message, capsys):
    edit(table / "label.csv", *edited)
    refused(capsys, table, "label.csv", message)


def test_a_table_in_another_encoding_is_named(table, capsys):
    write_rows(table, [row(one, MOSI[one.video]) for one in pieces(MOSI)], encoding="cp1252")
    [found] = check(capsys, table)["problems"]
    assert found["message"].startswith("label.csv:2 is not in UTF-8; it is read as Windows-1252")
    assert corpus("mosi").read(table).utterances[0].transcript == "awful, caf\u00e9"


def test_counts_of_the_made_up_tree_are_exact(clips, capsys):
    write_counts(clips, [replace(one, scores=(-one.scores[0],)) for one in pieces(MOSI)], MOSI)
    assert {one["kind"] for one in check(capsys, clips)["problems"]} == {"count"}
