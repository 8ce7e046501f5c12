"""mser export --onnx: a folder that says the same without torch, whatever the batch, and what 8 bits cost."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
from unittest.mock import Mock

import numpy as np
import onnx
import onnxruntime
import pytest
import soundfile
import torch
import transformers as hf
from fake import checkpoints
from fake.converting import speech_bert, write_files
from fake.documents import commands
from fake.encoders import TEXT, WAVEFORM, clips, save_ast, save_text, save_wav2vec2_bert, save_waveform, save_whisper
from fake.places import ROOT
from fake.trained import crossval, untrained
from tokenizers.processors import TemplateProcessing

import mser
from mser.cli import main
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.speech_bert.batched_tokens import tokens_of_all
from mser.encoders.speech_bert.tokens import SpeechTokenizer, pad_tokens
from mser.errors import UserError
from mser.export.onnx import _require_close
from mser.export.onnx_check import CheckedClips
from mser.export.onnx_graph import write_graph
from mser.fusion import CoAttention
from mser.objectives import OneVsRest
from mser.recognizer import EmotionRecognizer
from mser.use.clips import Clip
from mser.use.onnx_engine import ANSWERS
from mser.use.words.transcript_tokens import token_ids

ABSENT = ("torch", "torchaudio", "transformers", "lightning", "pytorch_lightning", "torchmetrics", "safetensors",
          "jsonargparse", "rich", "jinja2", "matplotlib", "onnx", "onnxscript", "scipy", "gradio")  # fmt: skip
WITHOUT = f"""
import importlib.abc, json, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Absent())
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds the models ``torch`` and ``onnx``, which can do with either side, ``reads``, of text alone, and clips."""
    folder = tmp_path_factory.mktemp("onnx")
    untrained(folder / "torch", trained={"modality_dropout": 0.1})
    untrained(folder / "reads", sides=("text",))
    noise = np.random.default_rng(0)
    for number in range(5):
        soundfile.write(folder / f"{number}.wav", 0.1 * noise.standard_normal(3000 + 9000 * number), 16000)
    soundfile.write(folder / "44k.wav", 0.1 * noise.standard_normal((30000, 2)), 44100)
    with (folder / "clips.csv").open("w", newline="") as file:
        rows = [[f"{number}.wav", "so " * number + "well", "neu" if number % 2 else "hap"] for number in range(5)]
        csv.writer(file).writerows([["file", "transcript", "emotion"], *rows])
    documented = next(words for words in commands("docs/use.md") if "--onnx" in words)
    own = {"runs/own/seed1/fold1": str(folder / "torch"), "models/own-onnx": str(folder / "onnx")}
    assert main([own.pop(word, word) for word in documented[1:]]) == 0
    assert not own
    return folder


def named(said):
    return list((said.scores or said.probabilities).values())


def test_it_says_the_same_in_any_batch_and_of_any_side(place):
    both = [mser.load(place / name, device="cpu") for name in ("torch", "onnx")]
    assert both[1].settings.is_onnx
    assert not list((place / "onnx").glob("*.safetensors"))
    # The exporter would write down where each operation stands in its Python file.
    assert os.fsencode(os.path.dirname(mser.__file__)) not in (place / "onnx/seed1-fold1.onnx").read_bytes()
    clips = [Clip(str(place / f"{n}.wav"), "so " * n + "well") for n in range(5)]
    clips += [Clip(str(place / "0.wav")), Clip(None, "only words"), Clip(str(place / "1.wav"), "word " * 600)]
    clips += [Clip(str(place / "gone.wav"), "hi"), Clip(0.1 * np.ones(33 * 16000) * np.arange(33 * 16000) % 0.2, "long",
                                                        sample_rate=16000)]  # fmt: skip
    for budget in (60.0, 2.0, 40.0):
        before, after = (list(model.stream(clips, batch_seconds=budget)) for model in both)
        for one, other in zip(before, after, strict=True):
            assert (one.error, one.note, one.used) == (other.error, other.note, other.used)
            np.testing.assert_allclose(named(one), named(other), atol=1e-5)
    assert after[7].note == "the transcript's first 512 tokens"
    assert [one.used for one in after[5:7]] == [("speech",), ("text",)]


def test_embeddings_are_those_of_pytorch(place, tmp_path, capsys):
    """Beside a clip without a side too, of which only that side has none."""
    before, after = (mser.load(place / name, device="cpu") for name in ("torch", "onnx"))
    for file, text in ((place / "2.wav", "so so well"), (place / "0.wav", None), (None, "only words")):
        for of, frames in (
            ("fused", False),
            *((side, frames) for side in ("speech", "text") for frames in (False, True)),
        ):
            if of in (file and "speech", text and "text", "fused"):
                expected, found = (model.embed(file, text, of=of, frames=frames) for model in (before, after))
                assert expected.shape == found.shape
                np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(UserError, match="there is no text to embed"):
        after.embed(place / "0.wav", of="text")
    asked = ["predict", str(place / "onnx"), str(place / "1.wav"), "--text=so well", "--of=speech", "--frames"]
    assert main([*asked, f"--embeddings={tmp_path / 'out.npz'}"]) == 0
    assert "embeddings of 1 clips" in capsys.readouterr().out


def test_a_graph_of_an_earlier_version_answers_but_has_no_embeddings(place, tmp_path):
    shutil.copytree(place / "onnx", tmp_path / "old")
    path = tmp_path / "old/seed1-fold1.onnx"
    whole = onnx.load(path)
    del whole.graph.output[1:]
    onnx.save_model(whole, path)
    model = mser.load(tmp_path / "old")
    assert named(model.predict(None, "well")) == named(mser.load(place / "onnx").predict(None, "well"))
    with pytest.raises(UserError, match="gives answers alone, as those of earlier versions do; export the model again"):
        model.embed(None, "well")


def without_torch(code, *words):
    said = subprocess.run([sys.executable, "-c", WITHOUT + code, *map(str, words)], capture_output=True, text=True,
                          check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"})  # fmt: skip
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_it_runs_without_torch(place):
    code = """
import mser
model = mser.load(sys.argv[1])
said = model.predict(sys.argv[2:4], ["well well", "so it goes"])
try:
    mser.load(sys.argv[4])
except mser.errors.UserError as error:
    refused = str(error)
print(json.dumps([[one.probabilities for one in said], [one.note for one in said], refused, "torch" in sys.modules]))
"""
    said, notes, refused, torch_there = without_torch(
        code, place / "onnx", place / "2.wav", place / "44k.wav", place / "torch"
    )
    model = mser.load(place / "torch", device="cpu")
    whole = model.predict(str(place / "2.wav"), "well well").probabilities
    assert said[0] == pytest.approx(whole, abs=1e-5)
    resampled = model.predict(str(place / "44k.wav"), "so it goes").probabilities
    assert said[1] == pytest.approx(resampled, abs=1e-5)
    assert notes[1] == "2 channels mixed to one; resampled from 44100 Hz"
    assert "is run by PyTorch, but torch is not installed; install it, or export with --onnx" in refused
    assert not torch_there


def test_from_the_command_line(place, capsys):
    assert main(["predict", str(place / "onnx"), str(place / "1.wav"), "--text", "well"]) == 0
    torch_said = main(["predict", str(place / "torch"), str(place / "1.wav"), "--text", "well"])
    first, second = capsys.readouterr().out.splitlines()
    assert (torch_said, first) == (0, second)


def test_eight_bits_and_what_they_cost(place, tmp_path, capsys):
    given = [str(place / "reads"), "--out", str(tmp_path / "small"), "--onnx", "--int8"]
    columns = ["--check", str(place / "clips.csv"), "--columns", "audio=file", "label=emotion"]
    assert main(["export", *given, *columns]) == 0
    _, same, cost = capsys.readouterr().out.splitlines()
    assert same.endswith("on 5 of 5 clips of clips.csv")
    for words in ("int8, ", " MB instead of ", "on 5 of 5 clips of clips.csv", "the decision is the same on ",
                  "answers differ by ", "; UA "):  # fmt: skip
        assert words in cost
    assert cost in (tmp_path / "small/README.md").read_text()
    small, large = (mser.load(folder).predict(None, "well") for folder in (tmp_path / "small", place / "reads"))
    assert named(small) != named(large)
    np.testing.assert_allclose(named(small), named(large), atol=0.05)


def refused(capsys, *words):
    assert main([str(word) for word in words]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    return line


def test_what_users_get_wrong(place, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    assert "is an ONNX model already" in refused(capsys, "export", place / "onnx", "--onnx", "--out", out)
    assert "what 8 bits cost is measured on recordings: give --check TABLE" in refused(
        capsys, "export", place / "torch", "--onnx", "--int8", "--out", out
    )
    for option in ("--int8", "--check=a.csv", "--columns=audio=file"):
        assert "is of no use without --onnx; add --onnx" in refused(
            capsys, "export", place / "torch", option, "--out", out
        )
    for more in (place / "reads", "--average"):
        assert "torch is a model folder, which is exported alone" in refused(
            capsys, "export", place / "torch", more, "--onnx", "--out", out
        )
    assert "exists, expected a new folder" in refused(capsys, "export", place / "torch", "--onnx", "--out", place)
    gone = place / "gone.csv"
    assert "gone.csv is no file" in refused(capsys, "export", place / "torch", "--onnx", "--out", out, "--check", gone)
    assert "cannot use the device 'tpu9'" in refused(capsys, "predict", place / "onnx", "a.wav", "--text=a",
                                                     "--device=tpu9")  # fmt: skip
    monkeypatch.setattr("mser.export.onnx.CLOSE", -1.0)
    assert "nothing was written: leave --onnx out" in refused(capsys, "export", place / "reads", "--onnx", "--out", out)
    advice = "Failed. Modify the model code\n\n## Exception summary\n\n<class 'ValueError'>: no such\noperation"
    monkeypatch.setattr("mser.export.onnx.write_graph", Mock(side_effect=RuntimeError(advice)))
    assert (
        "this model cannot be turned into a graph: <class 'ValueError'>: no such operation; leave --onnx out"
        in refused(capsys, "export", place / "reads", "--onnx", "--out", out)
    )
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr("mser.export.onnx.write_graph", Mock(side_effect=full))
    assert "No space left on device; choose a folder that is writable and has room" in refused(
        capsys, "export", place / "reads", "--onnx", "--out", out
    )
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert "--onnx needs onnxscript, which is not installed: pip install 'multimodal-ser[onnx]'" in refused(
        capsys, "export", place / "reads", "--onnx", "--out", out
    )
    assert not out.exists()


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def outside(path):
    """Keep the weights in a file beside the graph, as it is with those beyond 2 GB."""
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location=path.name + ".data")
    return path.with_suffix(".onnx.data")


def told(path, change):
    settings = json.loads((path.parent / "config.json").read_text())
    change(settings)
    (path.parent / "config.json").write_text(json.dumps(settings))


DAMAGE = {
    "no graph": (lambda path: path.write_bytes(b"nothing"), "seed1-fold1.onnx is damaged"),
    "cut": (truncate, "seed1-fold1.onnx is damaged"),
    "without its weights": (lambda path: outside(path).unlink(), "which holds the graph's weights, is missing"),
    "weights cut": (lambda path: truncate(outside(path)), "or cut short; export the model again, or copy"),
    "more labels": (lambda path: told(path, lambda settings: settings["task"]["labels"].append("joy")),
                    "a model of speech and text with 5 labels, but seed1-fold1.onnx takes speech and text and gives 4"),
    "no text": (lambda path: told(path, lambda settings: settings["model"].update(text=None)),
                "a model of speech with 4 labels, but seed1-fold1.onnx takes speech and text"),
    "no limit": (lambda path: told(path, lambda settings: settings["model"]["text"].pop("max_tokens")),
                 "lacks the text encoder's max_tokens"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_folder_that_is_not_whole(place, tmp_path, capfd, damage):
    shutil.copytree(place / "onnx", tmp_path / "broken")
    break_it, expected = DAMAGE[damage]
    break_it(tmp_path / "broken/seed1-fold1.onnx")
    assert expected in refused(capfd, "predict", tmp_path / "broken", place / "1.wav", "--text=a")


def test_weights_outside_of_the_graph(place, tmp_path):
    shutil.copytree(place / "onnx", tmp_path / "large")
    outside(tmp_path / "large/seed1-fold1.onnx")
    folders = place / "onnx", tmp_path / "large"
    whole, large = (mser.load(folder).predict(str(place / "1.wav"), "well") for folder in folders)
    assert named(whole) == named(large)


@pytest.mark.exhaustive
def test_from_a_fold_with_lora_it_is_checked_on_the_validation_part(tmp_path, capsys):
    lora = [f"--model.{side}.init_args.tune=lora" for side in ("speech", "text")]
    run = crossval(tmp_path, "--folds=1", *lora)
    capsys.readouterr()
    assert main(["export", str(run / "seed1/fold1"), "--onnx", "--int8", "--out", str(tmp_path / "model")]) == 0
    said = capsys.readouterr().out
    assert "validation clips" in said
    assert "; UA " in said
    assert "## ONNX" in (tmp_path / "model/README.md").read_text()
    graph = onnx.load(tmp_path / "model/seed1-fold1.onnx").graph
    assert not [weight.name for weight in graph.initializer if 8 in weight.dims]  # the rank of LoRA, merged


def save_speech_bert(folder):
    assert speech_bert(write_files(folder.parent)) == 0


def save_emotion2vec(folder):
    given = ROOT / "tests/convert/emotion2vec/post_norm"
    assert (
        main(["convert", "emotion2vec", f"--checkpoint={given}.pt", f"--config={given}.yaml", f"--out={folder}"]) == 0
    )


SPEECH = {"whisper": save_whisper, "ast": save_ast, "emotion2vec": save_emotion2vec,
          "wav2vec2-bert": save_wav2vec2_bert, "speech-bert": save_speech_bert,
          **{family: lambda folder, family=family: save_waveform(folder, family)
                                      for family in WAVEFORM}}  # fmt: skip
PAIRS = [("wavlm-layer", "deberta"), ("whisper", "roberta"), ("wav2vec2-group", "roberta"), *(
    (speech, "bert") for speech in (
        "hubert", "data2vec", "wav2vec2-bert", "speech-bert", "emotion2vec",
        "rotary-conformer", "hubert-batch-norm", "mms", "sew")),
    ("wav2vec2-conformer", "qwen3"), ("sew-d", "t5"), ("ast", "gpt2")]  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize(("speech", "text"), PAIRS)
def test_families(speech, text, tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    SPEECH[speech](tmp_path / "speech")
    (tmp_path / "text").mkdir()
    save_text(tmp_path / "text", text)
    model = EmotionRecognizer(
        ["neu", "hap"],
        speech=SpeechEncoder(str(tmp_path / "speech"), layer_sum="sew" not in speech, pooling="attention"),
        text=TextEncoder(str(tmp_path / "text"), layer_sum=True),
        fusion=CoAttention,
        objective=OneVsRest,
    ).eval()
    write_graph(model, tmp_path / "model.onnx")
    graph = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    for lengths in ([8000], [16000, 9000, 24111, 1024], [33 * 16000, 900]):
        torch.manual_seed(1)
        real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
        tokens, mask = model.text.tokenize(["hello there", "on and on", "", "much longer"][: len(lengths)])
        inputs = {"waveform": 0.1 * torch.randn(real.shape) * real, "lengths": torch.tensor(lengths), "tokens": tokens,
                  "mask": mask, "speech_given": torch.ones(len(lengths), dtype=torch.bool),
                  "text_given": torch.arange(len(lengths)) != 1}  # fmt: skip
        with torch.no_grad():
            sides = model.speech(inputs["waveform"], inputs["lengths"]), model.text(tokens, mask)
            fused = model.fusion(sides[0], sides[1].given(inputs["text_given"]))
            expected = model.objective.answers(model.head(fused)).numpy()
        [answers] = graph.run([ANSWERS], {name: tensor.numpy() for name, tensor in inputs.items()})
        np.testing.assert_allclose(answers, expected, atol=1e-5)


VQ = {"the paper's": {}, "otherwise": {"combine_groups": False, "skip_connections_feat": True, "activation": "gelu",
                                       "log_compression": False}}  # fmt: skip


@pytest.mark.parametrize("vq", VQ)
def test_speech_tokens_are_those_of_each_clip_alone(vq, tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    write_files(tmp_path)
    checkpoints.write_vq(tmp_path / "vq.pt", weights=checkpoints.vq_weights(books=1 + bool(VQ[vq])), **VQ[vq])
    assert speech_bert(tmp_path) == 0
    tokenizer = SpeechTokenizer.from_folder(tmp_path / "speech")
    waveform, lengths = clips()
    for longest in (400, 100):
        alone = (tokenizer.ids(clip[:count]) for clip, count in zip(waveform, lengths.tolist(), strict=True))
        together = tokens_of_all(tokenizer, waveform, lengths, longest)
        torch.testing.assert_close(together, pad_tokens(alone, longest))


def test_a_clip_in_ten_may_have_another_code():
    before, heard = np.zeros((20, 2)), CheckedClips([Clip(None)] * 20, None, "clips")
    after = before.copy()
    after[3] = 0.01
    assert "at most 1.0e-02 on 20 clips" in _require_close(before, after, heard, 0.9)
    with pytest.raises(UserError, match="expected at most 1e-04; nothing was written"):
        _require_close(before, after, heard, 1.0)
    with pytest.raises(UserError, match="expected at most 1e-04 on 90% of them"):
        _require_close(before, before + 0.01, heard, 0.9)


def test_filter_banks_are_those_of_each_clip_alone(tmp_path, monkeypatch):
    save_wav2vec2_bert(tmp_path)
    backbone = SpeechEncoder(str(tmp_path)).backbone
    waveform, lengths = clips()
    waveform[2, 4000:9000] = 0.25  # silence with an offset
    expected, mask = backbone._features(waveform, lengths)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    features, same = backbone._features(waveform, lengths)
    assert (mask == same).all()
    torch.testing.assert_close(features[mask], expected[mask], atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["gpt2", "qwen3"])
def test_an_empty_text_is_one_token_where_a_tokenizer_adds_none(family, tmp_path):
    save_text(tmp_path, family)
    words = hf.AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    words.post_processor = TemplateProcessing(single="$A", special_tokens=[])
    bare = hf.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", eos_token="[SEP]")  # noqa: S106
    bare.save_pretrained(tmp_path)
    encoder = TextEncoder(str(tmp_path))
    ids, pad = token_ids(tmp_path, "text")
    assert ids("", 9) == encoder.tokenize([""])[0][0].tolist() == [pad]
    assert ids("hello there", 9) == encoder.tokenize(["hello there"])[0][0].tolist()


@pytest.mark.parametrize("family", [family for family in TEXT if family != "deberta"])
def test_tokens_are_those_of_transformers(family, tmp_path):
    save_text(tmp_path, family)
    encoder = TextEncoder(str(tmp_path), max_tokens=9)
    ids, pad = token_ids(tmp_path, "text")
    for text in ("hello there", "on and " * 50, "", "HELLO, thére!  "):
        assert ids(text, encoder.max_tokens) == encoder.tokenize([text])[0][0].tolist()
    batch, mask = encoder.tokenize(["hello there", "hello"])
    assert batch[~mask].tolist() == [pad] * int((~mask).sum())
