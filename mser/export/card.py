"""The model card: what a stranger must know before using the model. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mser.corpora import CORPORA, Corpus
from mser.distribution import NAME
from mser.export.folds import Trained
from mser.export.model_index import scores
from mser.export.whole_report import whole_report
from mser.manifest import Manifest
from mser.report.searches.searched import finding, searched
from mser.runs.folder import REPORT
from mser.runs.trials import FACTS
from mser.scoring.measures import measure, shown
from mser.use.settings import Settings

MADE_UP = "It has only heard made-up recordings, which nobody has spoken: its answers mean nothing."
_TEMPLATE = """\
---
{metadata}---
# {name}

Recognises {what} from {sides}, trained on {corpus} with mser on top of {encoders}.
{made_up}
```sh
pip install {distribution}
```

```python
import mser

model = mser.load("path/to/this/folder")
model.predict("clip.wav"{transcript})
```

## How well

{headline}

{table}

Floor: {constant}. Scores are of {part}, `{protocol}`, folds digest `{digest}`.{ensemble}
{searched}{silence}
## Meant for

Research on speech like that of the corpus: its language, its recording and its kind of speakers. {answers}

## Limits

- It says how speech comes across to listeners, not what a person feels. Do not decide about people by it: in the
  European Union, recognising emotions at work and in education is forbidden but for medical and safety reasons.
- Other languages, ages, microphones and situations than the corpus's were not tested; expect less.
- What is none of the labels is still given one.
{cut}
## Licence

It has seen {licence}. The weights may carry the terms of this data and of the pretrained encoders.
"""


def card(settings: Settings, trained: Trained) -> str:
    """Return the text of the folder's README.md."""
    run, terms = trained.run, _terms(trained)
    labels = ", ".join(settings.task["labels"])
    numbers = settings.kind.is_numbers
    encoders = " and ".join(f"`{name}`" for name in settings.trained["encoders"].values())
    longest = settings.max_seconds
    return _TEMPLATE.format(
        metadata=_metadata(settings, trained),
        distribution=installed(settings),
        searched=_searched(trained),
        silence=_silence(settings),
        name=run.name,
        what=f"{labels} ({settings.task['low']:g} to {settings.task['high']:g})" if numbers else labels,
        sides=" and ".join({"speech": "speech", "text": "its transcript"}[side] for side in settings.modalities),
        corpus=("made-up recordings in the shape of " if run.plan.made_up else "") + f"`{run.plan.corpus}`",
        made_up=f"\n**{MADE_UP}**\n" if run.plan.made_up else "",
        encoders=encoders,
        transcript=', "what was said"' if "text" in settings.modalities else "",
        headline=_headline(trained),
        table="\n".join(_table(trained)),
        constant=trained.judge.constant,
        part="the test parts"
        if run.part == "test"
        else "the validation parts, which chose the epoch too: the test parts are still locked",
        protocol=run.plan.protocol,
        digest=run.plan.digest,
        ensemble=_not_itself(settings),
        answers="Scores are not clipped to their range."
        if numbers
        else "Probabilities are calibrated by a temperature that was fitted on the validation part.",
        cut=f"- Clips lose what is beyond {longest:g} s, as in training.\n" if longest else "",
        licence="made-up recordings alone"
        if run.plan.made_up
        else "{licence} ({url})".format(**terms)
        if terms["url"]
        else terms["licence"],
    )


def installed(settings: Settings) -> str:
    """Return what pip has to install for a model folder, with the extras that it needs."""
    sides = [settings.model[side] for side in settings.modalities]
    extras = ["onnx"] if settings.is_onnx else ["lora"] if any(side.get("tune") == "lora" for side in sides) else []
    return f"'{NAME}[{extras[0]}]'" if extras else NAME


def _metadata(settings: Settings, trained: Trained) -> str:
    """Return what the hub sorts models by, as YAML."""
    import yaml

    made_up, terms = trained.run.plan.made_up, _terms(trained)
    corpus = "made-up" if made_up else trained.run.plan.corpus
    bases = [name for name in settings.trained["encoders"].values() if re.fullmatch(r"[\w.-]+/[\w.-]+", name)]
    metadata = {
        "library_name": "mser",
        "license": terms["hub_licence"],
        "language": terms["language"],
        "pipeline_tag": "audio-classification" if "speech" in settings.modalities else "text-classification",
        "tags": ["speech-emotion-recognition", "mser", *settings.modalities, corpus],
        "base_model": bases,
        **scores(trained, settings.modalities),
    }
    return yaml.safe_dump({name: value for name, value in metadata.items() if value}, sort_keys=False)


def _terms(trained: Trained) -> Mapping[str, Any]:
    """Return what the run wrote down of its corpus's terms, or what is known here of an older run's corpus."""
    plan = trained.run.plan
    corpus = CORPORA.get(plan.corpus) or Corpus(plan.corpus, Manifest.read, (), ())
    return plan.terms or corpus.terms()


def _searched(trained: Trained) -> str:
    """Return what a search had to do with the scores: as in reports, or that the run is a trial of one."""
    run = trained.run
    if search := finding(searched(run), part="test" if run.part == "test" else "validation"):
        return f"\n{search.text}\n"
    if (run.folder.parent / FACTS).is_file() and run.part == "val":
        return f"\nIt is a trial of the search `{run.folder.parent.name}`: chosen by these scores it is optimistic.\n"
    return ""


def _not_itself(settings: Settings) -> str:
    """Return how far the scores are those of other models than the folder's."""
    if averaged := settings.trained.get("averaged"):
        return (
            " Each line is one of the models whose weights were averaged; the average has been tested on nothing but "
            f"validation, where {averaged['said']}."
        )
    several = len(settings.members) > 1
    return " Each line is one member's own; the ensemble as a whole has been tested on nothing." * several


def _silence(settings: Settings) -> str:
    abstention = settings.abstain
    if abstention is None:
        return ""
    return (
        f"\nAnswers that are less sure than {abstention['threshold']:.2f} are marked `abstain`. On validation it keeps "
        f"{abstention['coverage']:.0%} of the answers, of which {abstention['accuracy']:.0%} are right, of all "
        f"{abstention['accuracy_of_all']:.0%}.{_of_members(settings)}\n"
    )


def _of_members(settings: Settings) -> str:
    """Return whose answers the figures of abstaining are: no utterance is new to all folds of an ensemble."""
    members = (settings.abstain or {}).get("members")
    if members is None:
        return ""
    if members == 1:
        return (
            " These are answers of single members; all of them together are less sure, so that more are abstained from."
        )
    return (
        f" These are answers of {members:g} members together, who had not trained on the utterance; the threshold is "
        f"carried on from them to all {len(settings.members)}."
    )


def _headline(trained: Trained) -> str:
    """Return what the run's report says of all folds, with intervals, or why it says nothing."""
    if report := whole_report(trained.run):
        return f"The run it is from, over all folds: {report.answer}"
    if (trained.run.folder / REPORT).is_file():
        return "Not all folds of the run were finished when this was exported; of single folds there are no intervals."
    return "No report of the whole run was written; of single folds there are no intervals."


def _table(trained: Trained) -> Iterator[str]:
    names = trained.judge.columns
    titles = [f"{measure(name).title} {measure(name).unit}".strip() for name in names]
    yield f"| seed | fold | {' | '.join(f'{title} | floor' for title in titles)} |"
    yield f"|{'---|' * (2 + 2 * len(names))}"
    for member in trained.members:
        scores = member.metrics[trained.run.part]
        cells = [f"{shown(name, scores[name])} | {shown(name, member.floor[name])}" for name in names]
        yield f"| {member.seed} | {member.fold} | {' | '.join(cells)} |"
