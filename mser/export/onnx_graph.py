"""A trained model as one ONNX graph, from waveforms and tokens to probabilities or scores."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from mser.encoders.masks import mask_of
from mser.recognizer import EmotionRecognizer
from mser.use.inference import settle
from mser.use.onnx_engine import ANSWERS, FUSED, SPEECH_MASK, states_of

_LENGTHS = (16_000, 11_000)  # samples of the clips that the graph is traced with; any number and any lengths follow
_TOKENS = (9, 5)


class _Joint(nn.Module):
    """Both encoders, fusion, head and objective behind plain tensors."""

    def __init__(self, model: EmotionRecognizer) -> None:
        super().__init__()
        self.speech, self.text = model.speech, model.text
        self.fusion, self.head, self.objective = model.fusion, model.head, model.objective

    # Each input by its own name: torch 2.9 takes no shapes of a `**`.
    def forward(
        self, waveform: Tensor | None = None, lengths: Tensor | None = None, tokens: Tensor | None = None,
        mask: Tensor | None = None, speech_given: Tensor | None = None, text_given: Tensor | None = None,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Return what `_outputs` names; the inputs are those of `_example`."""
        speech = text = None
        embeddings: list[Tensor] = []
        if self.speech is not None:
            speech = self.speech(waveform, lengths)
            embeddings += [speech.summary, speech.states, speech.mask]
            speech = speech.given(speech_given)
        if self.text is not None:
            text = self.text(tokens, mask)
            embeddings += [text.summary, text.states]
            text = text.given(text_given)
        fused = self.fusion(speech, text)
        return self.objective.answers(self.head(fused)), fused, *embeddings


def _outputs(model: EmotionRecognizer) -> list[str]:
    speech = [] if model.speech is None else ["speech", states_of("speech"), SPEECH_MASK]
    text = [] if model.text is None else ["text", states_of("text")]
    return [ANSWERS, FUSED, *speech, *text]


def write_graph(model: EmotionRecognizer, path: Path) -> None:
    """Write a model as an ONNX file, beyond 2 GB with its weights in a file beside it.

    The graph takes any number of clips of any lengths: ``waveform`` (B, samples) at 16 kHz, ``lengths`` (B,),
    ``tokens`` (B, L), ``mask`` (B, L) and, where there are both sides, ``speech_given`` and ``text_given`` (B,); of
    these a model of one side takes its own. It gives ``answers`` (B, C), and where they are asked for ``fused`` (B, D),
    of each side ``speech`` and ``text`` (B, D) and all their states ``speech_states`` (B, T, D), where
    ``speech_mask`` (B, T), and ``text_states`` (B, L, D).

    Args:
        model: in evaluation mode, on the CPU; it is settled.
        path: ends in .onnx.
    """
    settle(model)
    example = _example(model)
    axes = {name: dict.fromkeys(range(tensor.ndim), torch.export.Dim.DYNAMIC) for name, tensor in example.items()}
    with torch.no_grad(), _plain_attention(), _quiet():
        program = torch.onnx.export(
            _Joint(model).eval(), (), kwargs=example, dynamo=True, verbose=False, output_names=_outputs(model),
            input_names=list(example), dynamic_shapes=axes,
        )  # fmt: skip
    for node in cast(Any, program).model.graph.all_nodes():
        node.metadata_props.clear()  # the exporter's stack traces name folders of this machine
    cast(Any, program).save(path)


def _example(model: EmotionRecognizer) -> dict[str, Tensor]:
    inputs: dict[str, Tensor] = {}
    if model.speech is not None:
        lengths = torch.tensor(_LENGTHS)
        noise = torch.randn(2, max(_LENGTHS), generator=torch.Generator().manual_seed(0))
        inputs |= {"waveform": 0.1 * noise * mask_of(lengths), "lengths": lengths}
    if model.text is not None:
        mask = mask_of(torch.tensor(_TOKENS))
        inputs |= {"tokens": mask.long(), "mask": mask}
    if len(inputs) == 4:
        inputs |= {"speech_given": torch.tensor([True, True]), "text_given": torch.tensor([True, True])}
    return inputs


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Keep torch from its fused attention layer, which ONNX does not know."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from telling of its own matters; onnxscript before 0.7 prints what it has rewritten."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
