"""What `mser convert` makes of made-up checkpoints."""

import argparse
import json
import re
import subprocess
import sys

import pytest
import torch
import yaml
from fake import checkpoints
from fake.converting import fine_tuned, roberta, speech_bert, text_folder, write_files
from fake.places import ROOT
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from mser.convert.fairseq_tokeniser import read_vq_wav2vec
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.speech_bert.token_backbone import SpeechBert
from mser.encoders.speech_bert.vq_wav2vec import VqSettings


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    return write_files(tmp_path)


def states(encoder):
    with torch.no_grad():
        return encoder.eval()(
            torch.randn(2, 3000, generator=torch.Generator().manual_seed(5)), torch.tensor([3000, 2000])
        )


def test_a_speech_encoder_like_any_other(files, capsys):
    assert speech_bert(files) == 0
    assert "2 layers of width 16, 43 tokens of 6 codewords in 2 groups" in capsys.readouterr().out
    made = sorted(path.name for path in (files / "speech").iterdir())
    assert made == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "vq_wav2vec.safetensors",
    ]
    encoder = SpeechEncoder(str(files / "speech"), pooling="first").eval()
    out = states(encoder)
    assert out.states.shape == (2, 32, 16)
    assert out.mask.sum(1).tolist() == [32, 25]
    alone = encoder(torch.randn(2, 3000, generator=torch.Generator().manual_seed(5))[1:, :2000], torch.tensor([2000]))
    torch.testing.assert_close(out.states[1, :25], alone.states[0], atol=1e-5, rtol=0)
    config = json.loads((files / "speech" / "config.json").read_text())
    assert (config["hidden_dropout_prob"], config["attention_probs_dropout_prob"]) == (0.2, 0.3)


def test_its_tokenizer_is_a_hugging_face_one(files):
    speech_bert(files)
    tokenizer = AutoTokenizer.from_pretrained(files / "speech")
    assert tokenizer("0-0 0-1 9-9 5-5").input_ids == [0, 4, 5, 3, 39, 2]
    assert tokenizer.mask_token_id == 42
    assert tokenizer.model_max_length == 32


@pytest.mark.parametrize("prefix", ["decoder.", "encoder."])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("layout", [dict, checkpoints.fuse])
def test_every_layout_of_a_roberta_gives_the_same_model(files, prefix, zipped, layout):
    weights = layout(checkpoints.roberta_weights(43, prefix=prefix))
    weights = {
        name.replace("emb_layer_norm", "layernorm_embedding" if zipped else "emb_layer_norm"): w
        for name, w in weights.items()
    }
    weights[f"{prefix}sentence_encoder.version"] = torch.ones(1)
    checkpoints.write(files / "other.pt", checkpoints.roberta_args(), weights, zipped=zipped)
    assert roberta(files) == roberta(files, checkpoint="other.pt", out="other") == 0
    one, other = load_file(files / "text" / "model.safetensors"), load_file(files / "other" / "model.safetensors")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_half_precision_becomes_single(files):
    halves = {name: weight.half() for name, weight in checkpoints.roberta_weights(43).items()}
    checkpoints.write(files / "half.pt", checkpoints.roberta_args(), halves)
    assert roberta(files, checkpoint="half.pt") == 0
    found = load_file(files / "text" / "model.safetensors")["roberta.embeddings.word_embeddings.weight"]
    assert torch.equal(found, halves["decoder.sentence_encoder.embed_tokens.weight"].float())
    assert AutoModel.from_pretrained(files / "text").config.num_attention_heads == 4


def test_meters_and_optimizer_state_are_not_needed(files):
    with checkpoints.fairseq() as module:
        extra = {"train_meters": {"loss": module.AverageMeter()}, "val_loss": 1.5}
        checkpoints.write(files / "meters.pt", checkpoints.roberta_args(), checkpoints.roberta_weights(43), extra=extra)
    assert roberta(files, checkpoint="meters.pt") == 0


def test_a_checkpoint_without_an_output_layer(files):
    weights = {name: w for name, w in checkpoints.roberta_weights(43).items() if ".lm_head." not in name}
    checkpoints.write_roberta(files / "bare.pt", 43, weights=weights)
    assert speech_bert(files, bert="bare.pt", out="bare") == speech_bert(files) == 0
    assert torch.equal(
        states(SpeechEncoder(str(files / "bare"))).states, states(SpeechEncoder(str(files / "speech"))).states
    )


def test_every_setting_of_the_tokeniser_comes_from_its_args(files):
    changes = {
        "conv_feature_layers": "[(8, 10, 5)] + [(8, 8, 4)] + 2 * [(8, 4, 2)]", "activation": "gelu",
        "log_compression": False,
        "skip_connections_feat": True, "residual_scale": 0.25, "non_affine_group_norm": True, "combine_groups": False,
        "vq_vars": 7, "sample_rate": 8000, "vq_dim": 8,
    }  # fmt: skip
    weights = {
        name: w
        for name, w in checkpoints.vq_weights(codewords=7, books=2).items()
        if not re.search(r"\.2\.[a-z]+$", name)
    }
    checkpoints.write_vq(files / "other.pt", weights=weights, **changes)
    rows = checkpoints.write_dictionary(files / "dict.txt", codewords=7)
    checkpoints.write_roberta(files / "bert.pt", rows)
    assert speech_bert(files, vq="other.pt") == 0
    encoder = SpeechBert.from_folder(files / "speech")
    assert encoder.tokenizer.quantizer.settings == VqSettings(
        layers=((8, 10, 5), (8, 8, 4), (8, 4, 2), (8, 4, 2)), codewords=7, groups=2, shared_codebook=False,
        activation="gelu", log_compression=False, skip_connections=True, residual_scale=0.25, affine=False,
        sample_rate=8000,
    )  # fmt: skip
    assert encoder.sample_rate == 8000
    waveform = torch.randn(2000, generator=torch.Generator().manual_seed(5))
    assert torch.equal(encoder.tokenizer.quantizer(waveform), read_vq_wav2vec(files / "other.pt")(waveform))


def test_missing_args_have_the_defaults_of_fairseq(files):
    args = argparse.Namespace(conv_feature_layers=checkpoints.LAYERS, vq_type="kmeans")
    checkpoints.write(files / "bare.pt", args, checkpoints.vq_weights(codewords=320, books=2))
    settings = read_vq_wav2vec(files / "bare.pt").settings
    assert settings == VqSettings(layers=((8, 10, 5), (8, 8, 4), (8, 4, 2), (8, 4, 2)))


def test_repackaged_checkpoints_are_read_too(files):
    repackaged = {"model_cfg": vars(checkpoints.vq_args()), "model_weight": checkpoints.vq_weights(), "task_cfg": {}}
    torch.save(repackaged, files / "repackaged.pt")
    assert speech_bert(files, vq="repackaged.pt") == 0


def test_a_text_encoder_with_the_tokenizer_of_gpt2_files(files):
    encoder = {"h": 70, "i": 80, "hi": 90, "Ġ": 100}
    (files / "encoder.json").write_text(json.dumps(encoder))
    (files / "vocab.bpe").write_text("#version: 0.2\nh i\n", encoding="utf-8")
    (files / "dict.txt").write_text("90 5\n80 4\n70 3\n100 2\nmadeupword0000 0\n")
    checkpoints.write_roberta(files / "text.pt", 10)
    gpt2 = ["--encoder-json", files / "encoder.json", "--vocab-bpe", files / "vocab.bpe"]
    assert roberta(files, *gpt2, checkpoint="text.pt") == 0
    text = TextEncoder(str(files / "text"), max_tokens=6)
    tokens, mask = text.tokenize(["hi ih", "hhhhhhhhh"])
    assert tokens.tolist() == [[0, 4, 7, 5, 6, 2], [0, 6, 6, 6, 6, 2]]
    assert all(module.training for module in text.modules()), "it would be fine-tuned without dropout"
    assert text.eval()(tokens, mask).states.shape == (2, 6, 16)
    assert roberta(files, "--tokenizer", files / "text", checkpoint="text.pt", out="copy") == 0
    assert torch.equal(TextEncoder(str(files / "copy")).tokenize(["hi"])[0], torch.tensor([[0, 4, 2]]))


def test_a_text_encoder_without_a_tokenizer_says_so(files, capsys):
    assert roberta(files) == 0
    assert "NO TOKENIZER" in capsys.readouterr().out


def test_a_fine_tuned_model(files, capsys):
    text_folder(files)
    checkpoints.write_fine_tuned(files / "tuned.pt", 43, 10)
    speech_bert(files)
    assert fine_tuned(files) == 0
    assert "speech and text, coattention fusion, OneVsRest over neu, sad, ang, hap" in capsys.readouterr().out
    options = yaml.safe_load((files / "tuned" / "model.yaml").read_text())["model"]
    assert options["fusion"] == {"class_path": "mser.fusion.CoAttention", "init_args": {"heads": 2, "layers": 1}}
    weights = torch.load(files / "tuned" / "model.ckpt", weights_only=True)["state_dict"]
    source = torch.load(files / "tuned.pt", weights_only=False)["model"]
    head = "classification_heads.emotion_classification_head.out_proj.weight"
    assert torch.equal(weights["head.1.weight"], source[head])
    key = "speech.backbone.roberta.embeddings.word_embeddings.weight"
    assert torch.equal(weights[key], source["roberta_vqwav2vec.model.decoder.sentence_encoder.embed_tokens.weight"])


def test_a_fine_tuned_model_of_one_side(files):
    text_folder(files)
    checkpoints.write_fine_tuned(files / "tuned.pt", 43, 10, cross=False, drop=["roberta_vqwav2vec", "classification"])
    content = torch.load(files / "tuned.pt", weights_only=False)
    head = "classification_heads.emotion_classification_head.out_proj."
    content["model"] |= {f"{head}weight": torch.randn(8, 16), f"{head}bias": torch.randn(8)}
    torch.save(content, files / "tuned.pt")
    assert fine_tuned(files, speech=None) == 0
    assert yaml.safe_load((files / "tuned" / "model.yaml").read_text())["model"]["speech"] is None


def test_help_answers_without_torch():
    code = "import sys; from mser.cli import main; main(['convert', 'roberta', '-h']); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    assert "--encoder-json" in done.stdout
