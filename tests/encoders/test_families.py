"""Text encoders of every kind: each says the same of a transcript alone and in a batch, or is refused in one line."""

import json
import shutil

import pytest
import torch
import transformers as hf
from fake.encoders import SENTENCES, SMALL
from safetensors.torch import load_file, save_file

from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.errors import UserError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(" ".join(SENTENCES).split())]
HEADS = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
FAMILIES = {
    "albert": (hf.AlbertModel, hf.AlbertConfig, {**SMALL, "embedding_size": 16}, "first"),
    "xlnet": (hf.XLNetModel, hf.XLNetConfig, {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}, "first"),
    "t5": (hf.T5Model, hf.T5Config, T5, "first"),
    "t5-encoder": (hf.T5EncoderModel, hf.T5Config, T5, "first"),
    "bart": (hf.BartModel, hf.BartConfig, {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, **HEADS}, "first"),
    "gpt2": (hf.GPT2Model, hf.GPT2Config, {"n_embd": 32, "n_layer": 2, "n_head": 4}, "last"),
    "qwen3": (hf.Qwen3Model, hf.Qwen3Config, {**SMALL, "num_key_value_heads": 2, "head_dim": 8}, "last"),
    "longformer": (hf.LongformerModel, hf.LongformerConfig, {**SMALL, "attention_window": 8}, "first"),
}
REFUSED = {
    "fnet": (hf.FNetModel, hf.FNetConfig, SMALL, "alone than beside a longer one"),
    "convbert": (hf.ConvBertModel, hf.ConvBertConfig, {**SMALL, "embedding_size": 32}, "alone than beside a longer"),
}


def save(folder, model_class, config_class, options, *, bare=False):
    """An encoder whose tokenizer pads on the left; a bare one adds no token to a text and has none to pad with."""
    torch.manual_seed(0)
    model = model_class(config_class(vocab_size=len(WORDS), pad_token_id=None if bare else 0, **options))
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    tokenizer = hf.BertTokenizerFast(vocab={word: number for number, word in enumerate(WORDS)})
    if bare:
        from tokenizers.processors import TemplateProcessing

        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A", special_tokens=[])
        tokenizer = hf.PreTrainedTokenizerFast(
            tokenizer_object=tokenizer.backend_tokenizer,
            unk_token="[UNK]",  # noqa: S106
            eos_token="[SEP]",  # noqa: S106
        )
    tokenizer.padding_side = "left"
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    return save(folder, hf.BertModel, hf.BertConfig, SMALL)


@pytest.fixture
def copied(bert, tmp_path):
    return shutil.copytree(bert, tmp_path / "copied")


@pytest.mark.parametrize("family", FAMILIES)
def test_alone_and_in_a_batch(family, tmp_path):
    *made, pooling = FAMILIES[family]
    encoder = TextEncoder(str(save(tmp_path / family, *made, bare=family == "gpt2")), checkpointing=family == "qwen3")
    assert encoder.pooling.kind == pooling
    encoder.train()
    encoder(*encoder.tokenize(SENTENCES)).summary.sum().backward()
    assert [name for name, one in encoder.named_parameters() if one.requires_grad and one.grad is None] == []
    encoder.eval()
    with torch.no_grad():
        together = encoder(*encoder.tokenize(SENTENCES)).summary
        alone = torch.cat([encoder(*encoder.tokenize([text])).summary for text in SENTENCES])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


@pytest.mark.parametrize("family", REFUSED)
def test_what_cannot_be_batched_is_refused(family, tmp_path):
    *made, reason = REFUSED[family]
    with pytest.raises(UserError, match=reason):
        TextEncoder(str(save(tmp_path / family, *made)))


def test_what_does_not_go_with_a_family_is_refused(tmp_path):
    folder = save(tmp_path / "gpt2", *FAMILIES["gpt2"][:3])
    with pytest.raises(UserError, match=r"the first token of .* sees no other; give last or mean"):
        TextEncoder(str(folder), pooling="first")
    folder = save(tmp_path / "albert", *FAMILIES["albert"][:3])
    with pytest.raises(UserError, match="layer_sum cannot be had of"):
        TextEncoder(str(folder), layer_sum=True)


def test_the_last_state_is_the_last_real_one():
    from mser.encoders.pooling import Pooling

    states = torch.arange(8.0).view(2, 4, 1)
    mask = torch.tensor([[True, True, False, False], [True, True, True, True]])
    assert Pooling("last", 1)(states, mask).flatten().tolist() == [1, 7]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, "mean"),
        ({"pooling_mode_lasttoken": True}, "last"),
        ({"pooling_mode": "cls"}, "first"),
        ({"pooling_mode_max_tokens": True}, None),
    ],
)
def test_a_sentence_encoder_is_pooled_as_its_folder_says(told, kind, copied):
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (copied / "modules.json").write_text(json.dumps(modules))
    (copied / "1_Pooling").mkdir()
    (copied / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 32, **told}))
    if kind is None:
        with pytest.raises(UserError, match=r"by max_tokens, which is not known here; give model\.text\.pooling"):
            TextEncoder(str(copied))
        assert TextEncoder(str(copied), pooling="mean").pooling.kind == "mean"
    else:
        assert TextEncoder(str(copied)).pooling.kind == kind


def test_missing_weights_are_named(copied):
    weights = load_file(copied / "model.safetensors")
    save_file({key: one for key, one in weights.items() if "layer.1." not in key}, copied / "model.safetensors")
    with pytest.raises(UserError, match=r"lacks 16 weights that the encoder needs, such as encoder\.layer\.1\."):
        TextEncoder(str(copied))


def test_weights_that_nobody_uses_may_be_missing(copied):
    weights = load_file(copied / "model.safetensors")
    save_file({key: one for key, one in weights.items() if "pooler" not in key}, copied / "model.safetensors")
    TextEncoder(str(copied))


def test_weights_that_are_no_numbers_are_refused(copied):
    weights = load_file(copied / "model.safetensors")
    weights["encoder.layer.0.output.dense.weight"][0, 0] = float("nan")
    save_file(weights, copied / "model.safetensors")
    with pytest.raises(UserError, match="holds weights that are no numbers"):
        TextEncoder(str(copied))


def test_a_tokenizer_that_is_missing_or_of_another_model(copied):
    tokenizer = hf.BertTokenizerFast(vocab={word: number for number, word in enumerate([*WORDS, "one", "more"])})
    tokenizer.save_pretrained(copied)
    with pytest.raises(UserError, match="is of another model: it has ids up to"):
        TextEncoder(str(copied))
    tokenizer = hf.BertTokenizerFast(vocab={word: number for number, word in enumerate(reversed(WORDS))})
    tokenizer.save_pretrained(copied)
    with pytest.raises(UserError, match="is of another model: it pads with"):
        TextEncoder(str(copied))
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (copied / name).unlink(missing_ok=True)
    with pytest.raises(UserError, match="has no words: its vocabulary is not in the folder"):
        TextEncoder(str(copied))


def test_code_of_a_folder_is_never_run_nor_asked_for(copied, tmp_path):
    config = json.loads((copied / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    (copied / "config.json").write_text(json.dumps(config))
    (copied / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(UserError, match="cannot read the text encoder"):
        TextEncoder(str(copied))
    folder = tmp_path / "speech"
    from fake.encoders import save_waveform

    folder.mkdir()
    save_waveform(folder, "hubert")
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_extractor_type": "Own", "auto_map": {"AutoFeatureExtractor": "own.Own"}})
    )
    shutil.copy(copied / "own.py", folder)
    with pytest.raises(UserError, match="cannot read the feature settings"):
        SpeechEncoder(str(folder))
    assert not (tmp_path / "ran").exists()
