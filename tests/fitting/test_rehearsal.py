"""Parts of other packages that a later step could not use are refused before any training, in one line."""

import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from mser.encoders.backbone import Backbone
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.pretrained import architecture_only
from mser.encoders.tiny import hash_words
from mser.errors import UserError
from mser.fitting.rehearsal import rehearse
from mser.fusion import Fusion, Shallow
from mser.labels import LabelSet, MultiLabel, ScoreSet
from mser.objectives import CrossEntropy, Objective, Regression
from mser.recognizer import EmotionRecognizer

TWO = LabelSet("two", ("calm", "angry"))
OURS = {"fusion": {"class_path": "mser.fusion.Shallow"}, "objective": {"class_path": "mser.objectives.CrossEntropy"}}


@pytest.fixture
def package(monkeypatch):
    """A module whose classes are another package's."""
    module = ModuleType("acme_parts")
    monkeypatch.setitem(sys.modules, "acme_parts", module)

    def add(kind):
        kind.__module__, kind.__qualname__ = "acme_parts", kind.__name__
        setattr(module, kind.__name__, kind)
        return kind

    return add


class Frames(Backbone):
    """Frames of 400 samples by themselves."""

    def __init__(self, width=8, *, loaded=False):
        super().__init__()
        self.width = width
        self.entry = nn.Linear(400, width)
        self.blocks = nn.ModuleList([nn.Linear(width, width)])
        self.loaded = torch.nn.Buffer(torch.tensor(float(loaded)))

    def load_pretrained(self):
        self.loaded.fill_(1)

    def forward(self, waveform, lengths):
        states = self.blocks[0](self.entry(waveform.unfold(1, 400, 400)))
        return states, torch.arange(states.shape[1]) < (lengths // 400).unsqueeze(1)


class Words(Backbone):
    """An embedding of hashed words."""

    def __init__(self):
        super().__init__()
        self.width, self.max_tokens, self.tokenizer = 8, 32, hash_words
        self.blocks = nn.ModuleList([nn.Embedding(4096, 8)])

    def forward(self, tokens, mask):
        return self.blocks[0](tokens % 4096), mask


def tried(task=TWO, **parts):
    """Rehearse a model with some parts in the place of ours; each is a class, or a class with options."""
    options, made = dict(OURS), {}
    for name, part in parts.items():
        kind, given = part if isinstance(part, tuple) else (part, {})
        named = {"class_path": f"{kind.__module__}.{kind.__name__}", "init_args": given}
        if name in ("speech", "text"):
            encoder = SpeechEncoder if name == "speech" else TextEncoder
            options[name], made[name] = {"name": named}, encoder(kind(**given))
        else:
            options[name] = named
            made[name] = lambda *args, kind=kind, given=given: kind(*args, **given)
    if "speech" not in parts:
        options["speech"], made["speech"] = {"name": "tiny"}, SpeechEncoder("tiny")
    model = EmotionRecognizer(list(task.labels), **made)
    rehearse(model, options, task)
    assert model.training
    return model


def drawn():
    return torch.random.get_rng_state().tolist()


def refused(*said, **parts):
    with pytest.raises(UserError) as caught:
        tried(**parts)
    line = str(caught.value)
    assert "\n" not in line
    for words in said:
        assert words in line


def test_good_parts_pass_and_draw_no_random_numbers(package):
    @package
    class Softmax(CrossEntropy):
        pass

    model = tried(speech=(package(Frames), {"width": 12}), text=package(Words), objective=Softmax)
    assert model.speech.width == 12


def test_a_rehearsal_draws_no_random_numbers(package, monkeypatch):
    before = []
    really = rehearse
    monkeypatch.setitem(tried.__globals__, "rehearse", lambda *args: (before.append(drawn()), really(*args)))
    tried(speech=package(Frames))
    assert before == [drawn()]


def test_a_backbone_of_ones_own_has_pretrained_weights_unless_others_come_next():
    assert SpeechEncoder(Frames()).backbone.loaded == 1
    with architecture_only():
        assert SpeechEncoder(Frames()).backbone.loaded == 0


@pytest.mark.parametrize("options", [{"tune": "frozen"}, {"tune": 1}, {"tune": "lora"}, {"layer_sum": True}])
def test_a_backbone_of_ones_own_is_tuned_like_any_other(options):
    encoder = SpeechEncoder(Frames(), **options)
    encoded = encoder(torch.randn(2, 8000), torch.tensor([8000, 4000]))
    trained = [name for name, one in encoder.backbone.named_parameters() if one.requires_grad]
    assert encoded.summary.shape == (2, 8)
    assert bool(trained) == (options.get("tune") != "frozen")
    assert all("lora" in name for name in trained) == (options.get("tune") in ("lora", "frozen"))


def test_a_backbone_that_lacks_what_encoders_need():
    class Bare(Backbone):
        pass

    with pytest.raises(UserError, match=r"^Bare\.width is None; expected the size of a state$"):
        SpeechEncoder(Bare())
    with pytest.raises(UserError, match=r"^Frames\.tokenizer is None; expected what reads transcripts$"):
        TextEncoder(Frames())


def test_an_encoder_that_does_not_heed_the_padding(package):
    @package
    class Mean(Frames):
        def forward(self, waveform, lengths):
            states, mask = super().forward(waveform, lengths)
            return states - states.mean(1, keepdim=True), mask

    refused("acme_parts.Mean cannot be used", "another output in a batch than alone", speech=Mean)


def test_an_encoder_that_other_options_made_than_it_tells(package):
    @package
    class Grown(Frames):
        def __init__(self):
            super().__init__(width=next(sizes))

    sizes = iter([8, 16])
    refused("acme_parts.Grown", "no model folder could hold it", speech=Grown)


def test_what_an_encoder_raises_is_told_in_a_line(package):
    @package
    class Broken(Frames):
        def forward(self, waveform, lengths):
            raise RuntimeError("no\nsuch thing")

    refused("acme_parts.Broken cannot be used", "RuntimeError: no such thing", speech=Broken)


def test_a_fusion_of_another_width_or_without_one(package):
    @package
    class Wide(Shallow):
        def forward(self, speech, text):
            return super().forward(speech, text).repeat(1, 2)

    @package
    class Bare(Fusion):
        def __init__(self, speech, text):
            super().__init__()

    refused("acme_parts.Wide", "its vector is (2, 128), expected the shape (2, 64)", fusion=Wide)
    refused("Bare.width is None", fusion=Bare)


def test_a_fusion_over_the_batch(package):
    @package
    class Norm(Shallow):
        def forward(self, speech, text):
            joined = super().forward(speech, text)
            return joined - joined.mean(0)

    refused("acme_parts.Norm", "in a batch than alone", fusion=Norm)


@pytest.mark.parametrize(
    ("attributes", "task", "said"),
    [
        ({"kinds": ()}, TWO, "has the kinds (), expected some of labels, multi_label, scores"),
        ({"kinds": ("label",)}, TWO, "has the kinds ('label',)"),
        ({"kinds": ("scores",)}, TWO, "does not fit the labels 'two'"),
        ({"exclusive": False}, TWO, "its probabilities sum to 1; give the class exclusive = True"),
        ({"loss": lambda self, logits, target: logits.loss}, TWO, "it raised AttributeError: 'Tensor' object has no"),
        ({}, MultiLabel("m", ("a", "b")), "does not fit the labels 'm'"),
        ({"outputs": None}, TWO, "outputs is None"),
        ({"loss": lambda self, logits, target: logits.sum()}, TWO, "its loss is (), expected the shape (6,)"),
        ({"loss": lambda self, logits, target: logits.detach()[:, 0]}, TWO, "no gradient"),
        ({"answers": lambda self, logits: logits}, TWO, "expected probabilities"),
        ({"answers": lambda self, logits: logits[:, :1].sigmoid()}, TWO, "its answers is (6, 1), expected"),
    ],
)
def test_objectives_that_a_later_step_cannot_use(package, attributes, task, said):
    kind = package(type("Own", (CrossEntropy,), attributes))
    if attributes.get("outputs", 1) is None:
        kind.__init__ = lambda self, labels: Objective.__init__(self)
    refused(said, objective=kind, task=task)


def test_scores_are_no_probabilities(package):
    kind = package(type("Own", (Regression,), {}))
    tried(ScoreSet("va", ("valence", "arousal"), low=1, high=5), objective=(kind, {"error": "ccc"}))
