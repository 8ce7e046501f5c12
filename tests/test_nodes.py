"""Two nodes of torchrun, on the loopback: what they fit and say is what one process does."""

import csv
import socket
import subprocess
import sys

import pytest
import torch
from fake.corpora.iemocap import make_iemocap
from fake.places import ROOT

from mser.cli import main

TESTS = ROOT / "tests"
SHALLOW = TESTS.parent / "experiments/demo/shallow.yaml"


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The folder in which two nodes have fitted and tested under ddp, fsdp and fsdp2."""
    out = tmp_path_factory.mktemp("nodes")
    corpus = out / "corpus"
    make_iemocap(corpus, turns=11)
    port = free_port()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1",
                "--master-addr=127.0.0.1", f"--master-port={port}"]  # fmt: skip
    work = [str(TESTS / "fake/node.py"), str(corpus), str(out)]
    nodes = [
        subprocess.Popen(
            [*torchrun, f"--node-rank={rank}", *work], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PYTHONPATH": f"{TESTS.parent}:{TESTS}", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        )
        for rank in (0, 1)
    ]  # fmt: skip
    said = [node.communicate(timeout=300)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], "\n".join(said)
    return out


@pytest.mark.exhaustive
@pytest.mark.parametrize("strategy", ["ddp", "fsdp", "fsdp2"])
def test_two_nodes_say_what_one_process_says(strategy, two, tmp_path):
    folder = two / strategy
    together = rows(folder / "predictions.csv")
    assert len({row["utterance"] for row in together}) == len(together) > 0
    best = [f"--ckpt_path={folder / 'checkpoints/best.ckpt'}", f"--trainer.default_root_dir={tmp_path}"]
    alone = ["--trainer.strategy=auto", "--trainer.num_nodes=1"]
    assert main(["test", f"--config={folder / 'config.yaml'}", *best, *alone]) == 0
    here = rows(tmp_path / "predictions.csv")
    assert [row["utterance"] for row in here] == [row["utterance"] for row in together]
    for name in (name for name in here[0] if name.startswith("p_")):
        assert [float(row[name]) for row in together] == pytest.approx([float(row[name]) for row in here], abs=1e-6)


@pytest.mark.exhaustive
@pytest.mark.parametrize("strategy", ["fsdp", "fsdp2"])
def test_fsdp_learns_what_ddp_learns(strategy, two):
    """The rates of the parts, clipping by the common norm, the best epoch; fsdp2 was stopped and taken up again."""
    ddp, fsdp = (rows(two / f"{name}/history.csv") for name in ("ddp", strategy))
    assert len(ddp) == 2
    for a, b in zip(ddp, fsdp, strict=True):
        assert {k: float(v) for k, v in a.items()} == pytest.approx({k: float(v) for k, v in b.items()}, abs=1e-4)


@pytest.mark.exhaustive
def test_fsdp_taken_up_again_ends_bit_for_bit_where_it_would_have(two):
    """After the first of two epochs: its second has the second's batches, though Lightning made the loader before."""
    whole, stopped = two / "fsdp", two / "fsdp-stopped"
    for name in ("history.csv", "predictions.csv"):
        assert (stopped / name).read_text() == (whole / name).read_text()
    a, b = (torch.load(folder / "checkpoints/last.ckpt", weights_only=True) for folder in (whole, stopped))
    torch.testing.assert_close(b["state_dict"], a["state_dict"], rtol=0, atol=0)
    torch.testing.assert_close(b["optimizer_states"][0]["state"], a["optimizer_states"][0]["state"], rtol=0, atol=0)


def refused(capsys, strategy, words, root):
    options = [f"--data.init_args.root={root}", f"--trainer.strategy={strategy}"]
    assert main(["fit", f"--config={SHALLOW}", *options]) == 2
    [*_, error] = capsys.readouterr().err.strip().splitlines()
    assert words in error


@pytest.mark.parametrize(("strategy", "words"), [
    ("fsdp", "no such trainer on this machine: The strategy `fsdp` requires a GPU accelerator"),
    ('{"class_path": "fake.sharded.Sharded", "init_args": {"state_dict_type": "sharded"}}',
     "trainer.strategy saves its state sharded, a folder that neither test nor export can read"),
    ('{"class_path": "lightning.pytorch.strategies.ModelParallelStrategy"}',
     "{data_parallel_size: 1, tensor_parallel_size: 1, save_distributed_checkpoint: false}"),
])  # fmt: skip
@pytest.mark.skipif(torch.cuda.is_available(), reason="says what a machine without a GPU says")
def test_strategies_that_cannot_be(strategy, words, tmp_path, capsys):
    refused(capsys, strategy, words, tmp_path)
