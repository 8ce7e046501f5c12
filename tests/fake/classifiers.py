"""Small emotion classifiers with random weights, as they are published, and what their own code says of a clip."""

import json
from itertools import pairwise

import torch
import transformers as hf
from fake.encoders import CONVOLUTIONS, LAYER_NORM, SMALL
from safetensors.torch import save_file

LABELS = ["neu", "hap", "ang", "sad"]
NAMED = {"id2label": dict(enumerate(LABELS)), "label2id": {label: n for n, label in enumerate(LABELS)}}
_WHISPER = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64, "vocab_size": 50, "pad_token_id": 1, "bos_token_id": 1, "eos_token_id": 1,
    "decoder_start_token_id": 1,
}  # fmt: skip
_SUMMED = {"use_weighted_layer_sum": True, "classifier_proj_size": 12}
FAMILIES = {
    "wav2vec2": (hf.Wav2Vec2ForSequenceClassification, hf.Wav2Vec2Config, SMALL | CONVOLUTIONS),
    "wav2vec2-layer": (
        hf.Wav2Vec2ForSequenceClassification,
        hf.Wav2Vec2Config,
        SMALL | CONVOLUTIONS | LAYER_NORM | _SUMMED,
    ),
    "wav2vec2-conformer": (
        hf.Wav2Vec2ConformerForSequenceClassification,
        hf.Wav2Vec2ConformerConfig,
        SMALL | CONVOLUTIONS | _SUMMED,
    ),
    "hubert": (hf.HubertForSequenceClassification, hf.HubertConfig, SMALL | CONVOLUTIONS | _SUMMED),
    "wavlm": (hf.WavLMForSequenceClassification, hf.WavLMConfig, SMALL | CONVOLUTIONS | LAYER_NORM | _SUMMED),
    "unispeech-sat": (hf.UniSpeechSatForSequenceClassification, hf.UniSpeechSatConfig, SMALL | CONVOLUTIONS),
    "data2vec-audio": (hf.Data2VecAudioForSequenceClassification, hf.Data2VecAudioConfig, SMALL | CONVOLUTIONS),
    "wav2vec2-bert": (hf.Wav2Vec2BertForSequenceClassification, hf.Wav2Vec2BertConfig, SMALL | _SUMMED),
    "whisper": (hf.WhisperForAudioClassification, hf.WhisperConfig, _WHISPER | _SUMMED),
}


def save_classifier(folder, family, **more):
    """Save a classifier with its feature extractor, and return both."""
    model_class, config_class, options = FAMILIES[family]
    torch.manual_seed(0)
    model = drawn(model_class(config_class(**options, **NAMED | more)).eval())
    extractors = {"whisper": hf.WhisperFeatureExtractor, "wav2vec2-bert": hf.SeamlessM4TFeatureExtractor}
    extractor = extractors.get(family, hf.Wav2Vec2FeatureExtractor)()
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return model, extractor


def drawn(model):
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.2)  # at the usual 0.02 hardly anything reaches the output
        elif "layer_weights" in name or name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.5)
    return model


def said(model, extractor, clip):
    """What transformers says of a clip: (C,) logits."""
    with torch.no_grad():
        return model(**extractor(clip.numpy(), sampling_rate=16_000, return_tensors="pt")).logits[0]


class Dense(torch.nn.Module):
    """audEERING's layout, written down again: mean, dense, tanh, out_proj."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.config = hf.Wav2Vec2Config(**SMALL, **CONVOLUTIONS, **LAYER_NORM)
        self.wav2vec2 = hf.Wav2Vec2Model(self.config)
        self.classifier = torch.nn.ModuleDict({"dense": torch.nn.Linear(32, 32), "out_proj": torch.nn.Linear(32, 3)})
        drawn(self).eval()

    def forward(self, clip):
        clip = (clip - clip.mean()) / (clip.var(correction=0) + 1e-7).sqrt()
        mean = self.wav2vec2(clip[None]).last_hidden_state.mean(1)
        return self.classifier["out_proj"](torch.tanh(self.classifier["dense"](mean)))[0]

    def save(self, folder):
        folder.mkdir()
        labels = {"0": "arousal", "1": "dominance", "2": "valence"}
        told = self.config.to_dict() | {
            "architectures": ["Wav2Vec2ForSpeechClassification"], "id2label": labels, "label2id": {},
            "pooling_mode": "mean", "problem_type": "regression",
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(told))
        weights = {name.replace("parametrizations.weight.original0", "weight_g"): value
                   for name, value in self.state_dict().items()}  # fmt: skip
        weights = {name.replace("parametrizations.weight.original1", "weight_v"): value
                   for name, value in weights.items()}  # fmt: skip
        torch.save(weights, folder / "pytorch_model.bin")
        hf.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)


class Odyssey(torch.nn.Module):
    """The Odyssey 2024 baselines' layout, written down again: attentive statistics, layers with norm and ReLU."""

    def __init__(self, outputs):
        super().__init__()
        torch.manual_seed(0)
        self.ssl_model = hf.WavLMModel(hf.WavLMConfig(**SMALL, **CONVOLUTIONS, **LAYER_NORM))
        self.attend, self.attention = torch.nn.Linear(32, 32), torch.nn.Parameter(torch.zeros(32, 1))
        widths = [64, 32, 32]
        self.fc = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Linear(before, after), torch.nn.LayerNorm(after), torch.nn.ReLU())
            for before, after in pairwise(widths)
        )
        self.out = torch.nn.Linear(32, outputs)
        drawn(self).eval()

    def forward(self, clip):
        states = self.ssl_model((clip[None] - 0.01) / (0.2 + 1e-6)).last_hidden_state
        shares = torch.softmax((torch.tanh(self.attend(states)) @ self.attention)[..., 0], 1)[..., None]
        mean = (states * shares).sum(1)
        spread = ((states**2 * shares).sum(1) - mean**2).clamp(min=1e-5).sqrt()
        hidden = torch.cat([mean, spread], 1)
        for layer in self.fc:
            hidden = layer(hidden)
        return self.out(hidden)[0]

    def save(self, folder):
        folder.mkdir()
        told = {
            "model_type": "ser", "architectures": ["SERModel"], "auto_map": {"AutoConfig": "pipeline_utils.SERConfig"},
            "hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "classifier_hidden_layers": 2,
            "num_classes": self.out.out_features, "ssl_type": "microsoft/wavlm-large", "mean": 0.01, "std": 0.2,
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(told))
        (folder / "pipeline_utils.py").write_text("raise SystemExit('code of a checkpoint was run')\n")
        ours = {"attend.": "pool_model.sap_linear.", "attention": "pool_model.attention", "fc.": "ser_model.fc.",
                "out.": "ser_model.out.0."}  # fmt: skip
        weights = {}
        for name, value in self.state_dict().items():
            old = next((key for key in ours if name.startswith(key)), None)
            weights[ours[old] + name[len(old) :] if old else name] = value.contiguous()
        save_file(weights, folder / "model.safetensors")
