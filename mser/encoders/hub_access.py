"""Whether the Hugging Face hub can be had, asked once and briefly: its client would try for a minute. No torch."""

from __future__ import annotations

import os
import re
import threading
from functools import cache
from pathlib import Path

from mser.errors import UserError

_PATIENCE = 1.5  # seconds; a hub that is there answers within half of one
_WEIGHTS = ("*.safetensors", "*.bin", "*.safetensors.index.json")


def is_hub_id(name: str) -> bool:
    """Return whether this can be the name of a repository on the hub, and is no path.

    Example:
        >>> is_hub_id("microsoft/wavlm-base-plus"), is_hub_id("bert-base-uncased"), is_hub_id("./models/own")
        (True, True, False)
    """
    return bool(re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", name)) and "--" not in name and ".." not in name


def require_here_or_there(name: str, what: str) -> None:
    """Accept a local folder, or what `require_within_reach` does.

    Raises:
        UserError: if it is neither.
    """
    if Path(name).exists():
        return
    if not is_hub_id(name):
        raise UserError(f"no {what} {name!r}: there is no such folder; check the path, or give a local folder")
    require_within_reach(name, what)


def require_within_reach(name: str, what: str) -> None:
    """Accept a model of the hub that the cache holds, or that can be fetched now; without the hub go by the cache.

    Args:
        name: its id.
        what: it is, such as ``speech encoder``.

    Raises:
        UserError: if it is not in the cache and the hub is out of reach, within two seconds.
    """
    if hub_answers():
        return
    from huggingface_hub import constants

    cached = _cached(name)
    if cached is not None and any(any(cached.glob(kind)) for kind in _WEIGHTS):
        return
    there = "only in part in" if cached else "not in"
    raise UserError(
        f"no {what} {name!r}: it is no folder here, it is {there} the cache {constants.HF_HUB_CACHE}, nor could it be "
        f"had from the Hugging Face hub ({_silence()}); check the name, or fetch it where there is a network "
        f"(`hf download {name} --local-dir FOLDER`) and give a local folder"
    )


def hub_answers() -> bool:
    """Return whether the hub can be asked; if it cannot, this process and its children are set to go by the cache.

    ``HF_HUB_OFFLINE=1`` spares the question; ``HF_HUB_ETAG_TIMEOUT`` says how many seconds to wait for the answer.
    """
    return not _silence()


@cache
def _silence() -> str:
    """Return why the hub is not asked; empty where it answers."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set"
    answers: list[bool] = []
    # A thread, because looking up a name, and some proxies, take as long as they like.
    asking = threading.Thread(target=lambda: answers.append(_hub_answers()), daemon=True)
    asking.start()
    asking.join(_patience())
    if any(answers):
        return ""
    constants.HF_HUB_OFFLINE = True
    os.environ["HF_HUB_OFFLINE"] = "1"
    return f"no answer within {_patience():g} s; HF_HUB_ETAG_TIMEOUT=10 waits longer"


def _hub_answers() -> bool:
    from huggingface_hub import constants, get_session

    try:
        status: int = get_session().head(constants.ENDPOINT, timeout=_patience()).status_code
    except Exception:  # of the client's library, the proxy's, the system's
        return False
    return status < 500 and status != 407  # a proxy that has no way there, or wants a password


def _patience() -> float:
    try:
        return float(os.environ["HF_HUB_ETAG_TIMEOUT"])
    except (KeyError, ValueError):
        return _PATIENCE


def _cached(name: str) -> Path | None:
    """Return the folder of the cache that holds the model's settings."""
    from huggingface_hub import try_to_load_from_cache

    path = try_to_load_from_cache(name, "config.json")
    return Path(path).parent if isinstance(path, str) else None
