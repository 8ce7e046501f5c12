"""A RoBERTa over text as a folder that `model.text.name` takes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from mser.convert.checkpoint import read_checkpoint
from mser.convert.dictionary import read_dictionary, require_fit
from mser.convert.roberta import MARGIN, TEXT_PART, convert_roberta
from mser.errors import UserError
from mser.files.whole import new_folder

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json")


def convert_text_roberta(
    checkpoint: str,
    out: str,
    *,
    dictionary: str | None = None,
    encoder_json: str | None = None,
    vocab_bpe: str | None = None,
    tokenizer: str | None = None,
    heads: int | None = None,
) -> str:
    """Write the folder `out` and return one line that describes it.

    Args:
        checkpoint: a RoBERTa as fairseq released it, or a fine-tuned model of the paper's code.
        out: folder to make.
        dictionary: the RoBERTa's ``dict.txt``; the one beside the checkpoint when None.
        encoder_json: GPT-2's ``encoder.json``; with `vocab_bpe` and the dictionary it makes the tokenizer.
        vocab_bpe: GPT-2's ``vocab.bpe``.
        tokenizer: a folder whose tokenizer to copy instead, such as a download of roberta-large.
        heads: attention heads, where the checkpoint does not tell.

    Raises:
        UserError: if a file is unreadable or they do not belong together.
    """
    config, weights = convert_roberta(read_checkpoint(checkpoint), TEXT_PART, heads=heads)
    words = _words(checkpoint, dictionary, config.vocab_size)
    made = _made_tokenizer(words, encoder_json, vocab_bpe, config.max_position_embeddings - MARGIN)
    with new_folder(out) as folder:
        from safetensors.torch import save_file

        save_file(weights, folder / "model.safetensors", {"format": "pt"})
        config.save_pretrained(folder)
        if made is not None:
            made.save_pretrained(folder)
        elif tokenizer is not None:
            _copy_tokenizer(Path(tokenizer), folder, config.vocab_size)
    return _description(out, config, has_tokenizer=made is not None or tokenizer is not None)


def _description(out: str, config: Any, *, has_tokenizer: bool) -> str:
    line = (
        f"{out}: RoBERTa with {config.num_hidden_layers} layers of width {config.hidden_size}, "
        f"{config.vocab_size} tokens, up to {config.max_position_embeddings - MARGIN} in a text"
    )
    if has_tokenizer:
        return line
    return (
        f"{line}; it has NO TOKENIZER yet, so it cannot read text: convert again with --encoder-json and --vocab-bpe "
        "(GPT-2's files) and --dict, or with --tokenizer FOLDER"
    )


def _words(checkpoint: str, dictionary: str | None, rows: int) -> dict[str, int] | None:
    """Return the dictionary given, or that beside the checkpoint, if it fits; None where there is none."""
    beside = Path(checkpoint).with_name("dict.txt")
    path = dictionary or (str(beside) if beside.is_file() else None)
    if path is None:
        return None
    words = read_dictionary(path)
    require_fit(words, rows, dictionary=path, checkpoint=checkpoint)
    return words


def _made_tokenizer(words: dict[str, int] | None, encoder_json: str | None, vocab_bpe: str | None, longest: int) -> Any:
    """Return a transformers tokenizer; None where no files for it are given."""
    if encoder_json is None and vocab_bpe is None:
        return None
    if encoder_json is None or vocab_bpe is None or words is None:
        raise UserError(
            "a tokenizer is made of three files: give --encoder-json, --vocab-bpe and --dict (the dict.txt that was "
            "released beside the checkpoint)"
        )
    from transformers import RobertaTokenizer

    symbols, merges = _gpt2(encoder_json, vocab_bpe)
    # The dictionary's words are numbers of GPT-2's tokens, but for the special ones and the fillers.
    foreign = [word for word in words if word not in symbols and not re.fullmatch(r"madeupword\d+|<\w+>|</s>", word)]
    if foreign:
        raise UserError(
            f"{encoder_json!r} has no token with the number {foreign[0]}, which the dictionary has; "
            "give the files that the checkpoint was trained with"
        )
    vocabulary = {symbols.get(word, word): id_ for word, id_ in words.items()}
    try:
        return RobertaTokenizer(vocab=vocabulary, merges=merges, model_max_length=longest)
    except Exception as error:  # tokenizers has no narrower one
        raise UserError(
            f"{vocab_bpe!r} does not fit the dictionary ({error}); give the files that the checkpoint was trained with"
        ) from error


def _gpt2(encoder_json: str, vocab_bpe: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return GPT-2's tokens by their numbers, as text, and its merges."""
    try:
        tokens = json.loads(Path(encoder_json).read_text(encoding="utf-8"))
        lines = Path(vocab_bpe).read_text(encoding="utf-8").split("\n")
        pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
        return {str(number): token for token, number in tokens.items()}, [(left, right) for left, right in pairs]
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(
            f"cannot read {encoder_json!r} and {vocab_bpe!r} as GPT-2's encoder.json and vocab.bpe; download them again"
        ) from error


def _copy_tokenizer(source: Path, folder: Path, rows: int) -> None:
    from transformers import AutoTokenizer

    try:
        tokens = len(AutoTokenizer.from_pretrained(source))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{str(source)!r} has no tokenizer that can be read; give a folder of a RoBERTa") from error
    if tokens > rows:
        raise UserError(
            f"the tokenizer of {str(source)!r} has {tokens} tokens, but the model's embedding {rows} rows; give its own"
        )
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copy(source / name, folder / name)
