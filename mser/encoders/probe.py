"""What a text encoder does with padding, tried on a few tokens before anything is trained: families differ too much.

A model of which a transcript gets another answer alone than in a batch is refused; which tokens the first state has
seen decides how states are summarised; and what gets no gradient is not trained, since it would stop distributed
training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mser.errors import UserError

_CLOSE = 1e-3  # of the largest state; padding that is seen moves them by far more


def require_alike(backbone: Any, ids: Sequence[int], name: str) -> None:
    """Refuse a model whose states of a transcript depend on what stands beside it in a batch.

    Args:
        backbone: from tokens and their mask to states and mask, in evaluation mode.
        ids: three tokens.
        name: of the encoder, for the message.

    Raises:
        UserError: for such a model, or one that takes no tokens.
    """
    short, long = torch.tensor([ids]), torch.tensor([[*ids, *ids, ids[0]]])
    padded = torch.zeros_like(long)
    padded[:, : len(ids)] = short
    mask = torch.arange(long.shape[1]) < len(ids)
    try:
        with torch.no_grad():
            alone = backbone(short, torch.ones_like(short, dtype=torch.bool))[0]
            batch = backbone(torch.cat([padded, long]), torch.stack([mask, torch.ones_like(mask)]))[0]
    except Exception as error:
        message = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise UserError(f"{name!r} cannot be used as a text encoder ({message}); choose another") from error
    if (alone.shape[:2], batch.shape[:2]) != (short.shape, (2, long.shape[1])):
        raise UserError(f"{name!r} does not give one state a token, so it cannot be used as a text encoder")
    if not (alone[0] - batch[0, : len(ids)]).abs().max() <= _CLOSE * max(1.0, float(alone.abs().max())):
        raise UserError(
            f"{name!r} says something else of a transcript alone than beside a longer one, so its answers would depend "
            "on the batch; choose another text encoder"
        )


@torch.no_grad()
def is_causal(backbone: Any, ids: Sequence[int]) -> bool:
    """Return whether the first state does not see the tokens behind it."""
    two = torch.tensor([ids, [*ids[:-1], ids[0]]])
    states = backbone(two, torch.ones_like(two, dtype=torch.bool))[0]
    return bool(torch.allclose(states[0, 0], states[1, 0], atol=1e-6))


def layers_in_line(backbone: Any, ids: Sequence[int]) -> bool:
    """Return whether each layer is asked once and takes (B, T, D), as a sum over layers needs."""
    seen: list[tuple[int, ...]] = []

    def note(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        state = args[0] if args else kwargs.get("hidden_states")
        seen.append(tuple(getattr(state, "shape", ())))

    tokens = torch.tensor([ids, ids])
    handles = [block.register_forward_pre_hook(note, with_kwargs=True) for block in backbone.blocks]
    try:
        with torch.no_grad():
            states = backbone(tokens, torch.ones_like(tokens, dtype=torch.bool))[0]
    finally:
        for handle in handles:
            handle.remove()
    return seen == [tuple(states.shape)] * len(backbone.blocks)


def without_gradient(backbone: Any, ids: Sequence[int]) -> list[nn.Parameter]:
    """Return the parameters that no state depends on; nothing is computed backwards to tell."""
    tokens = torch.tensor([ids])
    with torch.enable_grad():
        states: Tensor = backbone(tokens, torch.ones_like(tokens, dtype=torch.bool))[0]
    used = {id(leaf) for leaf in _leaves(states.grad_fn)}
    return [parameter for parameter in backbone.parameters() if id(parameter) not in used]


def _leaves(last: Any) -> Iterator[Tensor]:
    """Yield the tensors that a computation began with."""
    waiting, seen = [last], {last}
    while waiting:
        node = waiting.pop()
        if hasattr(node, "variable"):
            yield node.variable
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
