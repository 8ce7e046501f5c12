"""Lightning's FSDP on the CPU, which Lightning itself leaves to GPUs: the same code, over gloo."""

from unittest.mock import patch

import torch
from lightning.pytorch.strategies import FSDPStrategy
from lightning.pytorch.strategies.fsdp import _move_torchmetrics_to_device
from torch.distributed.fsdp import FullyShardedDataParallel


class Sharded(FSDPStrategy):
    """Not of the very type that Lightning refuses without a GPU, and says "cpu" where torch would look for one."""

    def _setup_model(self, model):
        sharded = FullyShardedDataParallel(
            model, device_id=torch.device("cpu"), sharding_strategy=self.sharding_strategy, **self.kwargs
        )
        _move_torchmetrics_to_device(sharded, self.root_device)
        return sharded

    def optimizer_state(self, optimizer):
        # torch gathers every moment into one buffer and moves it to the CPU, which copies nothing that is there already
        with patch.object(torch.Tensor, "cpu", torch.Tensor.clone):
            return super().optimizer_state(optimizer)
