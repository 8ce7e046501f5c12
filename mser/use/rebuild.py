"""From the settings of a model folder to the model: nothing is downloaded, unpickled or run out of the folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model

from mser import fusion, objectives
from mser.encoders.backbone import Backbone
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.listening import meant_before
from mser.encoders.pretrained import architecture_only
from mser.errors import UserError, brief, one_of
from mser.plugins import allowed_class
from mser.recognizer import EmotionRecognizer
from mser.use.parts import has_files
from mser.use.settings import AGAIN, FILE, Member, Settings

_HEAD = "head.1.weight"


def rebuild(settings: Settings, folder: Path, plugins: Collection[str] = ()) -> EmotionRecognizer:
    """Return the model of a folder, with random weights.

    Args:
        settings: what the folder says.
        folder: where it lies.
        plugins: modules and packages whose classes it may name besides ours.

    Raises:
        UserError: if the settings do not make a model, or name what is not allowed.
    """
    where = folder / FILE
    options = settings.model
    labels = list(settings.task["labels"])
    try:
        with architecture_only():
            return EmotionRecognizer(
                labels,
                speech=encoder(SpeechEncoder, options["speech"], folder, plugins),
                text=encoder(TextEncoder, options["text"], folder, plugins),
                fusion=made(fusion.Fusion, options["fusion"], plugins, where),
                objective=made(objectives.Objective, options["objective"], plugins, where),
                dropout=options["dropout"],
            ).eval()
    except UserError:
        raise
    except Exception as error:  # whatever a library says of settings that somebody else wrote
        message = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise UserError(f"{folder / FILE} makes no model: {message}; {AGAIN}") from error


def load_weights(model: EmotionRecognizer, settings: Settings, member: Member, folder: Path) -> None:
    """Fill a rebuilt model with the weights of one member.

    Raises:
        UserError: if they are damaged, or of another model than the settings say.
    """
    path = folder / member.weights
    try:
        with safe_open(path, "pt") as file:
            answers = [*file.get_slice(_HEAD).get_shape(), 0][0] if _HEAD in file.keys() else 0
            whole = [name for name in file.keys() if not file.get_slice(name).get_dtype().startswith(("F", "BF"))]
        if whole:
            raise UserError(f"{path} holds {whole[0]} in whole numbers, which are no weights; {AGAIN}")
        if answers != model.objective.outputs:
            raise UserError(
                f"{folder / FILE} has {len(settings.task['labels'])} labels, for which the model gives "
                f"{model.objective.outputs} numbers, but {path.name} holds weights for {answers}; {AGAIN}"
            )
        load_model(model, path)
    except (OSError, RuntimeError, ValueError, TypeError, SafetensorError) as error:
        raise UserError(f"{path} is damaged or does not fit {FILE}: {brief(error)}; {AGAIN}") from error


def encoder(kind: Any, options: Mapping[str, Any] | None, folder: Path, plugins: Collection[str]) -> Any:
    """Return an encoder from its settings, within `architecture_only` with random weights; None where there is none."""
    if options is None:
        return None
    own, where = dict(options), folder / FILE
    if "class" in own:
        kind = allowed_class(own.pop("class"), kind, plugins, where)
    if "layer" not in own and "layer" in signature(kind).parameters:
        own |= meant_before(own)
    if has_files(own):
        own["name"] = str(folder / own["name"])
    elif isinstance(own.get("name"), dict):
        own["name"] = made(Backbone, own["name"], plugins, where)()
    return kind(**own)


def made(kind: type, definition: Mapping[str, Any], plugins: Collection[str], where: object) -> partial[Any]:
    """Return what makes a part: ours by the short name of its class, another package's if that is allowed."""
    homes: dict[type, Any] = {fusion.Fusion: fusion, objectives.Objective: objectives}
    own = homes.get(kind)
    ours = {
        name: one for name, one in (vars(own) if own else {}).items() if isinstance(one, type) and issubclass(one, kind)
    }
    ours.pop(kind.__name__, None)
    name = definition["class"]
    if "." not in name and name not in ours:
        raise one_of(kind.__name__.lower(), name, list(ours))
    return partial(ours.get(name) or allowed_class(name, kind, plugins, where), **definition["options"])
