"""What parts of other packages will be asked for after the training is asked of them before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.masks import mask_of
from mser.encoders.outputs import Encoded
from mser.encoders.pretrained import architecture_only
from mser.errors import UserError
from mser.fusion import Fusion
from mser.labels import Task
from mser.objectives import Objective
from mser.plugins import is_own
from mser.recognizer import EmotionRecognizer
from mser.use.parts import encoder, foreign, part
from mser.use.rebuild import encoder as rebuilt_encoder
from mser.use.rebuild import made

_LENGTHS = (16_000, 9_000)  # samples
_WORDS = ("well , this is one of two", "no")
_CLOSE = 1e-3  # by which an utterance's output may differ alone and in a batch, in shares of its size


def rehearse(model: EmotionRecognizer, options: Mapping[str, Any], task: Task) -> None:
    """Refuse a model of which a later step would not work: training, reports, a model folder, its use.

    Our own parts have tests for this; only those of other packages are tried, on noise.

    Args:
        model: as it is going to be trained.
        options: of `EmotionRecognizer`, as a configuration states them.
        task: what it will be asked.

    Raises:
        UserError: for an objective of another kind of task, or a part that cannot be used.
    """
    model.objective.require(task)
    for name in ("fusion", "objective"):
        if not isinstance(options[name], Mapping) or "class_path" not in options[name]:
            raise UserError(
                f"model.{name} is {options[name]!r}, which no report or model folder could name; give a class_path "
                "and init_args"
            )
    with torch.random.fork_rng(devices=[]), _evaluating(model):
        torch.manual_seed(0)
        if _is_foreign(model.objective):
            with _named(model.objective):
                _try_objective(deepcopy(model.objective), task)
        if _is_foreign(model.fusion):
            with _named(model.fusion), torch.no_grad():
                _try_fusion(model)
        for side in (model.speech, model.text):
            if side is not None and (_is_foreign(side) or _is_foreign(side.backbone)):
                with _named(side.backbone if _is_foreign(side.backbone) else side), torch.no_grad():
                    _try_encoder(side)
        _try_rebuilding(model, options)


def _is_foreign(part: nn.Module) -> bool:
    return not is_own(type(part).__module__)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    model.eval()
    try:
        yield
    finally:
        model.train()


@contextmanager
def _named(part: nn.Module) -> Iterator[None]:
    """Say of whatever goes wrong whose fault it is."""
    name = f"{type(part).__module__}.{type(part).__qualname__}"
    try:
        yield
    except UserError as error:
        raise UserError(f"{name} cannot be used: {error}") from error
    except Exception as error:  # code of others may raise anything
        message = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(
            f"{name} cannot be used, tried on noise it raised {message}; mend it before training"
        ) from error


def _try_objective(objective: Objective, task: Task) -> None:
    count, classes = 6, len(task.labels)
    logits = torch.randn(count, objective.outputs, requires_grad=True)
    target = {
        "labels": torch.arange(count) % classes,
        "multi_label": (torch.rand(count, classes) > 0.5).float(),
        "scores": torch.randn(count, classes),
    }[task.kind]
    target = torch.rand(count, classes).softmax(-1) if objective.learns_votes else target
    objective.prepare(target)
    loss = objective.loss(logits, target)
    _require(loss, (count,), "loss")
    if not loss.requires_grad:
        raise UserError("its loss has no gradient; compute it from the logits in PyTorch")
    answers = objective.answers(logits.detach())
    _require(answers, (count, classes), "answers")
    if task.kind.is_numbers:
        return
    if answers.min() < 0 or answers.max() > 1:
        raise UserError(f"its answers range from {answers.min():.3g} to {answers.max():.3g}, expected probabilities")
    sums_to_1 = bool((answers.sum(1) - 1).abs().max() < _CLOSE)
    if sums_to_1 != objective.exclusive:
        sums = "sum to 1" if sums_to_1 else "do not sum to 1"
        raise UserError(f"its probabilities {sums}; give the class exclusive = {sums_to_1}")


def _try_fusion(model: EmotionRecognizer) -> None:
    fusion = model.fusion
    sides = [_noise(encoded.width) if encoded else None for encoded in (model.speech, model.text)]
    both = fusion(*sides)
    _require(both, (len(_WORDS), fusion.width), "vector")
    alone = fusion(
        *(encoded and Encoded(encoded.states[1:, :3], encoded.mask[1:, :3], encoded.summary[1:]) for encoded in sides)
    )
    _require_same(both[1:], alone)


def _noise(width: int) -> Encoded:
    mask = mask_of(torch.tensor([5, 3]))
    return Encoded(torch.randn(2, 5, width), mask, torch.randn(2, width))


def _try_encoder(encoder: SpeechEncoder | TextEncoder) -> None:
    if isinstance(encoder, TextEncoder):
        inputs, extent = encoder.tokenize(_WORDS)
        alone = encoder(*encoder.tokenize(_WORDS[1:]))
    else:
        extent = torch.tensor(_LENGTHS)
        inputs = 0.1 * torch.randn(2, max(_LENGTHS)) * mask_of(extent)
        alone = encoder(inputs[1:, : _LENGTHS[1]], extent[1:])
    both = encoder(inputs, extent)
    _require(both.states, (2, both.mask.shape[1], encoder.width), "states")
    if both.mask.dtype != torch.bool or not bool(both.mask.any(1).all()):
        raise UserError("its mask has no true frame of an utterance; give (B, T) that is true at real frames")
    _require_same(both.states[1][both.mask[1]], alone.states[0][alone.mask[0]])


def _try_rebuilding(model: EmotionRecognizer, options: Mapping[str, Any]) -> None:
    """Make each such part from what a model folder would say of it, and see that the weights would fit."""
    sides = {side: encoder(options.get(side), side) for side in ("speech", "text")}
    saved: dict[str, Any] = {**sides, **{name: part(options[name]) for name in ("fusion", "objective")}}
    plugins = {path.rpartition(".")[0] for path in foreign(saved)}
    widths = [one.width if one else 0 for one in (model.speech, model.text)]
    makers: dict[str, Callable[[], nn.Module]] = {
        "fusion": lambda: made(Fusion, saved["fusion"], plugins, "the model folder")(*widths),
        "objective": lambda: made(Objective, saved["objective"], plugins, "the model folder")(model.labels),
        "speech": lambda: rebuilt_encoder(SpeechEncoder, saved["speech"], Path(), plugins),
        "text": lambda: rebuilt_encoder(TextEncoder, saved["text"], Path(), plugins),
    }
    for name in (name for name in makers if list(foreign({name: saved[name]}))):
        with _named(getattr(model, name)), architecture_only():
            shapes, again = (_shapes(one) for one in (getattr(model, name), makers[name]()))
            if shapes != again:
                odd = sorted({*shapes.items()} ^ {*again.items()})[0][0]
                raise UserError(
                    f"made again from its options {saved[name]} it has other weights ({odd}), so no model folder could "
                    "hold it; let plain options say all that it is made of"
                )


def _shapes(part: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in part.state_dict().items()}


def _require(output: Any, shape: tuple[int, ...], what: str) -> None:
    if not isinstance(output, Tensor) or tuple(output.shape) != shape:
        have = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise UserError(f"its {what} is {have}, expected the shape {shape}")
    if not bool(output.isfinite().all()):
        raise UserError(f"its {what} of noise holds NaN or infinity")


def _require_same(batched: Tensor, alone: Tensor) -> None:
    if batched.shape != alone.shape or (batched - alone).abs().max() > _CLOSE * batched.abs().max().clamp(min=1):
        raise UserError(
            "an utterance gets another output in a batch than alone; heed the mask, and let nothing depend on padding "
            "or on the other utterances"
        )
