"""Where a fit begins from: a model folder or a checkpoint, whose labels may be others than those to be learnt now."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mser.data.module import CorpusDataModule
from mser.encoders.finite import require_finite
from mser.encoders.own_weights import only_weights, under_all_names
from mser.errors import UserError
from mser.fitting.resuming import read_checkpoint
from mser.recognizer import EmotionRecognizer
from mser.use.settings import is_model_folder, read_settings

log = logging.getLogger(__name__)
_HEAD = "head."


def start_from(source: str, model: EmotionRecognizer, data: CorpusDataModule) -> None:
    """Give a model the weights of another, in place; where its labels are others it keeps a new head.

    Args:
        source: a model folder of one fold, or a checkpoint.
        model: of the same encoders and fusion.
        data: what it is to be trained on.

    Raises:
        UserError: if there is no such model, it has other encoders or another fusion, or it may have been trained on
            what is tested here.
    """
    weights, trained, labels = _read(Path(source))
    require_unseen(source, trained, data)
    require_finite(weights, source)
    here = model.state_dict()
    weights = under_all_names(weights, model)
    same = labels == list(model.labels)
    wanted = {name: weight for name, weight in here.items() if same or not name.startswith((_HEAD, "objective."))}
    different = [name for name in sorted(wanted) if name in weights and weights[name].shape != wanted[name].shape]
    different += [name for name in sorted(weights) if name not in here]
    different += [name for name in sorted(wanted) if name not in weights]
    if different:
        first = different[0]
        shapes = [str(tuple(side[first].shape)) if first in side else "absent" for side in (weights, here)]
        raise UserError(
            f"{source} is of another model: {first} is {shapes[0]} there, {shapes[1]} here; give the same encoders, "
            f"such as --model.speech.name {source}/speech, and the same fusion"
        )
    model.load_state_dict({name: weights[name] for name in wanted}, strict=False)
    log.info("starting from %s%s", source, "" if same else f", with a new head for {', '.join(model.labels)}")


def require_unseen(source: str, trained: dict[str, Any], data: CorpusDataModule) -> None:
    """Refuse a model that was trained on other folds of the corpus: it has seen what is tested here.

    Raises:
        UserError: for such a model.
    """
    facts = data.facts()
    if trained.get("corpus") != facts["corpus"]:
        return
    if facts["corpus"] == "table":
        log.warning("%s was trained on a table: see to it that nobody tested here was among its recordings", source)
    elif (trained.get("protocol"), trained.get("fold")) != (facts["protocol"], facts["fold"]):
        raise UserError(
            f"{source} was trained on {trained['protocol']}, fold {trained.get('fold')}, so it may have heard what "
            f"{facts['protocol']}, fold {facts['fold']} tests; start from a model of another corpus, or of this fold"
        )


def _read(source: Path) -> tuple[dict[str, Tensor], dict[str, Any], list[str]]:
    """Return the weights, what they were trained on, and the labels."""
    if source.is_file():
        saved = read_checkpoint(source)
        trained = saved.get("trained_on") or {}
        return saved["state_dict"], trained, list(trained.get("labels", ()))
    if not source.exists() or not is_model_folder(source):
        raise UserError(f"--from {source} is neither a model folder that `mser export` made nor a checkpoint")
    settings = read_settings(source)
    path = only_weights(source)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is damaged: {error}; copy the whole folder again") from error
    return weights, settings.trained | {"fold": settings.members[0].fold}, list(settings.task["labels"])
