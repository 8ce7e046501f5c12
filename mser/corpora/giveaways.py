"""What a model could learn of a corpus instead of emotion, in sentences with numbers.

- A measure gives groups away if they explain at least 6 % of its variance, which Cohen (1988) calls a medium effect:
  epsilon squared, (SS_between - df_between MS_within) / SS_total (Kelley 1935), which is 0 on average where there is
  nothing to explain; of durations the logarithm is taken.
- A speaker is named whose classes differ in level by 10 dB or more, in an order unlike that of the other speakers (a
  correlation of class medians of 0 or less): the level was set by session, or is one actor's habit.
- Clips that peak at full scale were scaled up to it, or cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mser.corpora.description import SHOWN, Description, Floats

MEDIUM = 0.06
APART = 10.0
"""dB between the medians of a speaker's classes."""
_EVERY, _MORE = 0.95, 0.1
_ALIKE = 1e-9  # what the rounding of a mean makes of values that are the same
_FEWEST = 2  # utterances of a speaker and class
_CLASSES, _PARTS = "classes", "parts"


def giveaways(description: Description) -> list[str]:
    """Return what gives classes or parts away, the strongest first, then levels and peaks; nothing if nothing does."""
    return [*_measures(description), *_sessions(description), *_peaks(description)]


def epsilon_squared(groups: Sequence[Sequence[float]]) -> float:
    """Return the share of the variance that groups explain, as this file's head defines it; 0 where nothing varies.

    Example:
        >>> epsilon_squared([[1, 2, 3], [1, 2, 3]]), round(epsilon_squared([[1, 2, 3], [11, 12, 13]]), 2)
        (-0.25, 0.97)
    """
    whole = np.concatenate([np.asarray(values_of_group, dtype=float) for values_of_group in groups])
    total = float(((whole - whole.mean()) ** 2).sum())
    within = float(
        sum(((np.asarray(values_of_group) - np.mean(values_of_group)) ** 2).sum() for values_of_group in groups)
    )
    if np.ptp(whole) < _ALIKE or len(whole) <= len(groups):
        return 0.0
    return (total - within - (len(groups) - 1) * within / (len(whole) - len(groups))) / total


def _measures(description: Description) -> Iterator[str]:
    messages = []
    normalised = description.everything.full_scale >= _EVERY
    for what, groups in description.contrasts.items():
        for name, shown in SHOWN.items():
            several = {
                group: [description.values[member][name] for member in members] for group, members in groups.items()
            }
            several = {group: values for group, values in several.items() if len(values) >= _FEWEST}
            if len(several) < 2 or (name == "peak" and normalised):
                continue
            scaled = [np.log(np.maximum(v, 0.01)) if name == "duration" else v for v in several.values()]
            share = epsilon_squared([list(values) for values in scaled])
            if share >= MEDIUM:
                messages.append((share, _difference(what, shown.title, name, several, share)))
    yield from (sentence for _, sentence in sorted(messages, key=lambda difference: -difference[0]))


def _difference(what: str, title: str, name: str, several: Mapping[str, Sequence[float]], share: float) -> str:
    middles = {group: float(np.median(values)) for group, values in several.items()}
    low, high = min(middles, key=lambda one: middles[one]), max(middles, key=lambda one: middles[one])
    of = {_CLASSES: "The class", _PARTS: "The part"}.get(what, what.capitalize())
    return (
        f"{of} shows in {title}: {low} has {SHOWN[name].in_words(middles[low])}, {high} "
        f"{SHOWN[name].in_words(middles[high])} (medians; {100 * share:.0f}% of the variance)."
    )


def _sessions(description: Description) -> Iterator[str]:
    """Yield the speakers whose classes differ in level as nobody else's do."""
    levels = _levels(description)
    for speaker, own in levels.items():
        others = [others_levels for name, others_levels in levels.items() if name != speaker]
        common = [label for label in own if any(label in others_levels for others_levels in others)]
        if len(common) < 3:
            continue
        mine = np.array([own[label] for label in common])
        theirs = np.array(
            [np.mean([others_levels[label] for others_levels in others if label in others_levels]) for label in common]
        )
        mine, theirs = mine - mine.mean(), theirs - theirs.mean()
        if np.ptp(mine) >= APART and float(mine @ theirs) <= 0:
            yield _session(speaker, common, mine, theirs)


def _session(speaker: str, labels: Sequence[str], mine: Floats, theirs: Floats) -> str:
    low, high = int((mine - theirs).argmin()), int((mine - theirs).argmax())
    others = theirs[low] - theirs[high]
    beside = f"{abs(others):.0f} dB {'under' if others < 0 else 'above'} it"
    return (
        f"Of speaker {speaker} {labels[low]} lies {mine[high] - mine[low]:.0f} dB under {labels[high]}, of the others "
        f"{beside}: the level was set by session, or is a habit, and tells nothing of other speakers."
    )


def _levels(description: Description) -> dict[str, dict[str, float]]:
    """Return by speaker the median level of each class."""
    label = {member: name for name, members in description.contrasts.get(_CLASSES, {}).items() for member in members}
    several: dict[str, dict[str, list[float]]] = {}
    for speaker, members in description.said_by.items():
        for member in members:
            if member in label:
                several.setdefault(speaker, {}).setdefault(label[member], []).append(
                    description.values[member]["level"]
                )
    return {
        speaker: {name: float(np.median(values)) for name, values in classes.items() if len(values) >= _FEWEST}
        for speaker, classes in several.items()
    }


def _peaks(description: Description) -> Iterator[str]:
    share = description.everything.full_scale
    if share >= _EVERY:
        number = "Every clip" if share == 1 else f"{100 * share:.0f}% of the clips"
        peak = "peaks" if share == 1 else "peak"
        yield f"{number} {peak} at full scale (0 dB): loudness was levelled, and says only how peaky a clip is."
        return
    shares = {name: group.full_scale for name, group in description.classes.items()}
    if not shares:  # no measured utterance has a class
        return
    low, high = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    if shares[high] - shares[low] >= _MORE:
        yield (
            f"{100 * shares[high]:.0f}% of {high} peak at full scale, {100 * shares[low]:.0f}% of {low}: the class "
            "shows in clips that are cut off."
        )
