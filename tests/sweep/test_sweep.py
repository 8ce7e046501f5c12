import json
import math
import random
import warnings

import pytest
import yaml
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS
from fake.trials import make_trial, weights

from mser.cli import main

pytest.importorskip("optuna", reason="Optuna is an extra")
from mser.errors import UserError
from mser.sweep import cli as sweep
from mser.sweep.file import read_sweep

SWEEP = EXPERIMENTS / "iemocap/sweep.yaml"


@pytest.fixture
def small(tmp_path):
    file = yaml.safe_load(SWEEP.read_text())
    file["command"] = [part.replace("iemocap/shallow", "demo/text_only") for part in file["command"]]
    file["parameters"]["model.head_lr"] = {"value": 0.01}
    file["parameters"]["trainer.max_epochs"] = {"min": 1, "max": 9}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(file))
    return tmp_path / "small.yaml"


@pytest.fixture
def asked(monkeypatch):
    """Note what trials were asked, and let each score by its dropout alone."""
    calls = []

    def crossval(command):
        if "--plan" in command:
            folder = make_trial(out_of(command), 0.5)
            (folder / "run.json").unlink()  # planned, and no more
            for metrics in folder.glob("seed*/fold*/metrics.json"):
                metrics.unlink()
            return 0
        calls.append(command)
        make_trial(out_of(command), 1 - setting(command, "model.dropout"))
        return 0

    monkeypatch.setattr(sweep, "_crossval", crossval)
    return calls


def out_of(command):
    return sweep.Path(next(option for option in reversed(command) if option.startswith("--out=")).partition("=")[2])


def setting(command, name):
    return yaml.safe_load(next(one for one in command if one.startswith(f"--{name}=")).partition("=")[2])


def search(file, out, *more):
    return main(["sweep", f"--config={file}", f"--out={out}", *more])


def change(file, **changes):
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))


def test_the_winner_is_an_experiment_file(small, asked, tmp_path, capsys):
    assert search(small, tmp_path / "out", "--trials=8", "--folds=1") == 0
    assert len(asked) == 8
    assert all("--skip_test" in command and "--folds=1" in command for command in asked)
    assert len({out_of(command) for command in asked}) == 8
    told = capsys.readouterr()
    found = json.loads(told.out)
    least = min(setting(command, "model.dropout") for command in asked)
    assert found["crossval/val_ua_mean"] == pytest.approx(1 - least)
    assert found["settings"]["model.dropout"] == least
    assert "trial 8 of 8: crossval/val_ua_mean" in told.err
    assert "Each fold's own choice: 1 " in told.err
    best = yaml.safe_load((tmp_path / "out/best.yaml").read_text())
    assert best.pop("searched")["trials"] == 8
    winner = next(
        path
        for path in (tmp_path / "out").iterdir()
        if path.is_dir() and path.name in (tmp_path / "out/best.yaml").read_text()
    )
    assert best == yaml.safe_load((winner / "config.yaml").read_text())
    assert len(weights(tmp_path / "out")) == 5


def test_a_search_carries_on_and_draws_nothing_twice(small, asked, tmp_path):
    for method in ("bayes", "random"):
        asked.clear()
        change(small, method=method)
        assert search(small, tmp_path / method, "--trials=2") == 0
        assert search(small, tmp_path / method, "--trials=5") == 0
        assert len(asked) == len({out_of(command) for command in asked}) == 5


@pytest.mark.parametrize("method", ["grid", "random", "bayes"])
def test_a_finite_space_is_tried_once_and_then_it_is_over(small, asked, tmp_path, capsys, method):
    space = {"model.dropout": {"values": [0.1, 0.3]}, "model.text.pooling": {"values": ["mean", "first"]}}
    change(small, method=method, parameters=space)
    assert search(small, tmp_path / "out", "--trials=20") == 0
    tried = [(setting(command, "model.dropout"), setting(command, "model.text.pooling")) for command in asked]
    assert sorted(tried) == [(0.1, "first"), (0.1, "mean"), (0.3, "first"), (0.3, "mean")]
    if method == "grid":
        assert tried == [(0.1, "mean"), (0.1, "first"), (0.3, "mean"), (0.3, "first")]
    assert "all settings have been tried: there are no more than 4" in capsys.readouterr().err


def test_a_widened_space_goes_on(small, asked, tmp_path, capsys):
    change(small, method="grid", parameters={"model.dropout": {"values": [0.3, 0.5]}})
    assert search(small, tmp_path / "out", "--trials=9") == 0
    change(small, parameters={"model.dropout": {"values": [0.1, 0.3, 0.5]}})
    assert search(small, tmp_path / "out", "--trials=9") == 0
    assert [setting(command, "model.dropout") for command in asked] == [0.3, 0.5, 0.1]
    said = capsys.readouterr()
    assert "model.dropout has other values than in earlier trials: those stay" in said.err
    assert "of 3 trials" in said.err


def test_lists_are_drawn_without_a_warning(small, asked, tmp_path):
    speeds = {"data.init_args.augment.speed": {"values": [[], [0.9, 1.1]]}, "model.dropout": {"values": [0.1]}}
    change(small, parameters=speeds)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert search(small, tmp_path / "out", "--trials=5") == 0
    assert sorted(setting(command, "data.init_args.augment.speed") for command in asked) == [[], [0.9, 1.1]]


def test_a_mistyped_metric_is_found_before_anything_is_trained(small, asked, tmp_path, capsys):
    change(small, metric={"name": "crossval/val_uar_mean", "goal": "maximize"})
    assert search(small, tmp_path / "out", "--trials=1") == 2
    assert "unknown metric 'crossval/val_uar_mean': expected one of crossval/val_loss_mean" in capsys.readouterr().err
    assert asked == []


def test_what_no_trial_could_do_ends_the_search(small, tmp_path, monkeypatch, capsys):
    commands = []
    monkeypatch.setattr(sweep, "_crossval", lambda command: commands.append(command) or 2)
    assert search(small, tmp_path / "out", "--trials=9", "--model.dropuot=0.1") == 2
    assert "the first trial was refused, as said above" in capsys.readouterr().err
    assert len(commands) == 1


def test_a_search_with_other_options_is_another_search(small, asked, tmp_path, capsys):
    assert search(small, tmp_path / "out", "--trials=1", "--model.text.name=tiny") == 0
    assert search(small, tmp_path / "out", "--trials=2", "--jobs=2", "--model.text.name=tiny") == 0
    assert search(small, tmp_path / "out", "--trials=3", "--model.text.name=other") == 2
    assert "holds trials of another search (options: " in capsys.readouterr().err
    assert len(asked) == 2


def test_a_trial_that_was_broken_off_is_run_again(small, asked, tmp_path, monkeypatch):
    whole = sweep._crossval

    def stop(command):
        whole(command)
        raise SystemExit(143)

    monkeypatch.setattr(sweep, "_crossval", lambda command: whole(command) if "--plan" in command else stop(command))
    assert search(small, tmp_path / "out", "--trials=1") == 143
    monkeypatch.setattr(sweep, "_crossval", whole)
    assert search(small, tmp_path / "out", "--trials=1") == 0
    assert asked[0] == asked[1]


def test_a_trial_whose_search_was_killed_is_run_again(small, asked, tmp_path, monkeypatch):
    from mser.sweep.file import read_sweep
    from mser.sweep.search import ask, open_study

    (tmp_path / "out").mkdir()
    read = read_sweep(small)
    study = open_study(read, str(tmp_path / "out/trials.log"), 1, {})
    lost = ask(study, read, tmp_path / "out", 1)
    lost.trial.set_user_attr("by", [sweep.Path("/etc/hostname").read_text().strip(), 2**22 + 1])
    monkeypatch.setattr("socket.gethostname", lambda: sweep.Path("/etc/hostname").read_text().strip())
    monkeypatch.setattr(sweep, "_shared", lambda options: {})
    assert search(small, tmp_path / "out", "--trials=1") == 0
    assert [out_of(command) for command in asked] == [lost.folder]


def test_failed_trials_count_but_do_not_win(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sweep, "_crossval", lambda command: 1)
    monkeypatch.setattr(sweep, "_require_sound", lambda *_: None)
    assert search(small, tmp_path / "out", "--trials=2") == 2
    assert "no trial in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"metric": None}, "is no sweep file"),
        ({"command": None}, "is no sweep file"),
        ({"metric": {"name": "x", "goal": "most"}}, "the goal of a sweep is 'most', expected maximize or minimize"),
        (
            {"method": "gird"},
            "unknown method of a sweep 'gird': expected one of grid, random, bayes; did you mean 'grid'",
        ),
        ({"parameters": {"a": {"distribution": "normal"}}}, "expected values, or min and max with uniform"),
        ({"parameters": {"a": {"values": []}}}, "expected values, or min and max with uniform"),
        ({"parameters": {"a": 3}}, "expected values, or min and max with uniform"),
        ({"parameters": {"a": {"values": [1], "probabilities": [1]}}}, "expected values, or min and max with uniform"),
        ({"parameters": {"a": {"min": 2, "max": 1}}}, "expected min below max"),
        ({"parameters": {"a": {"min": 0, "max": 1, "distribution": "log_uniform_values"}}}, "and above 0 for log"),
        ({"method": "grid", "parameters": {"a": {"min": 0.0, "max": 1.0}}}, "but a grid tries every value"),
    ],
)
def test_what_users_get_wrong(small, tmp_path, capsys, changed, words):
    change(small, **changed)
    assert search(small, tmp_path / "out", "--trials=1") == 2
    assert words in capsys.readouterr().err
    assert main(["sweep", f"--out={tmp_path / 'out'}"]) == 2
    assert "give --trials N, or --test" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: " + b"[" * 2000 + b"]" * 2000, "is nested too deeply"),
        (b"", "holds no options: it is empty"),
        ("method: grid\n".encode("utf-16"), "is no YAML file in UTF-8"),
        (b"method: grid\nmethod: bayes\n", "line 2: method is given twice, of which one would be ignored"),
    ],
)
def test_a_sweep_file_that_is_none_is_told_as_a_configuration_is(tmp_path, content, words):
    (tmp_path / "sweep.yaml").write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_sweep(tmp_path / "sweep.yaml")


@pytest.mark.parametrize(("name", "trials"), [("fusions", 7), ("imbalance", 12)])
def test_the_comparisons_that_are_shipped_ask_for_what_there_is(name, trials, capsys):
    asked = read_sweep(EXPERIMENTS / f"iemocap/{name}.yaml")
    assert "--skip_test" in asked.options
    assert math.prod(len(space["values"]) for space in asked.parameters.values()) == trials
    shallow = f"--config={EXPERIMENTS / 'iemocap/shallow.yaml'}"
    for option, space in asked.parameters.items():
        for value in space["values"]:
            assert main(["fit", shallow, f"--{option}={json.dumps(value)}", "--print_config"]) == 0
            expected = value["class_path"] if isinstance(value, dict) else f"balanced: {str(value).lower()}"
            assert expected in capsys.readouterr().out


@pytest.mark.exhaustive
def test_wandb_agents_compose_a_command_that_crossval_understands(tmp_path, monkeypatch):
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils", reason="wandb is an extra")
    make_iemocap(tmp_path / "corpus", turns=12)
    monkeypatch.setenv("WANDB_RUN_ID", "abc")
    file, rng = yaml.safe_load(SWEEP.read_text()), random.Random(0)
    chosen = {
        name: rng.choice(space["values"]) if "values" in space else rng.uniform(space["min"], space["max"])
        for name, space in file["parameters"].items()
    }
    flags = utils.create_sweep_command_args({"args": {name: {"value": value} for name, value in chosen.items()}})
    command = utils.create_sweep_command(file["command"])
    composed = [flag for part in command for flag in (flags["args"] if part == "${args}" else [part])]
    assert composed[:3] == ["${env}", "mser", "crossval"]  # the first is the agent's own to fill in
    monkeypatch.chdir(tmp_path)
    composed = [str(SWEEP.parent / "shallow.yaml") if part.endswith("shallow.yaml") else part for part in composed]
    tiny = ["--model.speech.name=tiny", "--model.text.name=tiny", f"--data.init_args.root={tmp_path / 'corpus'}"]
    assert main([*composed[2:], *tiny, "--plan"]) == 0
    saved = yaml.safe_load((tmp_path / "runs/sweep/abc/config.yaml").read_text())
    assert saved["model"]["dropout"] == chosen["model.dropout"]
    assert saved["model"]["optimizer"]["init_args"]["lr"] == pytest.approx(chosen["model.optimizer.init_args.lr"])
