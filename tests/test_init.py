"""mser init: an experiment for what lies there, which runs, and what it says where there is nothing to train on."""

import csv
import shlex
from pathlib import Path

import pytest
import yaml
from fake.corpora.acted import make_emodb
from fake.corpora.iemocap import make_iemocap
from fake.corpora.opinions import make_mosi
from fake.corpora.table import make_table

from mser.cli import main
from mser.init.suited_encoders import Machine, suited

TINY = ["--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]


@pytest.fixture(autouse=True)
def processor(tmp_path, monkeypatch):
    """A folder to work in, on a machine without a GPU."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mser.init.cli.this_machine", lambda: Machine(2, ()))


def rows(speakers="abcdef", said="number {n} of {s} says so"):
    return [
        {"file": f"clips/{s}{n}.wav", "text": said.format(s=s, n=n), "emotion": ("happy", "sad")[n % 2], "spk": s}
        for s in speakers
        for n in range(6)
    ]


def written(*words):
    assert main(["init", *map(str, words)]) == 0
    return yaml.safe_load(open("experiment.yaml"))


def test_a_table_whose_columns_are_called_otherwise(capsys):
    make_table(Path("own.csv"), rows())
    found = written("own.csv", "--language", "en")
    assert found["data"]["init_args"]["columns"] == {
        "audio": "file", "label": "emotion", "transcript": "text", "speaker": "spk",
    }  # fmt: skip
    assert found["data"]["init_args"]["folds"] == 5
    assert found["model"]["speech"] == {"name": "openai/whisper-tiny.en", "tune": 3, "pooling": "mean"}
    told = capsys.readouterr().out
    assert "own.csv: a table, 36 utterances, 0.0 hours, 6 speakers" in told
    commands = [shlex.split(line) for line in told.splitlines() if line.startswith("  mser ")]
    assert [words[1] for words in commands] == ["data", "crossval", "crossval", "report", "export"]
    assert main(commands[0][1:]) == 0
    assert main(["fit", "--config", "experiment.yaml", "--print_config"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out.partition("#")[2].partition("\n")[2])
    assert printed["trainer"]["max_epochs"] == found["trainer"]["max_epochs"] == 60


@pytest.mark.slow
def test_what_it_writes_is_trained():
    make_table(Path("own.csv"), rows())
    written("own.csv")
    assert main(["fit", "--config", "experiment.yaml", *TINY, "--model.text.name=tiny", "--model.speech.tune=full",
                 "--model.text.tune=full"]) == 0  # fmt: skip


def test_a_corpus_is_known_by_its_folder(capsys):
    make_iemocap(Path("release"), turns=4)
    found = written("release")
    assert found["data"]["class_path"] == "IEMOCAP"
    assert found["data"]["init_args"]["protocol"] == "iemocap/loso5"
    assert "# One of iemocap4, iemocap4-noexc" in open("experiment.yaml").read()
    assert "iemocap, " in capsys.readouterr().out


def test_scores_are_learnt_as_scores(tmp_path, capsys):
    make_mosi(tmp_path / "mosi")
    found = written("mosi", "--corpus", "mosi")
    assert found["model"]["objective"]["class_path"] == "mser.objectives.Regression"
    assert found["checkpoint"] == {"monitor": "val/mae", "mode": "min"}
    assert "--seeds 1,2,3" in capsys.readouterr().out


def test_words_that_tell_nothing_are_not_read(tmp_path):
    make_emodb(tmp_path / "emodb")
    found = written("emodb")
    assert found["model"]["text"] is None
    assert found["model"]["speech"]["name"] == "openai/whisper-tiny"  # German
    assert "everybody says the same" in open("experiment.yaml").read()
    make_table(Path("silent.csv"), rows(said=""))
    written("silent.csv", "--force")
    assert "36 of 36 utterances have no transcript" in open("experiment.yaml").read()


def test_labels_are_those_whose_classes_are_there(tmp_path):
    make_emodb(tmp_path / "emodb", keep=lambda name: name[5] in "WFNT")  # as a well-known copy has it
    assert written("emodb")["data"]["init_args"]["labels"] == "emodb4"
    assert written("emodb", "--labels=emodb7", "--force")["data"]["init_args"]["labels"] == "emodb7"


def test_few_or_unknown_speakers(capsys):
    make_table(Path("four.csv"), rows("abcd"))
    assert written("four.csv")["data"]["init_args"]["folds"] == 4
    make_table(Path("two.csv"), rows("ab"))
    assert main(["init", "two.csv", "--force"]) == 2
    assert "has 2 speakers, of which no folds of unseen speakers can be made" in capsys.readouterr().err
    nobody = written("two.csv", "--columns", "speaker=", "--force")
    assert nobody["data"]["init_args"]["columns"]["speaker"] is None
    assert "tested voices may have been trained on" in open("experiment.yaml").read()


@pytest.mark.parametrize(
    ("names", "how"),
    [(["happy/1.wav", "sad/2.wav"], "folder"), (["a_happy_1.wav", "b_sad_1.wav", "c_angry_1.wav"], "label")],
)
def test_a_folder_of_recordings_is_told_how_to_become_a_table(names, how, tmp_path, capsys):
    make_table(Path("recordings/made.csv"), [{"file": name, "emotion": "x"} for name in names])
    (tmp_path / "recordings/made.csv").unlink()
    assert main(["init", "recordings"]) == 2
    told = capsys.readouterr().err
    assert how in told
    command = shlex.split(told.partition("list them first: mser ")[2].partition(", then")[0])
    assert main(command) == 0
    labels = {row["label"] for row in csv.DictReader(open("recordings.csv"))}
    assert labels == {"happy", "sad", "angry"} if how == "label" else {"happy", "sad"}


def test_what_is_refused(tmp_path, capsys):
    make_table(Path("own.csv"), rows())
    for words, told in (
        (["gone"], "gone is not there; give the folder of a corpus"),
        ([], "nobody is there to be asked; give ROOT"),
        (["own.csv", "--columns", "label=gone"], "has no column 'gone' for the label"),
        ([str(tmp_path / "clips")], "list them first"),
    ):
        assert main(["init", *words]) == 2
        assert told in capsys.readouterr().err
    (tmp_path / "nothing").mkdir()
    assert main(["init", "nothing"]) == 2
    assert "holds no recordings" in capsys.readouterr().err
    (tmp_path / "experiment.yaml").write_text("mine")
    assert main(["init", "own.csv"]) == 2
    assert "experiment.yaml is there already" in capsys.readouterr().err
    assert (tmp_path / "experiment.yaml").read_text() == "mine"


def test_encoders_suit_language_hours_and_machine():
    large, small = Machine(16, (24.0, 24.0)), Machine(4, (6.0,))
    assert suited("en-US", 3, large).speech == "microsoft/wavlm-base-plus"
    assert suited(None, 3, large).text == "FacebookAI/xlm-roberta-base"
    assert suited("en", 3, small).tune == 3
    assert suited("en", 30, small).tune == "frozen"
    assert str(large) == "16 cores, 2 GPUs of 24 GB"
