"""RAVDESS, CREMA-D and EmoDB through the command line, on trees in their shapes and, for RAVDESS, on real speech."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fake.corpora.acted import make_crema_d, make_emodb, make_ravdess, promise
from fake.corpora.iemocap import write_wav
from fake.places import REAL

from mser.cli import main
from mser.corpora import corpus
from mser.corpora.acted import crema_d
from mser.corpora.acted.emodb_names import NAMES

MAKERS = {"ravdess": make_ravdess, "crema_d": make_crema_d, "emodb": make_emodb}


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """The three releases in full, of short clips."""
    roots = {name: tmp_path_factory.mktemp(name) for name in MAKERS}
    for name, make in MAKERS.items():
        make(roots[name])
    silent = roots["crema_d"] / "AudioWAV/1076_MTI_SAD_XX.wav"
    write_wav(silent, np.zeros(800))
    return roots


def run(capsys, *args):
    code = main(["data", *map(str, args)])
    return code, *capsys.readouterr()


def checked(capsys, name, root):
    code, out, err = run(capsys, "check", name, root, "--json")
    assert err == ""
    return code, json.loads(out)


def folds(capsys, *args):
    code, out, err = run(capsys, "folds", *args, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize(
    ("name", "utterances", "speakers", "four"),
    [("ravdess", 1440, 24, 864), ("crema_d", 7441, 91, 4899), ("emodb", 535, 10, 339)],
)
def test_a_whole_release_is_sound_but_for_its_short_tones(trees, capsys, name, utterances, speakers, four):
    code, summary = checked(capsys, name, trees[name])
    kinds = Counter(problem["kind"] for problem in summary["problems"])
    assert kinds == {"length": 2, "hours": 1} | ({"format": 1} if name == "ravdess" else {})
    assert (code, summary["utterances"], summary["speakers"]) == (1, utterances, speakers)
    assert summary["problems"][0]["message"].startswith(f"all {utterances} recordings last 0.05 s: a copy that was ")
    assert summary["label_sets"][f"{name}4"]["total"] == four
    assert sum(summary["labels"].values()) == utterances
    assert summary["seconds"] == pytest.approx(utterances * 0.05)


@pytest.mark.parametrize("protocol", [one.name for name in MAKERS for one in corpus(name).protocols])
def test_folds_are_of_unseen_speakers(trees, capsys, protocol):
    name = protocol.partition("/")[0]
    said = {one.id: one for one in corpus(name).read(trees[name])}
    found = folds(capsys, name, trees[name], "--protocol", protocol)
    assert sorted(one for fold in found["folds"] for one in fold["test"]) == sorted(said)
    parts = [
        [{said[one].speaker for one in fold[part]} for part in ("train", "val", "test")] for fold in found["folds"]
    ]
    for train, val, test in parts:
        assert (
            len(train | val | test) == len(train) + len(val) + len(test) == len({one.speaker for one in said.values()})
        )
    assert [val for _, val, _ in parts] == [test for _, _, test in parts[1:] + parts[:1]]
    assert {found["audit"][f"{part}{what}_overlap"] for part in ("", "val_") for what in ("speaker", "audio")} == {0}
    assert found["audit"]["near_duplicate_transcripts"] == 1.0


def test_the_speakers_of_each_part(trees, capsys):
    tested = {
        protocol: [
            {one.speaker: one.gender for one in corpus(protocol.partition("/")[0]).read(root) if one.id in fold["test"]}
            for fold in folds(capsys, protocol.partition("/")[0], root, "--protocol", protocol)["folds"]
        ]
        for protocol, root in (("ravdess/6fold", trees["ravdess"]), ("ravdess/emobox6", trees["ravdess"]))
    }
    assert all(Counter(part.values()) == {"F": 2, "M": 2} for part in tested["ravdess/6fold"])
    assert list(tested["ravdess/6fold"][0]) == ["Actor_01", "Actor_02", "Actor_03", "Actor_04"]
    assert sorted(tested["ravdess/emobox6"][1]) == ["Actor_04", "Actor_10", "Actor_12", "Actor_14"]
    said = {one.id: one for one in corpus("crema_d").read(trees["crema_d"])}
    for fold in folds(capsys, "crema_d", trees["crema_d"])["folds"]:
        genders = Counter({said[one].speaker: said[one].gender for one in fold["test"]}.values())
        assert genders["F"] in (8, 9)
        assert genders["M"] in (9, 10)


def test_the_folds_never_change(trees, capsys):
    found = {name: folds(capsys, name, trees[name]) for name in MAKERS}
    assert {name: one["digest"] for name, one in found.items()} == {
        "ravdess": "a3734bac768d40f3",
        "crema_d": "044d9ccf871f0494",
        "emodb": "486dfb82a5f483fe",
    }
    names = {name: [fold["name"] for fold in one["folds"]] for name, one in found.items()}
    assert names["ravdess"][:2] == ["actors01-04", "actors05-08"]
    assert names["crema_d"] == ["part1", "part2", "part3", "part4", "part5"]
    assert (names["emodb"][0], len(names["emodb"])) == ("speaker03", 10)


@pytest.mark.parametrize(
    ("name", "utterance", "expected"),
    [
        ("ravdess", "03-01-05-02-02-01-12", ("angry", "Dogs are sitting by the door.", "Actor_12", "F")),
        ("ravdess", "03-01-02-01-01-02-01", ("calm", "Kids are talking by the door.", "Actor_01", "M")),
        ("crema_d", "1002_IEO_FEA_MD", ("fear", "It's eleven o'clock.", "1002", "F")),
        pytest.param(
            *("crema_d", "1091_ITS_NEU_XX", ("neutral", "I think I've seen this before.", "1091", "F")),
            marks=pytest.mark.exhaustive,  # 7,442 files are read once more
        ),
        ("emodb", "03a01Wa", ("anger", "Der Lappen liegt auf dem Eisschrank.", "03", "M")),
        ("emodb", "16b01La", ("boredom", "Was sind denn das für Tüten, die da unter dem Tisch stehen?", "16", "F")),
    ],
)
def test_the_manifest_says_what_the_name_says(trees, tmp_path, capsys, name, utterance, expected):
    assert run(capsys, "manifest", name, trees[name], tmp_path / "m.jsonl")[0] == 0
    rows = {row["id"]: row for row in map(json.loads, (tmp_path / "m.jsonl").read_text().splitlines()[1:])}
    row = rows[utterance]
    assert (row["label"], row["transcript"], row["speaker"], row["gender"]) == expected
    assert (trees[name] / row["audio"]).stem == utterance
    if name == "ravdess":
        assert row["scores"] == {"intensity": int(utterance[10])}
    assert folds(capsys, name, tmp_path / "m.jsonl") == folds(capsys, name, trees[name])


def test_what_is_missing_is_counted(tmp_path, capsys):
    names = make_emodb(tmp_path, keep=lambda name: not name.startswith("03") and name != "08a01Wa")
    code, summary = checked(capsys, "emodb", tmp_path)
    assert code == 1
    messages = [problem["message"] for problem in summary["problems"]]
    assert "speakers: 03 is missing; it is among the 10 published" in messages
    assert any(re.fullmatch(r"labels: anger is 112, published 127; .*", message) for message in messages)
    missing = {message.split()[1] for message in messages if message.startswith("files: ")}
    assert missing == set(NAMES) - set(names)
    assert "08a01Wa" in missing
    code, out, err = run(capsys, "folds", "emodb", tmp_path)
    assert (code, out) == (2, "")
    assert "the protocol needs every speaker of the corpus, but 1 of 10, 03 the first, have no utterances; see" in err


def test_files_that_cannot_be_used(tmp_path, capsys):
    names = make_crema_d(tmp_path, actors=[1001, 1076])
    promise(tmp_path, utterances=len(names) - 5)
    wavs = tmp_path / "AudioWAV"
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:c6f9\nsize 72862\n"
    (wavs / "1001_DFA_ANG_XX.wav").write_bytes(pointer)
    (wavs / "1001_DFA_DIS_XX.wav").write_bytes(b"")
    (wavs / "1001_DFA_FEA_XX.wav").rename(wavs / "1001_DFA_FUN_XX.wav")
    (wavs / "1001_DFA_HAP_XX.wav").unlink()
    (wavs / "1001_DFA_HAP_XX.wav").symlink_to("nowhere.wav")
    (wavs / "1001_ITH_SAD_XX.wav").rename(wavs / "1001_ITH_SAD_X.wav")  # as an early release had it
    write_wav(wavs / "1076_MTI_SAD_XX.wav", np.zeros(800))
    code, summary = checked(capsys, "crema_d", tmp_path)
    assert code == 1
    assert [(problem["kind"], problem["message"]) for problem in summary["problems"]] == [
        (
            "pointer",
            "AudioWAV/1001_DFA_ANG_XX.wav is a pointer of Git LFS, not the audio itself; fetch it with `git lfs pull`; "
            "it is left out",
        ),
        ("empty", "AudioWAV/1001_DFA_DIS_XX.wav is an empty file of 0 bytes; it is left out"),
        ("name", "AudioWAV/1001_DFA_FUN_XX.wav has no name of a file of crema_d; it is left out"),
        ("missing", "AudioWAV/1001_DFA_HAP_XX.wav has no audio file; it is left out"),
    ]
    said = {one.id for one in corpus("crema_d").read(tmp_path)}
    assert "1001_ITH_SAD_X" in said
    assert "1076_MTI_SAD_XX" not in said


def test_a_mirror_with_everything_twice(tmp_path, capsys):
    names = make_ravdess(tmp_path, actors=[1, 2])
    promise(tmp_path, utterances=120)
    shutil.copytree(tmp_path / "Audio_Speech_Actors_01-24", tmp_path / "copy/Audio_Speech_Actors_01-24")
    code, summary = checked(capsys, "ravdess", tmp_path)
    assert (code, summary["problems"], summary["utterances"]) == (0, [], len(names))
    assert summary["notes"][0].startswith(f"120 files are there twice, such as {tmp_path / 'copy'}")
    assert all("copy" not in one.audio for one in corpus("ravdess").read(tmp_path))
    other = next(tmp_path.glob("copy/*/Actor_01/*-01.wav"))
    write_wav(other, np.sin(np.arange(800)))
    code, summary = checked(capsys, "ravdess", tmp_path)
    (problem,) = summary["problems"]
    told = f"{other.relative_to(tmp_path)} is another file than {other.relative_to(tmp_path / 'copy')}; that one counts"
    assert (code, problem["kind"], problem["message"].partition(",")[0]) == (1, "duplicate", told)


def test_names_in_capitals_are_read(tmp_path):
    make_emodb(tmp_path, keep=lambda name: name.startswith("03a"))
    for wav in tmp_path.glob("wav/*.wav"):
        wav.rename(wav.with_suffix(".WAV"))
    assert {one.speaker for one in corpus("emodb").read(tmp_path)} == {"03"}


def test_pointers_alone_are_no_missing_speakers(tmp_path, capsys):
    """A clone without Git LFS has all of the names and none of the sounds."""
    (tmp_path / "AudioWAV").mkdir()
    for name in crema_d.CORPUS.published["files"]:
        (tmp_path / f"AudioWAV/{name}.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    code, summary = checked(capsys, "crema_d", tmp_path)
    assert (code, Counter(one["kind"] for one in summary["problems"])) == (1, {"pointer": 7441, "count": 2})
    code, out, err = run(capsys, "folds", "crema_d", tmp_path)
    assert (code, out) == (2, "")
    assert "none of the recordings of crema_d can be used (7441 pointer): AudioWAV/1001_DFA_ANG_XX.wav is a poi" in err


def test_real_recordings_of_emodb(capsys):
    """Four of the seven emotions, as they were published."""
    root = Path("../shared/samples/emodb4")
    if not root.is_dir():
        pytest.skip("needs real recordings of EmoDB")
    code, summary = checked(capsys, "emodb", root)
    kinds = Counter(problem["kind"] for problem in summary["problems"])
    assert (code, kinds) == (1, {"count": 2, "missing": 535 - 339, "hours": 1})
    assert summary["problems"][-1]["message"] == "0.26 h of audio, published 0.41 h (-36%): much is missing"


@pytest.mark.parametrize("name", MAKERS)
def test_a_folder_without_the_corpus_is_refused(tmp_path, capsys, name):
    (tmp_path / "03x01-wrong.wav").write_bytes(b"")
    code, out, err = run(capsys, "check", name, tmp_path)
    assert (code, out) == (2, "")
    assert f"no {name} in {tmp_path}: looked for " in err
    assert err.count("\n") == 1


def test_strange_names_say_nothing(tmp_path, capsys):
    make_emodb(tmp_path, keep=lambda name: name.startswith("03a"))
    (tmp_path / "wav/03a01Wa.wav").rename(tmp_path / "wav/04a01Wa.wav")
    (tmp_path / "wav/03a02Wb.wav").rename(tmp_path / "wav/03a03Wa.wav")
    kinds = Counter(problem["kind"] for problem in checked(capsys, "emodb", tmp_path)[1]["problems"])
    assert kinds["name"] == 2
    make_ravdess(tmp_path / "r", actors=[1])
    wav = next(tmp_path.glob("r/*/Actor_01/03-01-08-02-02-02-01.wav"))
    wav.rename(wav.with_name("03-01-09-02-02-02-01.wav"))
    kinds = Counter(problem["kind"] for problem in checked(capsys, "ravdess", tmp_path / "r")[1]["problems"])
    assert kinds["name"] == 1


def crossval(root, out, datamodule, *more):
    options = [f"--data={datamodule}", f"--data.init_args.root={root}", "--model.speech.name=tiny",
               "--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--folds=1"]  # fmt: skip
    assert main(["crossval", f"--out={out}", *options, *more]) == 0
    header, *lines = (out / "seed1/fold1/predictions.csv").read_text().splitlines()
    rows = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    return json.loads((out / "protocol.json").read_text()), [row for row in rows if row["split"] == "test"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "datamodule"), [("emodb", "EmoDB"), pytest.param("crema_d", "CREMAD", marks=pytest.mark.exhaustive)]
)
def test_crossval(tmp_path, name, datamodule):
    root = tmp_path / "tree"
    MAKERS[name](root, keep=lambda one: one.endswith("a") or "_IEO_" in one)
    plan, rows = crossval(root, tmp_path / "run", datamodule, f"--data.init_args.labels={name}4")
    assert (plan["protocol"], plan["label_set"]) == (corpus(name).protocols[0].name, f"{name}4")
    assert sorted(row["utterance"] for row in rows) == sorted(plan["folds"][0]["test"])
    assert {row["target"] for row in rows} == set(plan["labels"])


EMOTIONS = {"neu": "01", "hap": "03", "exc": "03", "sad": "04", "ang": "05", "fea": "06", "dis": "07", "sur": "08"}


def real_names():
    """Yield the real recordings and what RAVDESS could have called them."""
    taken = set()
    for one in corpus("iemocap").read(REAL):
        actor = 2 * int(one.session[-1]) - (one.gender == "M")
        sentence = "01" if "Kids" in one.transcript else "02"
        # Of neutral and calm, and of intensities and repetitions, the layout no longer tells which is which.
        neutral = [("01", "01"), ("02", "01"), ("02", "02")]
        levels = ("02", "01") if one.label == "exc" else ("01", "02")
        kinds = neutral if one.label == "neu" else [(EMOTIONS.get(one.label), level) for level in levels]
        names = [f"03-01-{emotion}-{level}-{sentence}-{again}-{actor:02}" for emotion, level in kinds
                 for again in ("01", "02")]  # fmt: skip
        free = [name for name in names if name not in taken]
        if one.label in EMOTIONS and free:
            taken.add(free[0])
            yield REAL / one.audio, free[0]


@pytest.mark.exhaustive
@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real recordings in IEMOCAP's layout")
def test_real_recordings(tmp_path, capsys):
    """The ten actors that are at hand say what they said; the other fourteen hum."""
    root = tmp_path / "ravdess"
    make_ravdess(root, range(11, 25), keep=lambda name: name[6:8] in ("01", "05"))
    found = dict(real_names())
    for wav, name in found.items():
        path = root / f"Audio_Speech_Actors_01-24/Actor_{name[-2:]}/{name}.wav"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(wav, path)
    assert len(found) > 500
    promise(root, utterances=len(found) + 14 * 12, speakers=[f"Actor_{number:02}" for number in range(1, 25)])
    code, summary = checked(capsys, "ravdess", root)
    assert (code, summary["problems"]) == (0, [])
    assert summary["seconds"] > 30 * 60
    plan, rows = crossval(root, tmp_path / "run", "RAVDESS", "--data.init_args.labels=ravdess4")
    assert (plan["protocol"], {row["speaker"] for row in rows}) == (
        "ravdess/6fold",
        {"Actor_01", "Actor_02", "Actor_03", "Actor_04"},
    )
    assert {row["target"] for row in rows} == {"neutral", "happy", "sad", "angry"}
