"""The page: what goes in on the left, what the model says on the right."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio

from mser.app.asking import Asking
from mser.app.drawing import modalities, probabilities, timeline
from mser.errors import UserError
from mser.use.clips import Clip, hear
from mser.use.model import Model

LARGEST = "200mb"
_KEPT = (60, 540)  # seconds: how often uploads are looked at, and how old they may be
CSS = """
.gradio-container {max-width: 1080px !important; margin: auto}
footer {display: none !important}
.said b.label {font-size: 1.7rem; line-height: 1.3}
.said .note {color: var(--body-text-color-subdued); font-size: .9rem}
.said table {border-collapse: collapse; width: 100%}
.said table, .said tr, .said td, .said th {border: 0 !important}
.said td, .said th {padding: .25rem .5rem; text-align: left; font-weight: 400; white-space: nowrap}
.said .number {text-align: right; font-variant-numeric: tabular-nums}
.said td.wide {width: 100%}
.said .bar {background: var(--border-color-primary); border-radius: 4px; height: .8rem}
.said .bar i {display: block; height: 100%; border-radius: 4px; background: #3465a4}
.said th {color: var(--body-text-color-subdued)}
.over {display: grid; gap: 1px 0; align-items: center; font-size: .85rem}
.over .row {display: flex; height: 1.5rem; border-radius: 3px; overflow: hidden}
.over .row {background: var(--border-color-primary)}
.over .row i {flex: 1; background: #3465a4}
.over .times {display: flex; justify-content: space-between; color: var(--body-text-color-subdued)}
"""
HEAD = """<script>
// For calls, browsers level voices and filter what they take for noise. The model shall hear them as they are.
const devices = navigator.mediaDevices;
const plain = {autoGainControl: false, noiseSuppression: false, echoCancellation: false};
if (devices) {
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = asked => open({...asked, audio: asked.audio && {...asked.audio, ...plain}});
}
</script>"""
_ABOUT = (
    "It says how speech comes across to listeners, not what a person feels. Do not decide about people by it. "
    "Nothing leaves this machine; uploads are deleted after ten minutes at most."
)


def theme() -> Any:
    """Return a theme with the machine's own fonts."""
    return gradio.themes.Soft(primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["monospace"])


def page(model: Model) -> Any:
    """Return the page of a model."""
    asking = Asking(model)
    sides = model.settings.modalities
    name = model.settings.trained.get("run") or "mser"
    with gradio.Blocks(title=f"mser: {name}", analytics_enabled=False, delete_cache=_KEPT) as blocks:
        gradio.Markdown(f"## {escape(name)}\nEmotion from {' and '.join(sides)}: {', '.join(model.task.labels)}")
        with gradio.Row():
            with gradio.Column():
                recording = gradio.Audio(
                    label="Speech", type="filepath", sources=["upload", "microphone"], visible="speech" in sides,
                    buttons=[], elem_id="recording",
                )  # fmt: skip
                text = gradio.Textbox(label="What is said", lines=2, visible="text" in sides, elem_id="transcript")
                write = gradio.Button("Transcribe", visible=model.transcriber is not None)
                window = gradio.Slider(1, 20, 4, step=0.5, label="Seconds of a window of the timeline",
                                       visible="speech" in sides)  # fmt: skip
                ask = gradio.Button("Which emotion?", variant="primary", elem_id="ask")
            with gradio.Column():
                said = gradio.HTML(elem_id="said")
        gradio.Markdown(_ABOUT)
        ask.click(_told(asking), [recording, text, window], said, api_name="predict", show_progress="full")
        write.click(_written(model), recording, text, api_name="transcribe")
        for given in (recording, text, window):  # an answer never stands beside what it was not given
            given.change(None, None, said, js="() => ''")
    return blocks


def _told(asking: Asking) -> Any:
    def tell(recording: str | None, text: str, window: float) -> str:
        try:
            heard = asking.whole(recording, text)
            parts = [
                probabilities(heard, asking.task),
                modalities(asking.alone(recording, text), heard, asking.task),
                timeline(asking.over_time(recording, window), asking.task),
            ]
        except UserError as error:
            raise gradio.Error(str(error), print_exception=False) from error
        return f'<div class="said">{"".join(parts)}</div>'

    return tell


def _written(model: Model) -> Any:
    def write(recording: str | None) -> str:
        if recording is None or model.transcriber is None:
            raise gradio.Error("there is no recording to transcribe; give one", print_exception=False)
        try:
            samples, _ = hear(Clip(recording, name="the recording"), None, Asking.LONGEST)
        except UserError as error:
            raise gradio.Error(str(error), print_exception=False) from error
        [said] = model.transcriber([samples])
        if said is None:
            raise gradio.Error("the memory is too small for this recording; give a shorter one", print_exception=False)
        return said

    return write
