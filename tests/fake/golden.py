"""The folder of reference numbers of the paper's released code, and the models built from its checkpoints.

The folder's README says what each file holds. Its path is in ``MSER_GOLDEN``; dimensions, names and variants are read
from it, never assumed.
"""

import json
import string
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
import yaml
from fake.places import GOLDEN
from safetensors.torch import load_file

from mser.cli import main
from mser.convert.cross_modal import load_fusion
from mser.convert.roberta import SPEECH_PART, TEXT_PART, hugging_face_name
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.outputs import Encoded
from mser.fusion import CoAttention, Shallow
from mser.objectives import CrossEntropy, OneVsRest, Regression
from mser.recognizer import EmotionRecognizer

FOLDER = GOLDEN
REASON = f"no reference numbers of the paper's code at {FOLDER}; set MSER_GOLDEN to their folder"
needed = pytest.mark.skipif(not (FOLDER / "config.json").is_file(), reason=REASON)

OBJECTIVES = {"iemocap": OneVsRest, "meld": CrossEntropy, "mos": lambda _: Regression(["score"])}


def arrays(*path):
    with np.load(FOLDER.joinpath(*path)) as file:
        return {name: file[name] for name in file.files}


def read_json(*path):
    return json.loads(FOLDER.joinpath(*path).read_text())


def tensor(array):
    return torch.from_numpy(array)


def names(pattern):
    """The stems of the files of a pattern; none where there is no folder, so that collecting tests does not fail."""
    return sorted(path.stem for path in FOLDER.glob(pattern))


def variants():
    return sorted(read_json("config.json")["vq_wav2vec"]["variants"]) if (FOLDER / "config.json").is_file() else []


@cache
def workplace():
    return TemporaryDirectory(prefix="mser-golden-")


def convert(name, *options):
    """Convert by command line, once, and return the folder."""
    out = Path(workplace().name) / name
    if not out.exists():
        assert main(["convert", *map(str, options), "--out", str(out)]) == 0
    return out


def speech_folder():
    speech = FOLDER / "speech_bert"
    vq = FOLDER / "vq_wav2vec" / "checkpoint_main.pt"
    files = ["--vq", vq, "--bert", speech / "bert_kmeans.pt", "--dict", speech / "dict.txt"]
    return convert("speech", "speech-bert", *files)


def text_folder(file="model.pt"):
    """The set has no GPT-2 files, so its numeric words get tokens made up here: single letters first."""
    encoder, merges = Path(workplace().name) / "encoder.json", Path(workplace().name) / "vocab.bpe"
    words = [line.split()[0] for line in (FOLDER / "text_roberta" / "dict.txt").read_text().splitlines()]
    symbols = [*string.ascii_letters, *(f"<{number}>" for number in range(len(words)))]
    numbers = [int(word) for word in words if word.isdigit()]
    encoder.write_text(json.dumps(dict(zip(symbols, numbers, strict=False))))
    merges.write_text("#version: 0.2\n")
    options = ["--checkpoint", FOLDER / "text_roberta" / file, "--encoder-json", encoder, "--vocab-bpe", merges]
    return convert(f"text-{file}", "roberta", *options)


def speech_encoder():
    return SpeechEncoder(str(speech_folder()), pooling="first").eval()


def text_encoder(file="model.pt"):
    return TextEncoder(str(text_folder(file)), pooling="first").eval()


def hear(encoder, tokens):
    """What the speech encoder says of ids instead of waveforms."""
    states, mask = encoder.backbone.read(tokens)
    return Encoded(states, mask, encoder.pooling(states, mask))


def hidden_states(encoder, run):
    """All states that enter a layer, and those that leave the last."""
    seen = []
    hooks = [
        block.register_forward_pre_hook(
            lambda _, args, kwargs: seen.append((*args, *kwargs.values())[0]), with_kwargs=True
        )
        for block in encoder.backbone.blocks
    ]
    seen.append(run().states)
    for hook in hooks:
        hook.remove()
    return torch.stack(seen)


def fusion_batch():
    batch = arrays("fusion", "batch.npz")
    return {name: tensor(value) for name, value in batch.items()}


def recognizer(name):
    """The model ``fusion/NAME.safetensors`` on the folder's encoders, dropout off."""
    weights = load_file(FOLDER / "fusion" / f"{name}.safetensors")
    fusion_name, _, task = name.rpartition("_")
    layers = len({key.split(".")[1] for key in weights if key.startswith("layers_ta.")})
    objective = OBJECTIVES[task]
    outputs = weights["classification_heads.emotion_classification_head.out_proj.bias"].shape[0]
    model = EmotionRecognizer(
        [str(number) for number in range(outputs // 2 if task == "iemocap" else outputs)],
        speech=None if fusion_name == "text_only" else speech_encoder(),
        text=None if fusion_name == "audio_only" else text_encoder(),
        fusion=partial(CoAttention, heads=read_json("config.json")["fusion"]["heads"], layers=layers)
        if layers
        else Shallow,
        objective=objective,
    )
    load_fusion(model.fusion, model.head, weights)
    return model.eval()


def fused(model, batch):
    speech = hear(model.speech, batch["audio_tokens"]) if model.speech else None
    text = model.text(batch["text_tokens"], batch["text_mask"]) if model.text else None
    return model.fusion(speech, text)


def logits(model, batch):
    return model.head(fused(model, batch))


def ours(model, name, *, gradient=False):
    """Our parameter, or its gradient, of the released code's name; a slice of it where ours is fused."""

    def pick(module_path, kind):
        parameter = model.get_submodule(module_path).get_parameter(kind)
        return parameter.grad if gradient else parameter.detach()

    for part, prefix, path in (("speech", SPEECH_PART, "roberta"), ("text", TEXT_PART, "model")):
        if name.startswith(prefix):
            inner = hugging_face_name(name.removeprefix(f"{prefix}decoder.")).removeprefix("roberta.")
            module, _, kind = inner.rpartition(".")
            return pick(f"{part}.backbone.{path}.{module}", kind)
    name = name.removeprefix("decoder.sentence_encoder.")
    if name.startswith("classification_heads."):
        return pick("head.1", name.rpartition(".")[2])
    side, layer, _, projection, kind = name.split(".")
    module = f"fusion.{ {'layers_ta': 'text_asks_speech', 'layers_at': 'speech_asks_text'}[side] }.{layer}.attention"
    if projection == "out_proj":
        return pick(f"{module}.out_proj", kind)
    place = "qkv".index(projection[0])
    if kind == "bias":
        return pick(module, "in_proj_bias").chunk(3)[place]
    if model.get_submodule(module).in_proj_weight is not None:
        return pick(module, "in_proj_weight").chunk(3)[place]
    return pick(module, f"{projection}_weight")


def from_folder(folder):
    """The model that ``mser convert fine-tuned`` wrote, as its ``model.yaml`` and ``model.ckpt`` say."""
    options = yaml.safe_load((folder / "model.yaml").read_text())["model"]
    checkpoint = torch.load(folder / "model.ckpt", weights_only=True)
    cross = options["fusion"].get("init_args")
    model = EmotionRecognizer(
        ["neu", "sad", "ang", "hap"],
        speech=SpeechEncoder(**options["speech"]),
        text=TextEncoder(**options["text"]),
        fusion=partial(CoAttention, **cross) if cross else Shallow,
        objective=OneVsRest,
    )
    model.load_state_dict(checkpoint["state_dict"])
    return model.eval()
