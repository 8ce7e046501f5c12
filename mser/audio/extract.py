"""Takes the audio out of videos, with FFmpeg or else with PyAV. Imports no torch."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from threading import Lock

from mser.audio.containers import can_read_containers
from mser.audio.recording import SAMPLE_RATE, mono, opened
from mser.audio.suffixes import VIDEOS
from mser.audio.wav import BadAudioError, check_wav
from mser.errors import UserError
from mser.files.whole import replacing

_MONO_16_KHZ = ("-map", "0:a:0", "-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", "-f", "wav")


def plan(root: Path, out: Path | None = None) -> dict[Path, Path]:
    """Return the wav file of every video below a folder: beside it, or at the same place below `out`.

    Raises:
        UserError: if there are no videos, or two would become the same wav file.
    """
    root, out = root.absolute(), (out or root).absolute()
    videos = sorted(p for p in root.rglob("*") if p.suffix.lower() in VIDEOS and not p.name.startswith("."))
    if not videos:
        raise UserError(f"no videos in {root}: looked for {', '.join(VIDEOS)}; give the folder that holds them")
    planned: dict[Path, Path] = {}
    for video in videos:
        wav = out / video.relative_to(root).with_suffix(".wav")
        if wav in planned:
            raise UserError(f"{planned[wav]} and {video} would both become {wav.name}; rename one of them")
        planned[wav] = video
    return {video: wav for wav, video in planned.items()}


def extract(todo: Mapping[Path, Path], *, jobs: int, done: Callable[[], None] = lambda: None) -> dict[Path, str]:
    """Write the first sound track of each video as mono wav at 16 kHz, whole or not at all.

    Args:
        todo: videos and the wav files to write.
        jobs: how many at once.
        done: called after each, whether it went well or not.

    Returns:
        The videos without a wav file, and what was wrong with each.

    Raises:
        UserError: if FFmpeg is not on the PATH and PyAV not installed, or a folder cannot be made.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None and not can_read_containers():
        raise UserError("no ffmpeg on the PATH and no PyAV; install either: pip install 'multimodal-ser[av]'")
    _make_folders({wav.parent for wav in todo.values()})
    failures: dict[Path, str] = {}
    processes = _Processes()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            run = partial(_run_ffmpeg, ffmpeg, processes) if ffmpeg else partial(_decode, processes)
            submitted = {pool.submit(_extract_one, run, video, wav): video for video, wav in todo.items()}
            for job in as_completed(submitted):
                if message := job.result():
                    failures[submitted[job]] = message
                done()
        except BaseException:
            processes.stop()  # else an interrupted command would first work off all others
            raise
    return dict(sorted(failures.items()))


def _make_folders(folders: Iterable[Path]) -> None:
    for folder in sorted(folders):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make {folder}: {error.strerror}; choose another --out") from error


class _FFmpegError(Exception):
    """What FFmpeg said last."""


class _Processes:
    """Those that run, so that none outlives an interrupted command and none is begun after it."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = Lock()
        self._stopped = False

    def run(self, command: Sequence[str]) -> None:
        """Run one to its end.

        Raises:
            _FFmpegError: with the last line on standard error, if it failed.
        """
        with self._lock:
            if self._stopped:
                raise _FFmpegError("interrupted")
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
            )
            self._running.add(process)
        _, errors = process.communicate()
        with self._lock:
            self._running.discard(process)
        if code := process.returncode:
            raise _FFmpegError((errors.strip().splitlines() or [f"ended with code {code}"])[-1])

    def require_running(self) -> None:
        """Begin nothing once all are to stop.

        Raises:
            _FFmpegError: if they are.
        """
        if self._stopped:
            raise _FFmpegError("interrupted")

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()


def _run_ffmpeg(ffmpeg: str, processes: _Processes, video: Path, wav: Path) -> None:
    command = [ffmpeg, "-nostdin", "-v", "error", "-threads", "1", "-y", "-i", str(video), *_MONO_16_KHZ]
    processes.run([*command, str(wav)])


def _decode(processes: _Processes, video: Path, wav: Path) -> None:
    """Write what PyAV hears in a video, by the minute.

    Raises:
        BadAudioError: if nothing can be heard in it.
    """
    import soundfile
    import soxr

    with opened(video) as recording, soundfile.SoundFile(wav, "w", SAMPLE_RATE, 1, "PCM_16", format="WAV") as out:
        resampler, size = soxr.ResampleStream(recording.rate, SAMPLE_RATE, 1), 60 * recording.rate
        for place in range(0, recording.frames, size):
            processes.require_running()
            block = mono(recording.read(place, size), recording.weights)
            out.write(resampler.resample_chunk(block, last=place + size >= recording.frames))


def _extract_one(run: Callable[[Path, Path], None], video: Path, wav: Path) -> str:
    """Write one wav file, first into a neighbour; return what went wrong, or nothing."""
    try:
        with replacing(wav) as neighbour:
            run(video, neighbour)
            check_wav(neighbour)
    except _FFmpegError as error:
        return f"ffmpeg: {error}"
    except BadAudioError as error:
        return f"its sound track {error}"
    except OSError as error:
        return f"cannot write {wav}: {error.strerror}"
    return ""
