"""What a fit lacks is said in one line: recordings, classes, utterances for a process, memory."""

import json
import re
from types import SimpleNamespace

import pytest
import torch
from fake.corpora.iemocap import make_iemocap
from fake.corpora.table import make_table, rows
from lightning.pytorch.callbacks import Callback

from mser.cli import main
from mser.crossval import planned
from mser.crossval.plan import plan
from mser.data.datamodules import Table
from mser.errors import UserError

NOTHING_MORE = ["--trainer.enable_progress_bar=false", "--trainer.accelerator=cpu", "--trainer.max_epochs=1"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


def run(command, corpus, folder, *options):
    given = [command, "--config=experiments/demo/speech_only.yaml", f"--data.init_args.root={corpus}", *NOTHING_MORE]
    return main([*given, f"--trainer.default_root_dir={folder}", *options])


def said(capsys):
    return capsys.readouterr().err.strip().splitlines()


def own(folder, drop):
    """A table with a split of its own, without the rows to drop."""
    parts = {"s0": "train", "s1": "train", "s2": "val", "s3": "test"}
    given = [{**row, "split": parts[row["speaker"]]} for row in rows(4)]
    make_table(folder / "own.csv", [row for row in given if (row["label"], row["split"]) not in drop])
    config = "--config=experiments/demo/speech_only.yaml"
    return [config, "--data=Table", f"--data.init_args.root={folder / 'own.csv'}", *NOTHING_MORE]


def test_a_training_part_without_a_class_is_refused(tmp_path, capsys):
    given = own(tmp_path, {("calm", "train")})
    expected = (
        "table/split, fold 1: the training part has no calm, so the model could never say it; choose "
        "other data.init_args.labels or another data.init_args.protocol"
    )
    assert main(["fit", *given, f"--trainer.default_root_dir={tmp_path / 'run'}"]) == 2
    assert said(capsys)[-1] == f"mser: error: {expected}"
    assert not (tmp_path / "run/checkpoints").exists()
    with pytest.raises(UserError, match=re.escape(expected)):
        plan(str(tmp_path / "cv"), given)


def test_a_class_that_is_only_in_training_is_noted(tmp_path, caplog):
    given = own(tmp_path, {("calm", "val"), ("calm", "test"), ("happy", "test")})
    assert main(["fit", *given, f"--trainer.default_root_dir={tmp_path / 'run'}"]) == 0
    assert "table/split, fold 1: the val part has no calm: its scores say nothing of it" in caplog.messages
    saved, best = tmp_path / "run/config.yaml", tmp_path / "run/checkpoints/best.ckpt"
    assert main(["test", f"--config={saved}", f"--ckpt_path={best}"]) == 0
    assert "table/split, fold 1: the test part has no calm, happy: its scores say nothing of it" in caplog.messages


def test_what_is_left_out_is_counted(tmp_path, caplog, monkeypatch):
    make_iemocap(tmp_path / "corpus", turns=6)
    wavs = [path for path in sorted((tmp_path / "corpus").rglob("Ses*_F00*.wav")) if path.parts[-3] == "wav"]
    wavs[0].unlink()
    wavs[1].write_bytes(b"")
    wavs[2].write_bytes(b"")
    line = "iemocap without 3 utterances (2 empty, 1 missing); `mser data check` names them"
    assert run("fit", tmp_path / "corpus", tmp_path / "run") == 0
    assert caplog.messages.count(line) == 1
    monkeypatch.setattr(
        planned, "call", lambda server, words, log: plan(words[1], words[2:])
    )  # here, not in another process
    config = "--config=experiments/demo/speech_only.yaml"
    given = [config, f"--data.init_args.root={tmp_path / 'corpus'}", *NOTHING_MORE, f"--out={tmp_path / 'cv'}"]
    assert main(["crossval", *given, "--plan"]) == 0
    assert caplog.messages.count(line) == 2
    with (tmp_path / "cv/manifest.jsonl").open() as file:
        problems = json.loads(file.readline())["problems"]
    assert sorted(problem["kind"] for problem in problems) == ["empty", "empty", "missing"]


def test_more_processes_than_utterances_are_refused_before_training(tmp_path):
    data = Table(own(tmp_path, {("calm", "test"), ("happy", "test")})[2].partition("=")[2])
    data.trainer = SimpleNamespace(world_size=3, global_rank=1, is_global_zero=False)
    with pytest.raises(
        UserError, match=re.escape("split, fold 1: the test part has 2 utterance(s), fewer than the 3 ")
    ):
        data.setup("fit")


class Exhausted(Callback):
    """Stands for a machine whose memory is too small for the batches after so many."""

    def __init__(self, after: int, kind: str):
        self.after, self.kind = after, kind

    def on_before_backward(self, trainer, pl_module, loss):
        self.after -= 1
        if self.after < 0:
            raise (
                torch.OutOfMemoryError("CUDA out of memory.")
                if self.kind == "gpu"
                else RuntimeError(
                    "[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: not enough memory: 8 bytes"
                )
            )

    def on_test_batch_start(self, *args):
        raise MemoryError


@pytest.mark.parametrize(("after", "kind"), [(0, "gpu"), (2, "cpu")])
def test_too_little_memory_names_the_longest_clip_and_what_fits(after, kind, corpus, tmp_path, capsys):
    limits = ["--data.init_args.batch_seconds=3", "--data.init_args.batch_size=8"]
    few = [f"--trainer.callbacks+={__name__}.Exhausted", f"--trainer.callbacks.after={after}"]
    assert run("fit", corpus, tmp_path, *limits, *few, f"--trainer.callbacks.kind={kind}") == 2
    error = said(capsys)[-1]
    assert error.startswith("mser: error: not enough memory on cpu for ")
    assert " s of padded audio in one batch: Ses0" in error
    assert ("batches of up to " in error) == (after > 0)
    assert re.search(r"; set data.init_args.batch_seconds to [0-3](\.\d+)?, or compute layers again in the", error)


def test_a_clip_that_does_not_fit_alone_is_to_be_cut(corpus, tmp_path, capsys):
    few = [f"--trainer.callbacks+={__name__}.Exhausted", "--trainer.callbacks.after=0", "--trainer.callbacks.kind=cpu"]
    assert run("fit", corpus, tmp_path, "--data.init_args.batch_size=1", *few) == 2
    error = said(capsys)[-1]
    assert " others" not in error
    assert "; set data.init_args.max_seconds to " in error
