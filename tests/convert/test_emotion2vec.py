"""emotion2vec beside FunASR's own code, and as an encoder like any other."""

import json

import pytest
import torch
import yaml
from fake.places import ROOT
from safetensors.torch import load_file

import mser
from mser.cli import main
from mser.encoders.encoder import SpeechEncoder

GIVEN = ROOT / "tests/convert/emotion2vec"
KINDS = ["post_norm", "pre_norm"]


def convert(kind, out, *options):
    return main(["convert", "emotion2vec", f"--checkpoint={GIVEN / kind}.pt", f"--config={GIVEN / kind}.yaml",
                 f"--out={out}", *options])  # fmt: skip


def waveform():
    return torch.randn(1, 7123, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_those_of_funasr(kind, tmp_path, capsys):
    assert convert(kind, tmp_path / "e2v") == 0
    assert "emotion2vec with 3 layers of width 24" in capsys.readouterr().out
    encoder = SpeechEncoder(str(tmp_path / "e2v")).eval()
    with torch.no_grad():
        states = encoder(waveform(), torch.tensor([7123])).states[0]
    torch.testing.assert_close(states, load_file(GIVEN / f"{kind}.safetensors")["states"], atol=2e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"layer_sum": True}, {"tune": 1}, {"tune": "lora"}, {"checkpointing": True}])
def test_a_clip_alone_equals_the_clip_in_a_batch_and_all_that_is_trained_learns(kind, options, tmp_path):
    convert(kind, tmp_path / "e2v")
    encoder = SpeechEncoder(str(tmp_path / "e2v"), freeze_front=False, **options).eval()
    clips = [torch.randn(1, count) for count in (7123, 4000, 400)]
    batch = torch.nn.utils.rnn.pad_sequence([clip[0] for clip in clips], batch_first=True)
    together = encoder(batch, torch.tensor([7123, 4000, 400]))
    for clip, states, mask, summary in zip(clips, together.states, together.mask, together.summary, strict=True):
        alone = encoder(clip, torch.tensor([clip.shape[1]]))
        torch.testing.assert_close(states[mask], alone.states[0], atol=1e-4, rtol=0)
        torch.testing.assert_close(summary, alone.summary[0], atol=1e-4, rtol=0)
    together.summary.square().sum().backward()
    trained = [name for name, one in encoder.named_parameters() if one.requires_grad]
    without = [name for name in trained if encoder.get_parameter(name).grad is None]
    assert trained
    assert without == []


TOKENS = ["生气/angry", "unuse_0", "开心/happy", "中立/neutral", "<unk>"]


@pytest.fixture
def named(tmp_path):
    """What its answers are called, as FunASR has it: one of them is not used."""
    (tmp_path / "tokens.txt").write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
    return tmp_path / "tokens.txt"


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_s_logits_are_those_of_funasr(kind, named, tmp_path, capsys):
    assert convert(kind, tmp_path / "model", f"--tokens={named}", "--trained-on=EmoBox") == 0
    assert "to 生气/angry, 开心/happy, 中立/neutral, <unk>" in capsys.readouterr().out
    model = mser.load(tmp_path / "model", device="cpu")
    logits = load_file(GIVEN / f"{kind}.safetensors")["logits"][[0, 2, 3, 4]]
    answer = model.predict(waveform()[0].numpy(), sample_rate=16_000)
    assert list(answer.probabilities) == [TOKENS[place] for place in (0, 2, 3, 4)]
    assert list(answer.probabilities.values()) == pytest.approx(logits.softmax(0).tolist(), abs=2e-5)
    assert model.settings.trained["datasets"] == ["EmoBox"]
    batch = model.predict([waveform()[0].numpy(), waveform()[0, :4000].numpy()], sample_rate=16_000)
    assert batch[0].probabilities == pytest.approx(answer.probabilities, abs=1e-5)
    encoder = SpeechEncoder(str(tmp_path / "model/speech")).eval()
    with torch.no_grad():
        states = encoder(waveform(), torch.tensor([7123])).states[0]
    torch.testing.assert_close(states, load_file(GIVEN / f"{kind}.safetensors")["states"], atol=2e-5, rtol=0)


def test_whether_a_classifier_is_taken(named, tmp_path, capsys):
    assert convert("post_norm", tmp_path / "plain") == 0
    assert "its classifier is left out, as no tokens.txt says" in capsys.readouterr().out
    assert convert("post_norm", tmp_path / "encoder", "--encoder", f"--tokens={named}") == 2
    assert "holds no classifier" in capsys.readouterr().err
    named.write_text("angry\nhappy\n")
    assert convert("post_norm", tmp_path / "few", f"--tokens={named}") == 2
    assert "has 2 labels for the 5 outputs" in capsys.readouterr().err


def test_what_users_get_wrong(tmp_path, capsys):
    def refused(*argv):
        assert main(["convert", "emotion2vec", *argv, f"--out={tmp_path / 'out'}"]) == 2
        assert not (tmp_path / "out").exists()
        return capsys.readouterr().err

    lonely = tmp_path / "model.pt"
    lonely.write_bytes((GIVEN / "post_norm.pt").read_bytes())
    assert "the weights alone do not say how they are used" in refused(f"--checkpoint={lonely}")
    assert f"{str(tmp_path / 'config.yaml')!r} (No such file" in refused(f"--checkpoint={tmp_path}")  # the folder
    assert "is no file; give the model.pt that was published" in refused(f"--checkpoint={tmp_path / 'gone.pt'}")
    other = f"--config={GIVEN / 'pre_norm.yaml'}"
    assert "does not fit" in refused(f"--checkpoint={lonely}", other)
    options = yaml.safe_load((GIVEN / "post_norm.yaml").read_text())
    options["model_conf"]["modalities"]["audio"]["feature_encoder_spec"] = "print(1)"
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(options))
    assert "feature_encoder_spec 'print(1)'; expected such as" in refused(f"--checkpoint={lonely}")
    (tmp_path / "config.yaml").write_text("model: Paraformer\n")
    assert "is no config.yaml of an emotion2vec" in refused(f"--checkpoint={lonely}")
    torch.save({"state": 3}, lonely)
    assert "holds no weights" in refused(f"--checkpoint={lonely}", other)


def test_a_damaged_folder_is_one_line(tmp_path, capsys):
    convert("post_norm", tmp_path / "e2v")
    settings = json.loads((tmp_path / "e2v/config.json").read_text())
    (tmp_path / "e2v/config.json").write_text(json.dumps(settings | {"width": 48}))
    with pytest.raises(Exception, match="is no complete emotion2vec folder"):
        SpeechEncoder(str(tmp_path / "e2v"))
