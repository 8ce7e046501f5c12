"""The model card: what a stranger must know before using the model. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mser.report.measures import measure, shown
from mser.use.folds import Trained
from mser.use.settings import Settings

DATA = {
    "iemocap": "IEMOCAP, which USC gives out for research under its own licence (https://sail.usc.edu/iemocap/)",
    "ravdess": "RAVDESS, CC BY-NC-SA 4.0: not for commercial use",
    "crema_d": "CREMA-D, ODbL 1.0",
    "emodb": "EmoDB; see http://emodb.bilderbar.info/ for its terms",
    "table": "recordings of the author's own, whose licence is the author's to state here",
}
"""Corpus to what its licence says of a model that has seen it."""

_TEMPLATE = """\
---
tags: [speech-emotion-recognition, mser]
pipeline_tag: audio-classification
license: other
---
# {name}

Recognises {what} from {sides}, trained on `{corpus}` with mser on top of {encoders}.

```python
import mser

model = mser.load("path/to/this/folder")
model.predict("clip.wav"{transcript})
```

## How well

{headline}

{table}

Floor: {constant}. Scores are of {part}, `{protocol}`, folds digest `{digest}`.{ensemble}

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
    run, several = trained.run, len(settings.members) > 1
    labels = ", ".join(settings.task["labels"])
    scores = settings.task["kind"] == "scores"
    encoders = " and ".join(f"`{name}`" for name in settings.trained["encoders"].values())
    longest = settings.max_seconds
    return _TEMPLATE.format(
        name=run.name,
        what=f"{labels} ({settings.task['low']:g} to {settings.task['high']:g})" if scores else labels,
        sides=" and ".join({"speech": "speech", "text": "its transcript"}[side] for side in settings.modalities),
        corpus=run.plan.corpus,
        encoders=encoders,
        transcript=', "what was said"' if "text" in settings.modalities else "",
        headline=_headline(trained),
        table="\n".join(_table(trained)),
        constant=trained.judge.constant,
        part="the test parts" if run.part == "test" else "the validation parts: the test parts are still locked",
        protocol=run.plan.protocol,
        digest=run.plan.digest,
        ensemble=" Each line is one member's own; the ensemble as a whole has been tested on nothing." * several,
        answers="Scores are not clipped to their range."
        if scores
        else "Probabilities are calibrated by a temperature that was fitted on the validation part.",
        cut=f"- Clips lose what is beyond {longest:g} s, as in training.\n" if longest else "",
        licence=DATA.get(run.plan.corpus, f"{run.plan.corpus}; see where it comes from for its terms"),
    )


def _headline(trained: Trained) -> str:
    """Return what the run's report says of all folds, with intervals, or that there is none."""
    try:
        report = json.loads((trained.run.folder / "report/report.json").read_text(encoding="utf-8"))
        answer, complete = report["answer"], report["runs"][0]["complete"]
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        complete = False
    if not complete:
        return "No report of the whole run was written; of single folds there are no intervals."
    return f"The run it is from, over all folds: {answer}"


def _table(trained: Trained) -> Iterator[str]:
    names = trained.judge.columns
    titles = [f"{measure(name).title} {measure(name).unit}".strip() for name in names]
    yield f"| seed | fold | {' | '.join(f'{title} | floor' for title in titles)} |"
    yield f"|{'---|' * (2 + 2 * len(names))}"
    for member in trained.members:
        scores = member.metrics[trained.run.part]
        cells = [f"{shown(name, scores[name])} | {shown(name, member.floor[name])}" for name in names]
        yield f"| {member.seed} | {member.fold} | {' | '.join(cells)} |"
