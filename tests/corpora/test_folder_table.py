"""mser data table: a table from the names of files, what it shows first, and the recipes of the documentation."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from fake.corpora.table import PITCH, make_table, rows

from mser.cli import main

RECIPES = Path(__file__).parents[2] / "docs" / "tables.md"
BOTH = r"(?P<speaker>s\d)_(?P<label>[a-z]+)\d"


def run(capsys, *args):
    code = main(["data", *map(str, args)])
    return code, *capsys.readouterr()


def made(capsys, folder, out, *how):
    code, shown, err = run(capsys, "table", folder, *how, "--out", out)
    assert (code, err) == (0, "")
    return shown, read(out)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(capsys, folder, *how, words):
    """Refuse what the command line cannot read (argparse exits) and what the folder does not hold alike."""
    try:
        code = main(["data", "table", str(folder), *map(str, how)])
    except SystemExit as exit_:
        code = exit_.code
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("mser")
    for word in words:
        assert word in err.splitlines()[-1]
    return err


@pytest.fixture
def clips(tmp_path):
    """36 recordings ``clips/s0_angry0.wav``, in a folder of their own."""
    make_table(tmp_path / "made" / "table.csv")
    return tmp_path / "made" / "clips"


def files(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not listened to")


def test_a_table_that_table_reads(clips, tmp_path, capsys):
    out = tmp_path / "tables" / "own.csv"
    shown, found = made(capsys, clips, out, "--label-from", BOTH)
    assert list(found[0]) == ["audio", "label", "speaker"]
    assert found[0] == {"audio": "../made/clips/s0_angry0.wav", "label": "angry", "speaker": "s0"}
    lines = [line.split() for line in shown.splitlines()]
    assert ["label", "files", "speakers"] in lines
    assert ["calm", "12", "6"] in lines
    assert ["s5", "6", "3"] in lines
    assert shown.index("angry") < shown.index("wrote 36 rows")
    _, summary, _ = run(capsys, "check", "table", out, "--json")
    summary = json.loads(summary)
    assert (summary["utterances"], summary["speakers"]) == (36, 6)
    assert summary["labels"] == dict.fromkeys(PITCH, 12)
    assert {one["kind"] for one in summary["problems"]} <= {"duplicate"}


def test_folders_groups_and_their_order(tmp_path, capsys):
    root = tmp_path / "tree"
    files(
        root,
        "anna/happy/1.wav",
        "anna/sad/1.FLAC",
        "ben/sad/take 2, last.wav",
        "top.wav",
        ".cache/x/y.wav",
        "a/b/._1.wav",
    )
    _, by_folder = made(capsys, root, tmp_path / "a.csv", "--label-from", "folder", "--speaker-from", "^([^/]+)/")
    expected = [("anna", "happy"), ("anna", "sad"), ("ben", "sad")]
    assert [(row["speaker"], row["label"]) for row in by_folder] == expected
    assert by_folder[2]["audio"] == "tree/ben/sad/take 2, last.wav"
    # The group of the other role is not the first of one's own.
    both = r"(?P<speaker>\w+)/(\w+)/"
    for how in (["--label-from", both], ["--label-from", both, "--speaker-from", both]):
        _, found = made(capsys, root, tmp_path / "a.csv", *how)
        assert found == by_folder
    _, found = made(capsys, root, tmp_path / "a.csv", "--speaker-from", r"(?P<speaker>\w+)/(?P<label>\w+)/")
    assert found == by_folder


@pytest.mark.usefixtures("_without_pyav")
def test_files_left_out_are_counted_and_named(clips, tmp_path, capsys):
    files(clips, *(f"noise{n}.wav" for n in range(7)), "x/s_angry1.mp3", "notes.txt", "film.mp4")
    shown, found = made(
        capsys,
        clips,
        tmp_path / "own.csv",
        "--label-from",
        "_([a-z]+)",
        "--speaker-from",
        r"(s\d)_",
        "--map",
        "sad=low",
    )
    assert len(found) == 36
    assert "44 audio files, 36 of them understood" in shown
    assert "left out, no label found: 7\n  noise0.wav" in shown
    assert "noise4.wav\n  and 2 more" in shown
    assert "left out, no speaker found: 1\n  x/s_angry1.mp3\n" in shown
    assert "1 videos" in shown
    assert "--map renames what is no label here: sad" in shown


def test_labels_become_one(clips, tmp_path, capsys):
    how = ("--label-from", BOTH, "--map", "calm=low", "happy=high", "--map", "angry=high")
    _, found = made(capsys, clips, tmp_path / "own.csv", *how)
    assert sorted(row["label"] for row in found) == ["high"] * 24 + ["low"] * 12


def test_speakers_that_nobody_knows(clips, tmp_path, capsys):
    shown, found = made(capsys, clips, tmp_path / "own.csv", "--label-from", "_([a-z]+)")
    assert list(found[0]) == ["audio", "label"]
    assert "who speaks is not known" in shown
    assert shown.rstrip().endswith("own.csv --columns speaker=")
    _, said, _ = run(capsys, "check", "table", tmp_path / "own.csv", "--columns", "speaker=")
    assert "36 utterances, unknown speakers" in said


def test_transcripts_beside_the_audio(clips, tmp_path, capsys):
    for row in rows()[:-1]:
        (clips / Path(row["audio"]).with_suffix(".txt").name).write_text(f"{row['transcript']}\n ça va?\n", "utf-8")
    (clips / "s0_angry0.txt").write_bytes("Käse".encode("cp1252"))
    (clips / "s0_angry1.txt").write_text(" \n")
    shown, found = made(capsys, clips, tmp_path / "own.csv", "--label-from", BOTH, "--transcript-from", ".txt")
    by_name = {Path(row["audio"]).stem: row["transcript"] for row in found}
    assert by_name["s0_calm1"] == "Number 1, please. ça va?"
    assert (by_name["s0_angry0"], by_name["s0_angry1"], by_name["s5_happy1"]) == ("Käse", "", "")
    assert "transcripts: of 34 files\nwithout a transcript: 2\n" in shown
    assert "s5_happy1.wav has no s5_happy1.txt beside it" in shown
    refused(
        capsys, clips, "--label-from", BOTH, "--transcript-from", ".lab", words=["no file has a transcript in .lab"]
    )


def test_accents_in_two_spellings(tmp_path, capsys):
    files(tmp_path / "tree", "Cole\u0300re/1.wav", "Joie/2.wav")
    _, found = made(
        capsys, tmp_path / "tree", tmp_path / "own.csv", "--label-from", "folder", "--map", "Col\u00e8re=anger"
    )
    assert [(row["audio"], row["label"]) for row in found] == [
        ("tree/Cole\u0300re/1.wav", "anger"),
        ("tree/Joie/2.wav", "Joie"),
    ]


def test_only_shown(clips, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    code, shown, err = run(capsys, "table", clips, "--label-from", BOTH)
    assert (code, err) == (0, "")
    assert "36 of them understood" in shown
    assert "wrote" not in shown
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_written_over(clips, tmp_path, capsys):
    out = tmp_path / "own.csv"
    made(capsys, clips, out, "--label-from", BOTH)
    made(capsys, clips, out, "--label-from", BOTH)  # says the same
    corrected = out.read_text().replace("angry", "furious")
    out.write_text(corrected)
    refused(capsys, clips, "--label-from", BOTH, "--out", out, words=["is there already", "--force"])
    assert out.read_text() == corrected
    made(capsys, clips, out, "--label-from", BOTH, "--force")
    assert "furious" not in out.read_text()
    (tmp_path / "folder.csv").mkdir()
    for more in ([], ["--force"]):
        refused(capsys, clips, "--label-from", BOTH, "--out", tmp_path / "folder.csv", *more, words=["is a folder"])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (["--label-from", "_[a-z]+"], ["--label-from '_[a-z]+' has no group to take the label from"]),
        (["--label-from", "folder", "--speaker-from", r"s\d"], [r"--speaker-from 's\d' has no group"]),
        (["--label-from", r"(?P<speaker>s\d)_"], ["has no group to take the label from"]),
        (["--label-from", "(["], ["--label-from '([' is no regular expression"]),
        (["--label-from", "xyz(.)"], ["'xyz(.)' finds no label in 36 audio files", "s0_angry0.wav"]),
        (["--label-from", "_([a-z]+)", "--speaker-from", "(x?)s"], ["'(x?)s' finds no speaker in 36"]),
        (["--label-from", "(?P<label>s)(?P<speaker>x)?"], ["finds no speaker"]),
        (["--label-from", "folder", "--speaker-from", "folder"], ["cannot name both label and speaker"]),
        (["--label-from", BOTH, "--speaker-from", r"(s\d)"], ["has a group speaker too"]),
        (["--speaker-from", r"(s\d)"], ["nothing says where the label stands"]),
        ([], ["nothing says where the label stands"]),
        (["--label-from", BOTH, "--map", "calm=low", "calm=high"], ["calls calm both low and high"]),
        (["--label-from", BOTH, "--map", "calm"], ["'calm' is not of the form FOUND=LABEL"]),
        (["--label-from", BOTH, "--map", "calm="], ["'calm=' is not of the form FOUND=LABEL"]),
        (["--label-from", BOTH, "--transcript-from", "txt"], ["'txt' is no suffix"]),
        (["--label-from", BOTH, "--out", "own.wav"], ["'own.wav' is no name of a table"]),
    ],
)
def test_what_cannot_be_made_a_table(clips, capsys, how, words):
    refused(capsys, clips, *how, words=words)


@pytest.mark.usefixtures("_without_pyav")
def test_folders_without_audio(tmp_path, capsys):
    refused(capsys, tmp_path / "none", "--label-from", "folder", words=["is no folder"])
    files(tmp_path, "a/b.txt")
    refused(capsys, tmp_path, "--label-from", "folder", words=["holds no audio"])
    files(tmp_path, "a/b.MP4")
    refused(capsys, tmp_path, "--label-from", "folder", words=["mser data extract-audio", "1 videos"])


NAMES = {
    "EMOVO": {
        "f1/dis-f1-b1.wav": ("disgust", "f1"),
        "m3/tri-m3-n5.wav": ("sadness", "m3"),
        "f2/gio-f2-l4.wav": ("joy", "f2"),
        "neu-m1-d1.wav": ("neutral", "m1"),
        "f2/readme-f2.wav": None,
    },
    "URDU-Dataset": {
        "Angry/SM1_F10_A010.wav": ("angry", "SM1"),
        "Sad/SF12_F3_S003.wav": ("sad", "SF12"),
        "Neutral/SM20/SM20_F9_N099.wav": ("neutral", "SM20"),
        "Happy/SF1_F1_H01.wav": ("happy", "SF1"),
        "Happy/other.wav": None,
    },
    "TESS": {
        "OAF_back_angry.wav": ("angry", "OA"),
        "OAF_neutral/OA_bite_neutral.wav": ("neutral", "OA"),
        "YAF_pleasant_surprised/YAF_voice_ps.wav": ("surprise", "YA"),
        "TAF_back_angry.wav": None,
    },
    "AudioData": {
        "DC/a01.wav": ("anger", "DC"),
        "JE/su15.wav": ("surprise", "JE"),
        "KL/n30.wav": ("neutral", "KL"),
        "ALL/JK_sa03.wav": ("sadness", "JK"),
        "DC/x01.wav": None,
    },
    "ShEMO": {
        "female/F01A01.wav": ("anger", "F01"),
        "F24F02.wav": ("fear", "F24"),
        "male/M36S02.wav": ("sadness", "M36"),
        "male/M21W117.wav": ("surprise", "M21"),
        "male/M21.wav": None,
    },
    "ESD": {
        "0011/Angry/0011_000351.wav": ("angry", "0011"),
        "0001/Surprise/evaluation/0001_001401.wav": ("surprise", "0001"),
        "Emotion Speech Dataset/0020/Neutral/0020_000001.wav": ("neutral", "0020"),
        "0011/Angry/0012_000351.wav": None,
    },
    "JL(wav+txt)": {
        "female1_angry_10a_1.wav": ("angry", "female1"),
        "male2_encouraging_2b_2.wav": ("encouraging", "male2"),
        "male2_encouraging_2c_2.wav": None,
    },
    "CaFE": {
        "Col\u00e8re/Faible/01-C-1-1.wav": ("anger", "01"),
        "Neutre/12-N-1-6.wav": ("neutral", "12"),
        "Tristesse/Fort/07-T-2-3.aiff": ("sadness", "07"),
        "Tristesse/07-T-2-7.wav": None,
    },
}


def recipes():
    """Return the commands of the documentation's recipes by the folder that they read."""
    blocks = re.findall(
        r"```sh\n(mser data table .*?)```", RECIPES.read_text("utf-8").split("## Recipes")[1], re.DOTALL
    )
    commands = [shlex.split(block.replace("\\\n", " ")) for block in blocks]
    return {command[3]: command for command in commands}


def test_every_recipe_is_tested():
    assert set(recipes()) == set(NAMES)


@pytest.mark.parametrize("corpus", NAMES)
def test_recipe(corpus, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = NAMES[corpus]
    files(tmp_path / corpus, *expected)
    command = recipes()[corpus]
    if "--transcript-from" in command:
        for name in expected:
            (tmp_path / corpus / name).with_suffix(".txt").write_text("Jack views an art.")
    assert main(command[1:]) == 0
    assert f"{len(expected)} audio files, {len(expected) - 1} of them understood" in capsys.readouterr().out
    found = {row["audio"]: (row["label"], row["speaker"]) for row in read(Path(command[-1]))}
    assert found == {f"{corpus}/{name}": said for name, said in expected.items() if said}
