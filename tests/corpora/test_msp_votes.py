"""What each rater of MSP-Podcast said, in every layout that its releases have."""

import csv
import json

import pytest
from fake.corpora.msp_podcast import make_msp_podcast

from mser.cli import main
from mser.corpora import corpus

VOTES = (
    ("WORKER00000001", "Happy", "Happy,Excited", (5, 4, 3)),
    ("WORKER00000002", "Sad", "Sad, Fear", (2, 3, 4)),
    ("WORKER00000003", "Other-Curious, about it", "", (4, 4, 4)),
)
SHARES = {"hap": 0.4, "sad": 0.4, "fea": 0.2, "neu": 0, "ang": 0, "sur": 0, "dis": 0, "con": 0}


def write_csv(path, names, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def detail(path, segments):
    """Write the layout of the releases up to 1.12."""
    rows = []
    for name in segments:
        for worker, major, second, (valence, arousal, dominance) in VOTES:
            middle = f" {second};" if second else ""
            scores = f"A:{arousal:.6f}; V:{valence:.6f}; D:{dominance:.6f}"
            rows.append([name, f"{worker}; {major};{middle} {scores};"])
    write_csv(path / "labels_detailed.csv", ["FileName", "EmoDetail"], rows)


def columns(path, segments, worker="WorkerID"):
    """Write the layout of 2.0 (and, with Workers, of 1.6)."""
    rows = [[name, one, major, second, arousal, valence, dominance]
            for name in segments for one, major, second, (valence, arousal, dominance) in VOTES]  # fmt: skip
    names = ["FileName", worker, "EmoClass_Major", "EmoClass_Second", "EmoAct", "EmoVal", "EmoDom"]
    write_csv(path / "labels_detailed.csv", names, rows)


def old_columns(path, segments):
    columns(path, segments, "Workers")


def as_json(path, segments):
    said = {one: {"EmoClass_Major": major, "EmoClass_Second": second, "EmoAct": arousal, "EmoVal": valence,
                  "EmoDom": str(dominance)} for one, major, second, (valence, arousal, dominance) in VOTES}  # fmt: skip
    (path / "labels_detailed.json").write_text(json.dumps(dict.fromkeys(segments, said)))


@pytest.fixture
def tree(tmp_path):
    rows = make_msp_podcast(tmp_path, each=10)
    return tmp_path, [row["FileName"] for row in rows]


def check(capsys, root, code=0):
    assert main(["data", "check", "msp_podcast", str(root), "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("write", [detail, columns, old_columns, as_json])
def test_each_layout_says_the_same(tree, capsys, write):
    root, segments = tree
    write(root / "Labels", segments)
    manifest = corpus("msp_podcast").read(root)
    for one in manifest:
        assert [(rating.rater, rating.labels) for rating in one.ratings] == [(vote[0], (vote[1],)) for vote in VOTES]
        assert one.ratings[0].scores == {"valence": 5, "arousal": 4, "dominance": 3}
        assert {name: one.scores[name] for name in SHARES} == pytest.approx(SHARES)
        assert "valence" in one.scores
    found = check(capsys, root)
    assert found["label_sets"]["msp8-secondary"] == {
        **{"total": 40, "neu": 0, "sad": 40, "ang": 0, "hap": 40, "sur": 0, "fea": 40, "dis": 0, "con": 0}
    }
    assert not any("raters" in note for note in found["notes"])


def test_without_votes(tree, capsys):
    found = check(capsys, tree[0])
    told = "no Labels/labels_detailed.csv or .json here, so nothing is known of what single raters said"
    assert found["notes"][0] == told
    assert found["label_sets"]["msp8-secondary"]["total"] == 0


def test_damaged_votes(tree, capsys):
    root, segments = tree
    detail(root / "Labels", segments[1:])
    path = root / "Labels/labels_detailed.csv"
    path.write_text(path.read_text() + f"{segments[1]},; ; A:1\n{segments[1]},\n")
    told = [one["message"] for one in check(capsys, root, 1)["problems"]]
    assert told == [
        "labels_detailed.csv has 2 votes that name no rater and no emotion, the first at line 119; they are left out, "
        "unpack the labels again",
        f"labels_detailed.csv has no votes for 1 of 40 segments, such as {segments[0][:-4]}; unpack the labels again",
    ]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("csv", "FileName,Votes\na.wav,3\n", "has neither EmoDetail nor EmoClass_Major, but FileName, Votes"),
        ("csv", "Name,EmoDetail\na.wav,3\n", "has no column FileName"),
        ("json", '{"a.wav": ["x"]}', "labels_detailed.json holds no {"),
        ("json", "{", "labels_detailed.json holds no {"),
    ],
)
def test_other_layouts_are_refused(tree, capsys, name, text, told):
    root, _ = tree
    (root / f"Labels/labels_detailed.{name}").write_text(text)
    assert main(["data", "check", "msp_podcast", str(root)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
