"""What the help of fit, validate, test and predict begins with."""

from __future__ import annotations

from typing import Any

from mser.runs.folder import BEST, CONFIG

_OF_A_FIT = f"--config FOLDER/{CONFIG} --ckpt_path FOLDER/{BEST}"
_HELP = (
    (
        "fit",
        "--config FILE",
        "Train on one fold, data.init_args.fold; the test part stays locked. The folder trainer.default_root_dir "
        "receives config.yaml, history.csv and the checkpoint with the best score on validation. Options are taken "
        "from each --config in turn and then from the command line; the last one counts. --print_config shows them "
        "all, `mser fit --data.help IEMOCAP` those of a corpus.",
    ),
    ("validate", _OF_A_FIT, "Score a checkpoint on the validation part of its fold."),
    ("test", _OF_A_FIT, "Score a checkpoint on the test part of its fold, which is counted in tested.jsonl."),
    ("predict", _OF_A_FIT, "Write what a checkpoint says of every utterance of a corpus."),
)
"""Of each subcommand what its help begins with, instead of all options at once and Lightning's own words."""


def each_subcommand(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a parser with those of each subcommand, which also has a usage and a description."""
    usages = {name: {"usage": f"mser {name} {usage} [options]", "description": text} for name, usage, text in _HELP}
    return {**kwargs, **{name: kwargs | help_text for name, help_text in usages.items()}}
