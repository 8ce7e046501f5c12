"""Checkpoints that are not this experiment's, and machines that lack what was asked for."""

import pytest
from fake.corpora.iemocap import make_iemocap
from fake.places import ROOT

from mser.cli import main
from mser.errors import UserError
from mser.fitting.resuming import require_same


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


def run(command, corpus, folder, *options):
    given = [command, "--config=experiments/demo/text_only.yaml", f"--data.init_args.root={corpus}"]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", "--trainer.max_epochs=1"]
    return main([*given, "--trainer.enable_progress_bar=false", *options])


@pytest.fixture(scope="module")
def fitted(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    assert run("fit", corpus, folder) == 0
    return folder


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("test", ["--model.text.layer_sum=true"], "text.layer_sum.weights is absent there, (3,) here"),
        (
            "test",
            ["--model.objective=mser.objectives.OneVsRest"],
            "head.1.bias is (4,) there, (8,) here (3 weights differ)",
        ),
        ("test", ["--data.init_args.fold=2"], "is of another experiment: its fold is 1, here it is 2; give"),
        (
            "validate",
            ["--data.init_args.protocol=iemocap/loso10"],
            "its protocol is iemocap/loso5, here it is iemocap/loso10",
        ),
        (
            "predict",
            ["--data.init_args.labels=iemocap4-noexc", "--data.init_args.fold=3"],
            "its fold is 1, here it is 3",
        ),
    ],
)
def test_a_checkpoint_of_another_experiment(command, options, words, corpus, fitted, tmp_path, capsys):
    assert run(command, corpus, tmp_path, f"--ckpt_path={fitted}/checkpoints/best.ckpt", *options) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith(f"mser: error: {fitted}/checkpoints/best.ckpt is of another ")
    assert words in error


def test_a_fit_goes_on_from_its_own_fold_alone(corpus, fitted, tmp_path, capsys):
    last = f"--ckpt_path={fitted}/checkpoints/last.ckpt"
    assert run("fit", corpus, tmp_path, last, "--data.init_args.fold=2") == 2
    assert "is of another experiment: its fold is 1, here it is 2" in capsys.readouterr().err


def test_resuming_with_other_settings(corpus, fitted, capsys):
    saved = (fitted / "config.yaml").read_text()
    assert run("fit", corpus, fitted, "--ckpt_path=last", "--model.head_lr=0.5") == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "was begun with model.head_lr=None, now it is 0.5; resume with the same" in error
    assert (fitted / "config.yaml").read_text() == saved
    assert run("fit", corpus, fitted, "--ckpt_path=last", "--trainer.max_epochs=2") == 0  # the trainer's may change
    assert "ckpt_path: null" in (fitted / "config.yaml").read_text()


def test_resuming_with_another_seed(corpus, fitted, capsys):
    assert run("fit", corpus, fitted, "--ckpt_path=last", "--seed_everything=2") == 2
    assert "was begun with seed_everything=1, now it is 2" in capsys.readouterr().err


def test_resuming_with_another_model(corpus, fitted, capsys):
    assert run("fit", corpus, fitted, "--ckpt_path=last", "--model.text.layer_sum=true") == 2
    assert "last.ckpt is of another model" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"no weights", "half", {"state_dict": 3}, [1]])
def test_a_file_that_is_no_checkpoint(content, corpus, fitted, tmp_path, capsys):
    path = tmp_path / "some.ckpt"
    if content == "half":
        whole = (fitted / "checkpoints/best.ckpt").read_bytes()
        content = whole[: len(whole) // 2]
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        import torch

        torch.save(content, path)
    assert run("test", corpus, tmp_path, f"--ckpt_path={path}") == 2
    assert (
        capsys.readouterr()
        .err.strip()
        .splitlines()[-1]
        .endswith("some.ckpt is no checkpoint of mser, or a damaged one; choose another --ckpt_path")
    )


def test_no_file(corpus, tmp_path, capsys):
    assert run("test", corpus, tmp_path, "--ckpt_path=nowhere.ckpt") == 2
    assert "nowhere.ckpt, which is not there; a fit writes checkpoints/best.ckpt" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--trainer.accelerator=tpu", "--trainer.accelerator=abacus",
                                    "--trainer.devices=0", "--trainer.strategy=fast"])  # fmt: skip
def test_a_machine_that_lacks_what_was_asked_for(option, corpus, tmp_path, capsys):
    assert run("fit", corpus, tmp_path, option) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("mser: error: no such trainer on this machine: ")
    assert error.endswith("Check trainer.accelerator, trainer.devices, trainer.strategy and trainer.precision")


def test_no_gpu(corpus, tmp_path, capsys, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert run("fit", corpus, tmp_path, "--trainer.accelerator=gpu") == 2
    assert "No supported gpu backend found!" in capsys.readouterr().err.strip().splitlines()[-1]


def test_scores_are_shown_with_their_floor(corpus, fitted, tmp_path, capsys):
    assert run("test", corpus, tmp_path, f"--ckpt_path={fitted}/checkpoints/best.ckpt") == 0
    printed = capsys.readouterr().out
    print(printed)
    (line,) = (line.split() for line in printed.splitlines() if line.split()[:1] == ["UA"])
    assert line[-1] == "25.0"
    assert 0 <= float(line[2]) <= 100
    assert line[3] == "–"  # of two speakers there is no interval
    assert "recall of hap" in printed
    assert "the floor is always naming the commonest class" in " ".join(printed.split())
    assert "DataLoader 0" not in printed
    assert "test/ua" not in printed


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_weights_that_nobody_trained_are_not_asked(command, corpus, tmp_path, capsys):
    assert run(command, corpus, tmp_path) == 2
    assert f"{command} needs a trained model: give --ckpt_path" in capsys.readouterr().err
    assert not (tmp_path / "predictions.csv").exists()


def test_a_run_from_before_is_told_no_options_that_came_later(capsys):
    config = ROOT / "tests/old/run/config.yaml"
    assert main(["fit", f"--config={config}", "--print_config"]) == 0
    now = capsys.readouterr().out
    assert "effective_beta" not in config.read_text()
    assert "effective_beta" in now
    require_same(config, now, "choose another --out")
    with pytest.raises(UserError, match=r"was begun with data\.init_args\.balanced=None, now it is True"):
        require_same(config, now.replace("balanced: false", "balanced: true"), "choose another --out")
