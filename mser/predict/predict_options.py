"""The options of ``mser predict MODEL``. Imports no torch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal

from mser.corpora.annotations.options import add_options
from mser.everyday.matched import WAYS
from mser.launching import pairs
from mser.plugins import add_option
from mser.terminal.arguments import EachRoleOnce, count, positive, role_and_name
from mser.terminal.command_parser import CommandParser
from mser.use.listed_clips import SPLIT

_DESCRIPTION = """\
Say of each recording which emotion is heard, with a model folder that `mser export` made. Neither network, corpus nor
experiment file is needed. With --out a run that was interrupted carries on where it stopped. A recording that cannot be
used is named with the reason, and the others go on; the same command tries it again. Long ones are cut by --window or
--vad into segments with times.

Another command of the same name writes a checkpoint's predictions of a whole corpus, as training did:
`mser predict --config RUN/config.yaml --ckpt_path ...`; `mser predict --config FILE --help` tells of its options.

Exit code 0: all done, 1: some recordings could not be used, 2: a mistake in what was asked."""


def _channel(text: str) -> int | Literal["split"]:
    return SPLIT if text == SPLIT else count(text)


def command_parser() -> CommandParser:
    """Return what reads the command line."""
    parser = CommandParser(
        prog="mser predict",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="a folder that `mser export` made, or its id on the hub")
    _add_inputs(parser)
    _add_outputs(parser)
    _add_segments(parser)
    _add_hardware(parser)
    add_option(parser)
    return parser


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what says which clips are asked about."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="recordings of any format, or folders of them")
    parser.add_argument("--text", action="append", default=[], help="what is said; once for each file, in their order")
    parser.add_argument("--table", type=Path, help="CSV, TSV, JSON lines, Parquet or Arrow with a row per clip: audio, "
                        "transcript, start, end, speaker, channel (1, 2, ...; all of them mixed where there is none); "
                        "paths are relative to it; or what else is a table: a folder of "
                        "Hugging Face's or Kaldi's, an id of the hub, a manifest of lhotse, an audformat database"
                        )  # fmt: skip
    parser.add_argument("--columns", nargs="+", type=role_and_name, action=EachRoleOnce, default=[],
                        metavar="ROLE=NAME", help="where columns of the table are called otherwise, such as "
                        "audio=file")  # fmt: skip
    parser.add_argument("--keep", nargs="*", metavar="COLUMN", help="columns of the table that answers are to have "
                        "too, behind their own (default where none is named: all others); one that is called like a "
                        "column of the answers becomes table_COLUMN")  # fmt: skip
    parser.add_argument("--turns", metavar="ANNOTATION", nargs="+", type=Path, default=[], help="a row for each turn "
                        "of each speaker in annotations: TextGrid, .eaf, .srt, .vtt, .rttm, .ctm or .json")  # fmt: skip
    add_options(parser)
    parser.add_argument("--channel", "--channels", type=_channel, metavar="N|split", help="hear the N-th channel alone "
                        "of recordings, or each on its own as a speaker (default: all of them mixed)")  # fmt: skip


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add what is to come of it."""
    parser.add_argument("--out", help="a .csv, .jsonl or .parquet file to write, or to carry on with")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw what is heard over time, a panel for each "
                        "speaker, as .svg, .pdf or .png")  # fmt: skip
    parser.add_argument("--embeddings", type=Path, metavar="FILE", help="write a vector of each clip to a .npz or "
                        ".parquet file instead of answers")  # fmt: skip
    parser.add_argument("--of", choices=("fused", "speech", "text"), default="fused", help="with --embeddings: what "
                        "the answer is made of (default), or what the speech or text encoder says")  # fmt: skip
    parser.add_argument("--frames", action="store_true", help="with --embeddings and --of: each frame or token of that "
                        "encoder instead of one vector")  # fmt: skip


def _add_segments(parser: argparse.ArgumentParser) -> None:
    """Add how clips are cut and written down."""
    parser.add_argument("--window", type=positive, metavar="S", help="cut recordings into windows of so many seconds; "
                        "with --vad the most seconds of a segment")  # fmt: skip
    parser.add_argument("--hop", type=positive, metavar="S", help="from one window to the next (default: half of it)")
    parser.add_argument("--vad", action="store_true", help="cut recordings where somebody speaks (extra vad)")
    parser.add_argument("--asr", metavar="MODEL", help="write missing transcripts with this speech recogniser, such as "
                        "openai/whisper-tiny.en or a folder")  # fmt: skip
    parser.add_argument("--match", choices=WAYS, action="append", default=[], help="bring recordings nearer to those "
                        "that the model was trained on: silence pads their ends, level gives each the median level; "
                        "may come twice")  # fmt: skip


def _add_hardware(parser: argparse.ArgumentParser) -> None:
    """Add where the model runs, and how much at a time."""
    parser.add_argument("--device", help="such as cpu or cuda:1, or cuda:0,cuda:1 to share the work between several "
                        "(cpu,cpu: two processes, half the cores each); a GPU if there is one by default")  # fmt: skip
    parser.add_argument("--precision", choices=["32", "bf16"], default="32",
                        help="bf16: faster where the hardware has it, with slightly other probabilities")  # fmt: skip
    parser.add_argument("--launcher", choices=("local", "ray"), default="local",
                        help="where the model runs: here, or in copies on a Ray cluster (default: local)")  # fmt: skip
    parser.add_argument("--ray", type=pairs, default={}, metavar="KEY=VALUE,...",
                        help="address of the cluster, and cpus, gpus and memory_gb of each copy")  # fmt: skip
    parser.add_argument("--batch-seconds", type=positive, default=60.0, metavar="S",
                        help="most seconds of padded audio at a time (default: 60): a base-size encoder needs 16 MB "
                        "for each; a batch that does not fit into memory is halved")  # fmt: skip
