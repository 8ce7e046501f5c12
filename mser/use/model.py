"""A trained model in use: ``mser.load(folder).predict("clip.wav", "what was said")``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mser.answers import columns
from mser.data.audio import SAMPLE_RATE
from mser.data.batch import Batch
from mser.data.batches import LengthBatches
from mser.errors import UserError
from mser.labels import UNKNOWN, LabelSet, ScoreSet
from mser.manifest import Seconds
from mser.recognizer import EmotionRecognizer
from mser.temperature import Floats, tempered
from mser.use.clips import Audio, Clip, hear
from mser.use.rebuild import load_weights, rebuild
from mser.use.settings import NEEDS_TEXT, Settings, read_settings

BATCH_SECONDS = 60.0
_WINDOW = 8  # batches that are sorted by length together, before the first of them is answered
_MOST = 64  # utterances in a batch
_PACE = 15.0  # characters that are said in a second: what a transcript counts for a model that only reads


@dataclass(frozen=True)
class Prediction:
    """What a model says of one utterance.

    Attributes:
        audio: what the recording is called; empty for samples and for text alone.
        transcript: what was read; None where nothing was given.
        start: where the clip begins in the recording.
        end: where it ends; None for the recording's end.
        label: the likeliest one, or those above one half joined by ``+``; None for scores.
        probabilities: of each label, calibrated on the validation part.
        scores: by name, not clipped to their range; empty for labels.
        used: ``speech``, ``text`` or both.
        seconds: of audio that was heard.
        note: what was done to the input: mixed, resampled, cut.
        error: why there is no answer; empty if there is.
    """

    audio: str
    transcript: str | None = None
    start: Seconds = 0.0
    end: Seconds | None = None
    label: str | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    used: tuple[str, ...] = ()
    seconds: Seconds | None = None
    note: str = ""
    error: str = ""


@dataclass(frozen=True, eq=False)
class _Ready:
    clip: Clip
    waveform: Tensor
    transcript: str
    seconds: Seconds
    notes: list[str]


def load(folder: str | Path, *, device: str | None = None) -> Model:
    """Return the model of a folder that ``mser export`` made; needs neither network nor pickle.

    Args:
        folder: where it lies.
        device: such as ``cpu`` or ``cuda:1``; a GPU if there is one when None.

    Raises:
        UserError: if the folder is no model's, of another version, lacks a file, or its parts do not fit.
    """
    path = Path(folder)
    settings = read_settings(path)
    members = []
    for member in settings.members:
        members.append(rebuild(settings, path))
        load_weights(members[-1], settings, member, path)
    return Model(settings, members, device or ("cuda" if torch.cuda.is_available() else "cpu"))


class Model:
    """One trained model, or several whose answers are averaged.

    Args:
        settings: what its folder says.
        members: in evaluation mode.
        device: where to run them.
    """

    def __init__(self, settings: Settings, members: Sequence[EmotionRecognizer], device: str) -> None:
        self.settings = settings
        self.task = settings.question()
        try:
            self.members = [member.to(device) for member in members]
        except (RuntimeError, AssertionError) as error:
            raise UserError(f"cannot use the device {device!r}: {str(error).splitlines()[0]}; try cpu") from error
        self.device = torch.device(device)

    @overload
    def predict(
        self, audio: Audio | None, transcript: str | None = ..., *, sample_rate: int | None = ...
    ) -> Prediction: ...

    @overload
    def predict(
        self, audio: list[Any], transcript: Sequence[str | None] | None = ..., *, sample_rate: int | None = ...
    ) -> list[Prediction]: ...

    def predict(
        self,
        audio: Audio | list[Any] | None,
        transcript: str | Sequence[str | None] | None = None,
        *,
        sample_rate: int | None = None,
    ) -> Prediction | list[Prediction]:
        """Return what the model says of one recording, or of each of a list.

        Args:
            audio: a file, samples, or a list of such; None for a model that only reads.
            transcript: what is said in it, or a list; None where nobody wrote it down.
            sample_rate: of samples, in Hz.

        Raises:
            UserError: if a single recording cannot be used; in a list its `Prediction.error` says so.
        """
        if isinstance(audio, list):
            said = [transcript] * len(audio) if transcript is None or isinstance(transcript, str) else list(transcript)
            if len(said) != len(audio) or isinstance(transcript, str):
                raise UserError(f"{len(audio)} recordings were given with other than as many transcripts; pair them")
            return list(self.stream(Clip(*pair, sample_rate=sample_rate) for pair in zip(audio, said, strict=True)))
        if not (transcript is None or isinstance(transcript, str)):
            raise UserError("one recording was given with a list of transcripts; give lists of both, or one of each")
        [answer] = self.stream([Clip(audio, transcript, sample_rate=sample_rate)])
        if answer.error:
            raise UserError(answer.error)
        return answer

    def stream(self, clips: Iterable[Clip], *, batch_seconds: Seconds = BATCH_SECONDS) -> Iterator[Prediction]:
        """Yield what the model says of each clip, in their order, however many there are.

        Args:
            clips: taken as they are needed.
            batch_seconds: most seconds of padded audio at a time.
        """
        window: list[_Ready | Prediction] = []
        held = 0.0
        for clip in clips:
            try:
                window.append(self._ready(clip, batch_seconds))
            except UserError as error:
                window.append(_refused(clip, error))
            held += window[-1].seconds or 0.0
            if held >= _WINDOW * batch_seconds or len(window) >= _WINDOW * _MOST:
                yield from self._answered(window, batch_seconds)
                window, held = [], 0.0
        yield from self._answered(window, batch_seconds)

    def _ready(self, clip: Clip, budget: Seconds) -> _Ready:
        text, notes = self._text(clip.transcript) if "text" in self.settings.modalities else ("", [])
        if "speech" not in self.settings.modalities:
            return _Ready(clip, torch.zeros(1), text, min(1 + len(text) / _PACE, budget), notes)
        if clip.audio is None:
            raise UserError("this model listens: give it a recording")
        waveform, more = hear(clip, self.settings.max_seconds, budget)
        return _Ready(clip, waveform, text, len(waveform) / SAMPLE_RATE, [*more, *notes])

    def _text(self, transcript: str | None) -> tuple[str, list[str]]:
        if transcript is None:
            raise UserError(NEEDS_TEXT)
        if not transcript.strip():
            raise UserError(f"the transcript is empty: {NEEDS_TEXT}")
        encoder = self.members[0].text
        # A token is a byte at least, so a shorter text cannot be too long.
        if encoder is None or len(transcript.encode()) + 2 <= encoder.max_tokens:
            return transcript, []
        tokens, _ = encoder.tokenizer([transcript], encoder.max_tokens + 1)
        cut = tokens.shape[1] > encoder.max_tokens
        return transcript, [f"the transcript's first {encoder.max_tokens} tokens"] if cut else []

    def _answered(self, window: Sequence[_Ready | Prediction], budget: Seconds) -> Iterator[Prediction]:
        ready = [one for one in window if isinstance(one, _Ready)]
        answers: dict[int, Prediction] = {}
        for batch in LengthBatches([one.seconds for one in ready], budget, most=_MOST).batches() if ready else []:
            chosen = [ready[index] for index in batch]
            answers.update(zip(map(id, chosen), self._ask(chosen), strict=True))
        for one in window:
            yield answers[id(one)] if isinstance(one, _Ready) else one

    def _ask(self, chosen: Sequence[_Ready]) -> list[Prediction]:
        try:
            return [self._prediction(one, answer) for one, answer in zip(chosen, self._answers(chosen), strict=True)]
        except (UserError, torch.OutOfMemoryError) as error:
            if len(chosen) == 1:
                return [_refused(chosen[0].clip, error)]
        return [answer for one in chosen for answer in self._ask([one])]

    @torch.inference_mode()
    def _answers(self, chosen: Sequence[_Ready]) -> Floats:
        batch = Batch(
            waveform=pad_sequence([one.waveform for one in chosen], batch_first=True).to(self.device),
            lengths=torch.tensor([len(one.waveform) for one in chosen], device=self.device),
            transcripts=[one.transcript for one in chosen],
            target=torch.empty(0),
            index=torch.arange(len(chosen), device=self.device),
        )
        every = []
        for model, member in zip(self.members, self.settings.members, strict=True):
            said = model.objective.answers(model(batch)).double().cpu().numpy()
            if not isinstance(self.task, ScoreSet):
                said = tempered(said, member.temperature, exclusive=self.settings.exclusive)
            every.append(said)
        return np.asarray(np.mean(every, axis=0))

    def _prediction(self, one: _Ready, answer: Floats) -> Prediction:
        named = dict(zip(self.task.labels, answer.tolist(), strict=True))
        scores = isinstance(self.task, ScoreSet)
        nothing = UNKNOWN if isinstance(self.task, LabelSet) else [torch.nan] * len(named)
        return Prediction(
            audio=one.clip.called,
            transcript=one.clip.transcript,
            start=one.clip.start,
            end=one.clip.end,
            label=None if scores else columns(self.task, nothing, answer.tolist())["prediction"],
            probabilities={} if scores else named,
            scores=named if scores else {},
            used=self.settings.modalities,
            seconds=one.seconds if "speech" in self.settings.modalities else None,
            note="; ".join(one.notes),
        )


def _refused(clip: Clip, error: Exception) -> Prediction:
    reason = " ".join(str(error).split())
    if isinstance(error, torch.OutOfMemoryError):
        reason = "the device has not enough memory for this clip; cut it, or use another device"
    return Prediction(clip.called, clip.transcript, clip.start, clip.end, error=reason)
