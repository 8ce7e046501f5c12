"""Whether a checkpoint is one of this experiment, before anything is loaded from it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from mser.corpora.same_classes import translation
from mser.data.module import CorpusDataModule
from mser.encoders.listening import meant_before
from mser.errors import UserError
from mser.recognizer import EmotionRecognizer
from mser.runs.folder import BEST, CONFIG


def require_own(path: Path, model: EmotionRecognizer, data: CorpusDataModule) -> None:
    """Refuse a checkpoint that this experiment cannot have written.

    Scoring a checkpoint on another corpus is allowed; on another fold of its own corpus it would be asked about
    utterances that it was trained on.

    Raises:
        UserError: if it is missing, damaged, of a model of another shape, for other labels, or of another fold.
    """
    saved = read_checkpoint(path)
    before, now = saved.get("trained_on"), data.facts()
    if before and before["labels"] != now["labels"]:
        raise UserError(
            f"the checkpoint knows {', '.join(before['labels'])} ({before['label_set']}), the data have "
            f"{', '.join(now['labels'])}; {_other_labels(before['labels'], now['labels'])}"
        )
    _require_shapes(path, saved["state_dict"], model.state_dict())
    if before and before["corpus"] == now["corpus"]:
        for name in ("protocol", "fold"):
            if before[name] != now[name]:
                raise UserError(
                    f"{path} is of another experiment: its {name} is {before[name]}, here it is {now[name]}; give the "
                    f"{CONFIG} that lies with it, by --config"
                )


def _other_labels(known: list[str], here: list[str]) -> str:
    if translation(here, known):
        return "these are the same in other words or in another order: leave data.init_args.labels out"
    return "choose data.init_args.labels with the same"


def require_same(path: Path, config: str, advice: str, *, trainer_too: bool = True) -> None:
    """Refuse to go on with other settings than something was begun with: half of each would count.

    Args:
        path: the configuration that it was begun with; where there is none, nothing is refused.
        config: the present one.
        advice: what to do where they differ.
        trainer_too: whether the trainer's settings count, and where the corpus lies.

    Raises:
        UserError: for other settings.
    """
    if not path.exists():
        return
    try:
        before = _flat(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        message = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is damaged ({message}); delete it, and run the same command again") from error
    now = _flat(yaml.safe_load(config))
    if (before.get(_OWN), now.get(_OWN)) == ("first", None):  # what the encoder's own pooling was before others had one
        now[_OWN] = "first"
    now = {name: value for name, value in now.items() if name in before or not _was_meant(name, value)}
    changed = [name for name in sorted(before | now) if before.get(name) != now.get(name)]
    if not trainer_too:
        changed = [name for name in changed if name.startswith(_DECISIVE) and not name.endswith(_ELSEWHERE)]
    if changed:
        first = changed[0]
        raise UserError(
            f"{path.parent} was begun with {first}={before.get(first)}, now it is {now.get(first)}"
            f"{f' ({len(changed)} settings differ)' if len(changed) > 1 else ''}; {advice}"
        )


_DECISIVE = ("model.", "data.", "seed_everything")
_OWN = "model.text.pooling"
_MEANT: dict[str, tuple[object, ...]] = {
    "model.objective.init_args.effective_beta": (0.999,),
    **{
        f"model.{side}.init_args.{name}": (value,)
        for side in ("speech", "text")
        for name, value in meant_before({}).items()
    },
}
"""What was done before there were these options; that of class weights counts only where it is asked for."""
_ELSEWHERE = (".root", ".num_workers")


def _was_meant(name: str, value: object) -> bool:
    """Return whether an option that came later says what was done before; most do nothing at null, false or 0."""
    return value in _MEANT[name] if name in _MEANT else not value


def _flat(node: Any, name: str = "") -> dict[str, Any]:
    """Return the leaves of nested settings by dotted names."""
    if not isinstance(node, dict):
        return {name: node}
    return {
        key: value for child, inner in node.items() for key, value in _flat(inner, f"{name}.{child}".strip(".")).items()
    }


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return what a checkpoint holds; its weights stay on disk until they are used.

    Raises:
        UserError: if there is none, or it is damaged.
    """
    try:
        saved: dict[str, Any] = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        saved["state_dict"].items()
    except FileNotFoundError:
        raise UserError(f"there is no checkpoint {path}; a fit writes {BEST} into its folder") from None
    except (
        OSError,
        RuntimeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        pickle.UnpicklingError,
    ) as error:
        raise UserError(f"{path} is no checkpoint of mser, or a damaged one; choose another --ckpt_path") from error
    return saved


def _require_shapes(path: Path, there: dict[str, Tensor], here: dict[str, Tensor]) -> None:
    shapes = [{name: tuple(tensor.shape) for name, tensor in weights.items()} for weights in (there, here)]
    if different := [name for name in sorted(there.keys() | here.keys()) if shapes[0].get(name) != shapes[1].get(name)]:
        shape, expected = (side.get(different[0], "absent") for side in shapes)
        raise UserError(
            f"{path} is of another model: {different[0]} is {shape} there, {expected} here ({len(different)} weights "
            f"differ); give the {CONFIG} that lies with it, by --config"
        )
