"""MELD: its garbled texts restored, its broken clips known, its shared speakers declared."""

import json
from random import Random

import pytest
from fake.corpora.iemocap import RATE, tone, write_wav
from fake.corpora.meld import FOLDERS, FRIENDS, clip, make_meld, table_path, write_tables

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.meld.tree import BROKEN, WRONGLY_CUT
from mser.manifest import Manifest

MELD = corpus("meld")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("meld")
    make_meld(root)
    return root


@pytest.fixture
def own(tmp_path):
    """A small tree to break, and its rows."""
    return tmp_path / "meld", make_meld(tmp_path / "meld", dialogues=2)


def summary(capsys, root, code=1):
    assert main(["data", "check", "meld", str(root), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def problems(capsys, root):
    """The problems other than that a small tree has not the published counts."""
    return [one for one in summary(capsys, root)["problems"] if one["kind"] != "count"]


def by_id(root):
    return {one.id: one for one in MELD.read(root)}


def test_check(tree, capsys):
    found = summary(capsys, tree)
    assert (found["utterances"], found["speakers"]) == (168, 7)
    assert found["splits"] == {"train": 56, "val": 56, "test": 56}
    assert found["label_sets"]["meld7"]["total"] == 168
    assert found["label_sets"]["meld-sentiment"] == {"total": 168, "neutral": 24, "positive": 48, "negative": 96}
    assert found["label_sets"]["meld4"] == {"total": 96, "neu": 24, "sad": 24, "ang": 24, "hap": 24}
    assert {one["kind"] for one in found["problems"]} == {"count"}


def test_what_an_utterance_holds(tree):
    one = by_id(tree)["dev_dia1_utt2"]
    assert one.audio == "dev/dev_splits_complete/dia1_utt2.wav"
    assert (one.speaker, one.group, one.session, one.split) == ("Phoebe", "dev_dia1", "s02e02", "val")
    assert (one.label, one.labels) == ("sadness", {"sentiment": "negative"})
    assert one.transcript == 'dev w8 says "it\'s alone"'
    assert one.duration == pytest.approx(0.25, abs=1 / RATE)


def test_a_manifest_keeps_the_second_label(tree, tmp_path, capsys):
    assert main(["data", "manifest", "meld", str(tree), str(tmp_path / "m.jsonl")]) == 0
    assert Manifest.read(tmp_path / "m.jsonl").utterances == MELD.read(tree).utterances
    main(["data", "folds", "meld", str(tmp_path / "m.jsonl"), "--labels", "meld-sentiment", "--json"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["audit"]["speaker_overlap"] == 7


def test_the_four_are_those_of_iemocap_in_their_order():
    assert MELD.label_set("meld4").labels == corpus("iemocap").label_set("iemocap4").labels


def test_the_published_counts_add_up():
    published = MELD.published
    for name in ("labels by split", "sentiments by split"):
        sizes = {split: sum(counts.values()) for split, counts in published[name].items()}
        assert sizes == {"train": 9988, "val": 1108, "test": 2610}
    assert published["utterances"] == sum(published["labels"].values()) == 9988 + 1108 + 2610


def test_the_official_split_shares_speakers_and_says_so(tree, capsys):
    assert main(["data", "folds", "meld", str(tree), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    [fold] = found["folds"]
    assert {name: {one.split("_")[0] for one in fold[name]} for name in ("train", "val", "test")} == {
        "train": {"train"}, "val": {"dev"}, "test": {"test"},
    }  # fmt: skip
    assert (found["protocol"], found["audit"]["speaker_overlap"], found["audit"]["group_overlap"]) == (
        *("meld/official", 7, 0),
    )
    assert main(["data", "folds", "meld", str(tree)]) == 0
    assert "the same characters speak in all three parts" in " ".join(capsys.readouterr().out.split())


def test_each_main_character_is_unheard_in_one_fold(tree, capsys):
    assert main(["data", "folds", "meld", str(tree), "--protocol", "meld/loso6", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [fold["name"] for fold in found["folds"]] == list(FRIENDS)
    assert (found["audit"]["speaker_overlap"], found["audit"]["val_speaker_overlap"]) == (0, 0)
    assert found["audit"]["group_overlap"] > 0
    speakers = {one.id: one.speaker for one in MELD.read(tree)}
    for place, fold in enumerate(found["folds"]):
        assert {speakers[one] for one in fold["test"]} == {FRIENDS[place]}
        assert len({speakers[one] for one in fold["train"]}) == 4
        assert "All" not in {speakers[one] for part in ("train", "val", "test") for one in fold[part]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_curly_quotes_in_any_encoding(own, encoding):
    root, rows = own
    rows["dev"][0] |= {"Utterance": "It\u2019s caf\u00e9 \u2013 \u201cnow\u201d\u2026", "Speaker": "Mona\u2019s Aunt"}
    write_tables(root, rows, encoding=encoding)
    one = by_id(root)["dev_dia0_utt0"]
    assert (one.transcript, one.speaker) == ('It\'s caf\u00e9 \u2013 "now"...', "Mona's Aunt")


@pytest.mark.parametrize(
    ("garbled", "meant"),
    [
        ("It\x92s mine\x85", "It's mine..."),
        ("It\u00e2\u20ac\u2122s mine\u00e2\u20ac\u00a6", "It's mine..."),
        ("It\u00c2\x92s\u00c2\u00a0mine", "It's mine"),
        ("it\x81s\xa0 na\u00efve  of \u00c5ngstr\u00f6m", "it\x81s na\u00efve of \u00c5ngstr\u00f6m"),
    ],
)
def test_garbled_texts_are_restored(own, garbled, meant):
    root, rows = own
    rows["train"][0]["Utterance"] = garbled
    write_tables(root, rows)
    assert by_id(root)["train_dia0_utt0"].transcript == meant


def test_known_broken_clips_are_left_out_on_every_disk(own, capsys):
    root, rows = own
    for name in BROKEN:
        part, dialogue, turn = name.split("_")
        rows[part][3] |= {"Dialogue_ID": dialogue[3:], "Utterance_ID": turn[3:]}
        (root / FOLDERS[part] / "dia0_utt6.wav").rename(root / FOLDERS[part] / f"{clip(rows[part][3])}.wav")
    write_tables(root, rows)
    assert len(by_id(root)) == 42 - 2
    assert problems(capsys, root) == []


def test_wrongly_cut_clips_are_shortened_and_others_too_long_are_named(own, capsys):
    root, rows = own
    rows["test"][0] |= {"Dialogue_ID": "38", "Utterance_ID": "4"}
    write_tables(root, rows)
    for name in ("dia38_utt4", "dia0_utt2"):
        write_wav(root / FOLDERS["test"] / f"{name}.wav", tone(12, 200, Random(1)))
    (root / FOLDERS["test"] / "dia0_utt0.wav").unlink()
    one = by_id(root)["test_dia38_utt4"]
    assert one.id in WRONGLY_CUT
    assert (one.start, one.duration, one.end) == (0, pytest.approx(0.25), pytest.approx(0.25))
    [problem] = problems(capsys, root)
    assert problem["message"] == (
        "test_dia0_utt2 lasts 0.31 s by its times but 12.00 s by its audio; restore the file"
    )  # fmt: skip


def test_clips_without_a_label(own, capsys):
    root, _ = own
    for name in ("dia66_utt9.mp4", "final_videos_testdia5_utt0.mp4", "._dia9_utt9.mp4", "dia7_utt7.mp4"):
        (root / FOLDERS["dev"] / name).write_bytes(b"video")
    assert [(one["kind"], one["utterance"]) for one in problems(capsys, root)] == [("unlabelled", "dev_dia7_utt7")]


def test_what_is_wrong_with_rows(own, capsys):
    root, rows = own
    rows["train"][1]["Emotion"] = "jealousy"
    rows["train"][2] |= {"StartTime": "soon"}
    rows["train"][3]["Dialogue_ID"] = "four"
    rows["train"].append(dict(rows["train"][0], Emotion="fear"))
    write_tables(root, rows)
    found = {one["kind"]: one["message"] for one in problems(capsys, root)}
    assert found == {
        "duplicate": "train_dia0_utt0 is labelled more than once; the first counts",
        "label": "train_dia0_utt2 is labelled 'jealousy', which is none of neutral, surprise, fear, sadness, joy, "
        "disgust, anger; no label set keeps it",
        "time": "train_dia0_utt4 has no times such as 00:14:38,127; its whole clip is taken",
        "unlabelled": "train_dia0_utt6 has a clip but no label; it is left out",
        "unreadable": "train_sent_emo.csv:5 is no row of 11 cells ('four' is no number); "
        "it is left out, download the file again",
    }
    assert by_id(root)["train_dia0_utt0"].label == "neutral"


def test_a_row_that_is_cut_short(own, capsys):
    root, _ = own
    path = table_path(root, "dev")
    path.write_bytes(path.read_bytes()[:-60])
    assert {one["kind"] for one in problems(capsys, root)} == {"unreadable", "unlabelled"}


@pytest.mark.usefixtures("_without_pyav")
def test_bad_audio_is_named_and_videos_are_to_be_extracted(own, capsys):
    root, _ = own
    folder = root / FOLDERS["train"]
    (folder / "dia0_utt0.wav").write_bytes(b"")
    (folder / "dia0_utt2.wav").rename(folder / "dia0_utt2.mp4")
    assert [one["message"] for one in problems(capsys, root)] == [
        "train/train_splits/dia0_utt0.wav is an empty file of 0 bytes; the clip is left out, restore the file",
        "train/train_splits/dia0_utt2.wav has no audio file; the clip is left out, run `mser data extract-audio`",
    ]


@pytest.mark.usefixtures("_without_pyav")
def test_missing_parts(own, capsys):
    root, _ = own
    table_path(root, "dev").unlink()
    for path in (root / FOLDERS["test"]).iterdir():
        path.rename(path.with_suffix(".mp4"))
    assert [one["message"] for one in problems(capsys, root)] == [
        "dev_sent_emo.csv is missing; its part is left out, download it again",
        "output_repeated_splits_test is missing or holds no wav files; its part is left out, "
        "run `mser data extract-audio`",
    ]


def refused(capsys, root, *words):
    assert main(["data", "check", "meld", str(root)]) == 2
    error = capsys.readouterr().err
    for word in words:
        assert word in error


@pytest.mark.usefixtures("_without_pyav")
def test_what_is_no_meld(own, tmp_path, capsys):
    root, _ = own
    refused(capsys, tmp_path / "nowhere", "no MELD in", "give the folder that MELD.Raw was unpacked into")
    path = table_path(root, "dev")
    path.write_text(path.read_text().replace("Speaker", "Who", 1))
    refused(capsys, root, "dev_sent_emo.csv has no column Speaker; expected Utterance, Speaker,")
    for folder in FOLDERS.values():
        for one in (root / folder).iterdir():
            one.rename(one.with_suffix(".mp4"))
    refused(capsys, root, "has no wav files in train_splits,", f"run `mser data extract-audio` {root}")
