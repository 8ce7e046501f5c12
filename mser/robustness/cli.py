"""``mser robustness``: asks a run's models again under harder conditions. Imports torch only to ask."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from mser.errors import UserError
from mser.files.whole import write_text
from mser.plugins import add_option, require_config_allowed
from mser.report.json_layout import as_object
from mser.report.robustness import robustness
from mser.robustness.conditions import WHITE, Condition, conditions
from mser.robustness.everyday_conditions import NAMES, NO_SUITE, SUITES, everyday, heard_by
from mser.robustness.garbled_transcripts import require_jiwer, words_of
from mser.runs.fold_predictions import Part
from mser.runs.folder import ROBUSTNESS
from mser.runs.run import Run, read_run
from mser.scoring.scorers import judge
from mser.terminal.command_parser import CommandParser

DESCRIPTION = """\
Say what each modality contributes: ask the best model of every finished fold again without text, without speech, with
wrong words in the transcripts and with noise under the speech. `--suite everyday` asks instead what happens to
recordings and transcripts between one corpus and the next: silent ends cut off, another level, a room, a telephone,
MP3, a denoiser, an early answer, words without punctuation. The results go to RUN/robustness, one folder per condition;
what is there is not asked again. `mser report RUN` draws the curves, and the conditions by what they cost.

Validation is asked unless --part test is given: each test part that this opens is counted in RUN/tested.jsonl, and the
report says so. All further options are those of `mser fit`, such as --trainer.accelerator cpu."""


def main(argv: list[str]) -> int:
    """Ask, show the table and return 0.

    Raises:
        UserError: if the run, an option or a model of it cannot be used.
    """
    args, options = command_parser().parse_known_args(argv)
    run = read_run(args.run)
    _require_model(run, args)
    part: Part = "test" if args.model else args.part
    if part == "test" and run.part == "val":
        raise UserError(f"{run.folder} left its test parts locked (--skip_test); ask with --part val")
    if part == "val" and run.part == "test" and any(job.chosen_on is None for job in run.jobs):
        raise UserError(f"{run.folder} has kept no predictions of its validation parts; ask with --part test")
    if not args.model:
        require_config_allowed(run.config, args.plugin, run.folder / "config.yaml")
    wanted = _conditions(run, args)
    heard = _heard(run, part, wanted, args.asr, options)
    if args.model:
        _ask_folder(run, args, wanted, heard, options)
    else:
        _ask(run, part, wanted, heard, options)
    _show(run, as_json=args.json)
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        "mser robustness",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a folder that `mser crossval` or `mser judge` wrote")
    judged = "the model folder that RUN was judged with (mser judge); its test parts are asked"
    parser.add_argument("--model", metavar="MODEL", help=judged)
    parser.add_argument("--part", choices=("val", "test"), default="val", help="which part to ask about (default: val)")
    parser.add_argument(
        "--wer",
        type=_numbers,
        metavar="0.1,0.2",
        help="word error rates of the transcripts; none for none (default of the suite sides: 0.1,0.2,0.4)",
    )
    parser.add_argument(
        "--snr",
        type=_numbers,
        metavar="20,10",
        help="signal-to-noise ratios in dB; none for none; --snr=-5,0 for negative ones (default of the suite sides: "
        "20,10,5,0; of everyday: 20)",
    )
    parser.add_argument(
        "--noise", default=WHITE, metavar="FOLDER", help="of recordings to take the noise from (default: white noise)"
    )
    suites = "which conditions to ask (default: sides, or none where --conditions names some)"
    parser.add_argument("--suite", choices=sorted(SUITES), default=None, help=suites)
    parser.add_argument(
        "--conditions",
        type=lambda text: text.split(","),
        default=[],
        metavar="trimmed,room=0.6",
        help=f"everyday conditions by name, some with a level behind =: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--asr", metavar="MODEL", help="ask also with the transcripts that this speech recogniser writes"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead of a table")
    add_option(parser)
    return parser


def _numbers(text: str) -> list[float]:
    if text == "none":
        return []
    try:
        return sorted({float(number) for number in text.split(",")})
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 0.1,0.2") from None


def _conditions(run: Run, args: argparse.Namespace) -> list[Condition]:
    """Return the conditions; mistakes in them are found before any model is loaded."""
    sides = [side for side in ("speech", "text") if run.config["model"].get(side)]
    named = args.suite or ("" if args.conditions or args.asr else "sides")
    suite = SUITES.get(named, NO_SUITE)
    rates = suite.rates if args.wer is None else args.wer
    ratios = suite.ratios if args.snr is None else args.snr
    if wrong := [rate for rate in rates if not 0 < rate <= 1]:
        raise UserError(f"--wer holds {wrong[0]:g}; expected word error rates above 0 and up to 1, such as 0.2")
    if wrong := [ratio for ratio in ratios if not -100 <= ratio <= 100]:
        raise UserError(f"--snr holds {wrong[0]:g}; expected decibels from -100 to 100")
    noise = _noise(args.noise)
    wanted = conditions(sides, rates=rates, ratios=ratios, noise=noise)
    if named != "sides":
        wanted = [condition for condition in wanted if condition.kind in ("wer", "snr")]
    wanted += everyday([*suite.names, *args.conditions], sides)
    if args.asr:
        wanted.append(heard_by(args.asr, sides))
    if noise != WHITE and not any(condition.kind == "snr" for condition in wanted):
        raise UserError(
            "--noise says what is mixed in by --snr, but no ratio is asked; give --snr or leave --noise out"
        )
    if not wanted:
        raise UserError(f"{run.name} has {' and '.join(sides)} only, and nothing is left to ask; give --wer or --snr")
    if any(condition.kind in ("wer", "asr") for condition in wanted):
        require_jiwer()
    return list(dict.fromkeys(wanted))


def _noise(noise: str) -> str:
    if noise == WHITE:
        return noise
    if not Path(noise).is_dir():
        raise UserError(f"--noise is {noise}, which is no folder; give one of recordings, or leave it out")
    return str(Path(noise).resolve())


def _require_model(run: Run, args: argparse.Namespace) -> None:
    if run.facts.get("judged") and not args.model:
        raise UserError(f"{run.folder} was judged by mser judge; say with --model where the model folder lies")
    if args.model and not run.facts.get("judged"):
        raise UserError(f"--model is for runs of mser judge, and {run.folder} has models of its own; leave it out")


def _heard(run: Run, part: Part, wanted: list[Condition], asr: str | None, options: list[str]) -> Mapping[str, str]:
    if not (asr and any(condition.kind == "asr" for condition in wanted)):
        return {}
    from mser.robustness.heard_transcripts import transcribed

    return transcribed(run, part, asr, options)


def _ask_folder(
    run: Run, args: argparse.Namespace, wanted: list[Condition], heard: Mapping[str, str], options: list[str]
) -> None:
    """Ask the model folder that a run was judged with; of further options it takes the accelerator."""
    from mser.judge.asked_again import ask_judged, possible, require_same_model
    from mser.robustness.harder_dataset import OtherWords
    from mser.use.model import load

    model = load(args.model, device="cpu" if any("cpu" in option for option in options) else None, plugins=args.plugin)
    require_same_model(run, model)
    words = OtherWords(words_of(run.utterances.values()), heard)
    for job in run.jobs:
        ask_judged(run, job, model, possible(model, wanted), words)


def _ask(run: Run, part: Part, wanted: list[Condition], heard: Mapping[str, str], options: list[str]) -> None:
    from rich.console import Console
    from rich.progress import track

    from mser.robustness.harder_dataset import OtherWords
    from mser.robustness.stressed_fold import ask_again

    words = OtherWords(words_of(run.utterances.values()), heard)
    console = Console(stderr=True)
    for job in track(run.jobs, "asking again", console=console, disable=not console.is_terminal, transient=True):
        key = (job.seed, job.fold.number)
        ask_again(run.folder, key, part, wanted, words=words, options=options)


def _show(run: Run, *, as_json: bool) -> None:
    parts = robustness(run, judge(run.question, run.plan.label_set))
    text = json.dumps(parts, indent=1, allow_nan=False, default=as_object)
    if parts:
        write_text(run.folder / ROBUSTNESS / "robustness.json", text)
    if as_json:
        print(text)
        return
    from mser.robustness.results_table import show

    show(run, parts)
