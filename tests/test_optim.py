import pytest
import torch

from mser.optim import FairseqAdam


def reference(weight, gradients, *, lr, betas, eps, weight_decay):
    """fairseq's update, number by number."""
    mean = square = 0.0
    for step, gradient in enumerate(gradients, 1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        size = lr * (1 - betas[1] ** step) ** 0.5 / (1 - betas[0] ** step)
        weight -= weight_decay * lr * weight
        weight -= size * mean / (square**0.5 + eps)
    return weight


SETTINGS = {"lr": 0.01, "betas": (0.9, 0.98), "eps": 1e-3, "weight_decay": 0.1}
GRADIENTS = [0.5, -0.2, 0.001, 3.0]


def after(optimizer, weight, gradients=GRADIENTS):
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=weight.dtype)
        optimizer.step()
    return weight.item()


def new():
    return torch.nn.Parameter(torch.tensor([0.7], dtype=torch.float64))


def test_the_update_is_fairseqs():
    weight = new()
    assert after(FairseqAdam([weight], **SETTINGS), weight) == pytest.approx(
        reference(0.7, GRADIENTS, **SETTINGS), abs=1e-12
    )


def test_it_is_adamw_but_for_where_eps_is_added():
    mine, theirs = new(), new()
    bare = SETTINGS | {"eps": 0.0}
    assert after(FairseqAdam([mine], **bare), mine) == pytest.approx(
        after(torch.optim.AdamW([theirs], **bare), theirs), abs=1e-12
    )
    mine, theirs = new(), new()
    assert (
        abs(after(FairseqAdam([mine], **SETTINGS), mine) - after(torch.optim.AdamW([theirs], **SETTINGS), theirs))
        > 1e-5
    )


def test_groups_and_parameters_without_gradient():
    moved, still, other = new(), new(), new()
    optimizer = FairseqAdam([{"params": [moved, still]}, {"params": [other], "lr": 0.0}], **SETTINGS)
    other.grad = torch.ones(1, dtype=torch.float64)
    after(optimizer, moved)
    assert (still.item(), other.item()) == (0.7, 0.7)
    assert moved.item() != 0.7
    assert not optimizer.state[still]


def test_it_goes_on_where_it_stopped():
    once, twice = new(), new()
    after(FairseqAdam([once], **SETTINGS), once)
    first = FairseqAdam([twice], **SETTINGS)
    after(first, twice, GRADIENTS[:2])
    second = FairseqAdam([twice], **SETTINGS)
    second.load_state_dict(first.state_dict())
    after(second, twice, GRADIENTS[2:])
    assert once.item() == twice.item()


def test_a_closure_is_called_with_gradients():
    weight = new()
    optimizer = FairseqAdam([weight], **SETTINGS)

    def closure():
        loss = (weight * 2).sum()
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) == pytest.approx(1.4)
    assert weight.item() < 0.7
