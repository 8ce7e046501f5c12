"""Which encoders suit a language, so many hours and a machine. Imports no torch."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

_GPU_GB = 10  # of memory, in which encoders of base size are fine-tuned whole in batches of a few clips
_LONG_HOURS = 5  # of speech, which a processor fine-tunes for days: encoders are frozen and computed once


@dataclass(frozen=True)
class Machine:
    """What there is to compute with.

    Attributes:
        cores: of the processor, as many as this process may use.
        gpus: memory of each, in GB.
    """

    cores: int
    gpus: tuple[float, ...]

    def __str__(self) -> str:
        """Return it in words."""
        processor = f"{self.cores} cores"
        if not self.gpus:
            return f"{processor}, no GPU"
        return f"{processor}, {len(self.gpus)} GPU{'s' * (len(self.gpus) > 1)} of {min(self.gpus):.0f} GB"

    @property
    def is_large(self) -> bool:
        """Whether it has a GPU that encoders of base size fit."""
        return max(self.gpus, default=0.0) >= _GPU_GB


@dataclass(frozen=True)
class SuitedEncoders:
    """Names of encoders, and how they are trained.

    Attributes:
        speech: an id of the hub.
        text: an id of the hub.
        tune: ``full``, ``frozen`` or the number of the last layers that are trained.
        learning_rate: of what is trained of them.
        why: in half a sentence.
    """

    speech: str
    text: str
    tune: str | int
    learning_rate: float
    why: str


def this_machine() -> Machine:
    """Return what this machine has; a GPU that the driver's own tool does not see does not count."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (tool := shutil.which("nvidia-smi")):
        return Machine(cores, ())
    query = [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        memory = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return Machine(cores, ())
    return Machine(cores, tuple(int(line) / 1024 for line in memory.split("\n") if line.strip().isdecimal()))


def suited(language: str | None, hours: float, machine: Machine) -> SuitedEncoders:
    """Return encoders that know the language and that the machine can train on so many hours.

    Args:
        language: such as ``de``; None where nobody says, which asks for encoders of many languages.
        hours: of speech in all.
        machine: to train on.

    Example:
        >>> suited("en", 1.0, Machine(2, ())).speech, suited("de", 12.0, Machine(8, (24.0,))).text
        ('openai/whisper-tiny.en', 'FacebookAI/xlm-roberta-base')
    """
    english = language is not None and language.lower().partition("-")[0] == "en"
    tongue = "for English" if english else "of many languages"
    if machine.is_large:
        speech = "microsoft/wavlm-base-plus" if english else "facebook/wav2vec2-xls-r-300m"
        text = "FacebookAI/roberta-base" if english else "FacebookAI/xlm-roberta-base"
        return SuitedEncoders(speech, text, "full", 2e-5, f"{tongue}, of a size that this GPU fine-tunes whole")
    speech = "openai/whisper-tiny.en" if english else "openai/whisper-tiny"
    text = f"sentence-transformers/{'all-MiniLM-L6-v2' if english else 'paraphrase-multilingual-MiniLM-L12-v2'}"
    if hours > _LONG_HOURS:
        why = f"{tongue}, small and frozen: {hours:.0f} hours are computed once, not in every epoch"
        return SuitedEncoders(speech, text, "frozen", 3e-4, why)
    return SuitedEncoders(
        speech, text, 3, 3e-4, f"{tongue}, small enough for a processor, which trains their upper layers"
    )
