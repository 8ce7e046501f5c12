"""Every command of README and the pages runs: on small made-up trees, with tiny encoders for an epoch."""

import csv
import os
import re
import shlex
import subprocess
import sys

import pytest
import soundfile
import torch
import yaml
from fake.classifiers import save_classifier
from fake.converting import text_folder, write_files
from fake.corpora.iemocap import make_iemocap
from fake.corpora.meld import make_meld
from fake.corpora.opinions import make_mosei, make_mosi
from fake.corpora.table import make_table
from fake.documents import PAGES, blocks, commands
from fake.places import ROOT
from fake.trained import untrained

from mser.cli import main
from mser.encoders.outputs import Encoded
from mser.terminal.parsers import parser_of

HERE = ("README.md", "docs/start.md", "docs/experiments.md", "docs/own.md", "docs/paper.md", "docs/corpora/index.md",
        "docs/corpora/mosi.md", "docs/corpora/mosei.md", "docs/corpora/meld.md", "docs/extending.md")  # fmt: skip
ELSEWHERE = {
    "docs/models.md": "tests/experiments/test_models_doc.py",
    "docs/tables.md": "tests/corpora/test_folder_table.py",
    "docs/votes.md": "tests/demo/test_demo_votes.py",
    "docs/use.md": "tests/experiments/test_use_doc.py",
}
"""Pages whose commands other tests run."""
CLUSTERS = "docs/scaling.md"
"""Its commands are for machines that are not here; tests/crossval/test_launchers.py tries them without."""
MADE_ELSEWHERE = {"demo-model": "tests/demo/test_demo_model.py"}
"""Commands that take a minute, and the tests that run them for less."""
SMALL = ["--model.speech.name=tiny", "--model.text.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
RELEASED = {"vq.pt": "vq-wav2vec_kmeans.pt", "bert.pt": "bert_kmeans.pt", "text.pt": "model.pt"}
ALL = [command for page in HERE for command in commands(page)]


def options() -> list[str]:
    """The options of the table, each cell's alternatives apart."""
    rows = re.findall(r"^\| [^|]+ \| (`--.+`) \|$", PAGES["docs/experiments.md"], re.MULTILINE)
    return [option for row in rows for option in re.findall(r"`(--[^`]+)`", row)]


def own_recordings() -> list[dict[str, str]]:
    """The rows that the page shows, and more of their kind by five more speakers."""
    shown = list(csv.DictReader(blocks("docs/own.md", "csv")[0].splitlines()))
    more = [{**row, "file": f"clips/{n}-{place}.wav", "speaker": f"speaker{n}"}
            for n in range(5) for place, row in enumerate(shown)]  # fmt: skip
    return shown + more


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with the corpora where the experiments look for them, and what else the pages name."""
    folder = tmp_path_factory.mktemp("pages")
    write_files(folder)
    text_folder(folder)
    save_classifier(folder / "superb" / "hubert-base-superb-er", "hubert")
    for made, released in RELEASED.items():
        (folder / made).rename(folder / released)
    make_iemocap(folder / "data" / "IEMOCAP_full_release", turns=12)
    make_meld(folder / "data" / "MELD.Raw")
    make_mosi(folder / "data" / "CMU_MOSI")
    make_mosei(folder / "data" / "CMU_MOSEI")
    make_table(folder / "recordings.csv", own_recordings())
    (folder / "own.yaml").write_text(blocks("docs/own.md", "yaml")[0])
    (folder / "gated.py").write_text(blocks("docs/extending.md", "python")[0])
    (folder / "experiments").symlink_to(ROOT / "experiments")
    (folder / "models").mkdir()
    untrained(folder / "models/demo", sides=("speech",))
    (folder / "models/demo/examples/clips").mkdir(parents=True)
    soundfile.write(folder / "models/demo/examples/clips/anna-01.wav", torch.rand(8000).numpy() - 0.5, 16000)
    return folder


def test_each_page_with_commands_has_a_test_that_runs_them():
    assert {page for page in PAGES if blocks(page, "sh")} == {*HERE, *ELSEWHERE, CLUSTERS}
    for page, test in ELSEWHERE.items():
        assert page.removeprefix("docs/") in (ROOT / test).read_text()
    for command, test in MADE_ELSEWHERE.items():
        assert f'main(["{command}"' in (ROOT / test).read_text()
    assert len([command for command in ALL if command[0] == "mser"]) >= 25
    assert len(options()) >= 20


@pytest.mark.parametrize("command", commands(CLUSTERS), ids=lambda words: " ".join(words[:3]))
def test_the_options_for_clusters_are_known(command):
    words = command[command.index("mser") + 1 :]
    if words[0] == "fit":
        shipped = str(ROOT / "experiments/iemocap/shallow.yaml")
        words = [word.replace("EXPERIMENT.yaml", shipped) for word in words]
        assert main([*words, "--print_config"]) == 0
    else:
        assert parser_of(words[0]).parse_known_args(words[1:])[1] == []


@pytest.mark.slow
def test_the_commands_in_their_order(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    monkeypatch.syspath_prepend(str(workplace))
    monkeypatch.setenv("PYTHONPATH", str(workplace), prepend=os.pathsep)
    done = []
    for command in ALL:
        words = _quick([word.replace("/path/to/", "data/") for word in command[1:]])
        if command[0] != "mser" or words in done or words[0] in MADE_ELSEWHERE:
            continue
        done.append(words)
        expected = 1 if words[:2] == ["data", "check"] and words[2] in ("mosi", "mosei", "meld") else 0
        assert main(words) in (0, expected), shlex.join(words)
    assert (workplace / "runs/shallow/report/report.html").exists()
    assert (workplace / "models/speech-bert/model.safetensors").exists()
    assert (workplace / "runs/fold5/predictions.csv").exists()
    assert (workplace / "runs/own/report/report.html").exists()
    assert len((workplace / "emotions.csv").read_text().splitlines()) == 1 + len(own_recordings())
    for block in blocks("docs/own.md", "python"):
        exec(block, {})  # noqa: S102


def _quick(words: list[str]) -> list[str]:
    """Return the words with what makes them quick: tiny encoders, an epoch, one seed, one or two folds."""
    if words[:2] == ["convert", "roberta"]:
        return [*words, "--dict", "words.txt"]  # the made-up dictionary of text lies beside that of speech
    if words[0] == "fit":
        return words + SMALL
    if words[0] == "robustness":
        return [*words, "--wer=0.2", "--snr=none", "--trainer.accelerator=cpu"]
    if words[0] != "crossval":
        return words
    words = [word.replace("1,2,3", "1") for word in words]
    if "--data.init_args.root" not in words and "own.yaml" not in words:
        words += ["--data.init_args.root", "data/IEMOCAP_full_release"]
    return [*words, *SMALL, "--folds=1" if "own.yaml" in words else "--folds=1,2"]


def test_each_option_of_the_table_is_known(workplace, monkeypatch, capsys):
    """In a few command lines, of options that do not exclude each other."""
    monkeypatch.chdir(workplace)
    for together in _together(options()):
        words = [word for option in together for word in shlex.split(option)]
        code = main(["fit", "--config", "experiments/iemocap/shallow.yaml", *words, "--print_config"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        given = yaml.safe_load(printed.out)
        for name, value in re.findall(r"--(\S+?)\+?[= ](\S+)", " ".join(together)):
            assert _matches(_at(given, name), yaml.safe_load(value)), f"{name} is {_at(given, name)}"


def _together(every: list[str]) -> list[list[str]]:
    """Return the options in groups of which none names what another one in it does, or a part of that."""
    groups: list[list[str]] = []
    for option in every:
        names = re.findall(r"--(\S+?)\+?[= ]", option)
        for group in groups:
            taken = re.findall(r"--(\S+?)\+?[= ]", " ".join(group))
            if not any(_within(one, other) or _within(other, one) for one in names for other in taken):
                group.append(option)
                break
        else:
            groups.append([option])
    return groups


def _within(name: str, other: str) -> bool:
    return f"{name}.".startswith(f"{other}.")


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
    shown = yaml.safe_load(blocks("docs/experiments.md", "yaml")[0])
    assert shown == yaml.safe_load((ROOT / "experiments/iemocap/coattention.yaml").read_text())


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/corpora/") and blocks(page, "yaml")])
def test_the_data_of_a_corpus_page_are_known(page, capsys):
    shown = yaml.safe_load(blocks(page, "yaml")[0])
    data = shown["data"]
    words = [
        f"--data={data['class_path']}",
        *(f"--data.init_args.{key}={value}" for key, value in data["init_args"].items()),
    ]
    if "model" in shown:
        words += [f"--model.speech.name={shown['model']['speech']['name']}", "--model.text=null"]
    assert main(["fit", *words, "--print_config"]) == 0
    given = yaml.safe_load(capsys.readouterr().out)
    assert given["data"]["class_path"].endswith(f".{data['class_path']}")
    assert {key: given["data"]["init_args"][key] for key in data["init_args"]} == data["init_args"]


def test_the_fusion_of_the_page_mixes_both_sides(workplace):
    sys.path.insert(0, str(workplace))
    try:
        from gated import Gated
    finally:
        sys.path.remove(str(workplace))
    torch.manual_seed(0)
    fusion = Gated(6, 4, width=5)
    sides = [
        Encoded(torch.randn(3, 2, width), torch.ones(3, 2, dtype=torch.bool), torch.randn(3, width)) for width in (6, 4)
    ]
    fused = fusion(*sides)
    both = [fusion.speech(sides[0].summary), fusion.text(sides[1].summary)]
    assert fused.shape == (3, fusion.width)
    assert torch.all((fused >= torch.minimum(*both)) & (fused <= torch.maximum(*both)))


@pytest.mark.parametrize("target", sorted({command[1] for command in ALL if command[0] == "make"}))
def test_the_make_targets_exist(target):
    given = ["IEMOCAP=/tmp", "MOSI=/tmp", "MOSEI=/tmp"]
    done = subprocess.run(["make", "-n", "-C", str(ROOT), target, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
