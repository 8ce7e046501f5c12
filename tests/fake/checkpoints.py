"""Made-up checkpoints in fairseq's layout: real names and shapes, random weights, small."""

import argparse
import sys
from types import ModuleType

import torch

LAYERS = "[(8, 10, 5), (8, 8, 4)] + [(8, 4, 2)] * 2"
RECEPTIVE_FIELD = 10 + 5 * (7 + 4 * (3 + 2 * 3))
WIDTH, CODEWORDS = 16, 6


def write_dictionary(path, *, codewords=CODEWORDS, groups=2, fillers=2):
    """Every pair of codes there is, and return the rows of an embedding that fits."""
    codes = [f"{one}-{other}" if groups == 2 else str(one) for one in range(codewords) for other in range(codewords)]
    words = list(dict.fromkeys(codes)) + [f"madeupword{number:04}" for number in range(fillers)]
    path.write_text("".join(f"{word} {1000 - number}\n" for number, word in enumerate(words)))
    return len(words) + 5


def vq_weights(*, codewords=CODEWORDS, books=1, seed=0):
    torch.manual_seed(seed)
    weights = {}
    for number, (inputs, kernel) in enumerate([(1, 10), (8, 8), (8, 4), (8, 4)]):
        weights[f"feature_extractor.conv_layers.{number}.0.weight"] = torch.randn(8, inputs, kernel)
        weights[f"feature_extractor.conv_layers.{number}.2.weight"] = torch.rand(8) + 0.5
        weights[f"feature_extractor.conv_layers.{number}.2.bias"] = torch.randn(8) / 9
    weights["vector_quantizer.embedding"] = torch.randn(codewords, books, 4)
    weights["vector_quantizer.projection.0.weight"] = torch.randn(8, 4, 1)
    weights["vector_quantizer.projection.1.weight"] = torch.rand(8) + 0.5
    weights["vector_quantizer.projection.1.bias"] = torch.randn(8) / 9
    weights["feature_aggregator.conv_layers.0.1.weight"] = torch.randn(8, 8, 2)
    return weights


def longer_vq_weights(layers):
    """More convolutions of kernel 2 behind the four: a receptive field of seconds."""
    weights = {}
    for number in range(4, 4 + layers):
        weights[f"feature_extractor.conv_layers.{number}.0.weight"] = torch.randn(8, 8, 2)
        weights[f"feature_extractor.conv_layers.{number}.2.weight"] = torch.ones(8)
        weights[f"feature_extractor.conv_layers.{number}.2.bias"] = torch.zeros(8)
    return weights


def vq_args(**changes):
    args = {"conv_feature_layers": LAYERS, "vq_type": "kmeans", "vq_vars": CODEWORDS, "combine_groups": True}
    return argparse.Namespace(**(args | {"log_compression": True, "arch": "wav2vec"} | changes))


def write_vq(path, *, weights=None, **args):
    write(path, vq_args(**args), vq_weights() if weights is None else weights)


def roberta_weights(rows, *, prefix="decoder.", positions=34, layers=2, seed=1):
    """Separate projections, an output layer tied to the embedding."""
    torch.manual_seed(seed)
    base = f"{prefix}sentence_encoder."
    weights = {
        f"{base}embed_tokens.weight": torch.randn(rows, WIDTH),
        f"{base}embed_positions.weight": torch.randn(positions, WIDTH),
        **_norm(f"{base}emb_layer_norm"),
    }
    for layer in range(layers):
        name = f"{base}layers.{layer}."
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            weights |= _linear(f"{name}self_attn.{projection}", WIDTH, WIDTH)
        weights |= _linear(f"{name}fc1", 24, WIDTH) | _linear(f"{name}fc2", WIDTH, 24)
        weights |= _norm(f"{name}self_attn_layer_norm") | _norm(f"{name}final_layer_norm")
    head = f"{prefix}lm_head."
    weights |= _linear(f"{head}dense", WIDTH, WIDTH) | _norm(f"{head}layer_norm")
    return weights | {f"{head}weight": weights[f"{base}embed_tokens.weight"], f"{head}bias": torch.randn(rows)}


def fuse(weights):
    """The layout of 2019: query, key and value projections in one."""
    fused = dict(weights)
    for name in [name for name in weights if ".q_proj." in name]:
        parts = [fused.pop(name.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
        fused[name.replace("q_proj.", "in_proj_")] = torch.cat(parts)
    return fused


def roberta_args(**changes):
    return argparse.Namespace(**({"encoder_attention_heads": 4, "dropout": 0.2, "attention_dropout": 0.3} | changes))


def write_roberta(path, rows, *, weights=None, **args):
    write(path, roberta_args(**args), roberta_weights(rows) if weights is None else weights)


def write_fine_tuned(path, speech_rows, text_rows, *, cross=True, drop=(), **args):
    """What the paper's code saves after training: both encoders, cross layers, head."""
    weights = _linear("classification_heads.emotion_classification_head.out_proj", 8, 2 * WIDTH)
    for side in ("layers_ta", "layers_at") if cross else ():
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            weights |= _linear(f"decoder.sentence_encoder.{side}.0.self_cross_attn.{projection}", WIDTH, WIDTH)
    weights |= roberta_weights(speech_rows, prefix="roberta_vqwav2vec.model.decoder.", seed=3)
    weights |= roberta_weights(text_rows, prefix="model_text2vec.model.decoder.", seed=4)
    weights |= {"roberta_vqwav2vec._float_tensor": torch.zeros(1), "model_text2vec._float_tensor": torch.zeros(1)}
    kept = {name: weight for name, weight in weights.items() if not name.startswith(tuple(drop))}
    args = {"encoder_attention_heads": 2, "binary_target_iemocap": True, "num_classes": 8} | args
    write(path, argparse.Namespace(**args), kept)


def write(path, args, weights, *, zipped=False, extra=None):
    content = {"args": args, "model": weights, "optimizer_history": [{"lr": 1e-4}], "extra_state": extra or {}}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)


def meters():
    """An instance of a fairseq class, of a module that can only be imported while it is pickled."""
    module = ModuleType("fairseq.meters")
    module.AverageMeter = type("AverageMeter", (), {"__module__": "fairseq.meters", "__init__": _meter})
    return module


def _meter(self):
    self.avg, self.count = 0.5, 3


class fairseq:  # noqa: N801  # named like what it stands for
    """Makes fairseq.meters importable for a while, so that a checkpoint with meters can be written."""

    def __enter__(self):
        module = meters()
        sys.modules |= {"fairseq": ModuleType("fairseq"), "fairseq.meters": module}
        return module

    def __exit__(self, *_):
        del sys.modules["fairseq"], sys.modules["fairseq.meters"]


def _linear(name, outputs, inputs):
    return {f"{name}.weight": torch.randn(outputs, inputs), f"{name}.bias": torch.randn(outputs)}


def _norm(name):
    return {f"{name}.weight": torch.rand(WIDTH) + 0.5, f"{name}.bias": torch.randn(WIDTH)}
