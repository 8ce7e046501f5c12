"""What libraries say of themselves, and of what is meant to be so, is not shown."""

from __future__ import annotations

import logging
import warnings

EXPECTED = (
    "LightningCLI's args parameter is intended",
    ".*does not have many workers",  # loading 16 kHz PCM costs less than handing it between processes
    ".*Checkpoint directory .* exists and is not empty",  # that is what resuming is
    ".*sync_dist=True",  # scores are of the whole part, gathered before they are taken, so all processes have the same
    ".*your dataloader is not resumable",  # CorpusDataModule itself remembers where it was
    ".*treespec",  # inside torch
    ".*AMP with fp16 is not supported on CPU",  # refused by require_usable
    ".*module.s. in eval mode",  # frozen encoders, whose numbers the log states
    ".*predict returned None",  # WritePredictions has them
    ".*smaller than the logging interval",  # a logger gets the numbers of whole epochs
)
"""Warnings about what is meant to be so."""


def quiet() -> None:
    """Let our own lines be heard alone."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    for message in EXPECTED:
        warnings.filterwarnings("ignore", message)
    # Lightning advertises and says what was not asked for; our own lines say what matters.
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("mser").setLevel(logging.INFO)
