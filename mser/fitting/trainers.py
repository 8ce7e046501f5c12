"""Which of Lightning's Trainers a fit can use: some settings would do otherwise than they say, and tell nobody."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import StochasticWeightAveraging
from lightning.pytorch.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy

from mser.errors import UserError


def best_precision(accelerator: str) -> str:
    """Return the fastest precision that trains as well as float32, on this machine."""
    on_gpu = accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    return "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"


def alone_in_allocation() -> None:
    """Let Lightning take this for one process of its own where SLURM has given the machine but not started it.

    The variables of an allocation are there in a terminal too (salloc, sbatch without srun), where Lightning would plan
    for processes that nobody starts. Its own name for such a job is ``bash``.
    """
    started = os.environ.keys() & {"SLURM_STEP_ID", "SLURM_STEPID"}
    if "SLURM_NTASKS" in os.environ and not started:
        os.environ["SLURM_JOB_NAME"] = "bash"


def require_possible(options: Any) -> None:
    """Refuse options of a fit whose values cannot be, before anything is loaded.

    Args:
        options: as they were parsed.

    Raises:
        UserError: for such a value.
    """
    for name in ("model", "trainer"):
        if not isinstance(options.get(name), Namespace):
            raise UserError(f"{name} is {options.get(name)!r}; expected options of its own")
    trainer = options.trainer
    for name, fits, expected in _POSSIBLE:
        value = trainer.get(name)
        endless = name == "max_epochs" and value == -1 and (trainer.get("max_steps") or -1) > 0
        if value is not None and not fits(value) and not endless:
            raise UserError(f"trainer.{name} is {value}; expected {expected}")
    epochs, every = trainer.get("max_epochs"), trainer.get("check_val_every_n_epoch")
    if epochs and every and every > epochs:
        raise UserError(
            f"trainer.check_val_every_n_epoch is {every}, but there are {epochs} epochs: nothing would be validated, "
            "and no epoch chosen; give less"
        )
    if epochs and (least := trainer.get("min_epochs") or 0) > epochs:
        raise UserError(f"trainer.min_epochs is {least}, but trainer.max_epochs ends the fit after {epochs}; give less")
    for name, value in (
        ("early_stopping.patience", options.early_stopping.patience),
        ("resume.minutes", options.resume.minutes),  # 0: after every update
    ):
        if not value >= 0:
            raise UserError(f"{name} is {value}; expected 0 or more")
    optimizer = str(getattr(options.model.get("optimizer"), "class_path", "")).rpartition(".")[2]
    if optimizer in _UNFIT:
        raise UserError(f"model.optimizer is {optimizer}, which {_UNFIT[optimizer]}; give another, such as AdamW")
    if str(trainer.get("precision")) in _NARROW:
        raise UserError(
            f"trainer.precision is {trainer.precision}, in which losses and norms lose their digits; give bf16-mixed"
        )
    seed = options.get("seed_everything")
    if seed is not None and not isinstance(seed, bool) and not 0 <= int(seed) < 2**32:
        raise UserError(f"seed_everything is {seed}; expected a number from 0 to {2**32 - 1}")


_UNFIT = {
    "SparseAdam": "takes sparse gradients alone, and ours are dense",
    "LBFGS": "takes no groups of parameters, and ours have rates of their own",
}
_NARROW = ("bf16-true", "16-true", "transformer-engine", "transformer-engine-float16")
_POSSIBLE: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("max_epochs", lambda value: value >= 1, "1 or more: the learning rate falls to 0 over all of them"),
    ("max_steps", lambda value: value == -1 or value >= 1, "1 or more, or -1 for all epochs"),
    ("limit_train_batches", lambda value: value > 0, "more than 0, or nothing would be trained"),
    ("accumulate_grad_batches", lambda value: value >= 1, "1 or more"),
    ("check_val_every_n_epoch", lambda value: value >= 1, "1 or more"),
    ("log_every_n_steps", lambda value: value >= 0, "0 (never) or more"),
    ("num_sanity_val_steps", lambda value: value >= -1, "0 or more, or -1 for the whole part"),
    ("limit_val_batches", lambda value: value >= 0, "a share up to 1, or how many"),
    ("limit_test_batches", lambda value: value > 0, "more than 0, or nothing would be tested"),
    ("val_check_interval", lambda value: not isinstance(value, int | float) or 0 < value, "more than 0"),
    ("num_nodes", lambda value: value >= 1, "1 or more"),
    ("default_root_dir", lambda value: str(value).strip() != "", "a folder for what the fit writes"),
    ("gradient_clip_val", lambda value: value >= 0, "0 (no clipping) or more"),
)
"""Option of the trainer, what its value must be, and the same in words."""


def require_usable(trainer: Trainer, *, precision: object, overfit_batches: float) -> None:
    """Accept a trainer.

    Args:
        trainer: as Lightning made it.
        precision: as it was asked for; Lightning puts another in its place where a CPU lacks it.
        overfit_batches: as it was asked for.

    Raises:
        UserError: if it would not do what was asked for, or nothing could read its checkpoints.
    """
    _require_whole_checkpoints(trainer)
    if trainer.precision == "bf16-mixed" and str(precision).startswith("16"):
        raise UserError(
            f"trainer.precision is {precision}, which a CPU does not have; give --trainer.precision bf16-mixed or "
            "32-true"
        )
    if any(isinstance(callback, StochasticWeightAveraging) for callback in trainer.callbacks):  # type: ignore[attr-defined]
        raise UserError(
            "StochasticWeightAveraging averages after the last validation, so that nothing of it would be kept; give "
            "lightning.pytorch.callbacks.EMAWeightAveraging, whose average is what is validated"
        )
    if overfit_batches:
        raise UserError(
            "trainer.overfit_batches hands out single utterances, but ours come in batches; give "
            "--trainer.limit_train_batches, or a small corpus"
        )


def _require_whole_checkpoints(trainer: Trainer) -> None:
    """Refuse strategies whose checkpoints are folders of shards: nothing after the fit could read them."""
    strategy, world = trainer.strategy, trainer.num_nodes * trainer.num_devices
    if isinstance(strategy, DeepSpeedStrategy):
        raise UserError(
            f"trainer.strategy is {type(strategy).__name__}, whose checkpoints only itself can read; use fsdp or ddp"
        )
    if isinstance(strategy, ModelParallelStrategy):
        options = (strategy._data_parallel_size, strategy._tensor_parallel_size, strategy._save_distributed_checkpoint)
        if options != (world, 1, False):
            raise UserError(
                "trainer.strategy ModelParallelStrategy stands for FSDP2 with whole checkpoints; give it the init_args "
                f"{{data_parallel_size: {world}, tensor_parallel_size: 1, save_distributed_checkpoint: false}}"
            )
    if isinstance(strategy, FSDPStrategy) and strategy._state_dict_type == "sharded":
        raise UserError(
            "trainer.strategy saves its state sharded, a folder that neither test nor export can read; leave "
            "state_dict_type at full"
        )
