"""The search itself: which setting is tried next, and what becomes of it. Optuna keeps the record of trials."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mser.errors import UserError
from mser.sweep.file import Sweep
from mser.sweep.space import as_kept, distribution, grid, size, suggest

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

Settings = dict[str, Any]
Score = Callable[[Settings, Path], float | None]
_AGAIN, _TWICE, _BY, _FOLDER = "broken_off", "twice", "by", "folder"


class ProposedSettings(NamedTuple):
    """A setting to be tried: Optuna's `trial`, the `settings` and the `folder` of their cross-validation."""

    trial: Trial
    settings: Settings
    folder: Path


def open_study(sweep: Sweep, storage: str, seed: int, shared: Mapping[str, Any]) -> Study:
    """Return the record of trials, opened or begun.

    Args:
        sweep: what is searched.
        storage: a file, or the address of a database.
        seed: of the search.
        shared: what all of its trials have in common: a search may go on only with the same.

    Raises:
        UserError: if Optuna is not installed, or the record is of another search.
    """
    try:
        import optuna
    except ImportError:
        raise UserError(
            "mser sweep needs Optuna, which is not installed; run pip install 'multimodal-ser[sweep]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=sweep.name,
        storage=_storage(storage),
        direction="maximize" if sweep.better > 0 else "minimize",
        sampler=_sampler(sweep.method, seed),
        load_if_exists=True,
    )
    now = {"metric": sweep.metric, "goal": sweep.goal, **shared}
    before = study.user_attrs.get("shared") or now
    if different := [name for name in now if before.get(name) != now[name]]:
        name = different[0]
        raise UserError(
            f"{storage} holds trials of another search ({name}: {before.get(name)}, now {now[name]}); "
            "give the same, or choose another --out"
        )
    study.set_user_attr("shared", now)
    for trial in study.trials:
        if _is_lost(trial):
            _break_off(study, optuna.trial.Trial(study, trial._trial_id))
    return study


def finished(study: Study) -> int:
    """Return how many settings have been tried to their end, those that failed included."""
    return len([trial for trial in study.trials if trial.state.is_finished() and not _is_void(trial)])


def ask(study: Study, sweep: Sweep, out: Path, seed: int) -> ProposedSettings | None:
    """Return the next setting, one that was never tried before; None where all of them were.

    Args:
        study: the record of trials.
        sweep: what is searched.
        out: folder of the trials.
        seed: of the search. What is drawn next follows from it and from how many trials there are, so that a search
            that carries on does not draw the same again.
    """
    keys, repeated = keys_of(study, sweep), False
    while True:
        tried = _tried(study)
        left = _left(sweep, tried)
        if left == []:
            return None
        if left and (sweep.method == "grid" or repeated):
            setting = left[0] if sweep.method == "grid" else random.Random(seed + len(study.trials)).choice(left)
            study.enqueue_trial({keys[n]: as_kept(v, sweep.parameters[n]) for n, v in setting.items() if n in keys})
        study.sampler = _sampler(sweep.method, seed + 7919 * len(study.trials))
        trial = study.ask()
        settings = {name: suggest(trial, name, space, keys.get(name)) for name, space in sweep.parameters.items()}
        folder = out / digest(settings)
        if folder.name not in tried:
            trial.set_user_attr(_FOLDER, str(folder))
            trial.set_user_attr(_BY, [socket.gethostname(), os.getpid()])
            return ProposedSettings(trial, settings, folder)
        repeated = True
        trial.set_user_attr(_TWICE, value=True)
        study.tell(trial, state=_state("FAIL"))


def _tried(study: Study) -> set[str]:
    """Return the names of the folders of what was tried, or is being tried somewhere."""
    folders = [trial.user_attrs.get(_FOLDER) for trial in study.trials if not _is_void(trial)]
    return {Path(folder).name for folder in folders if folder}


def _left(sweep: Sweep, tried: set[str]) -> list[Settings] | None:
    """Return the settings that were not tried; None where there is no end of them."""
    whole = size(sweep.parameters)
    if whole is None or whole > _MANY:
        return None
    return [settings for settings in grid(sweep.parameters) if digest(settings) not in tried]


_MANY = 100_000
"""Of a larger space what is left is not listed: to draw the same twice is unlikely there."""


def run(study: Study, trial: ProposedSettings, score: Score) -> float | None:
    """Try a setting and keep its score; one that is broken off is the next to be tried again, in the same folder."""
    try:
        value = score(trial.settings, trial.folder)
    except BaseException:
        _break_off(study, trial.trial)
        raise
    study.tell(trial.trial, value, _state("FAIL" if value is None else "COMPLETE"))
    return value


def digest(settings: Mapping[str, Any]) -> str:
    """Return the name of a setting's folder."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def keys_of(study: Study, sweep: Sweep) -> dict[str, str]:
    """Return what Optuna calls each option: by another name where its values are others than those of earlier trials.

    It refuses new values under the old name, and what it has learnt of the other options is still worth something.
    """
    from optuna.distributions import check_distribution_compatibility as check

    distributions = [trial.distributions for trial in study.trials]
    keys = {}
    for name, space in sweep.parameters.items():
        if "value" in space:
            continue
        now = distribution(space)
        keys[name] = name
        try:
            for before in distributions:
                if name in before:
                    check(before[name], now)
        except ValueError:
            keys[name] = f"{name} of {digest(dict(space))[:6]}"
    return keys


def _sampler(method: str, seed: int) -> BaseSampler:
    from optuna.samplers import RandomSampler, TPESampler

    return TPESampler(seed=seed) if method == "bayes" else RandomSampler(seed=seed)


def _storage(place: str) -> str | BaseStorage:
    if "://" in place:
        return place
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    Path(place).parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(place))


def _break_off(study: Study, trial: Trial) -> None:
    trial.set_user_attr(_AGAIN, value=True)
    study.tell(trial, state=_state("FAIL"))
    study.enqueue_trial(trial.params)


def _is_void(trial: Any) -> bool:
    """Return whether a trial stands for nothing that was tried: broken off, or a setting that had been tried before."""
    return bool(trial.user_attrs.get(_AGAIN) or trial.user_attrs.get(_TWICE))


def _is_lost(trial: Any) -> bool:
    """Return whether a trial still seems to run though the process of this machine that ran it was killed."""
    host, process = trial.user_attrs.get(_BY) or (None, None)
    if trial.state.name != "RUNNING" or host != socket.gethostname() or process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]
