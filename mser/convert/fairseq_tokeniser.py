"""The tokeniser of a fairseq vq-wav2vec checkpoint."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mser.convert.checkpoint import read_checkpoint
from mser.encoders.speech_bert.vq_wav2vec import VqSettings, VqWav2Vec
from mser.errors import UserError, brief

USED = ("feature_extractor.", "vector_quantizer.")
MOST_LAYERS = 100


def read_vq_wav2vec(path: str | Path) -> VqWav2Vec:
    """Return the tokeniser of a k-means vq-wav2vec checkpoint, everything as its own ``args`` say.

    Raises:
        UserError: if the file is no such checkpoint, or its weights do not fit its ``args``.
    """
    checkpoint = read_checkpoint(path)
    try:
        model = VqWav2Vec(_settings(checkpoint.settings))
        model.load_state_dict({k: v for k, v in checkpoint.weights.items() if k.startswith(USED)})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{str(path)!r} is no k-means vq-wav2vec checkpoint: {brief(error)}; give vq-wav2vec_kmeans.pt as released"
        ) from error
    return model


def _settings(args: Mapping[str, Any]) -> VqSettings:
    """Return the model's shape; an option that ``args`` lack has fairseq's default."""
    if args.get("vq_type") != "kmeans":
        raise ValueError(f"its vq_type is {args.get('vq_type')!r}, expected 'kmeans'")
    settings = VqSettings(
        layers=parse_layers(args["conv_feature_layers"]),
        codewords=args.get("vq_vars", 320),
        groups=args.get("vq_groups", 2),
        shared_codebook=bool(args.get("combine_groups", False)),
        activation=args.get("activation", "relu"),
        log_compression=bool(args.get("log_compression", False)),
        skip_connections=bool(args.get("skip_connections_feat", False)),
        residual_scale=args.get("residual_scale", 0.5),
        affine=not args.get("non_affine_group_norm", False),
        sample_rate=args.get("sample_rate", 16000),
    )
    width = settings.layers[-1][0]
    if settings.activation not in ("relu", "gelu"):
        raise ValueError(f"its activation is {settings.activation!r}, expected 'relu' or 'gelu'")
    if (args.get("vq_dim") or width) != width or width % settings.groups:
        raise ValueError(f"its vq_dim {args.get('vq_dim')} and vq_groups {settings.groups} do not fit {width} channels")
    return settings


def parse_layers(text: str) -> tuple[tuple[int, int, int], ...]:
    """Return the convolutions of fairseq's notation, a Python list that may be written as sums and products.

    It is parsed, never evaluated.

    Raises:
        ValueError: if it is anything but a list of (channels, kernel, stride).

    Example:
        >>> parse_layers("[(512, 10, 5)] + [(512, 4, 2)] * 2")
        ((512, 10, 5), (512, 4, 2), (512, 4, 2))
    """
    try:
        layers = _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError):
        layers = None
    if not isinstance(layers, list) or not layers or not all(map(_is_layer, layers)):
        raise ValueError(f"conv_feature_layers is {text[:60]!r}, expected a list of (channels, kernel, stride)")
    return tuple(layers)


def _value(node: ast.expr) -> Any:
    """Return the list, tuple or number that an expression of lists, tuples, numbers, + and * stands for; else None."""
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Tuple(elts=items):
            return tuple(map(_value, items))
        case ast.List(elts=items):
            return [*map(_value, items)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, other = _value(left), _value(right)
            return first + other if isinstance(first, list) and isinstance(other, list) else None
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            first, times = _value(left), _value(right)
            first, times = (times, first) if isinstance(times, list) else (first, times)
            fits = isinstance(first, list) and isinstance(times, int) and 0 <= times * len(first) <= MOST_LAYERS
            return first * times if fits else None
    return None


def _is_layer(layer: object) -> bool:
    return isinstance(layer, tuple) and len(layer) == 3 and all(isinstance(n, int) and 0 < n < 100_000 for n in layer)
