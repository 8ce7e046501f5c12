"""Objectives and fusions against formulas written out here."""

import pytest
import torch
from torch.nn import functional

from mser.encoders.outputs import Encoded
from mser.errors import UserError
from mser.fusion import CoAttention, Fusion, Shallow
from mser.labels import LabelSet, MultiLabel, ScoreSet
from mser.objectives import CrossEntropy, OneVsRest, Regression
from mser.recognizer import schedule

LABELS = ["neu", "sad", "ang"]
LOGITS = torch.tensor([[1.0, -1.0, 0.5], [0.2, 0.1, 3.0]])
TARGET = torch.tensor([0, 2])


def test_cross_entropy():
    objective = CrossEntropy(LABELS)
    expected = -torch.log(torch.stack([row.exp() / row.exp().sum() for row in LOGITS])[[0, 1], TARGET])
    torch.testing.assert_close(objective.loss(LOGITS, TARGET), expected)
    torch.testing.assert_close(objective.answers(LOGITS).sum(1), torch.ones(2))


def test_balanced_classes_weigh_by_their_rarity():
    objective = CrossEntropy(LABELS, class_weights="balanced")
    objective.prepare(torch.tensor([0, 0, 0, 0, 1, 1, 2, 2]))
    assert objective.weights.tolist() == pytest.approx([8 / 12, 8 / 6, 8 / 6])
    plain = CrossEntropy(LABELS).loss(LOGITS, TARGET)
    torch.testing.assert_close(objective.loss(LOGITS, TARGET), plain * objective.weights[TARGET])


COUNTS = torch.tensor([50.0, 10.0, 2.0])
SKEWED = torch.tensor([0] * 50 + [1] * 10 + [2] * 2)


def test_effective_numbers_are_geometric_sums():
    objective = CrossEntropy(LABELS, class_weights="effective", effective_beta=0.9)
    objective.prepare(SKEWED)
    effective = torch.tensor([sum(0.9**k for k in range(int(count))) for count in COUNTS])  # Cui et al., equation 2
    weights = objective.weights
    torch.testing.assert_close(weights / weights[0], effective[0] / effective)
    assert weights[SKEWED].mean().item() == pytest.approx(1)
    objective = CrossEntropy(LABELS, class_weights="effective", effective_beta=0.0)
    objective.prepare(SKEWED)
    assert objective.weights.tolist() == pytest.approx([1, 1, 1])


def test_focal_loss_is_torchvisions_formula():
    found = CrossEntropy(LABELS, focal_gamma=2.0).loss(LOGITS, TARGET)
    p = functional.softmax(LOGITS, -1)[[0, 1], TARGET]
    torch.testing.assert_close(found, -((1 - p) ** 2) * p.log())
    torch.testing.assert_close(
        CrossEntropy(LABELS, focal_gamma=0.0).loss(LOGITS, TARGET),
        functional.cross_entropy(LOGITS, TARGET, reduction="none"),
    )


def test_logit_adjustment_asks_for_equal_classes():
    """Under a prior the best logits are those of equal classes, log p(x|y), whatever it is (Menon et al. 2021)."""
    objective = CrossEntropy(LABELS, logit_adjustment=1.0)
    objective.prepare(SKEWED)
    prior = COUNTS / COUNTS.sum()
    expected = functional.nll_loss(
        (LOGITS.exp() * prior / (LOGITS.exp() * prior).sum(1, True)).log(), TARGET, reduction="none"
    )
    torch.testing.assert_close(objective.loss(LOGITS, TARGET), expected)
    torch.testing.assert_close(objective.answers(LOGITS), LOGITS.softmax(-1))
    assert "log_prior" in objective.state_dict()
    assert "log_prior" not in CrossEntropy(LABELS).state_dict(), "model folders of before have none"


@pytest.mark.parametrize(("options", "said"), [
    ({"focal_gamma": -1.0}, "focal_gamma is -1"), ({"logit_adjustment": float("nan")}, "logit_adjustment is nan"),
    ({"effective_beta": 1.0}, "effective_beta is 1"),
])  # fmt: skip
def test_strengths_that_are_none(options, said):
    with pytest.raises(UserError, match=said):
        CrossEntropy(LABELS, **options)


def test_one_vs_rest_sums_over_pairs():
    # Case D2 of the released code: summed over all pairs 7.5046817, per utterance a fifth of it.
    logits = torch.tensor([
        [-1, 2, 1, -1, 0.5, -0.5, 2, -2], [1, -1, -1, 1, 1, -1, 0.2, 0.1], [1, 0, 1, -1, -2, 2, 1, 0],
        [0, 1, 2, -1, 1, -1, -1, 1], [1, -1, 2, -2, 0, 1, 1, -1],
    ])  # fmt: skip
    objective = OneVsRest(["neu", "sad", "ang", "hap"])
    target = torch.tensor([0, 1, 2, 3, 3])
    assert objective.loss(logits, target).sum().item() == pytest.approx(7.5046817, abs=1e-5)
    present = functional.one_hot(target, 4).float()
    torch.testing.assert_close(objective.loss(logits, present), objective.loss(logits, target))
    bits = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 1, 0]]
    assert (objective.answers(logits) > 0.5).int().tolist() == bits


def test_regression():
    scores, target = (
        torch.tensor([[1.0, 0.0], [2.0, 2.0], [3.0, 1.0]]),
        torch.tensor([[1.5, 0.0], [2.0, 1.0], [2.5, 2.0]]),
    )
    assert Regression(["a", "b"]).loss(scores, target).tolist() == [0.25, 0.5, 0.75]
    assert Regression(["a", "b"], error="mse").loss(scores, target).tolist() == [0.125, 0.5, 0.625]
    x, y = torch.tensor([[1.0], [2], [3], [4], [5]]), torch.tensor([[1.5], [2], [2.5], [4.5], [4]])
    assert Regression(["a"], error="ccc").loss(x, y)[0].item() == pytest.approx(1 - 0.8955224, abs=1e-6)
    assert Regression(["a"]).answers(x).tolist() == x.tolist()


@pytest.mark.parametrize(("objective", "task"), [
    (CrossEntropy(LABELS), ScoreSet("vad", ("valence",), 1, 5)), (CrossEntropy(LABELS), MultiLabel("six", ("happy",))),
    (OneVsRest(LABELS), ScoreSet("vad", ("valence",), 1, 5)), (Regression(LABELS), LabelSet("four", ("neu",))),
])  # fmt: skip
def test_an_objective_that_does_not_fit(objective, task):
    with pytest.raises(UserError, match=f"{type(objective).__name__} does not fit the labels '{task.name}'"):
        objective.require(task)


def encoded(width, steps, seed):
    torch.manual_seed(seed)
    states = torch.randn(2, steps, width)
    mask = torch.ones(2, steps, dtype=torch.bool)
    mask[0, 2:] = False
    return Encoded(states, mask, states[:, 0])


def test_shallow_puts_text_first():
    speech, text = encoded(8, 5, 0), encoded(4, 3, 1)
    fusion = Shallow(8, 4)
    assert fusion.width == 12
    assert torch.equal(fusion(speech, text), torch.cat([text.summary, speech.summary], 1))
    assert torch.equal(Shallow(8, 0)(speech, None), speech.summary)


def test_co_attention_asks_real_states_only():
    speech, text = encoded(8, 5, 0), encoded(4, 3, 1)
    fusion = CoAttention(8, 4, heads=1).eval()
    layer = fusion.text_asks_speech[0].attention
    query = functional.linear(text.summary, layer.q_proj_weight)
    keys = functional.linear(speech.states, layer.k_proj_weight)
    values = functional.linear(speech.states, layer.v_proj_weight)
    weights = (keys @ query.unsqueeze(-1)).squeeze(-1) / 2  # the root of the width of 4
    weights = weights.masked_fill(~speech.mask, -torch.inf).softmax(-1)
    answer = functional.linear((weights.unsqueeze(1) @ values).squeeze(1), layer.out_proj.weight)
    torch.testing.assert_close(fusion(speech, text)[:, :4], text.summary + answer)
    noisy = speech._replace(states=speech.states.masked_fill(~speech.mask.unsqueeze(-1), 99.0))
    torch.testing.assert_close(fusion(noisy, text), fusion(speech, text))


def test_co_attention_refuses():
    with pytest.raises(ValueError, match="needs a speech and a text encoder"):
        CoAttention(8, 0)
    with pytest.raises(ValueError, match="3 heads do not divide"):
        CoAttention(8, 4, heads=3)
    with pytest.raises(ValueError, match="needs speech and text"):
        CoAttention(8, 4)(encoded(8, 5, 0), None)
    with pytest.raises(NotImplementedError):
        Fusion()(None, None)


def test_the_schedule_rises_and_falls():
    assert [schedule(step, 0, 4) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert schedule(3, 2, 6, power=2.0) == pytest.approx(0.5625)
    assert schedule(99, 2, 6) == 0.0
