"""Makes a model folder that runs without torch out of one that PyTorch runs, and measures what that changes."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mser.distribution import NAME
from mser.errors import UserError
from mser.export.onnx_check import CheckedClips, answers, cost, made_up
from mser.export.onnx_graph import write_graph
from mser.files.whole import new_folder
from mser.recognizer import EmotionRecognizer
from mser.use.model import load
from mser.use.parts import foreign
from mser.use.settings import Settings
from mser.use.torch_engine import TorchEngine, settled

CLOSE = 1e-4
"""The greatest difference of a probability or score that a graph may have from PyTorch's."""
MOST_CODED = 0.9
"""The share of clips that have to be so where codes are heard: one that rounding decides moves its clip's answer."""


@dataclass(frozen=True)
class Exported:
    """A folder that was made.

    Attributes:
        settings: what it says of itself.
        notes: what was measured, a line each.
    """

    settings: Settings
    notes: tuple[str, ...]


def export_onnx(
    source: Path, out: Path, checked: CheckedClips | None = None, *, int8: bool = False, plugins: Collection[str] = ()
) -> Exported:
    """Write the folder `out`, which appears whole or not at all.

    Args:
        source: a model folder with safetensors.
        out: the folder to make.
        checked: what to compare on; noise when None.
        int8: keep the weights of linear layers as 8-bit integers.
        plugins: packages whose classes the source may name; the graphs need none of them.

    Raises:
        UserError: if `source` runs on ONNX already, a library is missing, the graphs answer otherwise than the model
            does, or 8 bits are asked for without recordings to measure them on.
    """
    _require_installed()
    model = load(source, device="cpu", plugins=plugins)
    if not isinstance(model.engine, TorchEngine):
        raise UserError(f"{source} is an ONNX model already; give the folder or the fold it was made of")
    _require_known_words(model.settings)
    checked = checked or made_up(model.settings)
    if int8 and not checked.are_real:
        raise UserError("what 8 bits cost is measured on recordings: give --check TABLE, or export from a fold")
    before = answers(model, checked)
    with new_folder(out) as folder:
        settings = _write(model.engine.max_tokens, model.settings, source, folder, plugins)
        after = answers(load(folder, device="cpu"), checked)
        messages = [_require_close(before, after, checked, _share(model.engine.members[0]))]
        if int8:
            whole = _size(folder)
            _shrink(settings, folder)
            small = answers(load(folder, device="cpu"), checked)
            lost = cost(model.task, checked.target, before, small)
            messages.append(
                f"int8, {_size(folder)} instead of {whole}, on {len(checked.clips)} {checked.called}: {lost}"
            )
        settings = replace(settings, id=_digest(folder))
        settings.write(folder)
        with (folder / "README.md").open("a", encoding="utf-8") as card:
            card.write("\n## ONNX\n\nThis folder runs on ONNX Runtime, without PyTorch. " + ". ".join(messages) + ".\n")
    return Exported(settings, tuple(messages))


def _require_installed() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(name) is None:
            raise UserError(f"--onnx needs {name}, which is not installed: pip install 'multimodal-ser[onnx]'")


def _write(max_tokens: int, settings: Settings, source: Path, folder: Path, plugins: Collection[str]) -> Settings:
    """Fill the folder, and return its settings."""
    for number, member in enumerate(settings.members):
        _trace(settled(settings, source, number, plugins), settings, folder / _graph(member.weights))
    for side in settings.modalities:
        if (source / side).is_dir():
            shutil.copytree(source / side, folder / side, ignore=shutil.ignore_patterns("*.safetensors"))
    if (source / "README.md").is_file():
        text = (source / "README.md").read_text(encoding="utf-8")
        line = rf"^pip install '?{NAME}(\[\w+\])?'?$"
        text_of_card = re.sub(line, f"pip install '{NAME}[onnx]'", text, flags=re.MULTILINE)
        (folder / "README.md").write_text(text_of_card, encoding="utf-8")
    options = settings.model
    if max_tokens:  # what the model has positions for; without transformers nobody could tell
        options = options | {"text": options["text"] | {"max_tokens": max_tokens}}
    members = tuple(replace(member, weights=_graph(member.weights)) for member in settings.members)
    settings = replace(settings, id="", model=options, members=members)
    settings.write(folder)
    return settings


def _trace(model: EmotionRecognizer, settings: Settings, path: Path) -> None:
    try:
        write_graph(model, path)
    except OSError:
        raise  # a full disk, which says nothing of the model
    except Exception as error:  # the exporter's own, of whatever it cannot turn into a graph
        what = ", ".join(foreign(settings.model)) or "this model"
        reason = str(error).rpartition("Exception summary")[2]  # what is before it is advice to whoever wrote the model
        message = " ".join(reason.split())[:200]
        raise UserError(f"{what} cannot be turned into a graph: {message}; leave --onnx out") from error


def _require_known_words(settings: Settings) -> None:
    """Refuse a text encoder of another package: without that nobody could make its ids."""
    text = settings.model["text"]
    if text and not isinstance(text.get("name"), str):
        raise UserError(
            f"{next(foreign({'text': text}))} reads words in a way of its own, which ONNX Runtime does not know; "
            "leave --onnx out"
        )


def _graph(weights: str) -> str:
    return str(Path(weights).with_suffix(".onnx"))


def _share(model: EmotionRecognizer) -> float:
    """Return how many of the clips have to be answered alike."""
    return MOST_CODED if model.speech is not None and model.speech.backbone.discrete else 1.0


def _require_close(before: np.ndarray, after: np.ndarray, checked: CheckedClips, share: float) -> str:
    gaps = np.abs(before - after).max(1)
    message = f"answers differ from PyTorch's by at most {gaps.max():.1e} on {len(checked.clips)} {checked.called}"
    if not np.quantile(gaps, share) <= CLOSE:
        few = "" if share == 1 else f" on {share:.0%} of them"
        raise UserError(f"the ONNX {message}, expected at most {CLOSE:.0e}{few}; nothing was written: leave --onnx out")
    return message


def _shrink(settings: Settings, folder: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().addFilter(_is_no_advice)
    for member in settings.members:
        path = folder / member.weights
        model = onnx.load(path, load_external_data=False)
        del model.graph.value_info[:]  # shapes that torch 2.9's exporter noted wrongly, which the quantizer infers anew
        onnx.save(model, path)
        small = folder / "small"
        small.mkdir()
        # Convolutions stay: their integer form is slower on CPUs and costs the most accuracy.
        quantize_dynamic(
            path, small / path.name, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8,
            per_channel=True, use_external_data_format=path.with_suffix(".onnx.data").exists(),
        )  # fmt: skip
        for file in small.iterdir():
            file.replace(folder / file.name)
        small.rmdir()


def _is_no_advice(record: logging.LogRecord) -> bool:
    """Return whether a line of the log is other than what the quantizer recommends to everybody, or says of doubles.

    Features are made in double precision and stay so.
    """
    return not any(words in str(record.msg) for words in ("pre-processing before quantization", "type to quantize"))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.onnx*")):  # large weights lie in a file beside their graph
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
        path.chmod(0o644)
    return digest.hexdigest()[:12]


def _size(folder: Path) -> str:
    return f"{sum(path.stat().st_size for path in folder.glob('*.onnx*')) / 1e6:.0f} MB"
