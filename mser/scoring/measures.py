"""What each score is called, how it is written, and which way is better."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Measure(NamedTuple):
    """A kind of score.

    Attributes:
        title: its name for a reader.
        scale: ``share``, 0..1 and written in percent; ``gap``, the same but less is better; ``agreement``, -1..1; or
            ``error``, from 0, less is better.
        meaning: its definition in a sentence.
    """

    title: str
    scale: Literal["share", "gap", "agreement", "error"]
    meaning: str

    @property
    def unit(self) -> str:
        """``%`` or nothing."""
        return "%" if self.scale in ("share", "gap") else ""

    @property
    def better(self) -> int:
        """1 where more is better, -1 where less is."""
        return -1 if self.scale in ("error", "gap") else 1


MEASURES: dict[str, Measure] = {
    "wa": Measure("WA", "share", "“Weighted accuracy”: the share of utterances that are right; plain accuracy."),
    "ua": Measure(
        "UA",
        "share",
        "“Unweighted accuracy”, UAR: the mean recall of the classes that are tested; balanced accuracy.",
    ),
    "weighted_f1": Measure("weighted F1", "share", "The mean F1 of the classes, weighted by how often each is true."),
    "macro_f1": Measure("macro F1", "share", "The mean F1 of the classes, each counting the same."),
    "recall": Measure("recall", "share", "The share of a class’s utterances that were found."),
    "precision": Measure("precision", "share", "The share of the utterances taken for a class that are of it."),
    "class_f1": Measure("F1", "share", "The harmonic mean of a class’s precision and recall."),
    "balanced_accuracy": Measure(
        "balanced accuracy",
        "share",
        "For each label the mean of the recalls of present and absent; then the mean over labels. The MOSEI papers "
        "call it weighted accuracy.",
    ),
    "mean_binary_accuracy": Measure(
        "binary accuracy",
        "share",
        "For each label the share of utterances whose presence or absence was told; then the mean over labels.",
    ),
    "accuracy": Measure("accuracy", "share", "The share of utterances whose presence or absence was told."),
    "f1": Measure("weighted F1", "share", "The F1 of present and of absent, weighted by how often each is true."),
    "mae": Measure("MAE", "error", "The mean absolute error, in the unit of the score; less is better."),
    "pearson": Measure("Pearson", "agreement", "The correlation; 0 where the predictions are constant."),
    "ccc": Measure(
        "CCC",
        "agreement",
        "Lin’s concordance correlation coefficient, population variance: the correlation, made smaller by a wrong mean "
        "or spread.",
    ),
    "acc7": Measure("Acc-7", "share", "Agreement of the scores rounded, halves to even, and clipped to ±3."),
    "acc7_sdk": Measure("Acc-7 (SDK bins)", "share", "Agreement in the CMU SDK’s bins, which round away from 0."),
    "acc5": Measure("Acc-5", "share", "Agreement of the scores rounded and clipped to ±2."),
    "acc3": Measure("Acc-3", "share", "Agreement of the scores rounded and clipped to ±1."),
    "acc2_has0": Measure("Acc-2 (has0)", "share", "Negative (below 0) or not, over all utterances."),
    "acc2_non0": Measure(
        "Acc-2 (non0)", "share", "Negative or positive, over the utterances whose true score is not 0."
    ),
    "weighted_f1_has0": Measure("weighted F1 (has0)", "share", "The weighted F1 of Acc-2 (has0)."),
    "soft_accuracy": Measure(
        "soft accuracy", "share", "The share of an utterance’s observers who chose what the model says."
    ),
    "guess": Measure(
        "guessed by the others", "share", "The share of observers who chose what most of the others chose; ties split."
    ),
    "soft_cross_entropy": Measure(
        "soft cross-entropy", "error", "The cross-entropy of the observers’ shares and the probabilities, in nats."
    ),
    "js_divergence": Measure(
        "JS divergence", "error", "The Jensen-Shannon divergence of shares and probabilities, 0 to 1 bits."
    ),
    "distribution_f1": Measure(
        "distribution F1",
        "share",
        "The mean F1 of the classes with more than an even share of the observers’ votes (EMO-SUPERB’s macro F1).",
    ),
    "ece": Measure(
        "ECE", "gap", "How far the probabilities of the answers are off, in bins of equal width; less is better."
    ),
    "log_loss": Measure("log-loss", "error", "The mean negative log-likelihood of the truth, in nats; less is better."),
    "weighted_f1_non0": Measure("weighted F1 (non0)", "share", "The weighted F1 of Acc-2 (non0)."),
}
_OF_ONE = ("recall", "precision", "class_f1", "balanced_accuracy", "accuracy", "f1", "ccc", "pearson", "mae")


def measure(name: str) -> Measure:
    """Return what a score is by its name in ``report.json``, such as ``ua``, ``recall_hap`` or ``ccc_valence``.

    Example:
        >>> measure("mae").better, measure("recall_hap").title
        (-1, 'recall of hap')
    """
    if name in MEASURES:
        return MEASURES[name]
    kind = next(kind for kind in _OF_ONE if name.startswith(f"{kind}_"))
    return MEASURES[kind]._replace(title=f"{MEASURES[kind].title} of {name.removeprefix(f'{kind}_')}")


def shown(name: str, value: float | None) -> str:
    """Return a score as it is printed: a share in percent with one decimal, any other number with three.

    Example:
        >>> shown("ua", 0.69178), shown("mae", 0.71249), shown("ccc", None)
        ('69.2', '0.712', '–')
    """
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if measure(name).unit else f"{value:.3f}"


def with_name(name: str, value: float | None) -> str:
    """Return a score with its name, for a sentence.

    Example:
        >>> with_name("ua", 0.69178), with_name("mae", 0.71249)
        ('UA 69.2%', 'MAE 0.712')
    """
    return f"{measure(name).title} {shown(name, value)}{measure(name).unit}"
