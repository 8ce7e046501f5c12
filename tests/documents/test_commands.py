"""Every command of the README runs: on a small made-up tree, with tiny encoders for an epoch."""

import csv
import re
import shlex
import subprocess

import pytest
import yaml
from fake.classifiers import save_classifier
from fake.converting import text_folder, write_files
from fake.corpora.iemocap import make_iemocap
from fake.corpora.meld import make_meld
from fake.corpora.table import make_table
from fake.places import ROOT

from mser.cli import main

README = (ROOT / "README.md").read_text()
SMALL = ["--model.speech.name=tiny", "--model.text.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
RELEASED = {"vq.pt": "vq-wav2vec_kmeans.pt", "bert.pt": "bert_kmeans.pt", "text.pt": "model.pt"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[list[str]]:
    text = "\n".join(blocks("sh")).replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in text.splitlines() if line.strip()]


def options() -> list[str]:
    """The options of the table, each cell's alternatives apart."""
    rows = re.findall(r"^\| [^|]+ \| (`--.+`) \|$", README, re.MULTILINE)
    return [option for row in rows for option in re.findall(r"`(--[^`]+)`", row)]


def own_recordings() -> list[dict[str, str]]:
    """The rows that the README shows, and more of their kind by five more speakers."""
    shown = list(csv.DictReader(blocks("csv")[0].splitlines()))
    more = [{**row, "file": f"clips/{n}-{place}.wav", "speaker": f"speaker{n}"}
            for n in range(5) for place, row in enumerate(shown)]  # fmt: skip
    return shown + more


def own_experiment() -> str:
    return next(block for block in blocks("yaml") if "class_path: Table" in block)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with the corpus where the experiments look for it, and the experiments themselves."""
    folder = tmp_path_factory.mktemp("readme")
    write_files(folder)
    text_folder(folder)
    save_classifier(folder / "superb" / "hubert-base-superb-er", "hubert")
    for made, released in RELEASED.items():
        (folder / made).rename(folder / released)
    make_iemocap(folder / "data" / "IEMOCAP_full_release", turns=12)
    make_meld(folder / "data" / "MELD.Raw")
    make_table(folder / "recordings.csv", own_recordings())
    (folder / "own.yaml").write_text(own_experiment())
    (folder / "experiments").symlink_to(ROOT / "experiments")
    return folder


def test_there_are_commands_and_options():
    assert len([command for command in commands() if command[0] == "mser"]) >= 5
    assert len(options()) >= 10


@pytest.mark.slow
def test_the_commands_in_their_order(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    for command in commands():
        if command[0] != "mser":
            continue
        words = [word.replace("/path/to/", "data/") for word in command[1:]]
        if words[:2] == ["convert", "roberta"]:
            words += ["--dict", "words.txt"]  # the made-up dictionary of text lies beside that of speech
        if words[0] in ("fit", "crossval"):
            words += SMALL
        if words[0] == "crossval":
            # One seed of all folds, or the first fold alone.
            words = [word.replace("1,2,3", "1") for word in words] if "--seeds" in words else [*words, "--folds=1"]
        assert main(words) == 0, shlex.join(words)
    assert (workplace / "runs/shallow/report/report.html").exists()
    assert (workplace / "models/speech-bert/model.safetensors").exists()
    assert (workplace / "runs/fold5/predictions.csv").exists()
    assert (workplace / "runs/own/report/report.html").exists()
    assert len((workplace / "emotions.csv").read_text().splitlines()) == 1 + len(own_recordings())
    for block in blocks("python"):
        exec(block, {})  # noqa: S102


@pytest.mark.parametrize("option", options())
def test_each_option_of_the_table_is_known(option, workplace, monkeypatch, capsys):
    monkeypatch.chdir(workplace)
    code = main(["fit", "--config", "experiments/iemocap/shallow.yaml", *shlex.split(option), "--print_config"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    given = yaml.safe_load(printed.out)
    for name, value in re.findall(r"--(\S+?)\+?[= ](\S+)", option):
        assert _matches(_at(given, name), yaml.safe_load(value)), f"{name} is {_at(given, name)}"


def _at(config, name):
    for key in name.split("."):
        config = config[-1] if isinstance(config, list) else config
        config = config[key] if key in config else config.get("init_args", {}).get(key)
    return config


def _matches(found, value):
    """Whether an option arrived; a class by its path, in a list or alone."""
    if isinstance(found, list):
        found = found[-1]
    found = found.get("class_path", found) if isinstance(found, dict) else found
    return found == value or float(found) == float(value)


def test_the_experiment_shown_is_a_shipped_one():
    shown = yaml.safe_load(blocks("yaml")[0])
    assert shown == yaml.safe_load((ROOT / "experiments/iemocap/coattention.yaml").read_text())


@pytest.mark.parametrize("target", [command[1] for command in commands() if command[0] == "make"])
def test_the_make_targets_exist(target):
    done = subprocess.run(
        ["make", "-n", "-C", str(ROOT), target, "IEMOCAP=/tmp"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
