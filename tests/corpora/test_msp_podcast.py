"""MSP-Podcast: in all its releases' shapes, with speakers that nobody knows."""

import json
import shutil

import pytest
from fake.corpora.msp_podcast import make_msp_podcast, write_csv, write_json

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.msp_podcast.tree import RELEASES

MSP = corpus("msp_podcast")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("msp")
    make_msp_podcast(root)
    return root


@pytest.fixture
def own(tmp_path):
    """A small tree to break, and its rows."""
    return tmp_path / "msp", make_msp_podcast(tmp_path / "msp", each=10)


def summary(capsys, root, code):
    assert main(["data", "check", "msp_podcast", str(root), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def problems(capsys, root):
    return [(one["kind"], one["message"]) for one in summary(capsys, root, 1)["problems"]]


def test_check(tree, capsys):
    found = summary(capsys, tree, 0)
    assert (found["utterances"], found["speakers"], found["problems"]) == (120, 12, [])
    assert found["labels"] == dict.fromkeys("NSAHUFDCOX", 12)
    assert found["splits"] == {"train": 30, "val": 30, "test": 30, "test2": 30}
    assert found["label_sets"]["msp8"] == {
        **{"total": 96, "neu": 12, "sad": 12, "ang": 12, "hap": 12, "sur": 12, "fea": 12, "dis": 12, "con": 12}
    }
    assert found["label_sets"]["msp4"] == {"total": 48, "neu": 12, "sad": 12, "ang": 12, "hap": 12}
    assert found["label_sets"]["msp-vad"] == {"total": 120, "valence": 120, "arousal": 120, "dominance": 120}
    assert main(["data", "check", "msp_podcast", str(tree)]) == 0
    assert "published" not in capsys.readouterr().out


def test_what_an_utterance_holds(tree):
    by_id = {one.id: one for one in MSP.read(tree)}
    one = by_id["MSP-PODCAST_0004_0003_0001"]
    assert (one.audio, one.group) == ("Audios/MSP-PODCAST_0004_0003_0001.wav", "MSP-PODCAST_0004")
    assert (one.speaker, one.gender, one.split, one.label) == ("3", "F", "train", "H")
    assert one.scores == {"valence": 2.5, "arousal": 4.0, "dominance": 3.777778}
    assert one.transcript == "3 said lovely 0001"
    assert (by_id["MSP-PODCAST_0001_0000"].speaker, by_id["MSP-PODCAST_0001_0000"].gender) == ("", "")


def test_the_four_are_those_of_iemocap_in_their_order():
    assert MSP.label_set("msp4").labels == corpus("iemocap").label_set("iemocap4").labels


def test_the_official_splits(tree, capsys):
    for name, tested in {"msp_podcast/official": "test", "msp_podcast/official-test2": "test2"}.items():
        assert main(["data", "folds", "msp_podcast", str(tree), "--protocol", name, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        [fold] = found["folds"]
        split = {one.id: one.split for one in MSP.read(tree)}
        assert {part: {split[one] for one in fold[part]} for part in ("train", "val", "test")} == {
            **{"train": {"train"}, "val": {"val"}, "test": {tested}},
        }
        audit = found["audit"]
        assert (audit["speaker_overlap"], audit["val_speaker_overlap"], audit["group_overlap"] > 0) == (
            *(0, 0, tested == "test"),
        )
        assert audit["unknown_speakers"] == 30 * 8 // 10 + 4
    assert main(["data", "folds", "msp_podcast", str(tree)]) == 0
    assert "28 utterances whose speaker is unknown count as shared with no part" in capsys.readouterr().out


def test_a_known_speaker_in_two_parts_is_no_official_split(own, capsys):
    root, rows = own
    rows[-11]["SpkrID"] = rows[1]["SpkrID"]
    write_csv(root, rows)
    assert main(["data", "folds", "msp_podcast", str(root), "--labels", "msp-vad"]) == 1
    assert "parts that must not overlap do: speaker_overlap" in capsys.readouterr().err


def test_json_holds_the_same(own):
    root, rows = own
    from_table = MSP.read(root)
    write_json(root, rows)
    assert MSP.read(root) == from_table


def test_other_shapes(own, capsys):
    root, rows = own
    as_published = MSP.read(root)
    (root / "Labels/labels_consensus.csv").unlink()
    for row in rows:
        row["Split_Set"] = row["Split_Set"].replace("Development", "Validation")
    write_csv(root, rows, "Labels/Labels/labels_concensus.csv")
    for folder in ("Audios", "Transcripts"):
        (root / folder).rename(root / "inner")
        (root / folder).mkdir()
        (root / "inner").rename(root / folder / folder)
    nested = MSP.read(root)
    assert {one.audio.split("/")[1] for one in nested} == {"Audios"}
    shutil.move(root / "Audios/Audios", root / "Audio")
    again = MSP.read(root)
    assert [(one.id, one.split, one.transcript) for one in again] == [
        (one.id, one.split, one.transcript) for one in as_published
    ]
    assert (len(again), again.problems) == (40, ())


def test_hidden_labels(own, capsys):
    root, rows = own
    for row in rows[-10:]:
        row |= dict.fromkeys(("EmoClass", "EmoAct", "EmoVal", "EmoDom"), "") | {"Split_Set": "Test3"}
    write_csv(root, rows)
    shutil.copy(next((root / "Audios").iterdir()), root / "Audios/MSP-PODCAST_test3_0001.wav")
    found = summary(capsys, root, 0)
    assert (found["splits"]["test3"], found["label_sets"]["msp-vad"]["total"]) == (10, 30)
    assert found["utterances"] == 40


def test_what_is_wrong_with_rows(own, capsys):
    root, rows = own
    rows[0]["EmoClass"] = "Z"
    rows[1] |= {"EmoAct": "nan", "EmoVal": "much"}
    rows[2]["EmoDom"] = "9"
    rows[4]["Split_Set"] = "Spare"
    rows.append(dict(rows[5], EmoClass="A"))
    write_csv(root, rows)
    names = [row["FileName"].removesuffix(".wav") for row in rows]
    assert problems(capsys, root) == [
        ("label", f"{names[0]} is labelled 'Z', which is none of N, S, A, H, U, F, D, C, O, X; no label set keeps it"),
        ("score", f"{names[1]} has 'much' as valence, expected 1 to 7; it is left out, unpack the labels again"),
        ("score", f"{names[2]} has '9' as dominance, expected 1 to 7; it is left out, unpack the labels again"),
        ("split", f"{names[4]} is of the split 'Spare', expected one of Train, Development, Validation, Test1, Test2, "
         "Test3; no protocol uses it"),
        ("duplicate", f"{names[5]} is labelled 2 times; the first counts"),
    ]  # fmt: skip
    assert next(one for one in MSP.read(root) if one.id == names[5]).label == "F"


def test_what_is_wrong_with_files(own, capsys):
    root, rows = own
    first, second, third = (rows[place]["FileName"].removesuffix(".wav") for place in (0, 1, 2))
    (root / f"Audios/{first}.wav").unlink()
    (root / f"Transcripts/{second}.txt").unlink()
    write_csv(root, rows[:2] + rows[3:])
    assert problems(capsys, root) == [
        ("missing", f"Audios/{first}.wav has no audio file; the segment is left out, restore the file"),
        ("transcript", f"{second} has no transcript; it is taken as empty"),
        ("unlabelled", f"1 wav files have no label, such as {third}; they are left out"),
    ]
    shutil.rmtree(root / "Transcripts")
    found = problems(capsys, root)
    assert ("transcript", "Transcripts is missing or empty; all transcripts are taken as empty") in found
    assert len([kind for kind, _ in found if kind == "transcript"]) == 1


def test_a_release_of_known_size_that_lacks_rows(own, capsys, monkeypatch):
    root, _ = own
    monkeypatch.setitem(RELEASES, "0.1", {"train": 10, "val": 10, "test": 12, "test2": 10})
    assert problems(capsys, root) == [
        ("count", "labels_consensus.csv of release 0.1: test is 10, published 12"),
    ]
    monkeypatch.setitem(RELEASES, "0.1", {"train": 10, "val": 10, "test": 10, "test2": 10})
    assert summary(capsys, root, 0)["problems"] == []


def test_the_published_sizes_add_up():
    assert {name: sum(sizes.values()) for name, sizes in RELEASES.items()} == {"1.10": 104267, "1.11": 149307}


def refused(capsys, root, words):
    assert main(["data", "check", "msp_podcast", str(root)]) == 2
    assert words in capsys.readouterr().err


def test_what_is_no_msp_podcast(own, tmp_path, capsys):
    root, rows = own
    refused(capsys, tmp_path, "no MSP-Podcast in")
    path = root / "Labels/labels_consensus.csv"
    path.write_text(path.read_text().replace("SpkrID", "Speaker"))
    refused(capsys, root, "labels_consensus.csv has no column SpkrID; expected FileName, EmoClass,")
    write_json(root, rows)
    for broken in ("[1]", '{"a": 1}', "{"):
        (root / "Labels/labels_consensus.json").write_text(broken)
        refused(capsys, root, "labels_consensus.json holds no {")
    shutil.rmtree(root / "Audios")
    refused(capsys, root, "has no wav files in Audios; unpack Audios there")
