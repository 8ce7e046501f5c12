"""What torchrun starts on each node, `node.py CORPUS OUT`: the real command line, again and again in one process."""

import sys
from pathlib import Path

from fake.places import EXPERIMENTS

from mser.cli import main

SHARDED = '--trainer.strategy={"class_path": "fake.sharded.Sharded"}'
FSDP2 = (
    '--trainer.strategy={"class_path": "lightning.pytorch.strategies.ModelParallelStrategy", "init_args": '
    '{"data_parallel_size": 2, "tensor_parallel_size": 1, "save_distributed_checkpoint": false}}'
)


def run(command, folder, *options):
    given = [f"--trainer.default_root_dir={folder}", "--trainer.enable_progress_bar=false"]
    if code := main([command, *given, *options]):
        raise SystemExit(code)


def fit_and_test(folder, corpus, *options, stopped=False):
    shallow = EXPERIMENTS / "demo/shallow.yaml"
    fit = [f"--config={shallow}", f"--data.init_args.root={corpus}", "--trainer.accelerator=cpu", "--trainer.devices=1",
           "--trainer.num_nodes=2", "--trainer.max_epochs=2", *options]  # fmt: skip
    if stopped:
        run("fit", folder, *fit, "--trainer.callbacks+=fake.stop.StopAfterFirst")
    run("fit", folder, *fit, *(["--ckpt_path=last"] if stopped else []))
    run("test", folder, f"--config={folder / 'config.yaml'}", f"--ckpt_path={folder / 'checkpoints/best.ckpt'}")


if __name__ == "__main__":
    corpus, out = map(Path, sys.argv[1:])
    fit_and_test(out / "ddp", corpus, "--trainer.strategy=ddp")
    fit_and_test(out / "fsdp", corpus, SHARDED)
    fit_and_test(out / "fsdp-stopped", corpus, SHARDED, stopped=True)
    fit_and_test(out / "fsdp2", corpus, FSDP2, stopped=True)
