"""The page: what goes in on the left, what the model says on the right."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio

from mser.app.answer_html import drawn, refusal, waiting
from mser.app.asking import Asking, PartialAnswer
from mser.app.live import Live, can_listen
from mser.app.uploads import Uploaded
from mser.errors import UserError, brief, is_out_of_memory
from mser.use.model import Model

LARGEST = "200mb"
_KEPT = (60, 540)  # seconds: how often uploads are looked at, and how old they may be
_CHANNELS = [("all, mixed", 0), ("1 (left)", 1), ("2 (right)", 2)]
_HERE = Path(__file__).parent
CSS = (_HERE / "page.css").read_text(encoding="utf-8")
HEAD = f"<script>{(_HERE / 'microphone.js').read_text(encoding='utf-8')}</script>"
_ABOUT = (
    "It says how speech comes across to listeners, not what a person feels. Do not decide about people by it. "
    "Nothing leaves this machine; uploads are deleted after ten minutes at most."
)
_MADE_UP = "This model was trained on made-up recordings, which nobody has spoken: its answers mean nothing."
_STOPPED = '<p class="note">Stopped.</p>'


def theme() -> Any:
    """Return a theme with the machine's own fonts."""
    return gradio.themes.Soft(primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["monospace"])


@dataclass(frozen=True)
class _Inputs:
    """What a visitor speaks, writes, chooses and presses."""

    recording: Any
    text: Any
    channel: Any
    write: Any
    window: Any
    ask: Any
    stop: Any
    live: Any


def page(model: Model) -> Any:
    """Return the page of a model."""
    asking = Asking(model)
    with Uploaded(title="mser: which emotion?", analytics_enabled=False, delete_cache=_KEPT) as blocks:
        gradio.HTML(_head(model))
        if model.settings.made_up:
            gradio.HTML(f'<p class="made-up">{_MADE_UP}</p>')
        with gradio.Row():
            with gradio.Column():
                inputs = _inputs(model, asking)
            with gradio.Column():
                answer_box = gradio.HTML(elem_id="said")
        gradio.HTML(f"<p>{_ABOUT}</p>")
        _listen(model, inputs.live, inputs.window, answer_box)
        _ask(asking, inputs, answer_box)
    return blocks


def _inputs(model: Model, asking: Asking) -> _Inputs:
    """Put the inputs below each other; those that the model has no use for are hidden."""
    recording = gradio.Audio(
        label="Speech", type="filepath", sources=["upload", "microphone"], visible=asking.hears, buttons=[],
        elem_id="recording",
    )  # fmt: skip
    gradio.HTML('<p role="alert"></p>', visible=asking.hears, elem_id="microphone")
    return _Inputs(
        recording=recording,
        text=gradio.Textbox(label="What is said", lines=2, visible=asking.reads, elem_id="transcript"),
        channel=gradio.Radio(_CHANNELS, value=0, label="Channels", visible=asking.hears, elem_id="channel"),
        write=gradio.Button("Transcribe", visible=model.transcriber is not None, elem_id="write"),
        window=gradio.Slider(
            1, 20, 4, step=0.5, label="Seconds of a window of the timeline", visible=asking.hears
        ),
        ask=gradio.Button("Which emotion?", variant="primary", elem_id="ask"),
        stop=gradio.Button("Stop", elem_id="stop"),
        live=gradio.Audio(
            label="Live: an answer every half window", type="filepath", sources=["microphone"], streaming=True,
            visible=can_listen(model), buttons=[], elem_id="live",
        ),
    )  # fmt: skip


def _ask(asking: Asking, inputs: _Inputs, answer_box: Any) -> None:
    """Let the buttons ask, write and stop, and what is changed take the answer away."""
    ended: dict[str | None, str] = {}
    asked_of = [inputs.recording, inputs.text, inputs.window, inputs.channel]
    begun = inputs.ask.click(_begun(ended), None, answer_box, queue=False, api_visibility="private")
    begun.then(_answering(asking, ended), asked_of, answer_box, api_name="predict", show_progress="hidden")
    inputs.write.click(
        _written(asking), [inputs.recording, inputs.channel], [inputs.text, answer_box], api_name="transcribe",
        show_progress="minimal",
    )  # fmt: skip
    inputs.stop.click(_ends(ended, _STOPPED), None, answer_box, queue=False, api_visibility="private")
    for changed in asked_of:  # an answer never stands beside what it was not given
        changed.change(None, None, answer_box, js="() => ''")
    # Not on every change: that of an upload may come after it was asked about.
    by_hand = [inputs.text.input, inputs.window.input, inputs.channel.input]
    gradio.on(
        [inputs.recording.clear, inputs.recording.start_recording, *by_hand], _ends(ended, ""), None, answer_box,
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def _listen(model: Model, live: Any, window: Any, answer_box: Any) -> None:
    """Let the page show what is heard as long as its microphone is on."""
    listening = gradio.State(None)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    live.start_recording(lambda: (None, waiting("Listening…")), None, [listening, answer_box], queue=False, **quiet)
    live.stream(_on_live_piece(model), [live, window, listening], [listening, answer_box], stream_every=0.5, **quiet)
    live.stop_recording(_finished(model), listening, [listening, answer_box], **quiet)


def _on_live_piece(model: Model) -> Callable[..., Any]:
    def hear(piece: str | None, window: float | None, listening: Live | None) -> tuple[Any, Any]:
        if piece is None:
            return gradio.skip(), gradio.skip()
        listening = listening or Live(model, 4.0 if window is None else window)
        return listening, _shown(model, lambda: listening.hear(piece))

    return hear


def _finished(model: Model) -> Callable[..., Any]:
    def finish(heard: Live | None) -> tuple[Any, Any]:
        return None, gradio.skip() if heard is None else _shown(model, heard.finish)

    return finish


def _shown(model: Model, ask: Callable[[], PartialAnswer | None]) -> Any:
    try:
        answer = ask()
    except Exception as error:
        return refusal(_why_not(error))
    return gradio.skip() if answer is None else drawn(answer, model.task)


def _head(model: Model) -> str:
    run, on = model.settings.trained.get("run"), model.settings.trained.get("protocol")
    which = f"The model {run}" if run else "The model"
    heading = f"{which}{f', trained on {on},' if on else ''} tells {', '.join(model.task.labels)}."
    return f"<h2>Emotion from {' and '.join(model.settings.modalities)}</h2><p>{escape(heading)}</p>"


def _begun(ended: dict[str | None, str]) -> Callable[[gradio.Request], str]:
    def begin(request: gradio.Request) -> str:
        ended.pop(request.session_hash, None)
        return waiting("Waiting for its turn…")

    return begin


def _ends(ended: dict[str | None, str], instead: str) -> Callable[[gradio.Request], Any]:
    """Return what makes a visitor's answer end after the step that it is in, and what is shown in place of progress.

    Gradio's own way to cancel is not taken: pages were seen to answer nobody any more after it.
    """

    def end(request: gradio.Request) -> Any:
        ended[request.session_hash] = instead
        return gradio.skip() if instead else ""

    return end


def _answering(asking: Asking, ended: dict[str | None, str]) -> Callable[..., Iterator[str]]:
    """Return what answers on the page and, by an error, programs that ask it."""

    def tell(
        recording: str | None, text: str | None, window: float | None, channel: int | None, request: gradio.Request
    ) -> Iterator[str]:
        visitor = request.session_hash
        try:
            for step in asking.steps(recording, text, 4.0 if window is None else window, channel or None):
                if visitor and visitor in ended:
                    instead = ended.pop(visitor)
                    yield drawn(replace(step, of=0.0), asking.task) + instead if instead else ""
                    return
                yield drawn(step, asking.task)
        except Exception as error:
            yield refusal(_why_not(error))
            raise gradio.Error(_why_not(error), visible=False, print_exception=False) from error

    return tell


def _written(asking: Asking) -> Callable[..., Any]:
    def write(recording: str | None, channel: int | None) -> tuple[Any, str]:
        try:
            return asking.transcribe(recording, channel or None), ""
        except Exception as error:
            return gradio.skip(), refusal(_why_not(error))

    return write


def _why_not(error: Exception) -> str:
    """Return in one line why there is no answer; what is a fault of ours has its traceback in the terminal."""
    if isinstance(error, UserError):
        return str(error)
    if is_out_of_memory(error):
        return "the memory of this machine is too small for this recording: give a shorter one"
    logging.getLogger("mser").error("the page failed", exc_info=error)
    return f"mser failed at it, which is no fault of yours ({brief(error)}): the terminal of `mser app` says more"
