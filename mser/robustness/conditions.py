"""Under which conditions a model is asked again. Knows no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

WHITE = "white"
Kind = Literal[
    "no_text", "no_speech", "wer", "snr",
    "trimmed", "levelled", "gain", "room", "telephone", "bandwidth", "mp3", "denoised", "start",
    "unpunctuated", "asr",
]  # fmt: skip
OF_TEXT = ("no_text", "wer", "unpunctuated", "asr")
_WITHOUT_LEVEL = ("no_text", "no_speech", "trimmed", "levelled", "telephone", "denoised", "unpunctuated", "asr")


@dataclass(frozen=True)
class Condition:
    """One way to make an utterance harder, or other than in training.

    Attributes:
        kind: ``no_text`` and ``no_speech`` take a side away as modality dropout does; ``wer`` replaces words of the
            transcript; ``snr`` puts noise under the speech; ``unpunctuated`` leaves the words alone; ``asr`` takes
            what a recogniser hears; the others are those of `mser.everyday.changes.CHANGES`.
        level: the asked word error rate in (0, 1], the ratio of speech to noise in dB, or that of an everyday change;
            0 where nothing is asked.
        noise: ``white``, or a folder of recordings; of ``asr`` the recogniser's name; empty for the others.
    """

    kind: Kind
    level: float = 0.0
    noise: str = ""

    @property
    def folder(self) -> str:
        """Where its results lie.

        Example:
            >>> Condition("wer", 0.2).folder, Condition("no_text").folder, Condition("snr", -5, "white").folder
            ('wer_0.2', 'no_text', 'snr_-5')
        """
        return self.kind if self.kind in _WITHOUT_LEVEL else f"{self.kind}_{self.level:g}"

    @property
    def of_text(self) -> bool:
        """Whether it is the transcript that changes."""
        return self.kind in OF_TEXT

    def facts(self) -> dict[str, Any]:
        """Return it as it stands in a file; two that differ in anything are two conditions."""
        return asdict(self)


def conditions(
    sides: Sequence[str], *, rates: Sequence[float], ratios: Sequence[float], noise: str = WHITE
) -> list[Condition]:
    """Return the conditions that can change what a model says.

    A model with one side cannot lose it: nothing would be left to tell the utterances apart.

    Args:
        sides: what the model has of ``speech`` and ``text``.
        rates: word error rates.
        ratios: signal-to-noise ratios in dB.
        noise: which noise.

    Example:
        >>> [one.folder for one in conditions(["text"], rates=[0.1, 0.4], ratios=[10])]
        ['wer_0.1', 'wer_0.4']
    """
    wanted = [Condition("no_text"), Condition("no_speech")] if len(sides) > 1 else []
    wanted += [Condition("wer", rate) for rate in sorted(rates) if "text" in sides]
    wanted += [Condition("snr", ratio, noise) for ratio in sorted(ratios, reverse=True) if "speech" in sides]
    return wanted
