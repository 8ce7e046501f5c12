import json
import os
import subprocess
import sys

import pytest
from fake.corpora.iemocap import make_iemocap
from fake.corpora.table import make_table
from fake.places import REAL

from mser.cli import main
from mser.corpora import corpus

IEMOCAP = corpus("iemocap")
PROTOCOLS = [protocol.name for protocol in IEMOCAP.protocols]


FOUR = ("neu", "sad", "ang", "hap", "exc")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return tmp_path_factory.mktemp("iemocap")


@pytest.fixture(scope="module", autouse=True)
def said(tree):
    return make_iemocap(tree)


@pytest.fixture
def broken(tmp_path):
    make_iemocap(tmp_path / "broken", turns=2)
    for session in ("Session1", "Session2"):
        for wav in (tmp_path / "broken" / session).glob("sentences/wav/*/Ses*.wav"):
            wav.unlink()
    return tmp_path / "broken"


def run(capsys, *args):
    code = main(["data", *map(str, args)])
    return code, *capsys.readouterr()


def test_check_of_a_sound_corpus_in_json(tree, capsys):
    code, out, err = run(capsys, "check", "iemocap", tree, "--json")
    assert (code, err) == (0, "")
    summary = json.loads(out)
    assert list(summary) == [
        *("corpus", "utterances", "labels", "label_sets", "speakers", "seconds", "splits", "problems", "notes"),
    ]
    assert (summary["corpus"], summary["utterances"], summary["speakers"]) == ("iemocap", 120, 10)
    assert summary["labels"] == {"ang": 18, "hap": 18, "exc": 18, "fru": 18, "neu": 16, "sad": 16, "xxx": 16}
    assert summary["label_sets"]["iemocap4"] == {"total": 86, "neu": 16, "sad": 16, "ang": 18, "hap": 36}
    assert summary["label_sets"]["iemocap4-noexc"]["total"] == 68
    assert (summary["splits"], summary["problems"]) == (None, [])
    assert summary["seconds"] == pytest.approx(120 * 0.35, rel=0.2)


def test_check_of_a_broken_corpus_in_json(broken, capsys):
    code, out, _ = run(capsys, "check", "iemocap", broken, "--json")
    assert code == 1
    summary = json.loads(out)
    assert summary["utterances"] == 28
    missing = [problem for problem in summary["problems"] if problem["utterance"]]
    assert len(missing) == 12
    assert missing[0] == {
        "kind": "missing",
        "message": "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav has no audio file; "
        "the turn is left out, restore the file",
        "utterance": "Ses01F_impro01_F000",
    }


def test_check_for_people(tree, broken, capsys):
    code, out, _ = run(capsys, "check", "iemocap", tree)
    assert code == 0
    assert "120 utterances, 10 speakers, 0.01 h of audio" in out
    assert "This is a made-up corpus" in out
    assert out.rstrip().endswith("no problems: the corpus is sound")
    code, out, _ = run(capsys, "check", "iemocap", broken)
    assert code == 1
    assert "and 10 more; --json lists them all" in out
    assert ["neu", "4", "6"] in [line.split() for line in out.splitlines()]
    assert "sound" not in out


def test_check_for_people_prints_brackets_as_they_are(broken, capsys):
    text = next(broken.glob("Session3/dialog/EmoEvaluation/Ses03F_impro01.txt"))
    text.write_text(text.read_text().replace("[1.0000 - ", "[bold] "))
    assert "'[bold] " in run(capsys, "check", "iemocap", broken)[1]


def test_manifest_writes_one_line_per_usable_utterance(broken, tmp_path, capsys):
    code, out, _ = run(capsys, "manifest", "iemocap", broken, tmp_path / "new" / "m.jsonl")
    assert code == 0
    assert out.startswith(f"wrote 28 utterances to {tmp_path / 'new' / 'm.jsonl'}; 12 problems, see `mser data check`")
    lines = (tmp_path / "new" / "m.jsonl").read_text().splitlines()
    assert len(lines) == 29
    assert (broken / json.loads(lines[1])["audio"]).is_file()


def test_a_manifest_goes_over_nothing_but_a_manifest(tree, tmp_path, capsys):
    table = tmp_path / "table.csv"
    make_table(table)
    before = table.read_bytes()
    for args in (["table", table, table], ["iemocap", tree, table]):
        code, _, err = run(capsys, "manifest", *args)
        assert (code, err.count("\n")) == (2, 1)
        assert f"{table} is there already and is no manifest; choose another name" in err
    assert table.read_bytes() == before
    for _ in range(2):
        assert run(capsys, "manifest", "table", table, tmp_path / "m.jsonl")[0] == 0


def test_manifest_into_an_unwritable_folder_says_so(tree, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code, out, err = run(capsys, "manifest", "iemocap", tree, tmp_path / "file" / "m.jsonl")
    assert (code, out) == (2, "")
    assert err.startswith(f"mser: error: cannot write {tmp_path / 'file' / 'm.jsonl'}: ")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_folds_in_json(tree, said, name, capsys):
    code, out, err = run(capsys, "folds", "iemocap", tree, "--protocol", name, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == ["corpus", "protocol", "digest", "folds", "audit"]
    assert (found["corpus"], found["protocol"], len(found["digest"])) == ("iemocap", name, 16)
    assert all(list(fold) == ["name", "train", "val", "test"] for fold in found["folds"])
    assert {found["audit"][f"{what}_overlap"] for what in ("speaker", "group", "audio")} == {0}
    tested = [one for fold in found["folds"] for one in fold["test"]]
    kept = {"iemocap/paper2020": "Ses05", "iemocap/loso5-improvised": "impro"}.get(name, "")
    assert sorted(tested) == [one.id for one in said if one.label in FOUR and kept in one.id]


def test_folds_are_loso5_on_four_classes_unless_asked_otherwise(tree, capsys):
    default = run(capsys, "folds", "iemocap", tree, "--json")[1]
    assert (
        default
        == run(capsys, "folds", "iemocap", tree, "--json", "--protocol", "iemocap/loso5", "--labels", "iemocap4")[1]
    )
    six = json.loads(run(capsys, "folds", "iemocap", tree, "--json", "--labels", "iemocap6")[1])
    assert sum(len(fold["test"]) for fold in six["folds"]) == 104
    assert six["digest"] != json.loads(default)["digest"]


def test_folds_of_a_manifest_are_those_of_its_corpus(tree, tmp_path, capsys):
    run(capsys, "manifest", "iemocap", tree, tmp_path / "m.jsonl")
    from_manifest = run(capsys, "folds", "iemocap", tmp_path / "m.jsonl", "--json")
    assert from_manifest == run(capsys, "folds", "iemocap", tree, "--json")


def test_folds_for_people(tree, said, capsys):
    code, out, _ = run(capsys, "folds", "iemocap", tree, "--protocol", "iemocap/superb")
    assert code == 0
    assert out.startswith("iemocap/superb on iemocap4, digest ")
    rows = [line.split() for line in out.splitlines()]
    assert ["train", "and", "test", "0", "0", "0"] in rows
    tested = sum(one.id.startswith("Ses01") and one.label in FOUR for one in said)
    assert next(row for row in rows if row[:1] == ["session1"])[3] == str(tested)
    assert "tested transcripts with a near copy in train: " in out


def test_folds_that_overlap_are_shown_and_refused(tmp_path, capsys):
    said = make_iemocap(tmp_path)
    one, other = (
        next(one for one in said if one.id.startswith(name) and one.label == "neu") for name in ("Ses01", "Ses03")
    )
    (tmp_path / other.wav).write_bytes((tmp_path / one.wav).read_bytes())
    code, out, err = run(capsys, "folds", "iemocap", tmp_path, "--json")
    assert code == 1
    assert json.loads(out)["audit"]["audio_overlap"] == 2
    assert (
        err == "mser data folds: parts that must not overlap do: audio_overlap, val_test_audio_overlap\n"
        or "audio_overlap" in err
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["check", "iemocop", "."], "unknown corpus 'iemocop': expected one of iemocap"),
        (
            ["folds", "iemocap", "TREE", "--protocol", "iemocap/losso5"],
            "unknown protocol of iemocap 'iemocap/losso5': ",
        ),
        (["folds", "iemocap", "TREE", "--labels", "iemocap44"], "unknown label set of iemocap 'iemocap44': "),
        (
            ["check", "iemocap", "none"],
            "none is no folder; give the folder that IEMOCAP_full_release was unpacked into",
        ),
        (["folds", "iemocap", "TREE/made-up.json"], "made-up.json is no manifest: its first line must name the corpus"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(tree, tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *(part.replace("TREE", str(tree)) for part in args))
    assert (code, out) == (2, "")
    assert err.startswith("mser: error: ")
    assert err.count("\n") == 1
    assert message in err


def test_a_missing_session_has_no_folds(broken, capsys):
    code, out, err = run(capsys, "folds", "iemocap", broken)
    assert (code, out) == (2, "")
    assert "but Session1, Session2 has no utterances" in err


def test_mistyped_options_exit_with_2(capsys):
    assert run(capsys)[0] == 2
    assert run(capsys, "check", "iemocap")[0] == 2
    assert run(capsys, "chekc")[0] == 2


def test_demo_hands_over_to_the_maker(monkeypatch, tmp_path):
    import mser.demo

    asked = []
    monkeypatch.setattr(mser.demo, "make", lambda corpus_name, out: asked.append((corpus_name, out)))
    assert main(["data", "demo", "iemocap", str(tmp_path / "out")]) == 0
    assert asked == [("iemocap", tmp_path / "out")]


@pytest.mark.parametrize(
    ("args", "heavy"),
    [
        (["check", "--help"], ["torch", "numpy", "rich"]),
        (["check", "iemocap", "TREE", "--json"], ["torch"]),
        (["folds", "iemocap", "TREE", "--json"], ["torch"]),
        (["check", "iemocap", "TREE"], ["torch"]),
        (["folds", "iemocap", "TREE"], ["torch"]),
        (["manifest", "iemocap", "TREE", "OUT"], ["torch", "numpy", "rich"]),
    ],
)
def test_nothing_heavy_is_imported(tree, tmp_path, args, heavy):
    args = [part.replace("TREE", str(tree)).replace("OUT", str(tmp_path / "m.jsonl")) for part in args]
    code = f"import sys; from mser.cli import main; main({['data', *args]!r}); print({{*{heavy!r}}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real recordings in IEMOCAP's layout")
@pytest.mark.parametrize("name", sorted(set(PROTOCOLS) - {"iemocap/loso5-textdisjoint"}))
def test_real_recordings_are_split_soundly(name, capsys):
    code, out, _ = run(capsys, "folds", "iemocap", REAL, "--protocol", name, "--json")
    assert code == 0
    found = json.loads(out)["audit"]
    assert {found[f"{what}_overlap"] for what in ("speaker", "group", "audio")} == {0}
    assert found["near_duplicate_transcripts"] == 1.0  # all say one of two sentences


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real recordings in IEMOCAP's layout")
def test_two_sentences_leave_nothing_to_train_on(capsys):
    code, _, err = run(capsys, "folds", "iemocap", REAL, "--protocol", "iemocap/loso5-textdisjoint")
    assert code == 2
    assert "iemocap/loso5-textdisjoint: fold session1 has no utterance to train" in err


def test_whoever_reads_may_stop_early(tree):
    reader, writer = os.pipe()
    os.close(reader)
    command = [
        sys.executable,
        "-m",
        "mser",
        "data",
        "folds",
        "iemocap",
        str(tree),
        "--protocol=iemocap/loso5",
        "--json",
    ]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
