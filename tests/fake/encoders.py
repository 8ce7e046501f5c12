"""Small encoders with random weights, as folders in transformers' layout, and what they are asked."""

import torch
import transformers as hf

hf.utils.logging.disable_progress_bar()  # of saving, which would stand among what a command says


SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


CONVOLUTIONS = {"conv_dim": (16,) * 7, "num_conv_pos_embedding_groups": 4}


LAYER_NORM = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}


SQUEEZED = {"conv_kernel": (10, 3, 3, 3, 3, 2, 2), "conv_stride": (5, 2, 2, 2, 2, 2, 2), "conv_dim": (16,) * 7}


WAVEFORM = {
    "wav2vec2-group": (hf.Wav2Vec2Model, hf.Wav2Vec2Config, {}),
    "wav2vec2-layer": (hf.Wav2Vec2Model, hf.Wav2Vec2Config, LAYER_NORM),
    "hubert": (hf.HubertModel, hf.HubertConfig, {}),
    "wavlm": (hf.WavLMModel, hf.WavLMConfig, {}),
    "wavlm-layer": (hf.WavLMModel, hf.WavLMConfig, LAYER_NORM),
    "wav2vec2-conformer": (hf.Wav2Vec2ConformerModel, hf.Wav2Vec2ConformerConfig, {}),
    "rotary-conformer": (hf.Wav2Vec2ConformerModel, hf.Wav2Vec2ConformerConfig, {"position_embeddings_type": "rotary"}),
    "mms": (hf.Wav2Vec2Model, hf.Wav2Vec2Config, {**LAYER_NORM, "adapter_attn_dim": 4}),
    "distilhubert": (hf.HubertModel, hf.HubertConfig, {"feat_proj_layer_norm": False}),
    "hubert-batch-norm": (hf.HubertModel, hf.HubertConfig, {"conv_pos_batch_norm": True}),
    "sew": (hf.SEWModel, hf.SEWConfig, {}),
    "sew-d": (hf.SEWDModel, hf.SEWDConfig, {}),
    "data2vec": (hf.Data2VecAudioModel, hf.Data2VecAudioConfig, {}),
    "unispeech": (hf.UniSpeechModel, hf.UniSpeechConfig, {}),
    "unispeech-sat": (hf.UniSpeechSatModel, hf.UniSpeechSatConfig, {}),
}


TEXT = {
    "bert": (hf.BertModel, hf.BertConfig, {}),
    "roberta": (hf.RobertaModel, hf.RobertaConfig, {"max_position_embeddings": 66, "pad_token_id": 0}),
    "deberta": (hf.DebertaV2Model, hf.DebertaV2Config, {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
}


OTHER_TEXT = {
    "t5": (hf.T5EncoderModel, hf.T5Config, {"d_kv": 8, "d_ff": 64}),
    "gpt2": (hf.GPT2Model, hf.GPT2Config, {}),
    "qwen3": (hf.Qwen3Model, hf.Qwen3Config, {"num_key_value_heads": 2, "head_dim": 8}),
}
"""Of T5 the encoder; of models that write, what a sentence's last token says."""


SENTENCES = ["hello there", "a much longer sentence that goes on , and on", ""]


def save_waveform(folder, family):
    model_class, config_class, options = WAVEFORM[family]
    torch.manual_seed(0)
    sizes = SMALL | CONVOLUTIONS | (SQUEEZED if family.startswith("sew") else {})
    model = model_class(config_class(**sizes | options)).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.2)  # at the usual 0.02 hardly anything reaches the output
    model.save_pretrained(folder)
    hf.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return model


def save_whisper(folder):
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 4}
    more = {"decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "vocab_size": 50}
    tokens = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 1)
    hf.WhisperModel(hf.WhisperConfig(**sizes, **more, **tokens)).save_pretrained(folder)
    hf.WhisperFeatureExtractor().save_pretrained(folder)


def save_wav2vec2_bert(folder):
    hf.Wav2Vec2BertModel(hf.Wav2Vec2BertConfig(**SMALL)).save_pretrained(folder)
    hf.SeamlessM4TFeatureExtractor().save_pretrained(folder)


def save_ast(folder):
    """Windows of 64 frames, so that most clips take several."""
    torch.manual_seed(0)
    model = hf.ASTModel(hf.ASTConfig(**SMALL, max_length=64, num_mel_bins=32)).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)
    hf.ASTFeatureExtractor(max_length=64, num_mel_bins=32).save_pretrained(folder)
    return model


def save_text(folder, family):
    model_class, config_class, options = (TEXT | OTHER_TEXT)[family]
    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(" ".join(SENTENCES).split())]
    (folder / "vocab.txt").write_text("\n".join(words))
    hf.BertTokenizerFast(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    model = model_class(config_class(vocab_size=len(words), **SMALL, **options)).eval()
    model.save_pretrained(folder)
    return model


def clips():
    torch.manual_seed(1)
    lengths = torch.tensor([16000, 9000, 24111, 1024])
    waveform = torch.zeros(4, 24111)
    for row, count in enumerate(lengths):
        waveform[row, :count] = torch.randn(int(count)) * 0.1
    return waveform, lengths
