"""Published classifiers in transformers' layout as model folders, beside what their own code says."""

import json

import pytest
import torch
import transformers as hf
from fake.classifiers import FAMILIES, LABELS, Dense, Odyssey, said, save_classifier
from safetensors.torch import load_file, save_file

import mser
from mser.cli import main
from mser.use.clips import Clip
from mser.use.prepared import ready
from mser.use.settings import read_settings
from mser.use.torch_engine import batched

CLIPS = [0.1 * torch.randn(count, generator=torch.Generator().manual_seed(count)) for count in (16000, 9000, 24111)]


def convert(folder, out, *options):
    assert main(["convert", "huggingface", str(folder), f"--out={out}", *options]) == 0
    return mser.load(out, device="cpu")


def logits(model, clips):
    asked = [ready(Clip(clip.numpy(), sample_rate=16_000), model.settings, 60.0, asr=False) for clip in clips]
    with torch.no_grad():
        return model.engine.members[0](batched(asked, torch.device("cpu")))


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_transformers_alone_and_in_a_batch(family, tmp_path):
    theirs = save_classifier(tmp_path / "published", family)
    model = convert(tmp_path / "published", tmp_path / "model")
    expected = torch.stack([said(*theirs, clip) for clip in CLIPS])
    assert expected.std(0).min() > 1e-3, "clips are told apart"
    for clip, one in zip(CLIPS, expected, strict=True):
        torch.testing.assert_close(logits(model, [clip])[0], one, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits(model, CLIPS), expected, atol=1e-4, rtol=1e-4)
    answer = model.predict(CLIPS[0].numpy(), sample_rate=16_000)
    assert list(answer.probabilities.values()) == pytest.approx(expected[0].softmax(0).tolist(), abs=1e-5)
    assert list(answer.probabilities) == LABELS
    assert answer.abstain is None


def test_whisper_hears_thirty_seconds_as_transformers_does(tmp_path, capsys):
    theirs = save_classifier(tmp_path / "published", "whisper")
    model = convert(tmp_path / "published", tmp_path / "model")
    long = 0.1 * torch.randn(31 * 16_000, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(logits(model, [long])[0], said(*theirs, long), atol=1e-5, rtol=1e-5)
    assert "the first 30 of 31.0 s" in model.predict(long.numpy(), sample_rate=16_000).note


@pytest.mark.parametrize("told", [{"transformers_version": "4.57.1"}, {"tie_last_hidden_states": True}])
def test_a_sum_of_layers_is_that_of_the_transformers_which_wrote_it(told, tmp_path):
    save_classifier(tmp_path / "published", "wavlm")
    settings(tmp_path / "published", **told)
    model = convert(tmp_path / "published", tmp_path / "model")
    theirs = hf.WavLMForSequenceClassification.from_pretrained(tmp_path / "published").eval()
    theirs.config.tie_last_hidden_states = True  # as all did before 5.16
    expected = said(theirs, hf.Wav2Vec2FeatureExtractor(), CLIPS[0])
    torch.testing.assert_close(logits(model, [CLIPS[0]])[0], expected, atol=1e-5, rtol=1e-5)


def test_audeering_s_layout_gives_scores(tmp_path):
    theirs = Dense()
    theirs.save(tmp_path / "published")
    model = convert(tmp_path / "published", tmp_path / "model")
    with torch.no_grad():
        expected = torch.stack([theirs(clip) for clip in CLIPS])
    torch.testing.assert_close(logits(model, CLIPS), expected, atol=1e-5, rtol=1e-5)
    scores = model.predict(CLIPS[1].numpy(), sample_rate=16_000).scores
    assert scores == pytest.approx(
        dict(zip(("arousal", "dominance", "valence"), expected[1].tolist(), strict=True)), abs=1e-5
    )
    assert (model.task.low, model.task.high) == (0, 1)


@pytest.mark.parametrize("outputs", [3, 8])
def test_the_baselines_of_odyssey_2024_without_running_their_code(outputs, tmp_path):
    theirs = Odyssey(outputs)
    theirs.save(tmp_path / "published")
    model = convert(tmp_path / "published", tmp_path / "model", "--trained-on=msp_podcast")
    with torch.no_grad():
        expected = torch.stack([theirs(clip) for clip in CLIPS])
    torch.testing.assert_close(logits(model, CLIPS), expected, atol=2e-5, rtol=1e-4)
    assert model.task.labels[0] == ("arousal" if outputs == 3 else "Angry")
    assert model.settings.trained["datasets"] == ["msp_podcast"]


def test_several_labels_at_once_are_asked_apart(tmp_path):
    theirs = save_classifier(tmp_path / "published", "hubert", problem_type="multi_label_classification")
    model = convert(tmp_path / "published", tmp_path / "model")
    answer = model.predict(CLIPS[0].numpy(), sample_rate=16_000)
    assert list(answer.probabilities.values()) == pytest.approx(said(*theirs, CLIPS[0]).sigmoid().tolist(), abs=1e-5)


def test_a_converted_model_is_a_model_folder_like_any_other(tmp_path, capsys):
    save_classifier(tmp_path / "published", "wavlm")
    (tmp_path / "published/README.md").write_text("---\ndatasets:\n- iemocap\nlicense: mit\n---\n# Model\n")
    model = convert(tmp_path / "published", tmp_path / "model")
    assert "wavlm (transformers' classifier) to neu, hap, ang, sad" in capsys.readouterr().out
    card = (tmp_path / "model/README.md").read_text()
    assert "pip install multimodal-ser" in card
    assert "`iemocap`" in card
    assert "Nothing was measured here" in card
    assert model.settings.trained["published"] == "published"
    assert str(tmp_path) not in (tmp_path / "model/config.json").read_text()


@pytest.mark.exhaustive
@pytest.mark.parametrize("family", ["wavlm", "whisper"])
def test_a_converted_model_runs_on_onnx(family, tmp_path):
    save_classifier(tmp_path / "published", family)
    model = convert(tmp_path / "published", tmp_path / "model")
    assert main(["export", str(tmp_path / "model"), "--onnx", f"--out={tmp_path / 'onnx'}"]) == 0
    ours = model.predict(CLIPS[2].numpy(), sample_rate=16_000).probabilities
    graph = mser.load(tmp_path / "onnx").predict(CLIPS[2].numpy(), sample_rate=16_000).probabilities
    assert graph == pytest.approx(ours, abs=1e-4)


def damaged(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def settings(folder, **more):
    given = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(given | more))


def renamed(weights):
    for what in ("weight", "bias"):
        weights[f"classifier.output.{what}"] = weights.pop(f"classifier.{what}")
        weights[f"classifier.dense.{what}"] = weights.pop(f"projector.{what}")


CASES = {
    "a head under other names": (
        lambda folder: damaged(folder, renamed),
        "lacks the weights classifier.out_proj.bias, classifier.out_proj.weight of its classifier; it has",
    ),
    "no head": (
        lambda folder: damaged(folder, lambda all: [all.pop(f"classifier.{one}") for one in ("weight", "bias")]),
        "lacks the weights classifier.bias, classifier.weight of its classifier",
    ),
    "a layer of the encoder is gone": (
        lambda folder: damaged(folder, lambda weights: weights.pop("wav2vec2.encoder.layers.1.final_layer_norm.bias")),
        "lacks 1 weights that its encoder needs, such as encoder.layers.1.final_layer_norm.bias",
    ),
    "speech recognition": (
        lambda folder: settings(folder, architectures=["Wav2Vec2ForCTC"]),
        "writes down what is said",
    ),
    "speakers": (lambda folder: settings(folder, architectures=["Wav2Vec2ForXVector"]), "tells speakers apart"),
    "speaker identification": (
        lambda folder: settings(folder, id2label={str(n): f"id1{n:04}" for n in range(4)}),
        "answers id10000, id10001, id10002, id10003, which are no emotions",
    ),
    "labels without names": (
        lambda folder: settings(folder, id2label={str(n): f"LABEL_{n}" for n in range(4)}),
        "name them in its order with --labels",
    ),
    "another number of labels": (
        lambda folder: settings(folder, id2label={"0": "sad"}),
        "has 1 labels for the 4 outputs",
    ),
    "a model of text": (lambda folder: settings(folder, model_type="bert"), "is a bert model"),
    "another size": (lambda folder: settings(folder, hidden_size=48), "do not fit its config.json"),
    "nothing said of waveforms": (
        lambda folder: (folder / "preprocessor_config.json").unlink(),
        "has no preprocessor_config.json",
    ),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "there are no weights to convert"),
    "cut short": (lambda folder: (folder / "model.safetensors").write_bytes(b"short"), "cannot read"),
    "no folder": (lambda folder: (folder / "config.json").unlink(), "give a Hugging Face id or the folder"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_refused(case, tmp_path, capsys):
    save_classifier(tmp_path / "published", "wav2vec2")
    spoil, words = CASES[case]
    spoil(tmp_path / "published")
    assert main(["convert", "huggingface", str(tmp_path / "published"), f"--out={tmp_path / 'out'}"]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_labels_may_be_given(tmp_path, capsys):
    save_classifier(tmp_path / "published", "wav2vec2", id2label={n: f"LABEL_{n}" for n in range(4)}, label2id={})
    assert convert(tmp_path / "published", tmp_path / "out", "--labels=a,b,c,d").task.labels == ("a", "b", "c", "d")
    assert (
        main(["convert", "huggingface", str(tmp_path / "published"), f"--out={tmp_path / 'two'}", "--labels=a,b"]) == 2
    )
    assert "has 2 labels for the 4 outputs" in capsys.readouterr().err
    assert read_settings(tmp_path / "out").members[0].temperature == 1
