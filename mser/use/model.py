"""A trained model in use: ``mser.load(folder).predict("clip.wav", "what was said")``. Imports no torch by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from huggingface_hub import ModelHubMixin

from mser.errors import UserError
from mser.manifest import Seconds
from mser.scoring.temperature import Floats
from mser.use.clip_answers import abstains, answer_batches, refused, windows
from mser.use.clips import Audio, Clip
from mser.use.engine import Engine, Precision, Side
from mser.use.engines import engine_of
from mser.use.hub import local_folder
from mser.use.identity import warn_of_others
from mser.use.inputs import by_either_name, clips_of
from mser.use.live_windows import Listening, LiveWindow
from mser.use.prediction import Prediction as Prediction
from mser.use.prepared import Ready, ready, require_listener
from mser.use.segments import Windows, cut, way_to_cut
from mser.use.settings import FILE, Settings, read_settings
from mser.use.words.missing_words import transcriber_for, with_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_SECONDS = 60.0
_WHERE = ("revision", "cache_dir", "force_download", "local_files_only", "token")


def load(
    folder: str | Path,
    *,
    device: str | None = None,
    asr: str | Path | None = None,
    revision: str | None = None,
    precision: Precision = "32",
    plugins: Collection[str] = (),
) -> Model:
    """Return the model of a folder that ``mser export`` made; needs neither network nor pickle.

    Args:
        folder: where it lies, or its id on the Hugging Face hub, such as ``someone/their-model``.
        device: such as ``cpu`` or ``cuda:1``; a GPU if there is one when None.
        asr: a speech recogniser that writes the transcripts which are missing: a Hugging Face id such as
            ``openai/whisper-small``, or a local folder.
        revision: branch, tag or commit on the hub.
        precision: ``bf16`` is faster where the hardware has it; probabilities change slightly.
        plugins: packages of which the folder may use classes, such as ``["mypackage"]`` for its fusion; that runs their
            code. By itself a folder can name nothing but what mser has.

    Raises:
        UserError: if the folder is no model's, of another version, lacks a file, its parts do not fit, or it needs a
            package that `plugins` does not allow.
    """
    return _opened(local_folder(folder, revision=revision), device, asr, precision, plugins)


def _opened(
    path: Path,
    device: str | None = None,
    asr: str | Path | None = None,
    precision: Precision = "32",
    plugins: Collection[str] = (),
) -> Model:
    settings = read_settings(path)
    engine = engine_of(settings, path, device, precision, plugins)
    warn_of_others(settings, path)
    return Model(settings, engine, device, folder=path, asr=asr)


class Model(ModelHubMixin):
    """One trained model, or several whose answers are averaged.

    ``save_pretrained``, ``push_to_hub`` and ``from_pretrained`` are those of `huggingface_hub.ModelHubMixin`.

    Args:
        settings: what its folder says.
        engine: what runs its weights.
        device: where speech recognition runs; a GPU if there is one when None.
        folder: where it was loaded from; None for a model that cannot be saved.
        asr: what writes missing transcripts; see `load`.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        device: str | None = None,
        *,
        folder: Path | None = None,
        asr: str | Path | None = None,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.task = settings.question()
        self.engine = engine
        self.transcriber = None if asr is None else transcriber_for(settings, asr, device)

    def __repr__(self) -> str:
        """Return what it hears or reads, what it tells, and what it was trained on."""
        trained, several = self.settings.trained, len(self.settings.members)
        on = f", trained on {trained['protocol']}" if "protocol" in trained else ""
        many = f", {several} averaged" if several > 1 else ""
        sides, labels = " and ".join(self.settings.modalities), ", ".join(self.task.labels)
        return f"<Model {self.settings.id}: {sides} to {labels}{on}{many}>"

    @overload
    def predict(self, audio: Audio | None, transcript: str, *, sample_rate: int | None = ...) -> Prediction: ...

    @overload
    def predict(
        self,
        audio: Audio | list[Any] | None,
        transcript: str | Sequence[str | None] | None = ...,
        *,
        sample_rate: int | None = ...,
        columns: dict[str, str] | None = ...,
        segments: str | None = ...,
        window: Seconds | None = ...,
        hop: Seconds | None = ...,
    ) -> Any: ...

    @by_either_name
    def predict(
        self,
        audio: Audio | list[Any] | None,
        transcript: str | Sequence[str | None] | None = None,
        *,
        sample_rate: int | None = None,
        columns: dict[str, str] | None = None,
        segments: str | None = None,
        window: Seconds | None = None,
        hop: Seconds | None = None,
    ) -> Prediction | list[Prediction]:
        """Return what the model says of one recording; a list of such where several are asked for, or segments.

        Args:
            audio: a file, samples, or a list of such; a folder of recordings, or a table (.csv, .tsv, .jsonl,
                .parquet) as `mser predict --table` takes it; None for a model that only reads.
            transcript: what is said in it, or a list; None where nobody wrote it down.
            sample_rate: of samples, in Hz; ``sampling_rate``, as Hugging Face calls it, is the same.
            columns: of a table, role to the column's name where that is another: ``{"audio": "file"}``.
            segments: ``vad`` cuts where somebody speaks, into at most `window` seconds (15); ``window`` or None
                into windows.
            window: seconds of each window.
            hop: seconds from one window's start to the next one's; half a window when None.

        Raises:
            UserError: if a single recording cannot be used; in a list its `Prediction.error` says so.
        """
        by = way_to_cut(segments, window, hop)
        clips, several = clips_of(audio, transcript, sample_rate, columns or {})
        answers = list(self.stream(cut(clips, by, reads="text" in self.settings.modalities)))
        if several or (by and not (len(answers) == 1 and answers[0].error)):
            return answers
        if answers[0].error:
            raise UserError(answers[0].error)
        return answers[0]

    @by_either_name
    def listen(
        self,
        chunks: Iterable[Any],
        *,
        sample_rate: int | None = None,
        window: Seconds = 4.0,
        hop: Seconds | None = None,
    ) -> Iterator[Prediction]:
        """Yield what the model says of live speech, once a window is full and after each hop from there on.

        The answers are those to the windows of a recording of all chunks: of `predict` with this window and hop. No
        more than a window is held.

        Args:
            chunks: of one recording as they come, each (N,) or (N, channels), or a pair of its rate and that.
            sample_rate: of chunks without one, in Hz.
            window: seconds that an answer is about.
            hop: seconds from one answer to the next; half a window when None.

        Returns:
            An iterator of predictions with `start` and `end`; of a window that cannot be used, such as a silent one,
            with an `error`.

        Raises:
            UserError: if a chunk is no sound or of another rate, or the model cannot do without a transcript.
        """
        by = Windows(window, window / 2 if hop is None else hop)
        way_to_cut("window", window, hop)
        require_listener(self.settings, asr=self.transcriber is not None)
        return self._listen(chunks, Listening(by, sample_rate))

    def _listen(self, chunks: Iterable[Any], listening: Listening) -> Iterator[Prediction]:
        for chunk in chunks:
            yield from map(self.answer_window, listening.add(chunk))
        yield from map(self.answer_window, listening.finish())

    def answer_window(self, window: LiveWindow) -> Prediction:
        """Return what the model says of one window of live speech."""
        [prediction] = self.stream([window.clip])
        return replace(prediction, start=window.start, end=window.end)

    @by_either_name
    def embed(
        self,
        audio: Audio | list[Any] | None,
        transcript: str | Sequence[str | None] | None = None,
        *,
        of: Side = "fused",
        frames: bool = False,
        sample_rate: int | None = None,
        columns: dict[str, str] | None = None,
    ) -> Any:
        """Return what the model makes of a recording before it answers; a list where several are asked for.

        Each clip is computed by itself, so that no other changes it.

        Args:
            audio: as for `predict`.
            transcript: what is said in it, or a list.
            of: ``fused``, what the answer is made of; ``speech`` or ``text``, what that encoder says.
            frames: each frame or token of the side instead of one vector.
            sample_rate: of samples, in Hz.
            columns: of a table, role to the column's name where that is another.

        Returns:
            (D,) float32; with `frames` (T, D), of speech 50 a second for most encoders.

        Raises:
            UserError: if a recording cannot be used, or the model has no such embedding.
        """
        clips, several = clips_of(audio, transcript, sample_rate, columns or {})
        embeddings = [self.embed_clip(clip, of=of, frames=frames) for clip in clips]
        return embeddings if several else embeddings[0]

    def embed_clip(self, clip: Clip, *, of: Side = "fused", frames: bool = False) -> NDArray[np.float32]:
        """Return what `embed` does of one clip."""
        from mser.use.embeddings import embedding

        if clip.error:
            raise UserError(clip.error)
        prepared = ready(clip, self.settings, BATCH_SECONDS, asr=self.transcriber is not None)
        [written] = with_words([prepared], self.transcriber, self.settings)
        if not isinstance(written, Ready):
            raise UserError(written.error)
        return embedding(self.engine, self.settings, written, of, frames=frames)

    def stream(
        self,
        clips: Iterable[Clip],
        *,
        batch_seconds: Seconds = BATCH_SECONDS,
        answered: Callable[[int], None] = lambda _: None,
    ) -> Iterator[Prediction]:
        """Yield what the model says of each clip, in their order, however many there are.

        Args:
            clips: taken as they are needed.
            batch_seconds: most seconds of audio in a batch, counting each clip as long as the longest, and in a clip;
                on a processor batches are smaller (`Engine.at_once`). A base-size encoder needs 16 MB of memory for a
                second in float32, WavLM 30 MB in a clip of a minute; a batch that does not fit is halved, and a clip
                that does not fit alone has an `error`.
            answered: told after each batch how many clips it had: their answers may come much later, in their order.
        """
        for window in windows((self.prepared(clip, batch_seconds) for clip in clips), batch_seconds):
            predictions: dict[int, Prediction] = {}
            for batch in self.answers(window, batch_seconds):
                predictions |= batch
                answered(len(batch))
            yield from (predictions[place] for place in range(len(window)))

    def prepared(self, clip: Clip, batch_seconds: Seconds = BATCH_SECONDS) -> Ready | Prediction:
        """Return a clip as the model takes it, for `answers`; where it cannot be used what `stream` says of it."""
        try:
            return ready(clip, self.settings, batch_seconds, asr=self.transcriber is not None)
        except (UserError, MemoryError) as error:
            return refused(clip, error)

    def answers(
        self, window: Sequence[Ready | Prediction], batch_seconds: Seconds = BATCH_SECONDS
    ) -> Iterator[dict[int, Prediction]]:
        """Return what the model says of prepared clips, batch after batch, by their places in the window.

        Args:
            window: all of them, since clips of about the same length make a batch.
            batch_seconds: as for `stream`.
        """
        window = with_words(window, self.transcriber, self.settings)
        return answer_batches(window, self.settings, self.engine, batch_seconds)

    def abstains(self, answer: Floats) -> bool | None:
        """Return whether calibrated probabilities, (C,), are less sure than a careful user takes; None for scores."""
        return abstains(answer, self.settings)

    def _save_pretrained(self, save_directory: Path) -> None:
        """Copy the folder: what was loaded is what is saved."""
        if self.folder is None:
            raise UserError("this model was loaded from no folder, so there is none to save")
        if save_directory.resolve() != self.folder.resolve():
            hidden = shutil.ignore_patterns(".*", FILE)
            shutil.copytree(self.folder, save_directory, dirs_exist_ok=True, ignore=hidden)
        self.settings.write(save_directory)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        device: str | None = None,
        asr: str | Path | None = None,
        plugins: Collection[str] = (),
        **where: Any,
    ) -> Model:
        where = {name: value for name, value in where.items() if name in _WHERE}
        return _opened(local_folder(model_id, **where), device, asr, plugins=plugins)
