"""Which of Lightning's Trainers a fit can use: some settings would do otherwise than they say, and tell nobody."""

from __future__ import annotations

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import StochasticWeightAveraging
from lightning.pytorch.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy

from mser.errors import UserError


def best_precision(accelerator: str) -> str:
    """Return the fastest precision that trains as well as float32, on this machine."""
    on_gpu = accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    return "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"


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
        given = (strategy._data_parallel_size, strategy._tensor_parallel_size, strategy._save_distributed_checkpoint)
        if given != (world, 1, False):
            raise UserError(
                "trainer.strategy ModelParallelStrategy stands for FSDP2 with whole checkpoints; give it the init_args "
                f"{{data_parallel_size: {world}, tensor_parallel_size: 1, save_distributed_checkpoint: false}}"
            )
    if isinstance(strategy, FSDPStrategy) and strategy._state_dict_type == "sharded":
        raise UserError(
            "trainer.strategy saves its state sharded, a folder that neither test nor export can read; leave "
            "state_dict_type at full"
        )
