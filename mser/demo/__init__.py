"""Made-up corpora in the folder shape of real ones: invented words in synthesized speech."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from mser.errors import UserError, one_of


def make(corpus_name: str, out: Path, *, seed: int = 1) -> None:
    """Write a made-up corpus into `out`, whole or not at all; the same seed gives the same bytes.

    Args:
        corpus_name: the corpus whose folder shape is imitated: ``iemocap``, ``meld``, ``mosi`` or ``mosei``; or
            ``votes``, a table of recordings whose raters disagree.
        out: a folder that does not exist yet or is empty.
        seed: what is said, how, by whom and in which order.

    Raises:
        UserError: if the name is unknown, the folder holds something or cannot be written to, or the speech synthesizer
            or h5py is not installed.
    """
    from mser.demo.iemocap import write_iemocap
    from mser.demo.meld import write_meld
    from mser.demo.mosei_raw import write_mosei
    from mser.demo.mosi_raw import write_mosi
    from mser.demo.split_votes import write_votes

    writers: dict[str, Callable[..., None]] = {
        **{"iemocap": write_iemocap, "meld": write_meld, "mosi": write_mosi, "mosei": write_mosei},
        "votes": write_votes,
    }
    if corpus_name not in writers:
        raise one_of("made-up corpus", corpus_name, sorted(writers))
    out = out.resolve()
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UserError(f"{out} holds something already; name a folder that is new or empty")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as neighbour:
            tree = Path(neighbour) / "tree"
            writers[corpus_name](tree, seed=seed)
            tree.rename(out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}; choose another folder or make room") from error
