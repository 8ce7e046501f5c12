"""What people heard and saw in CREMA-D's clips, as its repository publishes it."""

import csv
import json
from pathlib import Path

import pytest
from fake.corpora.acted import make_crema_d, promise, write_votes

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.acted.crema_d_votes import read_votes

REAL = Path("../shared/samples/crema_d/processedResults")


@pytest.fixture
def tree(tmp_path):
    """Two actors, whose anger was heard as such by three of five, and the rest as neutral by most."""
    root = tmp_path / "CREMA-D"
    names = make_crema_d(root, actors=[1001, 1002])
    promise(root, utterances=len(names))
    votes = {name: ("AAANN", "DDFFN", "HHHHH") if "_ANG_" in name else ("NNNHH", "SSSSS", "NA") for name in names}
    return root, names, write_votes(root, votes)


def check(capsys, root, code=0):
    assert main(["data", "check", "crema_d", str(root), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_what_most_people_chose(tree, capsys):
    root, names, _ = tree
    found = check(capsys, root)
    anger = sum("_ANG_" in name for name in names)
    sets = found["label_sets"]
    assert (found["problems"], sets["crema_d6"]["total"]) == ([], len(names))
    assert (sets["crema_d6-voice"]["anger"], sets["crema_d6-voice"]["neutral"]) == (anger, len(names) - anger)
    assert (sets["crema_d6-face"]["total"], sets["crema_d6-face"]["sad"]) == (len(names) - anger, len(names) - anger)
    assert (sets["crema_d6-av"]["total"], sets["crema_d6-av"]["happy"]) == (anger, anger)  # the rest are ties
    assert (sets["crema_d4-voice"]["total"], sets["crema_d4"]["total"]) == (len(names), len(names) - 4 * 14)
    right = anger + sum("_NEU_" in name for name in names)
    assert found["notes"][0].startswith(
        f"most listeners to the voice alone chose the acted emotion in {right / len(names):.1%} of {len(names)} clips "
        "(UA 33.3%, ties split)"
    )


def test_votes_are_ratings_and_levels_are_scores(tree, tmp_path, capsys):
    root, _, _ = tree
    assert main(["data", "manifest", "crema_d", str(root), str(tmp_path / "m.jsonl")]) == 0
    by_id = {one.id: one for one in corpus("crema_d").open(tmp_path / "m.jsonl")}
    one = by_id["1001_IEO_ANG_HI"]
    assert (one.label, one.labels, one.scores) == ("anger", {"voice": "anger", "av": "happy"}, {"level": 3.0})
    assert [rating.labels for rating in one.ratings] == [("anger",)] * 3 + [("neutral",)] * 2
    assert by_id["1001_TIE_SAD_XX"].scores == {}
    assert set(corpus("crema_d").rated) >= {"anger", "neutral"}


def test_a_folder_of_wavs_finds_the_votes_beside_it(tree):
    root, _, _ = tree
    assert all(one.ratings for one in corpus("crema_d").read(root / "AudioWAV"))


def test_without_votes(tree, capsys):
    root, _, path = tree
    path.unlink()
    found = check(capsys, root)
    assert found["notes"][0].startswith("no processedResults/tabulatedVotes.csv here, so nothing is known of what")
    assert found["label_sets"]["crema_d6-voice"]["total"] == 0
    assert main(["data", "folds", "crema_d", str(root), "--labels", "crema_d6-voice"]) == 2
    assert "no utterance here has the labels that were asked for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"100001",', '"900001",', "tabulatedVotes.csv:2 is no row of votes for '1001_IEO_ANG_LO'; it is left out"),
        ('"100001",3,', '"100001",3.5,', "tabulatedVotes.csv:2 is no row of votes for '1001_IEO_ANG_LO'; it is left"),
        ('"100001",3,', '"100001",-3,', "tabulatedVotes.csv:2 is no row of votes for '1001_IEO_ANG_LO'; it is left"),
        ("1001_IEO_ANG_LO", "1001_IEO_AMG_LO", "has no votes for the voice of 1 of 164 clips, such as 1001_IEO_ANG_LO"),
    ],
)
def test_damaged_votes(tree, capsys, old, new, told):
    root, names, path = tree
    path.write_text(path.read_text().replace(old, new))
    problems = check(capsys, root, 1)["problems"]
    assert told.replace("164", str(len(names))) in " ".join(one["message"] for one in problems)


def test_a_table_of_something_else_is_refused(tree, capsys):
    root, _, path = tree
    path.write_text("a,b\n1,2\n")
    assert main(["data", "check", "crema_d", str(root)]) == 2
    assert "tabulatedVotes.csv has no column , A, D, F, H, N, S, fileName" in capsys.readouterr().err


def test_votes_for_all_clips_are_counted(tmp_path, capsys):
    root = tmp_path / "CREMA-D"
    names = make_crema_d(root, actors=[1001], keep=lambda name: "_IEO_" in name)
    promise(root, utterances=len(names))
    others = [f"1002_{number}" for number in range(7442 - len(names))]
    write_votes(root, dict.fromkeys([*names, *others], ("A", "DD", "S")))
    told = [one["message"] for one in check(capsys, root, 1)["problems"]]
    assert told[0].startswith(
        "votes by voice: anger is 7442, published 9863; disgust is 0, published 8851; fear is 0, "
    )
    assert told[1].startswith("votes by face: anger is 0, published 10005; disgust is 14884, published 12428; ")
    assert told[2].startswith("votes by av: ")


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the votes as published")
def test_the_published_votes_are_as_many_as_is_said(tmp_path, capsys):
    root = tmp_path / "CREMA-D"
    names = make_crema_d(root, actors=[1001], keep=lambda name: "_IEO_" in name)
    promise(root, utterances=len(names))
    (root / "processedResults").symlink_to(REAL.absolute())
    assert check(capsys, root)["problems"] == []


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the votes as published")
def test_the_published_votes_say_what_the_published_summary_says():
    votes, problems = read_votes(REAL / "tabulatedVotes.csv")
    letters = dict(zip(("anger", "disgust", "fear", "happy", "neutral", "sad"), "ADFHNS", strict=True))
    with (REAL / "summaryTable.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            for column, modality in (("VoiceVote", "voice"), ("FaceVote", "face"), ("MultiModalVote", "av")):
                chosen = ":".join(letters[emotion] for emotion in votes[row["FileName"]].most(modality))
                assert chosen == row[column]
    assert (problems, len(votes)) == ([], 7442)
