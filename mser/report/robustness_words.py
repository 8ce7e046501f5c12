"""What the conditions of `mser robustness` are called, and what must be known to read them."""

from __future__ import annotations

from mser.report.printed import percent
from mser.report.robustness import Row

_MOVED = 0.1


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
    if row.kind == "asr":
        return f"as {row.noise.rpartition('/')[2]} hears it (WER {percent(row.wer)}%)"
    return _NAMES[row.kind].format(f"{row.level:+g}" if row.kind == "gain" else f"{row.level:g}")


_NAMES = {
    "as_is": "as it is",
    "no_text": "without text",
    "no_speech": "without speech",
    "trimmed": "silent ends cut off",
    "levelled": "all at one level",
    "gain": "level {} dB",
    "room": "room, {} s of echo",
    "telephone": "telephone",
    "bandwidth": "through {} Hz and back",
    "mp3": "MP3 at {} kbit/s",
    "denoised": "behind a denoiser",
    "start": "the first {} s alone",
    "unpunctuated": "words without punctuation",
}


def requested(row: Row) -> str:
    """Return a condition as it was asked for, which is the same for several runs.

    Example:
        >>> requested(Row("wer", level=0.2, noise="", wer=0.187, scores={}))
        'WER 20%'
    """
    if row.kind == "asr":
        return f"as {row.noise.rpartition('/')[2]} hears it"
    return f"WER {100 * row.level:g}%" if row.kind == "wer" else condition(row)


def pull(row: Row, plain: Row) -> str:
    """Return the label that gains most among the answers, by at least ten points in a hundred; else nothing.

    Example:
        >>> from mser.report.robustness_labels import LabelAnswers
        >>> rows = [Row("as_is", 0, "", None, {}, {"sad": LabelAnswers(0.5, share)}) for share in (0.28, 0.51)]
        >>> pull(rows[1], rows[0])
        'sad 28 to 51%'
    """
    gains = {
        label: said.share - before.share
        for label, said in row.by_label.items()
        if said.share is not None and (before := plain.by_label.get(label)) and before.share is not None
    }
    label = max(gains, key=lambda one: gains[one], default=None)
    if label is None or gains[label] < _MOVED:
        return ""
    shares = [100 * (answered.by_label[label].share or 0.0) for answered in (plain, row)]
    return f"{label} {shares[0]:.0f} to {shares[1]:.0f}%"


def about_dropout(dropout: float) -> str:
    """Return what the scores without a side mean, given the share of utterances that lost one in training."""
    if dropout:
        return f"In training {100 * dropout:g}% of the utterances lacked a side: these models know what that is."
    return (
        "These models never lacked a side in training: zeros in its place are new to them. Their scores without a side "
        "say how much they lean on it, not what the other side alone can do; for that, train with "
        "data.init_args.augment.modality_dropout, or with one side."
    )
