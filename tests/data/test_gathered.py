"""What a model answers is gathered once for each utterance, in the order of the dataset."""

from types import SimpleNamespace

import torch

from mser.data.gathered import Collected


def test_an_utterance_that_comes_again_counts_once():
    collected = Collected()
    for index in ([3, 0], [1, 3], [2, 0]):
        numbers = torch.tensor(index)
        batch = SimpleNamespace(index=numbers, target=10 * numbers)
        collected.update(batch, loss=numbers / 10, answers=torch.stack([numbers, -numbers], dim=1))
    found = collected.compute()
    assert found["index"].tolist() == [0, 1, 2, 3]
    assert found["target"].tolist() == [0, 10, 20, 30]
    assert torch.allclose(found["loss"], torch.tensor([0.0, 0.1, 0.2, 0.3]))
    assert found["answers"].tolist() == [[0, 0], [1, -1], [2, -2], [3, -3]]
