"""What the conditions of `mser robustness` are called, and what must be known to read them."""

from __future__ import annotations

from mser.report.printed import percent
from mser.report.robustness import Row


def condition(row: Row) -> str:
    """Return a condition of `mser robustness` as a reader calls it.

    Example:
        >>> condition(Row("wer", level=0.2, noise="", wer=0.187, scores={}))
        'WER 18.7% (20% asked)'
        >>> condition(Row("snr", level=-5.0, noise="/noises/street", wer=None, scores={}))
        'noise (street) at -5 dB'
    """
    if row.kind == "wer":
        return f"WER {percent(row.wer)}% ({100 * row.level:g}% asked)"
    if row.kind == "snr":
        return f"noise ({row.noise.rpartition('/')[2]}) at {row.level:g} dB"
    return {"as_is": "as it is", "no_text": "without text", "no_speech": "without speech"}[row.kind]


def requested(row: Row) -> str:
    """Return a condition as it was asked for, which is the same for several runs.

    Example:
        >>> requested(Row("wer", level=0.2, noise="", wer=0.187, scores={}))
        'WER 20%'
    """
    return f"WER {100 * row.level:g}%" if row.kind == "wer" else condition(row)


def about_dropout(dropout: float) -> str:
    """Return what the scores without a side mean, given the share of utterances that lost one in training."""
    if dropout:
        return f"In training {100 * dropout:g}% of the utterances lacked a side: these models know what that is."
    return (
        "These models never lacked a side in training: zeros in its place are new to them. Their scores without a side "
        "say how much they lean on it, not what the other side alone can do; for that, train with "
        "data.init_args.augment.modality_dropout, or with one side."
    )
