"""A whole model that the paper's code has fine-tuned, ready for ``mser test``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from mser.convert.checkpoint import Checkpoint, read_checkpoint
from mser.convert.cross_modal import CROSS_LAYERS, load_fusion
from mser.convert.roberta import SPEECH_PART, TEXT_PART, convert_roberta
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.errors import UserError, brief
from mser.files.whole import new_folder
from mser.fusion import CoAttention, Shallow
from mser.objectives import CrossEntropy, OneVsRest
from mser.recognizer import EmotionRecognizer

WEIGHTS = "model.safetensors"
PARTS = {"speech": SPEECH_PART, "text": TEXT_PART}
# By the option that the paper's code was trained with: our objective, and the classes in the order of its outputs.
TASKS = {
    "binary_target_iemocap": ("OneVsRest", ["neu", "sad", "ang", "hap"]),
    "softmax_target_meld": ("CrossEntropy", ["neutral", "sadness", "anger", "joy", "surprise", "fear", "disgust"]),
}


def convert_fine_tuned(
    checkpoint: str, out: str, *, speech: str | None = None, text: str | None = None, fusion: str | None = None
) -> str:
    """Write the folder `out` and return one line that describes it.

    It holds the encoders (``speech``, ``text``), ``model.ckpt`` for ``--ckpt_path`` and ``model.yaml``, the options of
    the model that go with it.

    Args:
        checkpoint: a fine-tuned model of the paper's code.
        out: folder to make.
        speech: the converted Speech-BERT that it was made from; its tokeniser and settings are taken.
        text: the converted RoBERTa that it was made from.
        fusion: ``coattention``, or ``shallow`` to leave the cross layers out, as the code's later versions did even
            with ``--stack-up``; by what the checkpoint has when None.

    Raises:
        UserError: if a file is unreadable or they do not belong together.
    """
    tuned = read_checkpoint(checkpoint)
    sources = {"speech": speech, "text": text}
    kind = fusion or ("coattention" if any(".layers_ta." in name for name in tuned.weights) else "shallow")
    objective, labels = _task(tuned)
    _require_sources(tuned, sources)
    options = _options(out, sources, kind, tuned, objective)
    with new_folder(out) as folder:
        for part, source in sources.items():
            if source is not None:
                _write_encoder(tuned, part, Path(source), folder / part)
        model = _model(folder, options, labels)
        try:
            load_fusion(model.fusion, model.head, tuned.weights)
        except (KeyError, RuntimeError) as error:
            raise _not_this(tuned, brief(error)) from error
        _write_checkpoint(folder / "model.ckpt", model.state_dict())
        (folder / "model.yaml").write_text(yaml.safe_dump({"model": options}, sort_keys=False), encoding="utf-8")
    return f"{out}: {' and '.join(p for p in PARTS if sources[p])}, {kind} fusion, {objective} over {', '.join(labels)}"


def _task(tuned: Checkpoint) -> tuple[str, list[str]]:
    """Return the objective and the classes that the checkpoint was trained for."""
    for option, task in TASKS.items():
        if tuned.settings.get(option):
            return task
    raise _not_this(tuned, f"it was trained with none of {', '.join(TASKS)}")


def _require_sources(tuned: Checkpoint, sources: Mapping[str, str | None]) -> None:
    """Raise unless there is a folder for each encoder of the checkpoint and for no other."""
    for part, prefix in PARTS.items():
        has = any(name.startswith(prefix) for name in tuned.weights)
        if has and sources[part] is None:
            raise UserError(
                f"{str(tuned.path)!r} has a {part} encoder: give the converted folder that it was made from "
                f"with --{part}"
            )
        if not has and sources[part] is not None:
            raise _not_this(tuned, f"it has no {part} encoder, but --{part} was given")


def _write_encoder(tuned: Checkpoint, part: str, source: Path, folder: Path) -> None:
    """Write a copy of a converted folder with the fine-tuned weights in it."""
    try:
        settings = json.loads((source / "config.json").read_text(encoding="utf-8"))
        before = load_file(source / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(f"{str(source)!r} is no converted {part} encoder; make it with mser convert") from error
    _, weights = convert_roberta(tuned, PARTS[part], heads=settings["num_attention_heads"])
    if {name: w.shape for name, w in before.items()} != {name: w.shape for name, w in weights.items()}:
        raise _not_this(tuned, f"its {part} encoder has other shapes than {str(source)!r}")
    shutil.copytree(source, folder)
    save_file(weights, folder / WEIGHTS, {"format": "pt"})


def _options(
    out: str, sources: Mapping[str, str | None], kind: str, tuned: Checkpoint, objective: str
) -> dict[str, Any]:
    """Return the options of `EmotionRecognizer` that rebuild the model from the folder `out`."""
    encoders = {
        part: None if source is None else {"name": str(Path(out).absolute() / part), "pooling": "first"}
        for part, source in sources.items()
    }
    layers = {name.split(".")[3] for name in tuned.weights if name.startswith(f"{CROSS_LAYERS}layers_ta.")}
    cross = {"heads": tuned.settings.get("encoder_attention_heads", 2), "layers": len(layers)}
    return {
        **encoders,
        "fusion": {"class_path": "mser.fusion.CoAttention", "init_args": cross}
        if kind == "coattention"
        else {"class_path": "mser.fusion.Shallow"},
        "objective": {"class_path": f"mser.objectives.{objective}"},
    }


def _model(folder: Path, options: Mapping[str, Any], labels: list[str]) -> EmotionRecognizer:
    cross = options["fusion"].get("init_args")
    return EmotionRecognizer(
        labels,
        speech=SpeechEncoder(str(folder / "speech"), pooling="first") if options["speech"] else None,
        text=TextEncoder(str(folder / "text"), pooling="first") if options["text"] else None,
        fusion=partial(CoAttention, **cross) if cross else Shallow,
        objective=OneVsRest if options["objective"]["class_path"].endswith("OneVsRest") else CrossEntropy,
    )


def _write_checkpoint(path: Path, weights: dict[str, Tensor]) -> None:
    """Write what Lightning needs to find in a checkpoint that is only tested with."""
    torch.save(
        {"state_dict": weights, "pytorch-lightning_version": lightning.__version__, "epoch": 0, "global_step": 0}, path
    )


def _not_this(tuned: Checkpoint, reason: str) -> UserError:
    return UserError(f"{str(tuned.path)!r} is no fine-tuned model that can be converted: {reason}")
