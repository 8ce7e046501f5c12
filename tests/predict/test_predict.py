"""mser predict MODEL FILES...: rows for all, resumed where it stopped, and told apart from LightningCLI's predict."""

import csv
import json
import os
import tracemalloc

import numpy as np
import pytest
import soundfile
from fake.trained import untrained
from pyarrow import parquet

from mser.cli import main
from mser.predict.prediction_rows import Rows
from mser.use import model as in_use
from mser.use.prediction import Prediction
from mser.use.settings import read_settings

COLUMNS = ["audio", "start", "end", "transcript", "label", "p_neu", "p_sad", "p_ang", "p_hap",
           "abstain", "used", "transcript_from", "seconds", "note", "error", "model"]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds models, five recordings, one of them silent, and a table of them."""
    folder = tmp_path_factory.mktemp("place")
    untrained(folder / "model")
    untrained(folder / "hears", sides=("speech",), seed=2)
    untrained(folder / "reads", sides=("text",), seed=3)
    (folder / "clips").mkdir()
    noise = np.random.default_rng(0)
    for number in range(5):
        samples = 0.1 * noise.standard_normal(4000 + 1000 * number) * (number != 3)
        soundfile.write(folder / f"clips/{number}.wav", samples, 16000)
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["file", "said"], *([f"clips/{n}.wav", f'word "{n}",\nor so'] for n in range(5)), ["clips/9.wav", "no"]]
        )
    return folder


@pytest.fixture
def ask(place, monkeypatch, capsys):
    """Runs mser predict beside the recordings; gives exit code, standard output and the lines of standard error."""
    monkeypatch.chdir(place)

    def run(*words):
        code = main(["predict", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err.strip().splitlines()

    return run


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


TABLE = ("--table", "table.csv", "--columns", "audio=file", "transcript=said")


def test_a_recording_and_its_text(ask):
    code, out, err = ask("model", "clips/0.wav", "--text", "hello there", "clips/1.wav", "--text", "oh no")
    assert (code, err) == (0, [])
    first, second = out.splitlines()
    assert first.startswith("clips/0.wav: ")
    assert first.split(": ")[1].split(";")[0] in ("neu", "sad", "ang", "hap")
    assert first.count("%") == 4
    assert second.startswith("clips/1.wav: ")


def test_models_of_one_side(ask):
    code, out, err = ask("hears", "clips")
    assert code == 1
    assert len(out.splitlines()) == 5
    assert "clips/3.wav: no answer: clips/3.wav is silent; give another recording" in out
    assert err == ["mser predict: 1 of 5 could not be used, the first: clips/3.wav is silent; give another recording"]
    code, out, _ = ask("reads", "--text", "hello there")
    assert code == 0
    assert out.startswith("hello there: ")


@pytest.mark.parametrize(("file", "words"), [
    ("gone.wav", "gone.wav is not there"), ("https://example.org/a.wav", "is a URL, expected a file"),
    ("table.csv", "table.csv cannot be decoded"), ("clips/0.wav", "reads"), ("clips", "reads"),
])  # fmt: skip
def test_what_is_no_recording_is_said_before_a_transcript_is_asked_for(file, words, ask):
    code, _, err = ask("model", file)
    assert code == 2
    assert words in err[0]


def killed_after(stream, rows):
    """A stream that is interrupted after so many rows."""

    def killed(self, clips, **options):
        for number, said in enumerate(stream(self, clips, **options)):
            if number == rows:
                raise KeyboardInterrupt
            yield said

    return killed


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_table_in_several_goes(suffix, ask, tmp_path, monkeypatch):
    out = tmp_path / f"out.{suffix}"
    whole = tmp_path / f"whole.{suffix}"
    assert ask("model", *TABLE, "--out", whole)[0] == 1
    rows = read(whole) if suffix == "csv" else [json.loads(line) for line in whole.read_text().splitlines()]
    assert [row["audio"] for row in rows] == [*(f"clips/{n}.wav" for n in range(5)), "clips/9.wav"]
    assert [bool(row["error"]) for row in rows] == [n in (3, 5) for n in range(6)]
    assert list(rows[0]) == COLUMNS
    assert rows[0]["transcript"] == 'word "0", or so'
    assert rows[0]["used"] == "speech+text"
    assert sum(float(rows[0][name]) for name in COLUMNS if name.startswith("p_")) == pytest.approx(1, abs=1e-5)

    with monkeypatch.context() as patch:
        patch.setattr(in_use.Model, "stream", killed_after(in_use.Model.stream, 2))
        assert ask("model", *TABLE, "--out", out)[0] == 130
    with out.open("a") as file:
        file.write("clips/2.wav,0.0,,half a r" if suffix == "csv" else '{"audio": "clips/2')
    code, told, _ = ask("model", *TABLE, "--out", out)
    assert (code, told) == (1, f"{out}: 4 rows written, 2 were there already\n")
    assert out.read_text() == whole.read_text()
    for _ in range(2):  # what failed is tried again, and what is still wrong is still said
        code, told, err = ask("model", *TABLE, "--out", out)
        again = "2 rows written, 2 of them again, for want of an answer, 4 were there already"
        assert (code, told, len(err)) == (1, f"{out}: {again}\n", 1)
        assert sorted(out.read_text().splitlines()) == sorted(whole.read_text().splitlines())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "audio,label\na.wav,x\nb.wav,y"),
        ("b.csv", "audio,label"),
        ("c.csv", "only one line"),
        ("d.jsonl", '{"audio": "a.wav"}\n{"audio": "b.wav"}'),
        ("e.jsonl", '{"audio": "a.wav"}'),
        ("f.jsonl", '{"audio": "a'),
        ("g.csv", "caf\xe9,label\n1,2"),
    ],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(name, content, ask, tmp_path):
    out = tmp_path / name
    out.write_bytes(content.encode("latin-1"))
    for more in ((), ("--window", "1")):
        code, _, err = ask("hears", "clips/0.wav", "--out", out, *more)
        assert (code, len(err)) == (2, 1)
        assert out.read_bytes() == content.encode("latin-1")
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_one_writer_at_a_time(suffix, place, ask, tmp_path, monkeypatch):
    out = tmp_path / f"out.{suffix}"
    with Rows(out, read_settings(place / "hears")) as rows:
        code, _, err = ask("hears", "clips/0.wav", "--out", out)
        assert (code, len(err)) == (2, 1)
        assert f"{out} is being written already (process {os.getpid()} on " in err[0]
        rows.write(Prediction("clips/0.wav", label="neu"))
    assert ask("hears", "clips/0.wav", "--out", out)[:2] == (0, f"{out}: 0 rows written, 1 were there already\n")
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("window", [(), ("--window", "0.2")])
def test_what_came_back_is_answered(window, place, ask, tmp_path):
    out, late = tmp_path / "out.csv", tmp_path / "late.wav"
    asked = ("hears", "clips/0.wav", late, "clips/1.wav", *window, "--out", out)
    assert ask(*asked)[0] == 1
    late.write_bytes((place / "clips/2.wav").read_bytes())
    assert ask("hears", "clips/4.wav", *window, "--out", out)[0] == 0  # another question: the failed row stays
    assert [row["audio"] for row in read(out) if row["error"]] == [str(late)]
    assert ask(*asked)[0] == 0
    rows = read(out)
    assert {row["audio"] for row in rows} == {"clips/0.wav", "clips/1.wav", "clips/4.wav", str(late)}
    assert not any(row["error"] for row in rows)
    assert ask(*asked)[:2] == (0, f"{out}: 0 rows written, {len(rows)} were there already\n")


def test_many_rows_take_no_memory(place, ask, tmp_path):
    """Table and output of 5,000 rows, which take 4 MB where they are held."""
    names = [f"recordings/speaker{n % 50:02d}/utterance{n:06d}.wav" for n in range(5_000)]
    table, out = tmp_path / "many.csv", tmp_path / "out.csv"
    table.write_text("audio,speaker\n" + "".join(f"{name},somebody\n" for name in names))
    with Rows(out, read_settings(place / "hears"), speakers=True) as rows:
        rows.write(Prediction("NAME", label="neu", speaker="somebody"))
    header, row = out.read_text().splitlines(keepends=True)
    out.write_text(header + "".join(row.replace("NAME", name) for name in names))
    asked = ("hears", "--table", table, "--out", out)
    tracemalloc.start()
    code, told, _ = ask(*asked)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (code, told) == (0, f"{out}: 0 rows written, 5000 were there already\n")
    assert peak < 2e6


def test_a_late_mistake_is_found_before_anything_is_asked(ask, tmp_path):
    table, out = tmp_path / "late.jsonl", tmp_path / "out.csv"
    table.write_text("".join(f'{{"audio": "{n}.wav"}}\n' for n in range(99)) + '{"audio": "a.wav", "end": -1}\n')
    code, _, err = ask("hears", "--table", table, "--out", out)
    assert (code, len(err)) == (2, 1)
    assert "late.jsonl, row 100: it is from 0 to -1.0 s; start and end are seconds, start before end" in err[0]
    table.write_bytes(table.read_bytes().replace(b"98.wav", b"98\xff.wav"))
    assert "late.jsonl, row 99: byte 0xff is not UTF-8" in ask("hears", "--table", table, "--out", out)[2][0]
    assert not out.exists()


def test_long_transcripts_in_several_goes(ask, tmp_path, monkeypatch):
    out, said = tmp_path / "out.csv", " ".join(f"word{n}" for n in range(150_000))
    table = tmp_path / "long.jsonl"
    table.write_text("".join(f'{{"transcript": "{text}"}}\n' for text in ("short", said[:200_000], said[1:200_000])))
    assert ask("reads", "--table", table, "--out", out)[0] == 0
    whole = out.read_text()
    with out.open("a") as file:
        file.write(f",0.0,,{said}")  # half a row of 1.5 MB
    assert ask("reads", "--table", table, "--out", out)[:2] == (0, f"{out}: 0 rows written, 3 were there already\n")
    assert out.read_text() == whole


def test_parquet_in_several_goes(ask, tmp_path, monkeypatch):
    out, lines = tmp_path / "out.parquet", tmp_path / "out.jsonl"
    journal = tmp_path / "out.parquet.part.jsonl"
    assert ask("model", *TABLE, "--out", lines)[0] == 1
    with monkeypatch.context() as patch:
        patch.setattr(in_use.Model, "stream", killed_after(in_use.Model.stream, 2))
        assert ask("model", *TABLE, "--out", out)[0] == 130
    assert not out.exists()
    assert len(journal.read_text().splitlines()) == 2
    assert ask("model", *TABLE, "--out", out)[1] == f"{out}: 4 rows written, 2 were there already\n"
    assert not journal.exists()
    expected = [json.loads(line) for line in lines.read_text().splitlines()]
    assert parquet.read_table(out).to_pylist() == expected
    expected.sort(key=lambda row: bool(row["error"]))  # what failed is tried again, and is at the end from then on
    assert ask("model", *TABLE, "--out", out)[0] == 1
    assert parquet.read_table(out).to_pylist() == expected
    assert ask("model", "clips/0.wav", "--text", "hello", "--out", out)[0] == 0
    assert parquet.read_table(out).to_pylist()[:6] == expected
    code, _, err = ask("hears", "clips/0.wav", "--out", out)
    assert (code, len(err)) == (2, 1)
    assert f"{out} holds answers of model model1, not of model2" in err[0]
    assert not journal.exists()


def test_parts_of_a_recording_and_repeated_rows(ask, tmp_path):
    table = tmp_path / "parts.csv"
    audio = "../" * 20 + str(tmp_path)[1:] + "/long.wav"
    samples = 0.1 * np.random.default_rng(1).standard_normal(32000)
    soundfile.write(tmp_path / "long.wav", samples, 16000)
    soundfile.write(tmp_path / "part.wav", samples[8000:16000], 16000)
    rows = [["audio", "start", "end"], [audio, "0.5", "1"], [audio, "0.5", "1"], ["part.wav", "", ""], ["", "", ""]]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert ask("hears", "--table", table, "--out", tmp_path / "out.csv")[0] == 0
    one, same, part = read(tmp_path / "out.csv")
    assert one == same
    assert one["seconds"] == part["seconds"] == "0.5"
    assert float(one["p_neu"]) == pytest.approx(float(part["p_neu"]), abs=1e-3)


def test_scores(place, ask, tmp_path):
    task = {"kind": "scores", "name": "affect", "labels": ["valence", "arousal"], "low": 1, "high": 5}
    untrained(tmp_path / "scores", task=task)
    code, out, _ = ask(tmp_path / "scores", "clips/0.wav", "--text", "hello")
    assert code == 0
    assert "valence " in out
    assert "arousal " in out
    assert ask(tmp_path / "scores", "clips/0.wav", "--text=hello", "--out", tmp_path / "o.csv")[0] == 0
    [row] = read(tmp_path / "o.csv")
    assert list(row)[4:6] == ["valence", "arousal"]
    assert "label" not in row
    float(row["valence"])


def test_what_users_get_wrong(place, ask, tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bad.jsonl").write_text("nonsense\n")
    (tmp_path / "bad.parquet").write_text("nonsense\n")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "late.csv").write_text("audio,start,end\na.wav,2,1\n")
    (tmp_path / "when.csv").write_text("audio,start\na.wav,soon\n")
    (tmp_path / "words.csv").write_text("word\nhello\n")
    (tmp_path / "said.csv").write_text("transcript\nhello\n")
    assert ask("hears", "clips/0.wav", "--out", tmp_path / "hears.csv")[0] == 0
    untrained(tmp_path / "another", sides=("speech",), seed=9)
    for words, reason in {
        ("model", "clips/0.wav"): "this model reads the transcript too and was never trained without it",
        ("model", "--text", "hi"): "this model listens: give it recordings",
        ("model", "--table", tmp_path / "said.csv"): "this model listens: give it recordings",
        ("model", "clips/0.wav", *TABLE): "one of the three",
        ("model",): "give recordings to predict, or --table",
        ("model", "clips/0.wav", "clips/1.wav", "--text", "hi"): "2 files but 1 --text",
        ("clips/0.wav",): "clips/0.wav is no folder; give one that `mser export` made",
        ("https://huggingface.co/a/b", "a.wav"): "is a URL, expected the folder of a model",
        ("hears", tmp_path / "nothing"): "is a folder without any audio",
        ("hears", "--table", "gone.csv"): "gone.csv is no file",
        ("hears", "--table", tmp_path / "late.csv"): "row 2: it is from 2 to 1.0 s",
        ("hears", "--table", tmp_path / "when.csv"): "row 2: could not convert string to float: 'soon'",
        ("hears", "--table", tmp_path / "words.csv"): "say which is the audio, as in audio=file",
        ("hears", "--table", "table.csv", "--columns", "audio=path"): "has no column 'path': it has file, said",
        ("hears", "--table", "table.csv", "--columns", "sound=file"): "unknown role of a column 'sound'",
        ("hears", "clips/0.wav", "--out", "out.xlsx"): "ends in none of .csv, .jsonl, .parquet",
        ("hears", "clips/0.wav", "--out", tmp_path / "bad.parquet"): "bad.parquet is no Parquet file",
        ("hears", "clips/0.wav", "--hop", "2"): "a window of None s with a hop of 2.0 s was asked for",
        ("hears", "clips/0.wav", "--window", "2", "--hop", "3"): "a window of 2.0 s with a hop of 3.0 s",
        ("hears", "clips/0.wav", "--window", "2", "--hop", "1", "--vad"): "a hop was given, but where somebody speaks",
        ("hears", "clips/0.wav", "--window", "2", "--out", tmp_path / "hears.csv"): "of model2 window=2/1; choose",
        ("hears", "clips/0.wav", "--asr", tmp_path): "reads no transcript, so speech recognition is of no use to it",
        ("model", "clips/0.wav", "--asr", tmp_path): "is no speech recogniser here or on the Hugging Face hub",
        ("hears", "clips/0.wav", "--out", tmp_path / "other.csv"): "has other columns than this model's answers",
        ("hears", "clips/0.wav", "--out", tmp_path / "bad.jsonl"): "holds a line that is no JSON object",
        ("hears", "clips/0.wav", "--out", "table.csv/out.csv"): "cannot write to table.csv: ",
        (tmp_path / "another", "clips/0.wav", "--out", tmp_path / "hears.csv"): "holds answers of model model2, not",
    }.items():
        code, _, err = ask(*words)
        assert code == 2, words
        assert len(err) == 1
        assert reason in err[0]
    for words in (("hears", "a.wav", "--batch-seconds=no"), ("hears", "--table", "t.csv", "--columns", "audio")):
        assert ask(*words)[0] == 2


def test_names_of_files_that_are_hard_to_write_down(place, ask, tmp_path):
    (tmp_path / "odd").mkdir()
    for name in (b"caf\xe9.wav", b"new\nline.wav", b"plain.wav"):
        (tmp_path / "odd" / os.fsdecode(name)).write_bytes((place / "clips/0.wav").read_bytes())
    for out in (tmp_path / "odd.csv", tmp_path / "odd.jsonl", tmp_path / "odd.parquet"):
        assert ask("hears", tmp_path / "odd", "--out", out)[1] == f"{out}: 3 rows written\n"
        assert ask("hears", tmp_path / "odd", "--out", out)[1] == f"{out}: 0 rows written, 3 were there already\n"
    rows = read(tmp_path / "odd.csv")
    assert rows[0]["audio"].endswith("/odd/caf\\udce9.wav")
    assert [row["error"] for row in rows] == ["", "", ""]


def test_names_that_name_nothing(ask, tmp_path):
    table, out = tmp_path / "odd.jsonl", tmp_path / "odd.csv"
    table.write_text("".join(json.dumps({"audio": name}) + "\n" for name in ("x" * 300, "a\0.wav", "\ud800", "..")))
    assert ask("hears", "", " ", "--out", out)[0] == 1
    assert ask("hears", "--table", table, "--out", out)[0] == 1
    assert ask("hears", "--table", table, "--out", out)[:2] == (
        1,
        f"{out}: 4 rows written, 4 of them again, for want of an answer, 2 were there already\n",
    )
    reasons = [row["error"].split("; ")[0] for row in read(out)]
    assert reasons[:2] == ["the recording is not there"] * 2
    assert reasons[2:] == [
        f"{'x' * 300} is not there",
        "a\0.wav is not there",
        "\\ud800 is not there",
        ".. is a folder",
    ]


def test_which_predict_is_meant(ask, tmp_path):
    assert "`mser predict --config" in ask("--help")[1]
    assert "`mser predict --config" in ask("--out", "out.csv", "--help")[1]
    code, _, err = ask("--config", tmp_path / "gone.yaml")
    assert code == 2
    assert "gone.yaml" in err[-1]
