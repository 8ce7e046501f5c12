"""CMU-MOSEI on disk, read through the command line: what it does otherwise than CMU-MOSI (tests/test_mosi.py)."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fake.corpora.iemocap import write_wav
from fake.corpora.opinions import (
    EMOTIONS,
    MOSEI,
    by_video,
    make_label_csv,
    make_mosei,
    pieces,
    write_counts,
    write_csd,
    write_lines,
)

from mser.cli import main
from mser.corpora import corpus
from mser.data.audio import load

LABELS = "CMU_MOSEI_Labels.csd"
VIDEOS = "Raw/Audio/Full/WAV_16000"
TEXTS = "Raw/Transcript/Segmented/Combined"
EARLY = "-3g5yACwYnA[0]"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    root = tmp_path_factory.mktemp("mosei")
    return root, make_mosei(root)


@pytest.fixture
def tree(sound, tmp_path):
    """A tree of one's own to break."""
    return Path(shutil.copytree(sound[0], tmp_path / "tree"))


def check(capsys, root, expected=1):
    capsys.readouterr()
    assert main(["data", "check", "mosei", str(root), "--json"]) == expected
    return json.loads(capsys.readouterr().out)


def messages(capsys, root, kind):
    return [one["message"] for one in check(capsys, root)["problems"] if one["kind"] == kind]


def relabel(root, said, *changed):
    """Write the label file again, with some of its segments changed."""
    known = {(one.video, one.index): one for one in (*said, *changed)}
    write_csd(root / LABELS, "All Labels", known.values())


def piece(said, video, index):
    [found] = [one for one in said if (one.video, one.index) == (video, index)]
    return found


def test_a_sound_tree_has_every_labelled_segment(sound, capsys):
    root, said = sound
    found = check(capsys, root, expected=0)
    assert (found["utterances"], found["speakers"], found["problems"]) == (27, 9, [])
    assert found["splits"] == {"train": 12, "val": 6, "test": 6}
    assert found["label_sets"]["mosei-sentiment"]["total"] == 27
    present = {name: sum(one.scores[k + 1] > 0 for one in said) for k, name in enumerate(EMOTIONS)}
    assert found["label_sets"]["mosei-emotions"] == {"total": 27, **present}


def test_labels_and_transcripts_meet_by_time_and_not_by_number(sound):
    root, said = sound
    truths = {f"{one.video}[{one.index}]": one for one in said}
    manifest = corpus("mosei").read(root)
    assert [one.id for one in manifest] == sorted(truths)
    for one in manifest:
        truth = truths[one.id]
        assert one.transcript == truth.text
        assert list(one.scores) == ["sentiment", *EMOTIONS]
        assert list(one.scores.values()) == pytest.approx(truth.scores, abs=1e-6)
        assert (one.audio, one.split) == (f"{VIDEOS}/{truth.video}.wav", MOSEI[truth.video])
        assert (one.start, one.end) == (max(truth.start, 0), truth.end)


def test_a_start_before_0_and_a_video_in_no_split_are_mentioned(sound, capsys):
    assert main(["data", "check", "mosei", str(sound[0])]) == 0
    out = capsys.readouterr().out
    assert "3 utterances of 1 videos, no-official the first, are in no official split: no protocol uses them\n" in out
    assert f"1 segments, {EARLY} the first, begin before their audio does: they are cut there\n" in out
    early = next(one for one in corpus("mosei").read(sound[0]) if one.id == EARLY)
    assert (early.start, early.duration) == (0, early.end)


def test_only_the_segment_is_loaded(sound):
    root = sound[0]
    manifest = corpus("mosei").read(root)
    for one in manifest.utterances[:9]:
        waveform = load(root / one.audio, one.start, one.end)
        assert len(waveform) == pytest.approx(one.duration * 16000, abs=2)
        assert waveform.std() > 0.15  # a tone; the silence between segments would lower it
    between = load(root / manifest.utterances[0].audio, 0.0, 0.24)
    assert torch.count_nonzero(between) == 0


@pytest.mark.parametrize("labels", ["mosei-sentiment", "mosei-emotions"])
def test_the_official_split_leaves_out_videos_in_none(sound, labels, capsys):
    arguments = ["folds", "mosei", str(sound[0]), "--protocol", "mosei/official", "--labels", labels, "--json"]
    assert main(["data", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    [fold] = found["folds"]
    assert [len(fold[part]) for part in ("train", "val", "test")] == [12, 6, 6]
    assert fold["test"] == sorted(f"{video}[{i}]" for video in ("-6rXp3zJ3kc", "_0efYOjQYRc") for i in range(3))
    assert {found["audit"][f"{what}_overlap"] for what in ("speaker", "group", "audio")} == {0}


def test_the_published_counts_are_those_of_the_release():
    mosei = corpus("mosei")
    assert mosei.published["splits"] == {"train": 16327, "val": 1871, "test": 4662}
    assert mosei.published["sentiment"]["train"] == {"negative": 4739, "zero": 3538, "positive": 8050}
    assert [len(mosei.published[f"{split} videos"]) for split in ("train", "val", "test")] == [2249, 300, 676]
    others = [tuple(counts["splits"].values()) for counts in mosei.also_published.values()]
    assert others == [(16326, 1871, 4659), (16265, 1869, 4643), (16090, 1859, 4586)]


def test_videos_that_are_not_there_are_named(tree, capsys):
    (tree / "made-up.json").unlink()
    missing = messages(capsys, tree, "missing")
    assert len(missing) == 2249 + 300 + 676 - 8
    assert not any("7l3BNtSE0xc" in message or "dZFV0lyedX4" in message for message in missing)


def test_a_table_names_its_clips_by_its_own_numbers_and_has_no_emotions(tmp_path, capsys):
    said = make_label_csv(tmp_path, MOSEI)
    found = check(capsys, tmp_path, expected=0)
    assert (found["utterances"], found["label_sets"]["mosei-emotions"]["total"]) == (24, 0)
    assert {one.id for one in corpus("mosei").read(tmp_path)} == {f"{one.video}$_${one.clip}" for one in said}
    assert main(["data", "folds", "mosei", str(tmp_path), "--labels", "mosei-emotions"]) == 2
    assert "mosei/official: no utterance here has the labels that were asked for" in capsys.readouterr().err


def test_labels_of_sentiment_alone(tree, sound, capsys):
    write_csd(tree / "CMU_MOSEI_LabelsSentiment.csd", "x", [replace(one, scores=one.scores[:1]) for one in sound[1]])
    (tree / LABELS).unlink()
    found = check(capsys, tree, expected=0)
    assert (found["label_sets"]["mosei-sentiment"]["total"], found["label_sets"]["mosei-emotions"]["total"]) == (27, 0)


def test_emotions_outside_their_range_are_left_out(tree, sound, capsys):
    one = piece(sound[1], "100499", 1)
    relabel(tree, sound[1], replace(one, scores=(1.0, 3.5, -0.1, float("nan"), 0, 0, 0)))
    assert [message.split(";")[0] for message in messages(capsys, tree, "label")] == [
        "100499[1] has no anger, expected 0 to 3",
        "100499[1] has 3.5 as happy, expected 0 to 3",
        "100499[1] has -0.1 as sad, expected 0 to 3",
    ]
    found = check(capsys, tree)
    assert (found["label_sets"]["mosei-sentiment"]["total"], found["label_sets"]["mosei-emotions"]["total"]) == (27, 26)


def test_broken_transcripts(tree, capsys):
    texts = {path.stem: path for path in (tree / TEXTS).glob("*.txt")}
    texts["100499"].write_bytes(texts["100499"].read_bytes().replace("caf\u00e9".encode(), b"caf\xe9"))
    digits = texts["-6rXp3zJ3kc"].read_text(encoding="utf-8").splitlines()
    write_lines(
        texts["-6rXp3zJ3kc"], [*digits[:-1], "-6rXp3zJ3kc___4___0.25", digits[-1].rsplit("___", 1)[0] + "___4 4"]
    )
    texts["no-official"].unlink()
    assert messages(capsys, tree, "encoding") == [
        "100499.txt:4 is not in UTF-8; it is read as Windows-1252, save the file as UTF-8"
    ]
    assert messages(capsys, tree, "transcript") == [
        "-6rXp3zJ3kc.txt:4 is no line such as '-6rXp3zJ3kc___0___1.5___4.2___text': '-6rXp3zJ3kc___4___0.25'",
        "-6rXp3zJ3kc[0] has for its transcript '4 4', which holds no word; its transcript is taken as empty",
        "no-official has no no-official.txt; its transcripts are taken as empty",
    ]
    read = {one.id: one.transcript for one in corpus("mosei").read(tree)}
    assert (read["100499[0]"].endswith(", caf\u00e9"), read["-6rXp3zJ3kc[0]"]) == (True, "")
    assert read["-6rXp3zJ3kc[1]"].startswith("it was ")


def test_a_transcript_that_cannot_be_opened(tree, capsys):
    (tree / TEXTS / "100499.txt").unlink()
    (tree / TEXTS / "100499.txt").mkdir()
    assert main(["data", "check", "mosei", str(tree)]) == 2
    assert "100499.txt: Is a directory; make the corpus readable" in capsys.readouterr().err


def test_a_label_without_a_line_at_its_time(tree, sound, capsys):
    one = piece(sound[1], "100499", 1)
    relabel(tree, sound[1], replace(one, start=one.start + 0.11))
    assert messages(capsys, tree, "transcript") == [
        f"100499[1] has no line at {one.start + 0.11:.2f}-{one.end:.2f} s; its transcript is taken as empty"
    ]
    shutil.rmtree(tree / TEXTS)
    assert messages(capsys, tree, "missing") == [f"{TEXTS} is missing; all transcripts are taken as empty, unpack it"]


def test_a_segment_that_is_silent_in_its_video(tree, sound, capsys):
    own = by_video(sound[1])["100499"]
    samples = np.sin(np.arange(round((own[-1].end + 0.5) * 16000)))
    samples[round(own[1].start * 16000) : round(own[1].end * 16000)] = 0
    write_wav(tree / VIDEOS / "100499.wav", samples)
    [found] = check(capsys, tree)["problems"]
    assert (found["kind"], found["utterance"]) == ("silent", "100499[1]")


@pytest.mark.usefixtures("_without_pyav")
def test_no_labels_and_no_audio(tree, tmp_path, capsys):
    shutil.rmtree(tree / "Raw/Audio")
    (tree / "Raw/Videos/Full/Combined").mkdir(parents=True)
    assert main(["data", "check", "mosei", str(tree)]) == 2
    hint = f"run `mser data extract-audio {tree}/Raw/Videos/Full/Combined --out {tree / VIDEOS}`"
    assert f"{hint}, or hear the videos: pip install 'multimodal-ser[av]'" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["data", "check", "mosei", str(tmp_path / "empty")]) == 2
    assert f"looked for {LABELS}" in capsys.readouterr().err


def test_counts_of_the_made_up_tree_are_exact(tree, sound, capsys):
    write_counts(tree, pieces(MOSEI, size=2), MOSEI)
    assert messages(capsys, tree, "count")[0].startswith("splits: train is 12, in made-up.json 8; ")
