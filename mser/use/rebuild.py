"""From the settings of a model folder to the model: nothing is downloaded, unpickled or run out of the folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model

from mser import fusion, objectives
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.hub import architecture_only
from mser.errors import UserError, brief, one_of
from mser.recognizer import EmotionRecognizer
from mser.use.settings import AGAIN, FILE, Member, Settings

_HEAD = "head.1.weight"


def rebuild(settings: Settings, folder: Path) -> EmotionRecognizer:
    """Return the model of a folder, with random weights.

    Raises:
        UserError: if the settings do not make a model.
    """
    options = settings.model
    labels = list(settings.task["labels"])
    try:
        with architecture_only():
            return EmotionRecognizer(
                labels,
                speech=_encoder(SpeechEncoder, options["speech"], folder),
                text=_encoder(TextEncoder, options["text"], folder),
                fusion=partial(_known(fusion, fusion.Fusion, options["fusion"]), **options["fusion"]["options"]),
                objective=partial(
                    _known(objectives, objectives.Objective, options["objective"]), **options["objective"]["options"]
                ),
                dropout=options["dropout"],
            ).eval()
    except UserError:
        raise
    except Exception as error:  # whatever a library says of settings that somebody else wrote
        said = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise UserError(f"{folder / FILE} makes no model: {said}; {AGAIN}") from error


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


def _encoder(kind: Any, options: dict[str, Any] | None, folder: Path) -> Any:
    if options is None:
        return None
    own = {name: value for name, value in options.items() if name != "name"}
    return kind(options["name"] if options["name"] == "tiny" else str(folder / options["name"]), **own)


def _known(module: Any, kind: type, options: dict[str, Any]) -> Any:
    """Return a class by its name: of ours only, since a folder from elsewhere must not name what to run."""
    known = {
        name: one
        for name, one in vars(module).items()
        if isinstance(one, type) and issubclass(one, kind) and one is not kind
    }
    if options["class"] not in known:
        raise one_of(kind.__name__.lower(), options["class"], list(known))
    return known[options["class"]]
