"""The one guard of what a page opens: what was uploaded through it, whatever a request names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio
from gradio.utils import get_upload_folder

from mser.errors import brief, require_interface

REFUSED = "only recordings that were uploaded through this page are opened: upload it"


class Uploaded(gradio.Blocks):
    """A page that takes no file but those in its own folder of uploads.

    Gradio looks whether a file was uploaded only where a page was launched, and this one is mounted. Of such a page it
    copies whatever a request names into that folder, or fetches it where it is a URL, before anybody else is asked.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *more: Any, **named: Any) -> Any:
        """Return what Gradio makes of the values that a request brings, none of which names another file.

        Raises:
            gradio.Error: if one does, or they are no values of this page's.
        """
        folder = Path(get_upload_folder()).resolve()
        for path in _paths(inputs):
            if not is_in(path, folder):
                raise gradio.Error(REFUSED, print_exception=False)
        try:
            return await super().preprocess_data(block_fn, inputs, *more, **named)
        except gradio.Error:
            raise
        except Exception as error:  # whatever a request may hold, it is no fault of the page's
            message = f"this page does not take such a request: {brief(error)}"
            raise gradio.Error(message, print_exception=False) from error


require_interface(gradio.Blocks, "preprocess_data", "a page opens nothing but uploads")


def is_in(path: str, folder: Path) -> bool:
    """Return whether a path leads below a folder, links followed; whether it is there does not matter.

    Args:
        path: as a request names it.
        folder: resolved.

    Example:
        >>> uploads = Path("/uploads")
        >>> is_in("/uploads/1f/a.wav", uploads), is_in("/uploads/../README.md", uploads), is_in("README.md", uploads)
        (True, False, False)
        >>> is_in("https://example.org/a.wav", uploads), is_in("/uploads", uploads)
        (False, False)
    """
    try:
        return folder in Path(path).resolve().parents
    except (OSError, ValueError, RuntimeError):  # too long, a zero in it, links without an end
        return False


def _paths(value: Any) -> Iterator[str]:
    """Yield whatever a value names as a file, however deep."""
    several = [value]
    while several:
        path = several.pop()
        if isinstance(path, dict):
            if "path" in path:
                yield str(path["path"])
            several.extend(path.values())
        elif isinstance(path, list | tuple):
            several.extend(path)
