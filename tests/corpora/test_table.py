"""A table of one's own recordings, from its rows to a report, and everything that can be wrong with it."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from fake.corpora.iemocap import RATE, write_wav
from fake.corpora.table import make_table, rows, write_rows

from mser.cli import main
from mser.corpora.table.corpus import open_table
from mser.data.datamodules import Table
from mser.errors import UserError

RENAMED = {"audio": "file", "label": "emotion", "speaker": "who", "transcript": "said"}
SILENT = np.zeros(4800)


def run(capsys, *args):
    code = main(["data", *map(str, args)])
    return code, *capsys.readouterr()


def checked(capsys, path, *more):
    code, out, err = run(capsys, "check", "table", path, "--json", *more)
    assert err == ""
    return code, json.loads(out)


def refused(capsys, path, *words, options=(), action="check"):
    code, out, err = run(capsys, action, "table", path, *options)
    assert (code, out) == (2, "")
    assert err.startswith("mser: error: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def folds(capsys, path, *more):
    code, out, err = run(capsys, "folds", "table", path, "--json", *more)
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_every_format_says_the_same(tmp_path, suffix, capsys):
    path = tmp_path / f"table.{suffix}"
    make_table(path)
    code, summary = checked(capsys, path)
    assert (code, summary["corpus"], summary["utterances"], summary["speakers"]) == (0, "table", 36, 6)
    assert summary["labels"] == {"angry": 12, "calm": 12, "happy": 12}
    assert summary["label_sets"] == {"table-labels": {"total": 36, "angry": 12, "calm": 12, "happy": 12}}
    assert summary["seconds"] == pytest.approx(36 * 0.3)
    assert (summary["splits"], summary["problems"]) == (None, [])
    first = open_table(path).read(path).utterances[0]
    assert (first.id, first.transcript, first.speaker) == ("clips/s0_angry0.wav", "Number 0, please.", "s0")
    assert (first.group, first.end, first.split) == ("clips/s0_angry0.wav", None, "")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_any_audio_that_can_be_decoded(tmp_path, suffix, capsys):
    said = [row | {"audio": row["audio"].replace("wav", suffix)} for row in rows(each=1)]
    make_table(tmp_path / "table.csv", said)
    assert checked(capsys, tmp_path / "table.csv")[1]["problems"] == []


def test_as_a_spreadsheet_saves_it(tmp_path, capsys):
    """UTF-8 with a mark, semicolons, CRLF, blank rows, blanks around cells, and a column without a name."""
    said = rows(each=1)
    make_table(tmp_path / "table.csv", said)
    lines = ["audio;transcript; label;speaker;"]
    lines += [f"{row['audio']};Käse, Öl; {row['label']} ;{row['speaker']};" for row in said]
    (tmp_path / "table.csv").write_bytes("\r\n".join([*lines, ";;;;", "", ""]).encode("utf-8-sig"))
    assert checked(capsys, tmp_path / "table.csv")[1]["labels"] == {"angry": 6, "calm": 6, "happy": 6}
    assert {one.transcript for one in open_table(tmp_path / "table.csv").read(tmp_path)} == {"Käse, Öl"}


def test_other_names_of_columns(tmp_path, capsys):
    said = [{RENAMED.get(name, name): cell for name, cell in row.items()} for row in rows()]
    make_table(tmp_path / "table.csv", said)
    options = ["--columns", *(f"{role}={name}" for role, name in RENAMED.items())]
    found = checked(capsys, tmp_path / "table.csv", *options)[1]
    assert (found["utterances"], found["speakers"], found["labels"]["calm"]) == (36, 6, 12)
    assert len(folds(capsys, tmp_path / "table.csv", *options)["folds"]) == 5


def test_audio_elsewhere_is_named_from_the_table(tmp_path, capsys):
    (tmp_path / "lists").mkdir()
    said = rows(each=1)
    for number, row in enumerate(said):
        row["audio"] = str(tmp_path / row["audio"]) if number % 2 else f"../{row['audio']}"
    make_table(tmp_path / "lists/table.csv", said)
    assert checked(capsys, tmp_path / "lists/table.csv")[0] == 0
    assert len(folds(capsys, tmp_path / "lists/table.csv")["folds"]) == 5
    first = open_table(tmp_path / "lists/table.csv").read(tmp_path).utterances[0]
    assert first.audio == "../clips/s0_angry0.wav"


def test_parts_of_long_recordings(tmp_path, capsys):
    said = [row | {"audio": f"{row['speaker']}.wav", "start": 0.2 * n, "end": 0.2 * n + 0.2}
            for row in rows(each=1) for n in range(2)]  # fmt: skip
    said = [row | {"start": row["start"] + 0.4 * (number // 2 % 3), "end": row["end"] + 0.4 * (number // 2 % 3)}
            for number, row in enumerate(said)]  # fmt: skip
    make_table(tmp_path / "table.jsonl", said, seconds=1.15)  # the last end is 0.05 s after the file's
    code, summary = checked(capsys, tmp_path / "table.jsonl")
    assert (code, summary["utterances"]) == (0, 36)
    assert summary["seconds"] == pytest.approx(6 * 1.15)
    clips = open_table(tmp_path / "table.jsonl").read(tmp_path).utterances
    assert (clips[0].id, clips[0].start, clips[0].end) == ("s0.wav:0.0-0.2", 0.0, 0.2)
    found = folds(capsys, tmp_path / "table.jsonl")
    assert {found["audit"][f"{part}{what}_overlap"] for part in ("", "val_") for what in ("group", "audio")} == {0}


def test_folds_are_of_unseen_speakers_and_the_same_for_any_order(tmp_path, capsys):
    said = make_table(tmp_path / "table.csv")
    found = folds(capsys, tmp_path / "table.csv", "--protocol", "table/3fold")
    assert (found["protocol"], len(found["folds"])) == ("table/3fold", 3)
    assert sorted(one for fold in found["folds"] for one in fold["test"]) == sorted(row["audio"] for row in said)
    for fold in found["folds"]:
        heard = [{one[:8] for one in fold[part]} for part in ("train", "val", "test")]
        assert [len(speakers) for speakers in heard] == [2, 2, 2]
        assert len(set.union(*heard)) == 6
    write_rows(tmp_path / "table.csv", said[::-1])
    assert folds(capsys, tmp_path / "table.csv", "--protocol", "table/3fold") == found


def test_the_tables_own_split(tmp_path, capsys):
    parts = dict(zip([f"s{n}" for n in range(6)], ["train", "train", "train", "val", "test", "test"], strict=True))
    said = [row | {"split": parts[row["speaker"]]} for row in rows()]
    make_table(tmp_path / "table.csv", said)
    assert checked(capsys, tmp_path / "table.csv")[1]["splits"] == {"train": 18, "val": 6, "test": 12}
    found = folds(capsys, tmp_path / "table.csv")
    (fold,) = found["folds"]
    assert (found["protocol"], fold["name"], len(fold["test"])) == ("table/split", "split", 12)
    assert folds(capsys, tmp_path / "table.csv", "--protocol", "table/5fold")["protocol"] == "table/5fold"
    assert Table(str(tmp_path / "table.csv")).protocol.name == "table/split"
    assert Table(str(tmp_path / "table.csv"), folds=4).protocol.name == "table/4fold"


def test_unknown_speakers_are_admitted_everywhere(tmp_path, capsys):
    make_table(tmp_path / "table.csv")
    unknown = ["--columns", "speaker="]
    found = folds(capsys, tmp_path / "table.csv", *unknown)
    assert found["protocol"] == "table/5fold-by-recording"
    assert [found["audit"][f"{part}speaker_overlap"] for part in ("", "val_", "val_test_")] == [None] * 3
    out = run(capsys, "folds", "table", tmp_path / "table.csv", *unknown)[1]
    assert "Who speaks is unknown" in " ".join(out.split())
    assert ["train", "and", "test", "unknown", "0", "0"] in [line.split() for line in out.splitlines()]
    out = run(capsys, "check", "table", tmp_path / "table.csv", *unknown)[1]
    assert "36 utterances, unknown speakers, " in out
    assert "published" not in out


def test_a_manifest_stands_for_its_table(tmp_path, capsys):
    make_table(tmp_path / "table.csv")
    for name, options in (("known", []), ("unknown", ["--columns", "speaker="])):
        out = tmp_path / f"{name}.jsonl"
        assert run(capsys, "manifest", "table", tmp_path / "table.csv", out, *options)[0] == 0
        assert folds(capsys, out) == folds(capsys, tmp_path / "table.csv", *options)


def test_scores_make_a_regression(tmp_path, capsys):
    said = [row | {"valence": number % 7 - 3, "arousal": number % 5} for number, row in enumerate(rows())]
    make_table(tmp_path / "table.csv", said)
    both = Table(str(tmp_path / "table.csv"), columns={"score": ["valence", "arousal"]})
    assert both.label_names == ["valence", "arousal"]
    assert (both.label_set.name, both.label_set.low, both.label_set.high) == ("table-scores", -3, 4)
    scores = ["--columns", "score=valence,arousal"]
    assert folds(capsys, tmp_path / "table.csv", *scores)["protocol"] == "table/5fold"
    assert checked(capsys, tmp_path / "table.csv", *scores)[1]["label_sets"]["table-scores"]["total"] == 36
    one = Table(str(tmp_path / "table.csv"), columns={"score": "valence"}, score_range=(-3, 3))
    assert (one.label_names, one.label_set.low, one.label_set.high) == (["valence"], -3, 3)
    assert Table(str(tmp_path / "table.csv")).label_names == ["angry", "calm", "happy"]
    with pytest.raises(UserError, match=r"has the score 3, which is not in the score_range -3 to 1"):
        Table(str(tmp_path / "table.csv"), columns={"score": "valence"}, score_range=(-3, 1))
    with pytest.raises(UserError, match=r"labels were asked for \(calm\), but the table has scores"):
        Table(str(tmp_path / "table.csv"), columns={"score": "valence"}, labels=["calm"])


def test_labels_are_sorted_or_as_asked_for(tmp_path):
    make_table(tmp_path / "table.csv")
    assert Table(str(tmp_path / "table.csv")).label_names == ["angry", "calm", "happy"]
    chosen = Table(str(tmp_path / "table.csv"), labels=["happy", "angry"])
    assert chosen.label_names == ["happy", "angry"]
    chosen.setup("fit")
    chosen.setup("test")
    assert sum(map(len, chosen.datasets.values())) == 24
    with pytest.raises(UserError, match=r"unknown label 'hapy': expected one of angry, calm, happy; did you mean"):
        Table(str(tmp_path / "table.csv"), labels=["hapy", "angry"])
    with pytest.raises(UserError, match=r"there is one label, 'calm', and nothing to tell it from"):
        Table(str(tmp_path / "table.csv"), labels=["calm"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": ""}, "table.csv, row 5: its label is empty; fill it in or delete the row"),
        ({"speaker": " "}, "table.csv, row 5: its speaker is empty"),
        ({"audio": ""}, "table.csv, row 5: its audio is empty"),
        ({"start": "1.5", "end": "1.5"}, "table.csv, row 5: it starts at 1.5 s and ends at 1.5 s; expected 0 <= start"),
        ({"start": "-1"}, "table.csv, row 5: it starts at -1 s"),
        ({"start": "0,5"}, "table.csv, row 5: its start is '0,5'; expected a number"),
        ({"end": "nan"}, "table.csv, row 5: its end is 'nan'; expected a number"),
        ({"audio": "./clips/s0_angry0.wav"}, "table.csv, row 5: clips/s0_angry0.wav is the clip of row 2 already"),
        ({"split": "tset"}, "table.csv, row 5: its split is 'tset'; expected one of train, val, test"),
        ({"split": "test"}, "table.csv, row 5: speaker s0 is in test here and in train in row 2; move the speaker"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, capsys, change, message):
    said = [{**row, "split": "train", "start": "", "end": ""} for row in rows()]
    make_table(tmp_path / "table.csv", said)
    said[3] = said[3] | change
    write_rows(tmp_path / "table.csv", said)
    refused(capsys, tmp_path / "table.csv", message)


@pytest.mark.parametrize(
    ("drop", "options", "message"),
    [
        ("audio", (), "has the columns transcript, label, speaker, none of which is audio; "),
        ("label", (), "none of which is label or score; say which holds the emotion, as in label=emotion"),
        (
            "speaker",
            (),
            "none of which is speaker, so training and test could hear the same voice; say which it is, or",
        ),
        ("", ("label=emotion",), "has no column 'emotion' for the label: it has audio, transcript, label, speaker"),
        ("", ("lable=emotion",), "unknown role of a column 'lable': expected one of audio, "),
    ],
)
def test_a_missing_column_is_named(tmp_path, capsys, drop, options, message):
    make_table(tmp_path / "table.csv")
    write_rows(tmp_path / "table.csv", [{k: v for k, v in row.items() if k != drop} for row in rows()])
    refused(capsys, tmp_path / "table.csv", message, options=("--columns", *options) if options else ())


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", "audio,label\né.wav,x".encode("latin-1"), "a.csv, row 2: byte 0xe9 is not UTF-8; save the table as"),
        ("a.csv", "audio,label\n".encode("utf-16"), "a.csv, row 1: byte 0xff is not UTF-8"),
        ("a.csv", b"", "a.csv holds no rows; expected one per clip"),
        ("a.csv", b"audio,label,speaker\n", "a.csv holds no rows"),
        ("a.csv", b"audio,label,speaker\na.wav,x\n", "a.csv, row 2: it has 2 cells but the header has 3; put cells"),
        ("a.csv", b"audio,label,label\na.wav,x,y\n", "a.csv has several columns 'label'"),
        ("a.csv", b'audio,label\n"a.wav,x\nb.wav,y\n', "a.csv, line 3: unexpected end of data; look for a quote"),
        ("a.jsonl", b'{"audio": "a.wav"}\n\n{audio}\n', "a.jsonl, row 3: it is not JSON"),
        ("a.jsonl", b'["a.wav"]\n', "a.jsonl, row 1: it is no JSON object"),
        ("a.parquet", b"audio,label\n", "a.parquet is no Parquet file ("),
        ("a.xlsx", b"", "a.xlsx is no table: expected a file that ends in .csv, .tsv, .jsonl, .parquet"),
        ("none/b.csv", None, "none/b.csv is no file; give a table of recordings"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, capsys, name, data, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    refused(capsys, tmp_path / name, message)


def test_an_unreadable_table_and_a_missing_pyarrow(tmp_path, capsys, monkeypatch):
    make_table(tmp_path / "table.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(capsys, tmp_path / "table.parquet", "needs pyarrow to be read: pip install 'multimodal-ser[parquet]'")
    make_table(tmp_path / "table.csv")
    monkeypatch.setattr("pathlib.Path.open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Denied")))
    refused(capsys, tmp_path / "table.csv", "cannot read ", "table.csv: Denied")


@pytest.mark.parametrize(
    ("kind", "spoil", "message"),
    [
        ("missing", lambda wav: wav.unlink(), "has no audio file"),
        ("missing", lambda wav: (wav.unlink(), wav.mkdir()), "has no audio file"),
        ("empty", lambda wav: wav.write_bytes(b""), "is an empty file of 0 bytes"),
        ("empty", lambda wav: write_wav(wav, SILENT[:0]), "holds no samples"),
        ("pointer", lambda wav: wav.write_bytes(b"version https://git-lfs"), "is a pointer of Git LFS, not the audio"),
        ("unreadable", lambda wav: wav.write_bytes(b"no sound at all"), "cannot be decoded: Format not recog"),
        ("truncated", lambda wav: wav.write_bytes(wav.read_bytes()[:2000]), "is cut short: its header promises"),
        ("silent", lambda wav: write_wav(wav, SILENT), "is silent"),
        ("silent", lambda wav: write_wav(wav, SILENT + 0.25), "is silent"),
        (
            "nan",
            lambda wav: soundfile.write(wav, SILENT + np.nan, RATE, subtype="FLOAT"),
            "holds samples that are no numbers",
        ),
    ],
)
def test_a_recording_that_cannot_be_used_is_a_problem(tmp_path, capsys, kind, spoil, message):
    make_table(tmp_path / "table.csv")
    spoil(tmp_path / "clips/s0_calm0.wav")
    code, summary = checked(capsys, tmp_path / "table.csv")
    (problem,) = summary["problems"]
    assert (code, summary["utterances"]) == (1, 35)
    assert (problem["kind"], problem["utterance"]) == (kind, "clips/s0_calm0.wav")
    assert problem["message"].startswith(f"row 4: clips/s0_calm0.wav {message}")
    assert problem["message"].endswith("; the row is left out")


def test_a_clip_beyond_its_file_is_a_problem(tmp_path, capsys):
    said = [{**row, "start": "", "end": ""} for row in rows()]
    said[0]["end"], said[1]["start"] = "0.45", "0.3"
    make_table(tmp_path / "table.csv", said)
    _, summary = checked(capsys, tmp_path / "table.csv")
    assert [problem["message"] for problem in summary["problems"]] == [
        "row 2: clips/s0_angry0.wav lasts 0.30 s, but the clip is from 0.00 to 0.45 s; the row is left out",
        "row 3: clips/s0_angry1.wav lasts 0.30 s, but the clip is from 0.30 s on; the row is left out",
    ]


@pytest.mark.parametrize(("suffix", "kind"), [("mp3", "truncated"), ("flac", "unreadable")])
def test_compressed_audio_that_was_cut_short(tmp_path, capsys, suffix, kind):
    said = [row | {"audio": row["audio"].replace("wav", suffix)} for row in rows(each=1)]
    make_table(tmp_path / "table.csv", said, seconds=5)
    clip = tmp_path / said[0]["audio"]
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    (problem,) = checked(capsys, tmp_path / "table.csv")[1]["problems"]
    assert (problem["kind"], problem["utterance"]) == (kind, said[0]["audio"])


def test_a_table_without_any_usable_recording_is_refused(tmp_path, capsys):
    write_rows(tmp_path / "table.csv", rows())
    refused(
        capsys, tmp_path / "table.csv", "none of its recordings can be used; row 2: clips/s0_angry0.wav has no audio"
    )


def test_fewer_speakers_than_folds(tmp_path, capsys):
    make_table(tmp_path / "table.csv", rows(speakers=4))
    refused(capsys, tmp_path / "table.csv", "5 folds need at least 5 speakers, ", "there are 4", action="folds")
    refused(capsys, tmp_path / "table.csv", "unknown protocol of table 'table/99fold'", action="folds",
            options=("--protocol", "table/99fold"))  # fmt: skip
    with pytest.raises(UserError, match=r"2 folds leave nothing to train on"):
        Table(str(tmp_path / "table.csv"), folds=2)


def test_a_split_without_a_part_is_refused(tmp_path, capsys):
    said = [row | {"split": "test" if row["speaker"] == "s0" else "train"} for row in rows()]
    make_table(tmp_path / "table.csv", said)
    refused(capsys, tmp_path / "table.csv", "table/split: fold split has no utterance to val", action="folds")


def test_mistakes_on_the_command_line(tmp_path, capsys):
    make_table(tmp_path / "table.csv")
    assert run(capsys, "check", "table", tmp_path / "table.csv", "--columns", "emotion")[0] == 2
    assert main(["data", "check", "iemocap", str(tmp_path), "--columns", "label=emotion"]) == 2
    assert "--columns names the columns of a table, but iemocap is none" in capsys.readouterr().err
    header = {"corpus": "iemocap", "root": ".", "problems": []}
    (tmp_path / "other.jsonl").write_text(json.dumps(header) + "\n")
    refused(capsys, tmp_path / "other.jsonl", "other.jsonl is a manifest of iemocap, not of a table")


def test_reading_a_table_imports_nothing_heavy(tmp_path):
    make_table(tmp_path / "table.csv")
    command = ["data", "folds", "table", str(tmp_path / "table.csv"), "--json"]
    code = f"import sys; from mser.cli import main; main({command!r}); print({{'torch', 'pyarrow'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


TINY = ["--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--data=Table"]


def test_fit_and_test_on_scores(tmp_path):
    said = [row | {"calm": number % 3} for number, row in enumerate(rows(each=1))]
    make_table(tmp_path / "table.jsonl", said)
    folder = tmp_path / "fit"
    options = [f"--data.init_args.root={tmp_path / 'table.jsonl'}", "--data.init_args.columns={score: calm}",
               "--data.init_args.fold=2", f"--trainer.default_root_dir={folder}", "--checkpoint.monitor=val/mae",
               "--checkpoint.mode=min", "--model.objective=mser.objectives.Regression"]  # fmt: skip
    assert main(["fit", *TINY, *options]) == 0
    assert main(["test", f"--config={folder / 'config.yaml'}", f"--ckpt_path={folder / 'checkpoints/best.ckpt'}"]) == 0
    header, *lines = (folder / "predictions.csv").read_text().splitlines()
    assert header == "utterance,speaker,group,fold,seed,split,target,prediction"
    assert {line.split(",")[6] for line in lines} == {"0", "1", "2"}


@pytest.mark.slow
def test_crossval_and_report_of_unknown_speakers(tmp_path, capsys):
    make_table(tmp_path / "table.csv", rows(speakers=4, each=1))
    options = [f"--data.init_args.root={tmp_path / 'table.csv'}", "--data.init_args.columns={speaker: null}",
               "--data.init_args.labels=[happy, angry]", "--data.init_args.folds=3"]  # fmt: skip
    out = tmp_path / "run"
    assert main(["crossval", f"--out={out}", "--jobs=2", *TINY, *options]) == 0
    assert "On speakers that nobody checked for overlap with training" in " ".join(capsys.readouterr().out.split())
    plan = json.loads((out / "protocol.json").read_text())
    assert (plan["protocol"], plan["labels"]) == ("table/3fold-by-recording", ["happy", "angry"])
    (report,) = json.loads((out / "report/report.json").read_text())["runs"]
    assert sum(fold["utterances"]["test"] for fold in report["folds"]) == 8
    assert (report["clusters"]["unit"], [fold["speakers"] for fold in report["folds"]]) == ("group", [None] * 3)


def test_near_misses_are_told(tmp_path, capsys):
    said = rows(3, 1)
    said[0]["label"] = said[0]["label"].title()
    said[1]["label"] = "nan"
    said[2]["speaker"] = "S1 "
    make_table(tmp_path / "t.csv", said)
    (tmp_path / "clips/again.wav").symlink_to(tmp_path / said[3]["audio"])
    said.append({**said[3], "audio": "clips/again.wav", "label": "calm", "speaker": "s9"})
    write_rows(tmp_path / "t.csv", said)
    assert main(["data", "check", "table", str(tmp_path / "t.csv"), "--json"]) == 1
    told = [problem["message"] for problem in json.loads(capsys.readouterr().out)["problems"]]
    assert told[:3] == [
        "'nan' counts as a label of its own; leave such rows out if it means none",
        "'Angry' and 'angry' count as 2 labels; spell them alike if they are one",
        "'S1' and 's1' count as 2 speakers; spell them alike if they are one",
    ]
    assert "are largely the same sound with another label or speaker" in told[3]


@pytest.mark.parametrize("column", ["transcript", "label", "speaker"])
def test_a_cell_that_is_no_text_is_refused(column, tmp_path, capsys):
    said = rows(2, 1)
    said[1][column] = "a\0b"
    make_table(tmp_path / "t.csv", said)
    assert main(["data", "check", "table", str(tmp_path / "t.csv")]) == 2
    assert f"row 3: its {column} is 'a\\x00b', which holds control characters" in capsys.readouterr().err


def test_a_wav_that_was_changed_as_text_is_told(tmp_path, capsys):
    said = make_table(tmp_path / "t.csv", rows(2, 1))
    for row in said[:1]:
        path = tmp_path / row["audio"]
        soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 16000), 16000, format="RF64")
        whole = path.read_bytes()
        assert main(["data", "check", "table", str(tmp_path / "t.csv")]) == 0
        for spoilt, message in (
            (whole[: len(whole) // 2], "is cut short"),
            (whole.replace(b"\n", b"\r\n"), "was changed as if it were text"),
        ):
            path.write_bytes(spoilt)
            capsys.readouterr()
            assert main(["data", "check", "table", str(tmp_path / "t.csv")]) == 1
            assert message in " ".join(capsys.readouterr().out.split())


def test_a_label_that_one_speaker_has_is_said(tmp_path, capsys):
    said = [row | {"label": "sad"} if row["speaker"] == "s0" else row for row in rows()]
    make_table(tmp_path / "table.csv", said)
    notes = checked(capsys, tmp_path / "table.csv")[1]["notes"]
    assert [note for note in notes if "by speaker" in note] == [
        "sad: 6 of 6 are by speaker s0: voice and label are one"
    ]
    make_table(tmp_path / "even.csv")
    assert not any("by speaker" in note for note in checked(capsys, tmp_path / "even.csv")[1]["notes"])
