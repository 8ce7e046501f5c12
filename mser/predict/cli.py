"""``mser predict MODEL FILES...``: what a model folder says of any recordings. Light until it is asked."""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mser.encoders.hub_access import require_here_or_there
from mser.errors import UserError
from mser.predict.answer_line import answer_line
from mser.predict.opened import opened
from mser.predict.predict_options import command_parser
from mser.predict.prediction_rows import Rows
from mser.predict.row_keys import Keys
from mser.predict.rows_there import key, recording
from mser.predict.unheard import Unheard
from mser.terminal.command_parser import options_of
from mser.use.hub import local_folder
from mser.use.listed_clips import SPLIT, Listed, ListedClip, from_files, from_table, from_turns, of_channel
from mser.use.prediction import MADE_UP
from mser.use.segments import Segments, cut, described, way_to_cut
from mser.use.settings import NEEDS_TEXT, Settings, read_settings
from mser.use.unlike_lines import Likeness

if TYPE_CHECKING:
    from mser.predict.timeline import Timeline
    from mser.use.clips import Clip
    from mser.use.prediction import Prediction


def main(argv: Sequence[str]) -> int:
    """Predict, and return the exit code.

    Raises:
        UserError: if the model cannot be used, or nothing was asked that it could answer.
    """
    args = command_parser().parse_intermixed_args(argv)
    by = way_to_cut("vad" if args.vad else None, args.window, args.hop)
    folder = local_folder(args.model)
    settings = read_settings(folder)
    listed = _checked_clips(args, settings)
    if args.asr:
        require_here_or_there(args.asr, "speech recogniser")
    _require_match(args, settings)
    timeline = _timeline(args, settings)
    if args.embeddings:
        return _embed(args, folder, _clips(listed, settings, None, by), listed.kept)
    how = _how(args, by, listed)
    by_speaker = bool(args.turns or listed.speakers)
    rows = Rows(Path(args.out), settings, how, speakers=by_speaker, kept=listed.kept) if args.out else nullcontext()
    with rows as out:
        again = _try_again(listed, out, cutting=by is not None)
        todo = _still_to_do(listed, out, cutting=by is not None)
        kept: deque[Mapping[str, str]] = deque()  # of the clips whose answers are to come, in their order
        clips = _matched(_clips(todo, settings, out, by), args.match)
        clips = _noting(clips, kept) if out else clips
        unheard = Unheard(dict(args.columns).get("label") or "label")
        write = partial(_write, out, kept, unheard) if out else partial(_print, timeline, unheard)
        unlike = Likeness(settings)
        put = partial(_put, write, unlike)
        written, failed, first = _predict(args, folder, clips, put, None if by else len(todo)) if todo else (0, 0, "")
        if out and timeline:
            timeline.read(out.there)  # those of earlier runs, too
    if out:
        counts = {"of them again, for want of an answer": again, "were there already": out.there.done.total()}
        print(", ".join([f"{args.out}: {written} rows written", *(f"{n} {what}" for what, n in counts.items() if n)]))
    if timeline:
        _draw(timeline, args.picture, settings)
    if settings.made_up:
        print("mser predict: this model was trained on made-up recordings: its answers mean nothing", file=sys.stderr)
    for line in [*filter(None, [unheard.line()]), *unlike.lines(written=out is not None)] if written else ():
        print(f"mser predict: {line}", file=sys.stderr)
    if failed:
        print(f"mser predict: {failed} of {written} could not be used, the first: {first}", file=sys.stderr)
    return 1 if failed else 0


def _matched(clips: Iterable[Clip], ways: Sequence[str]) -> Iterator[Clip]:
    return (replace(clip, match=(*clip.match, *ways)) for clip in clips)


def _put(write: Callable[[Prediction], None], unlike: Likeness, prediction: Prediction) -> None:
    write(prediction)
    unlike.see(prediction)


def _require_match(args: argparse.Namespace, settings: Settings) -> None:
    if args.match and args.embeddings:
        raise UserError("--match changes what is answered, and --embeddings gives no answers; leave one of them out")
    if args.match and settings.recordings is None:
        raise UserError(
            "--match brings recordings nearer to those of the training, which this model folder does not know; export "
            "it again from a run that keeps cues.csv, or leave --match out"
        )


def _how(args: argparse.Namespace, by: Segments | None, listed: Listed) -> str:
    """Return what changes the answers besides the model, so that rows of other ways are not mixed with these."""
    heard = "channel=table" if listed.channels and not args.channel else args.channel and f"channel={args.channel}"
    asr = args.asr and f"asr={Path(args.asr).name}"
    match = args.match and f"match={'+'.join(sorted(set(args.match)))}"
    return " ".join(filter(None, (described(by), heard, asr, match)))


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


def _embed(args: argparse.Namespace, folder: Path, clips: Iterable[Clip], kept: Sequence[str]) -> int:
    """Write embeddings instead of answers, and return the exit code."""
    from mser.predict.embedding_file import write_embeddings
    from mser.use.model import load

    if args.out or args.launcher != "local":
        raise UserError("--embeddings writes a file of its own, here; leave --out and --launcher out")
    model = load(folder, device=args.device, asr=args.asr, precision=args.precision, plugins=args.plugin)
    written, failed, first = write_embeddings(model, clips, args.embeddings, args.of, frames=args.frames, kept=kept)
    print(f"{args.embeddings}: embeddings of {written} clips")
    if failed:
        print(f"mser predict: {failed} of {written + failed} could not be used, the first: {first}", file=sys.stderr)
    return 1 if failed else 0


def asks_a_folder(argv: Sequence[str]) -> bool:
    """Return whether it is ``predict MODEL FILES...`` rather than LightningCLI's predict, which begins with options."""
    return not argv or not argv[0].startswith("-") or argv[0].partition("=")[0] in options_of(command_parser())


def _try_again(clips: Listed, out: Rows | None, *, cutting: bool) -> int:
    """Forget the rows without an answer that are asked again, and return how many: the cause may be mended by now."""
    if out is None or not out.there.failed.total():
        return 0
    return out.try_again(Keys(key for clip in clips for key in (_key(clip), recording(clip.audio))), cutting=cutting)


def _checked_clips(args: argparse.Namespace, settings: Settings) -> Listed:
    if sum(map(bool, (args.table, args.turns, args.files or args.text))) != 1:
        raise UserError("give recordings to predict, or --table with a row for each, or --turns, one of the three")
    if not args.turns and (args.tiers or args.audio_root):
        raise UserError("--tiers and --audio-root say how annotations are read; add --turns, or leave them out")
    if args.keep is not None and not (args.table and (args.out or args.embeddings)):
        raise UserError("--keep names columns of a table that a file of answers is to have; add --table and --out")
    clips = _listed(args)
    if "text" in settings.modalities and not (
        clips.has_text or args.asr or (settings.takes_either and clips.has_speech)
    ):
        for file in args.files:
            _require_recording(file)
        raise UserError(f"{NEEDS_TEXT}; --text, or a table with a column transcript, gives one")
    if "speech" in settings.modalities and not (clips.has_speech or (settings.takes_either and clips.has_text)):
        raise UserError("this model listens: give it recordings, or a table with a column audio")
    return clips


def _listed(args: argparse.Namespace) -> Listed:
    if args.turns:
        clips = from_turns(args.turns, args.audio_root, dict(args.tiers))
    else:
        table = partial(from_table, args.table, dict(args.columns), args.keep)
        clips = table() if args.table else from_files(args.files, args.text)
    if args.channel == SPLIT and args.turns:
        raise UserError("--turns says who speaks, and so does --channel split; leave one out, or choose a channel")
    if args.channel and clips.channels:
        raise UserError(f"{args.table} has a column channel, and so says --channel {args.channel}; leave one out")
    return of_channel(clips, args.channel) if args.channel else clips


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


def _undone(clips: Listed, out: Rows) -> Iterator[ListedClip]:
    done = out.there.done.copy()
    return (clip for clip in clips if not done.take(_key(clip)))


def _unpassed(clips: Listed, out: Rows) -> Iterator[ListedClip]:
    """Yield all but the recordings that are asked about once, as a whole, and have all of their rows."""
    asked_for = Keys(recording(clip.audio) for clip in clips)
    for clip in clips:
        name, whole = recording(clip.audio), not clip.start and clip.end is None
        if not (whole and asked_for.times(name) == 1 and out.there.passed.times(name)):
            yield clip


def _key(clip: ListedClip) -> int:
    return key(clip.audio, clip.start, clip.end, clip.transcript)


def _clips(todo: Iterable[ListedClip], settings: Settings, out: Rows | None, by: Segments | None) -> Iterator[Clip]:
    from mser.use.listed_clips import named

    clips = cut(named(todo), by, reads="text" in settings.modalities)
    if out is None or by is None:
        return clips
    done = out.there.done.copy()
    return (clip for clip in clips if not done.take(key(clip.called, clip.start, clip.end, clip.transcript)))


def _noting(clips: Iterable[Clip], kept: deque[Mapping[str, str]]) -> Iterator[Clip]:
    for clip in clips:
        kept.append(clip.kept)
        yield clip


def _write(out: Rows, kept: deque[Mapping[str, str]], unheard: Unheard, prediction: Prediction) -> None:
    cells = kept.popleft()
    out.write(prediction, cells)
    unheard.see(prediction, cells)


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


def _print(timeline: Timeline | None, unheard: Unheard, prediction: Prediction) -> None:
    print(answer_line(prediction))
    unheard.see(prediction, {})
    if timeline:
        timeline.see(prediction)
