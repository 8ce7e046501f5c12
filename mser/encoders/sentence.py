"""How a sentence encoder summarises its states, which its folder says beside the model itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mser.encoders.pooling import PoolingKind
from mser.errors import UserError

_POOLINGS: dict[str, PoolingKind] = {
    **{"cls_token": "first", "cls": "first", "mean_tokens": "mean", "mean": "mean"},
    **{"lasttoken": "last", "last": "last"},
}
"""What sentence encoders call the ways to summarise states."""


def own_pooling(name: str) -> PoolingKind | None:
    """Return how a sentence encoder summarises its states, as its folder says; None for any other encoder.

    Raises:
        UserError: if it does it in a way that is not known here.
    """
    from transformers.utils import cached_file

    def read(path: str) -> Any:
        missing: dict[str, Any] = {
            f"_raise_exceptions_for_{kind}": False for kind in ("missing_entries", "connection_errors", "gated_repo")
        }
        config_path = None if name == "tiny" else cached_file(name, path, **missing)
        return config_path and json.loads(Path(config_path).read_text(encoding="utf-8"))

    try:
        modules = read("modules.json") or ()
        folder = next(
            (module_entry["path"] for module_entry in modules if str(module_entry["type"]).endswith("Pooling")), None
        )
        config = folder and read(f"{folder}/config.json")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"cannot read how {name!r} summarises its states ({error}); give model.text.pooling") from error
    if not config:
        return None
    kinds = {key.removeprefix("pooling_mode_") for key, on in config.items() if key.startswith("pooling_mode_") and on}
    kinds |= {config["pooling_mode"]} if isinstance(config.get("pooling_mode"), str) else set()
    if len(kinds) != 1 or not kinds <= set(_POOLINGS):
        raise UserError(
            f"{name!r} summarises its states by {' and '.join(sorted(map(str, kinds)))}, which is not known here; give "
            "model.text.pooling, such as mean"
        )
    return _POOLINGS[kinds.pop()]
