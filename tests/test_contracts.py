"""What libraries do not promise and we use all the same: an upgrade that takes it away fails here, with a sentence."""

import inspect

import pytest
import torch
from lightning.fabric.plugins.precision import amp
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loops import training_epoch_loop
from lightning.pytorch.loops.fit_loop import _FitLoop
from lightning.pytorch.strategies import DDPStrategy, FSDPStrategy, ModelParallelStrategy
from torch import nn

from mser.callbacks.checkpoints import LastCheckpoint
from mser.use import inference


def test_a_fused_optimizer_is_told_that_it_does_not_unscale_gradients():
    optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], fused=True)
    optimizer._step_supports_amp_scaling = False
    assert not amp._optimizer_handles_unscaling(optimizer), "Lightning refuses to clip fused AdamW under 16-mixed again"
    assert "_step_supports_amp_scaling" in inspect.getsource(torch.amp.GradScaler.step), "torch asks for another name"


@pytest.mark.parametrize("name", ["_save_checkpoint", "_save_none_monitor_checkpoint", "_monitor_candidates"])
def test_the_last_state_is_written_by_lightnings_own_ways(name):
    assert hasattr(ModelCheckpoint, name), f"ModelCheckpoint has no {name}: LastCheckpoint cannot renew within an epoch"


def test_whatever_writes_a_checkpoint_passes_the_override():
    for name in ("_save_none_monitor_checkpoint", "_save_topk_checkpoint", "_save_last_checkpoint"):
        text = inspect.getsource(getattr(ModelCheckpoint, name))
        writes = "self._save_checkpoint(" in text or "self._update_best_and_save(" in text or "self._save_" in text
        assert writes, f"{name} writes by another way: LastCheckpoint would not know, and write after every batch"


def test_an_override_that_nobody_calls_is_refused(monkeypatch):
    monkeypatch.delattr(ModelCheckpoint, "_save_checkpoint")
    with pytest.raises(RuntimeError, match="ModelCheckpoint has no _save_checkpoint, by which"):
        LastCheckpoint()


def test_the_fit_loop_keeps_its_loader_where_it_can_be_let_go():
    text = inspect.getsource(_FitLoop)
    assert "self._combined_loader is not None" in text, "a resumed FSDP fit would see batches again"
    text = inspect.getsource(training_epoch_loop)
    assert "batch_progress.is_last_batch" in text, "where a fit is within its epoch is told by another name"


def test_strategies_say_how_they_were_set_up():
    assert "find_unused_parameters" in DDPStrategy(find_unused_parameters=True)._ddp_kwargs, (
        "staged unfreezing asks this"
    )
    assert FSDPStrategy(state_dict_type="sharded")._state_dict_type == "sharded", (
        "sharded checkpoints are refused by it"
    )
    strategy = ModelParallelStrategy(data_parallel_size=2, tensor_parallel_size=1, save_distributed_checkpoint=False)
    found = (strategy._data_parallel_size, strategy._tensor_parallel_size, strategy._save_distributed_checkpoint)
    assert found == (2, 1, False), "FSDP2 with whole checkpoints is told by these"


def test_parameters_are_counted_under_fsdp_by_the_name_that_it_gives_them():
    from torch.distributed.fsdp._common_utils import FSDP_WRAPPED_MODULE

    assert FSDP_WRAPPED_MODULE == "_fsdp_wrapped_module", "EmotionRecognizer.parameter_counts takes it out of names"


def test_submitit_tells_which_options_of_sbatch_there_are():
    submitit = pytest.importorskip("submitit", reason="SLURM is an extra")
    for owner, name in ((submitit.AutoExecutor, "_typed_parameters"), (submitit.SlurmExecutor, "_valid_parameters")):
        assert hasattr(owner, name), f"submitit has no {name}: --slurm cannot be checked before anything is submitted"


def test_without_onednns_operators_layers_stay_pytorchs(monkeypatch):
    monkeypatch.setattr(inference, "OPERATORS", ("_reorder_linear_weight", "_no_such_operator"))
    model = nn.Sequential(nn.Linear(3, 2))
    inference.pack(model)
    assert type(model[0]) is nn.Linear
