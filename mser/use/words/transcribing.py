"""Transcripts of recordings that have none, by any speech recogniser of transformers such as Whisper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from mser.audio.decoding import SAMPLE_RATE, Samples
from mser.encoders.hub_access import require_here_or_there
from mser.errors import UserError, brief, is_out_of_memory

_BATCH = 8  # clips that are transcribed at once
_CHUNK = 30  # seconds that Whisper hears at once; longer clips are transcribed from one to the next


class Transcriber:
    """Writes down what is said; the same recording always gives the same words, alone and in a list.

    Args:
        name: a Hugging Face id such as ``openai/whisper-small``, or a local folder.
        device: where to run it.

    Attributes:
        called: its name without the folders around it.

    Raises:
        UserError: if there is no such model, or it is no speech recogniser.
    """

    def __init__(self, name: str | Path, device: torch.device) -> None:
        self.called = Path(name).name if Path(name).is_dir() else str(name)
        require_here_or_there(str(name), "speech recogniser")
        from transformers import pipeline

        try:
            with _quiet():
                self._pipeline = pipeline(
                    "automatic-speech-recognition", model=str(name), device=device, dtype=torch.float32
                )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{str(name)!r} is no speech recogniser here or on the Hugging Face hub ({brief(error)}); "
                "give one such as openai/whisper-tiny.en, or its folder"
            ) from error
        tokenizer = self._pipeline.tokenizer
        if tokenizer is not None and tokenizer.pad_token_id is None:  # without it there are no batches
            tokenizer.pad_token_id = self._pipeline.model.config.eos_token_id

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits of all that tells it from another recogniser."""
        from mser.encoders.fingerprint import fingerprint

        return fingerprint(self._pipeline.model)

    def __call__(self, waveforms: Sequence[Samples]) -> list[str | None]:
        """Return what is said in each; empty where no words are heard, None where the memory is too small for it.

        Args:
            waveforms: (samples,) each, at 16 kHz.
        """
        short = [place for place, one in enumerate(waveforms) if len(one) <= _CHUNK * SAMPLE_RATE]
        transcripts = dict(zip(short, self._transcripts([waveforms[place] for place in short]), strict=True))
        for place, one in enumerate(waveforms):
            if place not in transcripts:
                [transcripts[place]] = self._transcripts([one], **self._whole())
        return [transcripts[place] for place in range(len(waveforms))]

    def _transcripts(self, waveforms: Sequence[Samples], **more: Any) -> list[str | None]:
        inputs = [{"raw": one, "sampling_rate": SAMPLE_RATE} for one in waveforms]
        if not inputs:
            return []
        try:
            with _quiet(), torch.inference_mode():
                results = self._pipeline(inputs, batch_size=_BATCH, **self._greedy(), **more)
            return [_words(one["text"]) for one in results]
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        if len(inputs) == 1:
            return [None]
        half = len(inputs) // 2
        return [*self._transcripts(waveforms[:half], **more), *self._transcripts(waveforms[half:], **more)]

    def _greedy(self) -> dict[str, Any]:
        """Return what keeps generating models from searching, which takes several times as long, and from chance."""
        return (
            {} if self._pipeline.type.startswith("ctc") else {"generate_kwargs": {"num_beams": 1, "do_sample": False}}
        )

    def _whole(self) -> dict[str, Any]:
        """Return how clips are heard to their end that are longer than the recogniser hears at once."""
        if self._pipeline.type == "seq2seq_whisper":
            return {"return_timestamps": True}
        return {"chunk_length_s": _CHUNK} if self._pipeline.type == "ctc" else {}


_SOUNDS = re.compile(r"\([^()]*\)|\[[^][]*\]|\*[^*]*\*|♪[^♪]*♪?")
"""How recognisers name what is no speech: (water running), [BLANK_AUDIO], *coughs*, ♪."""


def _words(text: str) -> str:
    """Return it in one line; nothing if it is only marks and names of sounds, as are written where nobody speaks."""
    return " ".join(text.split()) if any(map(str.isalnum, _SOUNDS.sub("", text))) else ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from warning of options that nobody here has set."""
    from transformers.utils import logging

    before, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bar:
            logging.enable_progress_bar()
