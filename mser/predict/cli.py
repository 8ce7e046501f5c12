"""``mser predict MODEL FILES...``: what a model folder says of any recordings. Light until it is asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mser.corpora.annotations.options import add_options
from mser.encoders.hub_access import require_here_or_there
from mser.errors import UserError
from mser.launching import pairs
from mser.plugins import add_option
from mser.predict.opened import opened
from mser.predict.prediction_rows import Rows
from mser.predict.row_keys import Keys
from mser.predict.rows_there import key, recording
from mser.terminal.arguments import EachRoleOnce, count, positive, role_and_name
from mser.use.hub import local_folder
from mser.use.inputs import Asked, Listed, from_files, from_table, from_turns, of_channel
from mser.use.prediction import MADE_UP
from mser.use.segments import Segments, cut, described, way_to_cut
from mser.use.settings import NEEDS_TEXT, Settings, read_settings

if TYPE_CHECKING:
    from mser.predict.timeline import Timeline
    from mser.use.clips import Clip
    from mser.use.prediction import Prediction

SPLIT = "split"
"""Of ``--channel``: each is heard on its own."""
_DESCRIPTION = """\
Say of each recording which emotion is heard, with a model folder that `mser export` made. Neither network, corpus nor
experiment file is needed. With --out a run that was interrupted carries on where it stopped. A recording that cannot be
used is named with the reason, and the others go on; the same command tries it again. Long ones are cut by --window or
--vad into segments with times.

Another command of the same name writes a checkpoint's predictions of a whole corpus, as training did:
`mser predict --config RUN/config.yaml --ckpt_path ...`; `mser predict --config FILE --help` tells of its options.

Exit code 0: all done, 1: some recordings could not be used, 2: a mistake in what was asked."""


def main(argv: Sequence[str]) -> int:
    """Predict, and return the exit code.

    Raises:
        UserError: if the model cannot be used, or nothing was asked that it could answer.
    """
    args = _parser().parse_intermixed_args(argv)
    by = way_to_cut("vad" if args.vad else None, args.window, args.hop)
    folder = local_folder(args.model)
    settings = read_settings(folder)
    listed = _asked(args, settings)
    if args.asr:
        require_here_or_there(args.asr, "speech recogniser")
    timeline = _timeline(args, settings)
    if args.embeddings:
        return _embed(args, folder, _clips(listed, settings, None, by))
    heard = "channel=table" if listed.channels and not args.channel else args.channel and f"channel={args.channel}"
    how = " ".join(filter(None, (described(by), heard, args.asr and f"asr={Path(args.asr).name}")))
    by_speaker = bool(args.turns or listed.speakers)
    with Rows(Path(args.out), settings, how, speakers=by_speaker) if args.out else nullcontext() as out:
        again = _try_again(listed, out, cutting=by is not None)
        todo = _still_to_do(listed, out, cutting=by is not None)
        clips = _clips(todo, settings, out, by)
        put = out.write if out else partial(_print, timeline)
        total = None if by else len(todo)
        written, failed, first = _predict(args, folder, clips, put, total) if todo else (0, 0, "")
        if out and timeline:
            timeline.read(out.there)  # those of earlier runs, too
    if out:
        counts = {"of them again, for want of an answer": again, "were there already": out.there.done.total()}
        print(", ".join([f"{args.out}: {written} rows written", *(f"{n} {what}" for what, n in counts.items() if n)]))
    if timeline:
        _draw(timeline, args.picture, settings)
    if settings.made_up:
        print("mser predict: this model was trained on made-up recordings: its answers mean nothing", file=sys.stderr)
    if failed:
        print(f"mser predict: {failed} of {written} could not be used, the first: {first}", file=sys.stderr)
    return 1 if failed else 0


def _timeline(args: argparse.Namespace, settings: Settings) -> Timeline | None:
    """Return what gathers the answers of a picture, where one is asked for."""
    if not args.picture:
        return None
    if args.embeddings:
        raise UserError("--picture shows answers, which --embeddings does not give; leave one of them out")
    from mser.predict.timeline import Timeline
    from mser.predict.timeline_picture import require_picture

    require_picture(args.picture)
    return Timeline(settings.task["labels"], scores=settings.task["kind"] == "scores")


def _draw(timeline: Timeline, path: Path, settings: Settings) -> None:
    from mser.predict.timeline_picture import draw

    limits = (settings.task.get("low", 0.0), settings.task.get("high", 1.0))
    left = draw(timeline, path, limits, MADE_UP if settings.made_up else "")
    print(f"{path}: what is heard over time" + (f"; {left} more speakers had no room" if left else ""))


def _embed(args: argparse.Namespace, folder: Path, clips: Iterable[Clip]) -> int:
    """Write embeddings instead of answers, and return the exit code."""
    from mser.predict.embedding_file import write_embeddings
    from mser.use.model import load

    if args.out or args.launcher != "local":
        raise UserError("--embeddings writes a file of its own, here; leave --out and --launcher out")
    model = load(folder, device=args.device, asr=args.asr, precision=args.precision, plugins=args.plugin)
    written, failed, first = write_embeddings(model, clips, args.embeddings, args.of, frames=args.frames)
    print(f"{args.embeddings}: embeddings of {written} clips")
    if failed:
        print(f"mser predict: {failed} of {written + failed} could not be used, the first: {first}", file=sys.stderr)
    return 1 if failed else 0


def asks_a_folder(argv: Sequence[str]) -> bool:
    """Return whether it is ``predict MODEL FILES...`` rather than LightningCLI's predict, which begins with options."""
    return not argv or not argv[0].startswith("-") or argv[0].partition("=")[0] in _parser().options


def _try_again(clips: Listed, out: Rows | None, *, cutting: bool) -> int:
    """Forget the rows without an answer that are asked again, and return how many: the cause may be mended by now."""
    if out is None or not out.there.failed.total():
        return 0
    return out.try_again(Keys(key for clip in clips for key in (_key(clip), recording(clip.audio))), cutting=cutting)


def _asked(args: argparse.Namespace, settings: Settings) -> Listed:
    if sum(map(bool, (args.table, args.turns, args.files or args.text))) != 1:
        raise UserError("give recordings to predict, or --table with a row for each, or --turns, one of the three")
    if not args.turns and (args.tiers or args.audio_root):
        raise UserError("--tiers and --audio-root say how annotations are read; add --turns, or leave them out")
    clips = _listed(args)
    if "text" in settings.modalities and not (clips.read or args.asr or (settings.takes_either and clips.heard)):
        for file in args.files:
            _require_recording(file)
        raise UserError(f"{NEEDS_TEXT}; --text, or a table with a column transcript, gives one")
    if "speech" in settings.modalities and not (clips.heard or (settings.takes_either and clips.read)):
        raise UserError("this model listens: give it recordings, or a table with a column audio")
    return clips


def _listed(args: argparse.Namespace) -> Listed:
    if args.turns:
        clips = from_turns(args.turns, args.audio_root, dict(args.tiers))
    else:
        clips = from_table(args.table, dict(args.columns)) if args.table else from_files(args.files, args.text)
    if args.channel == SPLIT and args.turns:
        raise UserError("--turns says who speaks, and so does --channel split; leave one out, or choose a channel")
    if args.channel and clips.channels:
        raise UserError(f"{args.table} has a column channel, and so says --channel {args.channel}; leave one out")
    return of_channel(clips, None if args.channel == SPLIT else args.channel) if args.channel else clips


def _require_recording(file: str) -> None:
    """Refuse a file that is none before a transcript of it is asked for."""
    from mser.use.clips import Clip, duration

    if not Path(file).is_dir():
        duration(Clip(file))


def _still_to_do(clips: Listed, out: Rows | None, *, cutting: bool) -> Listed:
    """Return what has no row yet; of recordings that are cut, those that may lack one."""
    if out is None or not out.there.done.total():
        return clips
    return Listed(partial(_unpassed if cutting else _undone, clips, out))


def _undone(clips: Listed, out: Rows) -> Iterator[Asked]:
    done = out.there.done.copy()
    return (clip for clip in clips if not done.take(_key(clip)))


def _unpassed(clips: Listed, out: Rows) -> Iterator[Asked]:
    """Yield all but the recordings that are asked about once, as a whole, and have all of their rows."""
    asked_for = Keys(recording(clip.audio) for clip in clips)
    for clip in clips:
        name, whole = recording(clip.audio), not clip.start and clip.end is None
        if not (whole and asked_for.times(name) == 1 and out.there.passed.times(name)):
            yield clip


def _key(clip: Asked) -> int:
    return key(clip.audio, clip.start, clip.end, clip.transcript)


def _clips(todo: Iterable[Asked], settings: Settings, out: Rows | None, by: Segments | None) -> Iterator[Clip]:
    from mser.use.inputs import named

    clips = cut(named(todo), by, reads="text" in settings.modalities)
    if out is None or by is None:
        return clips
    done = out.there.done.copy()
    return (clip for clip in clips if not done.take(key(clip.called, clip.start, clip.end, clip.transcript)))


def _answers(
    args: argparse.Namespace, folder: Path, clips: Iterable[Clip], step: Callable[[int], None]
) -> Iterator[Prediction]:
    """Yield the answers in the order asked, wherever they are given, and tell `step` how many more there are."""
    if args.ray and args.launcher != "ray":
        raise UserError("--ray says how to use a Ray cluster; add --launcher ray")
    if args.launcher == "ray":
        from mser.predict.on_ray_data import answers

        return _counted(answers(args, folder, clips), step)
    if args.device and "," in args.device:
        from mser.predict.on_devices import answers

        return _counted(answers(args, folder, clips), step)
    return opened(args, folder, args.device, step)(clips)


def _counted(answers: Iterable[Prediction], step: Callable[[int], None]) -> Iterator[Prediction]:
    for prediction in answers:
        step(1)
        yield prediction


def _predict(
    args: argparse.Namespace, folder: Path, clips: Iterable[Clip], put: Callable[[Prediction], None], total: int | None
) -> tuple[int, int, str]:
    """Return how many rows there were, how many without an answer, and why the first of those has none."""
    from mser.terminal.progress import progress

    number, failed, first = 0, 0, ""
    with progress("predicting", total) as step:
        for prediction in _answers(args, folder, clips, step):
            put(prediction)
            number, failed, first = number + 1, failed + bool(prediction.error), first or prediction.error
    return number, failed, first


def _print(timeline: Timeline | None, prediction: Prediction) -> None:
    print(_line(prediction))
    if timeline:
        timeline.see(prediction)


def _line(prediction: Prediction) -> str:
    """Return one answer for a reader."""
    cut = f" {prediction.start:.1f}-{prediction.end:.1f} s" if prediction.end is not None else ""
    who = f" {prediction.speaker}" if prediction.speaker else ""
    name = f"{prediction.audio or prediction.transcript}{cut}{who}: "
    if prediction.error:
        return f"{name}no answer: {prediction.error}"
    transcript = f' "{prediction.transcript}"' if prediction.transcript_from else ""
    remark = prediction.note.removeprefix(MADE_UP).removeprefix("; ")  # which is said once, at the end
    note = transcript + (f" ({remark})" if remark else "")
    if prediction.scores:
        return name + ", ".join(f"{label} {score:.2f}" for label, score in prediction.scores.items()) + note
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])
    unsure = " (unsure)" if prediction.abstain else ""
    return f"{name}{prediction.label or 'none'}{unsure}; " + ", ".join(f"{label} {p:.0%}" for label, p in ranked) + note


class _Parser(argparse.ArgumentParser):
    """One that tells which options it has."""

    def __init__(self, **settings: Any) -> None:
        self.options: set[str] = set()
        super().__init__(**settings)

    def add_argument(self, *names: Any, **how: Any) -> argparse.Action:
        self.options |= {name for name in names if name.startswith("-")}
        return super().add_argument(*names, **how)


def _channel(text: str) -> int | str:
    return text if text == SPLIT else count(text)


def _parser() -> _Parser:
    parser = _Parser(
        prog="mser predict",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="a folder that `mser export` made, or its id on the hub")
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
    parser.add_argument("--turns", metavar="ANNOTATION", nargs="+", type=Path, default=[], help="a row for each turn "
                        "of each speaker in annotations: TextGrid, .eaf, .srt, .vtt, .rttm, .ctm or .json")  # fmt: skip
    add_options(parser)
    parser.add_argument("--channel", "--channels", type=_channel, metavar="N|split", help="hear the N-th channel alone "
                        "of recordings, or each on its own as a speaker (default: all of them mixed)")  # fmt: skip
    parser.add_argument("--out", help="a .csv, .jsonl or .parquet file to write, or to carry on with")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw what is heard over time, a panel for each "
                        "speaker, as .svg, .pdf or .png")  # fmt: skip
    parser.add_argument("--embeddings", type=Path, metavar="FILE", help="write a vector of each clip to a .npz or "
                        ".parquet file instead of answers")  # fmt: skip
    parser.add_argument("--of", choices=("fused", "speech", "text"), default="fused", help="with --embeddings: what "
                        "the answer is made of (default), or what the speech or text encoder says")  # fmt: skip
    parser.add_argument("--frames", action="store_true", help="with --embeddings and --of: each frame or token of that "
                        "encoder instead of one vector")  # fmt: skip
    parser.add_argument("--window", type=positive, metavar="S", help="cut recordings into windows of so many seconds; "
                        "with --vad the most seconds of a segment")  # fmt: skip
    parser.add_argument("--hop", type=positive, metavar="S", help="from one window to the next (default: half of it)")
    parser.add_argument("--vad", action="store_true", help="cut recordings where somebody speaks (extra vad)")
    parser.add_argument("--asr", metavar="MODEL", help="write missing transcripts with this speech recogniser, such as "
                        "openai/whisper-tiny.en or a folder")  # fmt: skip
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
    add_option(parser)
    return parser
