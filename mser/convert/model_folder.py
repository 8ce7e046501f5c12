"""A model folder of weights that somebody else trained."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors.torch import save_model
from torch import Tensor

from mser.convert.foreign_card import card
from mser.encoders.backbone import Backbone
from mser.encoders.finite import require_finite
from mser.errors import UserError, brief
from mser.files.whole import new_folder
from mser.use.rebuild import rebuild
from mser.use.settings import Member, Settings

WEIGHTS = "published.safetensors"


@dataclass(frozen=True)
class Foreign:
    """What somebody else trained, in our parts.

    Attributes:
        name: where it was published, for a reader.
        layout: of its classifier.
        datasets: what it is known to be trained on.
        task: as a model folder has it.
        objective: class of the objective.
        fusion: class and options, as a model folder has them.
        layer_sum: whether it hears a weighted sum of all layers.
        weights: of everything but the backbone.
        backbone: the encoder, with its weights.
        save_encoder: writes what the encoder is rebuilt from into a folder.
        max_seconds: what it hears of a clip.
    """

    name: str
    layout: str
    datasets: tuple[str, ...]
    task: dict[str, Any]
    objective: str
    fusion: dict[str, Any]
    layer_sum: bool
    weights: Mapping[str, Tensor]
    backbone: Backbone
    save_encoder: Callable[[Path], None]
    max_seconds: float | None = None


def write_model_folder(foreign: Foreign, out: str) -> Settings:
    """Write the folder `out`, which appears whole or not at all, and return what it says of itself.

    Raises:
        UserError: if the weights do not fit each other or are no numbers, or the folder cannot be written.
    """
    settings = _settings(foreign)
    with new_folder(out) as folder:
        (folder / "speech").mkdir()
        foreign.save_encoder(folder / "speech")
        model = rebuild(settings, folder)
        encoder = {f"speech.backbone.{name}": value for name, value in foreign.backbone.state_dict().items()}
        objective = {f"objective.{name}": value for name, value in model.objective.state_dict().items()}
        try:
            model.load_state_dict(encoder | objective | dict(foreign.weights))
        except RuntimeError as error:
            raise UserError(f"the weights of {foreign.name} do not fit its config.json: {brief(error)}") from error
        require_finite(model.state_dict(), foreign.name)
        path = folder / WEIGHTS
        save_model(model, str(path), {"format": "pt"})
        path.chmod(0o644)
        with path.open("rb") as file:
            settings = replace(settings, id=hashlib.file_digest(file, "sha256").hexdigest()[:12])
        settings.write(folder)
        (folder / "README.md").write_text(card(settings), encoding="utf-8")
    return settings


def _settings(foreign: Foreign) -> Settings:
    options = {"name": "speech", "pooling": "mean", "layer_sum": foreign.layer_sum}
    return Settings(
        id="",
        task=foreign.task,
        sample_rate=16_000,
        max_seconds=foreign.max_seconds,
        model={
            "speech": options,
            "text": None,
            "fusion": foreign.fusion,
            "objective": {"class": foreign.objective, "options": {}},
            "dropout": 0.1,
        },
        trained={"published": foreign.name, "layout": foreign.layout, "datasets": list(foreign.datasets)},
        members=(Member(WEIGHTS, seed=0, fold=0, temperature=1.0, metrics={}, floor={}),),
    )
