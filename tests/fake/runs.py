"""Makes run folders as `mser crossval` leaves them, with made-up predictions. Nothing is trained."""

import csv
import json
import math
import random
from dataclasses import replace
from pathlib import Path

import yaml

from mser.demo.ratings import rate
from mser.manifest import Manifest, Utterance
from mser.runs.test_log import record
from mser.splits.protocols import Fold, digest

LABELS = ("neu", "sad", "ang", "hap")
AUDIT = {
    "speaker_overlap": 0,
    "group_overlap": 0,
    "audio_overlap": 0,
    "val_speaker_overlap": 0,
    "val_group_overlap": 0,
    "val_audio_overlap": 0,
    "val_test_speaker_overlap": 0,
    "val_test_group_overlap": 0,
    "val_test_audio_overlap": 0,
    "near_duplicate_transcripts": 0.25,
    "near_duplicate_transcripts_by_style": {"improvised": 0.01, "scripted": 0.49},
}
_SHARES = (0.35, 0.2, 0.2, 0.25)


def make_run(
    folder: Path,
    *,
    skill: float = 0.6,
    seeds: tuple[int, ...] = (1,),
    folds: int = 5,
    turns: int = 12,
    epochs: int = 6,
    objective: str = "CrossEntropy",
    labels: tuple[str, ...] = LABELS,
    label_set: str = "iemocap4",
    task: str = "labels",
    skip_test: bool = False,
    audit: dict | None = None,
    name: str | None = None,
    styles: bool = True,
    rated: bool = False,
    speech: str | None = "microsoft/wavlm-base-plus",
    text: str | None = "FacebookAI/roberta-base",
) -> Path:
    """Write a finished run of `folds` sessions with two speakers each and return its folder.

    Args:
        skill: how often a prediction is right on purpose, 0..1.
        turns: utterances per speaker.
        rated: whether three observers and the speaker rated each utterance.
        task: ``labels``, ``multi_label`` (with OneVsRest) or ``scores`` (with Regression; `labels` are their names).
    """
    utterances = _utterances(folds, turns, labels, styles)
    if rated:
        utterances = [replace(one, ratings=rate(one.label, "F1", ("E1", "E2", "E3"), random.Random(one.id)))
                      for one in utterances]  # fmt: skip
    plan = [_fold(number, folds, utterances) for number in range(1, folds + 1)]
    _json(folder / "protocol.json", _protocol(plan, labels, label_set, task, audit or AUDIT))
    _json(folder / "run.json", _facts(folder, name, seeds, folds, skip_test))
    objective = {"labels": objective, "multi_label": "OneVsRest", "scores": "Regression"}[task]
    _yaml(folder / "config.yaml", _config(objective, speech, text))
    if styles:
        Manifest("iemocap", Path("/corpora/iemocap"), tuple(utterances)).write(folder / "manifest.jsonl")
    for seed in seeds:
        for fold in plan:
            job = folder / f"seed{seed}" / f"fold{fold.number}"
            rng = random.Random(f"{skill} {seed} {fold.number}")
            answer = {"labels": _one_label, "multi_label": _several_labels, "scores": _scores}[task]
            splits = ("val",) if skip_test else ("val", "test")
            _predictions(job / "predictions.csv", fold, seed, splits, utterances, labels, objective, answer, rng, skill)
            first = {"labels": "ua", "multi_label": "balanced_accuracy", "scores": "ccc"}[task]
            best = _history(job / "history.csv", epochs, skill, "mae" if labels == ("sentiment",) else first, rng)
            if not skip_test:
                record(job, fold=fold.number, seed=seed, checkpoint="best.ckpt")
            _json(job / "metrics.json", _metrics(seed, fold, digest(plan), epochs, best, rng))
    return folder


def predictions_of(run: Path, seed: int = 1, fold: int = 1) -> list[dict[str, str]]:
    """Return the rows of one predictions.csv."""
    with (run / f"seed{seed}/fold{fold}/predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write_predictions(run: Path, rows: list[dict[str, object]], seed: int = 1, fold: int = 1) -> None:
    """Replace one predictions.csv."""
    _csv(run / f"seed{seed}/fold{fold}/predictions.csv", rows)


def edit_json(path: Path, **changes: object) -> None:
    """Change some entries of a JSON file."""
    _json(path, {**json.loads(path.read_text()), **changes})


def _utterances(folds: int, turns: int, labels: tuple[str, ...], styles: bool) -> list[Utterance]:
    rng = random.Random(0)
    shares = _SHARES if len(labels) == len(_SHARES) else None
    found = []
    for session in range(1, folds + 1):
        for gender in "FM":
            for turn in range(turns):
                play = "impro01" if turn % 2 else "script01"
                dialogue = f"Ses{session:02}F_{play}"
                found.append(
                    Utterance(
                        id=f"{dialogue}_{gender}{turn:03}",
                        audio=f"Session{session}/{dialogue}_{gender}{turn:03}.wav",
                        duration=1.0 + turn % 5,
                        transcript=_transcript(session, gender, turn),
                        speaker=f"Ses{session:02}{gender}",
                        group=dialogue,
                        session=f"Session{session}",
                        style=("improvised" if turn % 2 else "scripted") if styles else "",
                        gender=gender,
                        label=labels[turn] if turn < len(labels) else rng.choices(labels, shares)[0],
                    )
                )
    return sorted(found, key=lambda utterance: utterance.id)


def _transcript(session: int, gender: str, turn: int) -> str:
    """Return what all sessions say in scripted turns, what nobody else says in the others, and now and then a word."""
    if turn % 6 == 5:
        return "Yes."
    return f"story {turn} of {session}{gender}, told <once>" if turn % 2 else f"this is line number {turn} of the play"


def _fold(number: int, folds: int, utterances: list[Utterance]) -> Fold:
    test, val = f"Session{number}", f"Session{number % folds + 1}"
    ids = {part: tuple(u.id for u in utterances if u.session == part) for part in (test, val)}
    train = tuple(u.id for u in utterances if u.session not in (test, val))
    return Fold(number, f"session{number}", train, ids[val], ids[test])


def _protocol(plan: list[Fold], labels: tuple[str, ...], label_set: str, task: str, audit: dict) -> dict:
    folds = [{"number": f.number, "name": f.name, "train": f.train, "val": f.val, "test": f.test} for f in plan]
    return {
        "corpus": "iemocap",
        "protocol": "iemocap/loso5",
        "description": "Each of five sessions is tested once by a model trained on three others, chosen on a fourth.",
        "digest": digest(plan),
        "task": task,
        "label_set": label_set,
        "labels": labels,
        "folds": folds,
        "audit": audit,
    }


def _facts(folder: Path, name: str | None, seeds: tuple[int, ...], folds: int, skip_test: bool) -> dict:
    return {
        "name": name or folder.name,
        "command": f"mser crossval --config experiments/iemocap/{folder.name}.yaml --out runs/{folder.name}",
        "commit": "6ff5ed7c0ffee",
        "versions": {"mser": "0.1.0", "torch": "2.14.1", "lightning": "2.6.6", "python": "3.11.2"},
        "hardware": {"cpu": "Made-Up 9000", "cores": 16, "memory_gb": 64.0, "gpus": ["Made-Up GPU 80GB"]},
        "started": "2026-01-02T03:04:05+00:00",
        "seeds": list(seeds),
        "folds": list(range(1, folds + 1)),
        "skip_test": skip_test,
    }


def _config(objective: str, speech: str | None, text: str | None) -> dict:
    def encoder(kind: str, checkpoint: str | None) -> dict | None:
        return checkpoint and {"class_path": f"mser.encoders.{kind}", "init_args": {"name": checkpoint}}

    return {
        "seed_everything": 1,
        "data": {"class_path": "mser.data.iemocap.Iemocap", "init_args": {"root": "/corpora/iemocap", "fold": 1}},
        "model": {
            "speech": encoder("SpeechEncoder", speech),
            "text": encoder("TextEncoder", text),
            "fusion": {"class_path": "mser.fusion.CoAttention", "init_args": {"heads": 2}},
            "objective": {"class_path": f"mser.objectives.{objective}"},
        },
    }


def _predictions(path, fold, seed, splits, utterances, labels, objective, answer, rng, skill) -> None:
    by_id = {utterance.id: utterance for utterance in utterances}
    luck = rng.uniform(-0.12, 0.12)
    chance = min(1.0, skill + (luck if 0 < skill < 1 else 0))
    rows = [
        {
            "utterance": utterance.id,
            "speaker": utterance.speaker,
            "group": utterance.group,
            "fold": fold.number,
            "seed": seed,
            "split": split,
            **answer(utterance, labels, objective, rng, chance),
        }
        for split in splits
        for utterance in (by_id[name] for name in getattr(fold, split))
    ]
    _csv(path, rows)


def _one_label(utterance, labels, objective, rng, chance) -> dict:
    said = utterance.label if rng.random() < chance else rng.choice(labels)
    logits = [rng.gauss(0, 1) for _ in labels]
    logits[labels.index(said)] = max(logits) + rng.uniform(0.1, 2)
    probabilities = zip(labels, _probabilities(logits, objective), strict=True)
    return {"target": utterance.label, "prediction": said, **{f"p_{label}": p for label, p in probabilities}}


def _several_labels(utterance, labels, objective, rng, chance) -> dict:
    truth = random.Random(utterance.id)
    present = {label: truth.random() < 0.4 for label in labels}
    said = {label: holds if rng.random() < chance else rng.random() < 0.4 for label, holds in present.items()}
    return {
        "target": "+".join(label for label in labels if present[label]),
        "prediction": "+".join(label for label in labels if said[label]),
        **{f"p_{label}": f"{rng.uniform(0.51, 1) if said[label] else rng.uniform(0, 0.49):.6f}" for label in labels},
    }


def _scores(utterance, labels, objective, rng, chance) -> dict:
    truth = random.Random(utterance.id)
    target = {label: round(max(-3, min(3, truth.gauss(0.2, 1.5))) * 5) / 5 for label in labels}
    said = {label: chance * score + rng.gauss(0, 1 - chance / 2) for label, score in target.items()}
    suffix = {label: f"_{label}" if len(labels) > 1 else "" for label in labels}
    return {f"target{suffix[label]}": f"{target[label]:.9g}" for label in labels} | {
        f"prediction{suffix[label]}": f"{said[label]:.9g}" for label in labels
    }


def _probabilities(logits: list[float], objective: str) -> list[str]:
    if objective == "OneVsRest":
        return [f"{1 / (1 + math.exp(1 - logit)):.6f}" for logit in logits]
    total = sum(map(math.exp, logits))
    return [f"{math.exp(logit) / total:.6f}" for logit in logits]


def _history(path: Path, epochs: int, skill: float, first: str, rng: random.Random) -> int:
    rows = []
    for epoch in range(epochs):
        fall = math.exp(-epoch / 3)
        rows.append(
            {
                "epoch": epoch,
                "step": 40 * (epoch + 1),
                "lr": 1e-5 * (1 - epoch / epochs),
                "train/loss": round(0.25 + 1.15 * fall + rng.uniform(0, 0.05), 4),
                "val/loss": round(1.55 - skill + 0.35 * fall + 0.03 * epoch + rng.uniform(0, 0.08), 4),
                "val/wa": round(0.25 + (skill - 0.2) * (1 - fall) + rng.uniform(0, 0.05), 4),
                f"val/{first}": round(0.25 + (skill - 0.2) * (1 - fall) + rng.uniform(0, 0.05), 4),
            }
        )
    _csv(path, rows)
    return max(rows, key=lambda row: row[f"val/{first}"])["epoch"]


def _metrics(seed: int, fold: Fold, found: str, epochs: int, best: int, rng: random.Random) -> dict:
    return {
        "seed": seed,
        "fold": fold.number,
        "digest": found,
        "val": {"ua": 0.99},
        "test": {"ua": 0.99},
        "epochs": epochs,
        "best_epoch": best,
        "seconds": round(rng.uniform(300, 400), 1),
        "peak_memory_gb": round(rng.uniform(10, 12), 2),
        "parameters": {
            "speech": {"trainable": 94381936, "total": 94381936},
            "text": {"trainable": 124055040, "total": 124645632},
            "fusion": {"trainable": 4722432, "total": 4722432},
            "head": {"trainable": 6148, "total": 6148},
        },
    }


def _csv(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _json(path: Path, data: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def _yaml(path: Path, data: dict) -> None:
    path.write_text(yaml.safe_dump(data))
