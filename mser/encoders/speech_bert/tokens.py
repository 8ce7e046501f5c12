"""From waveforms to the token ids that Speech-BERT reads: codes, pairs of codes as words, ids of a dictionary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from mser.encoders.cache_files import cache_folder
from mser.encoders.speech_bert.token_cache import Ids, TokenCache
from mser.encoders.speech_bert.vq_wav2vec import VqSettings, VqWav2Vec
from mser.errors import UserError

BOS, PAD, EOS, UNKNOWN = 0, 1, 2, 3
WEIGHTS, TOKENIZER = "vq_wav2vec.safetensors", "tokenizer.json"
ENOUGH_FRAMES = 3000  # half a minute


class SpeechTokenizer:
    """Turns an utterance into ids: ``<s>``, a word ``i-j`` for the codes of each frame, ``</s>``.

    It is no module, on purpose: its weights are never trained, rounded, counted or saved with a model.

    Args:
        quantizer: makes the codes.
        vocabulary: a `tokenizers.Tokenizer` over the words.
        folder: where ids are kept; a folder named after this tokeniser in `cache_folder` when None.
    """

    def __init__(self, quantizer: VqWav2Vec, vocabulary: Any, *, folder: Path | None = None) -> None:
        self.quantizer = quantizer
        self.vocabulary = vocabulary
        self.cache = TokenCache(folder or cache_folder() / "speech-tokens" / self.fingerprint())
        self._frames = self._unknown = 0

    @classmethod
    def from_folder(cls, folder: Path) -> SpeechTokenizer:
        """Return the tokeniser of a folder that ``mser convert speech-bert`` made."""
        from tokenizers import Tokenizer

        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))["vq_wav2vec"]
        settings["layers"] = tuple(map(tuple, settings["layers"]))
        quantizer = VqWav2Vec(VqSettings(**settings))
        quantizer.load_state_dict(load_file(folder / WEIGHTS))
        vocabulary = (folder / TOKENIZER).read_text(encoding="utf-8")
        json.loads(vocabulary)  # of a damaged file it says so in a ValueError, tokenizers in a bare Exception
        return cls(quantizer, Tokenizer.from_str(vocabulary))

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that change with anything that could change an id."""
        digest = hashlib.sha256(repr(self.quantizer.settings).encode())
        for name, weight in sorted(self.quantizer.state_dict().items()):
            digest.update(name.encode() + weight.cpu().numpy().tobytes())
        digest.update(json.dumps(self.vocabulary.get_vocab(), sort_keys=True).encode())
        return digest.hexdigest()[:16]

    def words(self, waveform: Tensor) -> str:
        """Return the codes of one utterance (samples,) as words: ``"9-18 21-0"``."""
        codes = self.quantizer.to(waveform.device)(waveform).tolist()
        return " ".join("-".join(map(str, frame)) for frame in codes)

    def ids(self, waveform: Tensor) -> Ids:
        """Return the (N,) ids of one whole utterance (samples,), from the disk where it was tokenised before.

        Raises:
            UserError: if it is too short, or the dictionary is another tokeniser's.
        """
        key = hashlib.sha256(waveform.cpu().contiguous().numpy().tobytes()).hexdigest()
        ids = self.cache.get(key)
        if ids is None:
            ids = np.array(self.vocabulary.encode(self.words(waveform)).ids, np.int32)
            self.cache.put(key, ids)
        self._require_known(ids)
        return ids

    def prepare(self, utterances: Iterable[tuple[str, Tensor]], *, total: int | None = None) -> None:
        """Tokenise a corpus, one utterance in memory at a time, with a progress bar.

        Args:
            utterances: name and waveform (samples,) of each; best a generator that decodes one after the other.
            total: how many there are.

        Raises:
            UserError: as `ids`, with the utterance's name.
        """
        from rich.console import Console
        from rich.progress import track

        for name, waveform in track(utterances, "tokenising speech", total=total, console=Console(stderr=True)):
            try:
                self.ids(waveform)
            except UserError as error:
                raise UserError(f"{name}: {error}") from error

    def _require_known(self, ids: Ids) -> None:
        """Raise once it is plain that the words are not those of the dictionary."""
        self._frames += len(ids) - 2
        self._unknown += int((ids == UNKNOWN).sum())
        if self._frames >= ENOUGH_FRAMES and self._unknown > self._frames / 2:
            raise UserError(
                f"{self._unknown} of {self._frames} speech tokens are not in the dictionary, expected next to none: "
                "it belongs to another vq-wav2vec; convert again with the dict.txt that came with the BERT checkpoint"
            )


def pad_tokens(sequences: Iterable[Ids], longest: int) -> Tensor:
    """Return (B, L) int64 ids, padded on the right; a sequence over `longest` keeps its start and closes with ``</s>``.

    Example:
        >>> pad_tokens([np.array([0, 7, 8, 9, 2], np.int32), np.array([0, 7, 2], np.int32)], longest=4)
        tensor([[0, 7, 8, 2],
                [0, 7, 2, 1]])
    """
    rows = [torch.from_numpy(ids.astype(np.int64)) for ids in sequences]
    cut = [torch.cat([row[: longest - 1], torch.tensor([EOS])]) if len(row) > longest else row for row in rows]
    return torch.nn.utils.rnn.pad_sequence(cut, batch_first=True, padding_value=PAD)
