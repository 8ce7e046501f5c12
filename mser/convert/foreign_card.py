"""The card of a model that somebody else trained: where it is from, and what nobody here knows of it."""

from __future__ import annotations

import re

from mser.distribution import NAME
from mser.use.settings import Settings

_TEMPLATE = """\
---
{metadata}---
# {name}

Recognises {labels} from speech. Somebody else trained and published it as {published} ({layout}); `mser convert` put
its weights, unchanged, into this folder.

```sh
pip install {distribution}
```

```python
import mser

model = mser.load("path/to/this/folder")
model.predict("clip.wav")
```

## How well

Nothing was measured here. `mser judge` tests it on a corpus, with intervals.

## What it was trained on

{trained}

## Limits

- Its {answers} are as it gives them: nothing was calibrated.
- It says how speech comes across to listeners, not what a person feels. Do not decide about people by it: in the
  European Union, recognising emotions at work and in education is forbidden but for medical and safety reasons.
- A clip gets the same answer alone and in a batch, which is that of a single clip where the model was published.
{cut}- The terms under which it was published hold for this folder too.
"""


def card(settings: Settings) -> str:
    """Return the text of the folder's README.md."""
    import yaml

    told, scores = settings.trained, settings.kind.is_numbers
    published, datasets = str(told["published"]), list(told["datasets"])
    metadata = {
        "library_name": "mser",
        "pipeline_tag": "audio-classification",
        "tags": ["speech-emotion-recognition", "mser", "speech"],
        "base_model": [published] if re.fullmatch(r"[\w.-]+/[\w.-]+", published) else [],
        "datasets": datasets,
    }
    return _TEMPLATE.format(
        metadata=yaml.safe_dump({name: value for name, value in metadata.items() if value}, sort_keys=False),
        name=published.rpartition("/")[2],
        labels=", ".join(settings.task["labels"]),
        published=f"`{published}`",
        layout=told["layout"],
        distribution=NAME,
        trained=", ".join(f"`{name}`" for name in datasets)
        or "It does not say. It may have heard any public corpus of emotional speech, whose scores are then too good.",
        answers="scores" if scores else "probabilities",
        cut=f"- Clips lose what is beyond {settings.max_seconds:g} s.\n" if settings.max_seconds else "",
    )
