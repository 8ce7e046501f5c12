"""What of a fit's options is wrong whatever is loaded: looked at before PyTorch, the corpus or the hub is. No torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mser.corpora import CORPORA
from mser.corpora.corpus import Corpus
from mser.encoders.hub_access import require_here_or_there
from mser.errors import UserError
from mser.fitting.config_files import require_readable
from mser.fitting.given_options import GivenOption, given, heeded
from mser.plugins import is_own
from mser.use.settings import is_model_folder

_CLASSES = "mser.data.datamodules."
_GIVE = {
    "ckpt_path": "a fit writes checkpoints/best.ckpt",
    "from": "give a model folder that `mser export` made, or a checkpoint",
}
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "*.bin", "*.bin.index.json")


def require_at_hand(argv: Sequence[str], *, folds: Collection[int] = (), adapts: bool = False) -> None:
    """Accept a fit's options as far as they can be judged by a look at names and files.

    What is left over is found by whoever parses them, makes the model and reads the corpus.

    Args:
        argv: the options, with each ``--config FILE`` among them.
        folds: those of a cross-validation.
        adapts: whether another corpus may be named than the options are of, as for ``mser test``.

    Raises:
        UserError: for a file, folder, protocol, label set, fold or encoder that is not there.
    """
    require_readable(argv)
    options = heeded(given(argv))
    for name in ("ckpt_path", "from"):
        if (path := _text(options, name)) and path != "last":
            _require_there(options[name], path, _GIVE[name])
    _require_data(options, folds, adapts=adapts)
    for side, what in (("speech", "speech encoder"), ("text", "text encoder")):
        kind = _text(options, f"model.{side}.class_path") or "mser."
        if (encoder := _text(options, f"model.{side}.name")) and is_own(kind):
            _require_encoder(encoder, what)


def named_corpus(class_path: object) -> Corpus | None:
    """Return the corpus of one of our datamodules, as a configuration names it; None for any other class.

    Example:
        >>> named_corpus("mser.data.datamodules.CREMAD").name, named_corpus("acme.Corpus")
        ('crema_d', None)
    """
    name = str(class_path).removeprefix(_CLASSES).lower()
    return next((corpus for key, corpus in CORPORA.items() if key.replace("_", "") == name), None)


def _require_data(options: Mapping[str, GivenOption], folds: Collection[int], *, adapts: bool) -> None:
    corpus = named_corpus(options["data.class_path"].value) if "data.class_path" in options else None
    if corpus is None:
        return
    option = "data.init_args."
    if root := _text(options, f"{option}root"):
        _require_there(options[f"{option}root"], root, f"give the folder of {corpus.name}, or a manifest of it")
    if (noise := _text(options, f"{option}augment.noise")) and not adapts:
        _require_there(options[f"{option}augment.noise"], noise, "give a folder of wav or flac files")
    if adapts or corpus.name == "table":  # a table's own columns decide
        return
    corpus.label_set(_text(options, f"{option}labels"))
    lists = _text(options, f"{option}fold_lists")
    protocol = corpus.protocol(_text(options, f"{option}protocol"), Path(lists) if lists else None)
    fold = options.get(f"{option}fold")
    for number in (*folds, *([fold.value] if fold and isinstance(fold.value, int) else ())):
        protocol.require_fold(number)


def _require_there(option: GivenOption, path: str, advice: str) -> None:
    try:
        there = Path(path).expanduser().exists()
    except OSError as error:
        raise UserError(f"{option.as_given} cannot be used: {error.strerror}; {advice}") from error
    if not there:
        raise UserError(f"{option.as_given} is {path}, which is not there; {advice}")


def _require_encoder(name: str, what: str) -> None:
    folder = Path(name)
    if name == "tiny":
        return
    require_here_or_there(name, what)
    if not folder.exists():
        return
    if is_model_folder(folder):
        own = folder / what.partition(" ")[0]
        encoder = f"{own} to take that encoder alone, or " if own.is_dir() else ""
        raise UserError(
            f"{name} is a model folder of mser, no {what}; give {encoder}--from {name} to start from the whole model"
        )
    if not (folder / "config.json").is_file():
        raise UserError(f"{name} is no folder of a {what}: it has no config.json; give one with it, or copy it again")
    if not any(any(folder.glob(kind)) for kind in _WEIGHTS) and not is_model_folder(folder.resolve().parent):
        raise UserError(
            f"{name} has no weights, expected model.safetensors beside config.json; copy the whole folder again"
        )


def _text(options: Mapping[str, GivenOption], name: str) -> str | None:
    """Return the value of an option that is a text; None where it is not given, or is null."""
    value = options[name].value if name in options else None
    return value if isinstance(value, str) and value else None
