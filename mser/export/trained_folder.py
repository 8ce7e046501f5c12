"""Makes a model folder of one or more finished folds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_model

from mser.data.audio import SAMPLE_RATE
from mser.encoders.pretrained import save_settings
from mser.encoders.sentence import own_pooling
from mser.errors import UserError, brief
from mser.export.averaging import compared, judged, mean_weights, require_one_fold
from mser.export.card import card
from mser.export.folds import Trained, read_folds, score_range, threshold
from mser.export.heard_in_training import recordings_of, transcripts_of
from mser.export.threshold import fitted_threshold
from mser.files.whole import new_folder
from mser.plugins import require_allowed
from mser.recognizer import EmotionRecognizer
from mser.runs.run import Run
from mser.use.parts import encoder, foreign, has_files, part
from mser.use.rebuild import rebuild
from mser.use.settings import Settings


def export(folds: Sequence[Path], out: Path, *, average: bool = False, plugins: Collection[str] = ()) -> Settings:
    """Write the folder `out`, which appears whole or not at all, and return what it says of itself.

    Args:
        folds: ``RUN/seed<S>/fold<K>``; several of one run make an ensemble.
        out: the folder to make.
        average: make one set of weights of several seeds of a fold instead, if it scores no worse on validation.
        plugins: packages whose classes the run may name.

    Raises:
        UserError: if a fold is not finished, an encoder's settings are gone, the folder cannot be written, or the
            average is worse.
    """
    trained = read_folds(folds)
    if average:
        require_one_fold(trained)
    settings = _settings(trained)
    for path in foreign(settings.model):
        require_allowed(path, plugins, trained.run.folder / "config.yaml")
    with new_folder(out) as folder:
        for side in filter(lambda side: has_files(settings.model[side]), settings.modalities):
            save_settings(_options(trained.run, side)["name"], folder / side, text=side == "text")
        model = rebuild(settings, folder, plugins)
        settings = (_average if average else _ensemble)(model, settings, trained, folder)
        settings.write(folder)
        (folder / "README.md").write_text(card(settings, trained), encoding="utf-8")
    return settings


def _ensemble(model: EmotionRecognizer, settings: Settings, trained: Trained, folder: Path) -> Settings:
    """Write the weights of each member, and return the settings with their id."""
    digest = hashlib.sha256()
    for member, checkpoint in zip(settings.members, trained.checkpoints, strict=True):
        _fill(model, checkpoint)
        digest.update(_save(model, folder / member.weights))
    return replace(settings, id=digest.hexdigest()[:12])


def _average(model: EmotionRecognizer, settings: Settings, trained: Trained, folder: Path) -> Settings:
    """Write the mean of the members' weights, and return the settings of what it is."""
    states = []
    for checkpoint in trained.checkpoints:
        _fill(model, checkpoint)
        states.append({name: value.clone() for name, value in model.state_dict().items()})
    model.load_state_dict(mean_weights(states))
    averaged = judged(trained, settings, model)
    digest = hashlib.sha256(_save(model, folder / averaged.member.weights))
    seeds = [member.seed for member in trained.members]
    return replace(
        settings,
        id=digest.hexdigest()[:12],
        members=(averaged.member,),
        abstain=fitted_threshold([(averaged.val, averaged.probabilities)], trained.run.question),
        trained=settings.trained | {"averaged": {"seeds": seeds, "said": compared(averaged)}},
    )


def _save(model: EmotionRecognizer, path: Path) -> bytes:
    save_model(model, str(path), {"format": "pt"})
    path.chmod(0o644)
    return path.read_bytes()


def _fill(model: EmotionRecognizer, checkpoint: Path) -> None:
    try:
        model.load_state_dict(torch.load(checkpoint, map_location="cpu", mmap=True, weights_only=True)["state_dict"])
    except Exception as error:  # of a damaged file torch says so in many ways
        raise UserError(f"{checkpoint} does not fit the run's config.yaml, or is damaged: {brief(error)}") from error


def _settings(trained: Trained) -> Settings:
    run, plan = trained.run, trained.run.plan
    sides = {side: _options(run, side) for side in ("speech", "text")}
    return Settings(
        id="",
        task={
            "kind": plan.task,
            "exclusive": plan.exclusive,
            "name": plan.label_set,
            "labels": list(plan.labels),
            **score_range(run),
        },
        sample_rate=SAMPLE_RATE,
        max_seconds=run.config["data"]["init_args"].get("max_seconds"),
        model={
            **{
                side: _pooled(options, side) | {"name": side} if has_files(options) else options
                for side, options in sides.items()
            },
            "fusion": part(run.config["model"]["fusion"]),
            "objective": part(run.config["model"]["objective"]),
            "dropout": run.config["model"]["dropout"],
        },
        trained={
            "run": run.name,
            "corpus": plan.corpus,
            "protocol": plan.protocol,
            "digest": plan.digest,
            "made_up": plan.made_up,
            "modality_dropout": (run.config["data"]["init_args"].get("augment") or {}).get("modality_dropout", 0.0),
            "encoders": {side: _public(options) for side, options in sides.items() if options},
        },
        members=trained.members,
        abstain=threshold(trained),
        recordings=recordings_of(run) if sides["speech"] else None,
        transcripts=transcripts_of(run) if sides["text"] else None,
    )


def _options(run: Run, side: str) -> Any:
    """Return the options of an encoder, or None where the model has none on this side."""
    return encoder(run.config["model"].get(side), side)


def _pooled(options: dict[str, Any], side: str) -> dict[str, Any]:
    """Return an encoder's options with the pooling that a sentence encoder names in its folder, which ours lacks."""
    if side == "text" and has_files(options) and options.get("pooling") is None:
        return options | {"pooling": own_pooling(options["name"])}
    return options


def _public(options: dict[str, Any]) -> str:
    """Return an encoder's name without the folders around it, which are nobody else's business."""
    if not isinstance(name := options.get("name"), str):
        return str((name or options)["class"])
    return Path(name).name if Path(name).is_dir() else name
