"""What each fusion promises: a clip alone is a clip in a batch, each part learns, missing sides tell nothing."""

import pytest
import torch
from torch import nn

from mser.encoders.outputs import Encoded
from mser.errors import UserError
from mser.fusion import AttentiveStatistics, CoAttention, CrossAttention, Gated, LowRank, Mixture, Projection, Shallow

NEW = [Gated, LowRank, Mixture, CrossAttention]
ALL = [Shallow, Projection, AttentiveStatistics, CoAttention, *NEW]
BOTH = (CoAttention, CrossAttention)
"""Those that need both encoders."""


def encoded(lengths, width, seed):
    """Return as many utterances, with noise behind the end of each."""
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(len(lengths), max(lengths), width, generator=generator)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    summary = (states * mask.unsqueeze(-1)).sum(1) / torch.tensor(lengths).unsqueeze(1)
    return Encoded(states, mask, summary)


def sides():
    return encoded([9, 5, 7], 8, 0), encoded([4, 6, 2], 12, 1)


def made(kind):
    torch.manual_seed(0)
    return kind(8, 12, heads=2) if kind in BOTH else kind(8, 12)


@pytest.mark.parametrize("kind", ALL)
def test_an_utterance_alone_is_the_utterance_in_a_batch(kind):
    fusion = made(kind).eval()
    speech, text = sides()
    together = fusion(speech, text)
    assert together.shape == (3, fusion.width)
    for row, (heard, read) in enumerate(zip((9, 5, 7), (4, 6, 2), strict=True)):
        own = [Encoded(side.states[row : row + 1, :length], side.mask[row : row + 1, :length],
                       side.summary[row : row + 1]) for side, length in ((speech, heard), (text, read))]  # fmt: skip
        torch.testing.assert_close(fusion(*own)[0], together[row], atol=1e-5, rtol=1e-5)
    noisy = [side._replace(states=side.states.masked_fill(~side.mask.unsqueeze(-1), 1e4)) for side in (speech, text)]
    torch.testing.assert_close(fusion(*noisy), together)


@pytest.mark.parametrize("kind", NEW)
def test_every_part_learns(kind):
    fusion = made(kind)
    (fusion(*sides()) * torch.randn(3, fusion.width)).sum().backward()
    without = [name for name, one in fusion.named_parameters() if one.grad is None or not one.grad.abs().sum()]
    assert without == []


@pytest.mark.parametrize("kind", NEW)
def test_a_missing_side_tells_nothing_and_learns_nothing(kind):
    fusion = made(kind).eval()
    speech, text = sides()
    rows = torch.tensor([True, False, True])
    for lacking, other in ((0, text), (1, speech)):
        found = []
        for seed in (2, 3):
            lost = encoded([9, 5, 7], 8, seed) if lacking == 0 else encoded([4, 6, 2], 12, seed)
            states, summary = lost.states.requires_grad_(), lost.summary.requires_grad_()
            given = lost._replace(states=states, summary=summary).given(rows)
            answer = fusion(given, other) if lacking == 0 else fusion(other, given)
            found.append(answer[1])
            assert answer.isfinite().all()
            answer[1].sum().backward()
            assert all(one.grad is None or not one.grad.abs().sum() for one in (states, summary))
        torch.testing.assert_close(*found)


def test_both_sides_missing_is_still_a_number():
    for kind in NEW:
        speech, text = (side.given(torch.zeros(3, dtype=torch.bool)) for side in sides())
        assert made(kind)(speech, text).isfinite().all()


@pytest.mark.parametrize("kind", [Gated, LowRank, Mixture])
def test_one_encoder_is_enough(kind):
    speech, text = sides()
    assert kind(8, 0, width=5)(speech, None).shape == kind(0, 12, width=5)(None, text).shape == (3, 5)


def test_the_gate_is_arevalo_s_formula():
    fusion, (speech, text) = Gated(8, 12, width=6).eval(), sides()
    heard, read = fusion.layers["speech"](speech.summary).tanh(), fusion.layers["text"](text.summary).tanh()
    share = fusion.gate(torch.cat([speech.summary, text.summary], 1)).sigmoid()
    torch.testing.assert_close(fusion(speech, text), share * heard + (1 - share) * read)


def test_low_rank_is_a_bilinear_form():
    """Number k is the sum over all products of (1, speech) and (1, text), weighed by the whole tensor."""
    fusion, (speech, text) = LowRank(8, 12, width=6, rank=3).eval(), sides()
    factors = {}
    for side, layer in fusion.factors.items():
        factors[side] = torch.cat([layer.bias.unsqueeze(1), layer.weight], 1).view(3, 6, -1)
    tensor = torch.einsum("rks,rkt->kst", factors["speech"], factors["text"]) / 3
    ones = torch.ones(3, 1)
    products = torch.einsum("bs,bt->bst", torch.cat([ones, speech.summary], 1), torch.cat([ones, text.summary], 1))
    expected = torch.einsum("kst,bst->bk", tensor, products) + fusion.bias
    torch.testing.assert_close(fusion(speech, text), expected, atol=1e-5, rtol=1e-5)


def test_the_mixture_gives_all_to_the_expert_on_what_is_there():
    fusion, (speech, text) = Mixture(8, 12, width=6).eval(), sides()
    deaf = fusion(speech.given(torch.zeros(3, dtype=torch.bool)), text)
    torch.testing.assert_close(deaf, fusion.experts["text"](text.summary).tanh())


@pytest.mark.parametrize(("make", "said"), [
    (lambda: Gated(8, 12, width=0), "width is 0"), (lambda: LowRank(8, 12, rank=0), "rank is 0"),
    (lambda: Mixture(8, 12, dropout=1), "dropout is 1"), (lambda: CrossAttention(8, 12, layers=0), "layers is 0"),
])  # fmt: skip
def test_options_that_cannot_be(make, said):
    with pytest.raises(UserError, match=said):
        make()
    with pytest.raises(ValueError, match="3 heads do not divide the width 256"):
        CrossAttention(8, 12, heads=3)
    with pytest.raises(ValueError, match="needs a speech and a text encoder"):
        CrossAttention(8, 0)


class _Plain(nn.Module):
    def __init__(self, fusion):
        super().__init__()
        self.fusion = fusion

    def forward(self, speech, heard, speech_summary, text, read, text_summary):
        return self.fusion(Encoded(speech, heard, speech_summary), Encoded(text, read, text_summary))


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", NEW)
def test_as_onnx_it_answers_alike(kind, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    plain, inputs = _Plain(made(kind).eval()), [part for side in sides() for part in side]
    names = ["speech", "heard", "speech_summary", "text", "read", "text_summary"]
    batch, frames, tokens = (torch.export.Dim(name) for name in ("batch", "frames", "tokens"))
    shapes = tuple({0: batch, 1: frames if name in names[:2] else tokens} if "summary" not in name else {0: batch}
                   for name in names)  # fmt: skip
    torch.onnx.export(plain, tuple(inputs), tmp_path / "f.onnx", input_names=names, dynamic_shapes=shapes, dynamo=True)
    session = onnxruntime.InferenceSession(tmp_path / "f.onnx")
    other = [*encoded([3, 11], 8, 5), *encoded([8, 1], 12, 6)]
    for asked in (inputs, other):
        found = session.run(None, {name: one.numpy() for name, one in zip(names, asked, strict=True)})[0]
        torch.testing.assert_close(torch.from_numpy(found), plain(*asked), atol=1e-5, rtol=1e-4)
