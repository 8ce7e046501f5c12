"""Speech-BERT as a speech encoder: alone and whole, once, cut where the original cuts, or a clear line."""

import gc
import re
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from fake import checkpoints
from fake.converting import speech_bert, write_files

from mser.encoders.cache_files import cache_folder
from mser.encoders.encoder import SpeechEncoder
from mser.encoders.speech_bert.token_backbone import SpeechBert
from mser.encoders.speech_bert.token_cache import TokenCache
from mser.encoders.speech_bert.tokens import SpeechTokenizer, pad_tokens
from mser.encoders.speech_bert.vq_wav2vec import VqSettings, VqWav2Vec
from mser.errors import UserError

RELEASED = tuple((8, k, s) for k, s in zip((10, 8, 4, 4, 4, 1, 1, 1), (5, 4, 2, 2, 2, 1, 1, 1), strict=True))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    assert speech_bert(write_files(tmp_path)) == 0
    return tmp_path / "speech"


def noise(samples, seed=0):
    return torch.randn(samples, generator=torch.Generator().manual_seed(seed)) / 3


def test_an_utterance_is_tokenised_alone_and_whole(folder):
    tokenizer = SpeechTokenizer.from_folder(folder)
    words = tokenizer.words(noise(2000))
    assert re.fullmatch(r"\d-\d( \d-\d){22}", words)
    assert tokenizer.ids(noise(2000)).tolist() == tokenizer.vocabulary.encode(words).ids
    # The norms span time, so what comes later changes what came before.
    uneven = torch.cat([noise(1000), 9 * noise(1000, 1)])
    beginning = tokenizer.words(uneven[:1000]).split()
    assert beginning != tokenizer.words(uneven).split()[: len(beginning)]


def test_a_batch_pads_ids_and_not_audio(folder):
    encoder = SpeechEncoder(str(folder), pooling="first").eval()
    lengths = torch.tensor([2000, 1000])
    waveform = torch.nn.utils.rnn.pad_sequence([noise(2000), noise(1000, 1)], batch_first=True)
    with torch.no_grad():
        both, alone = encoder(waveform, lengths), encoder(waveform[1:, :1000], lengths[1:])
    assert both.mask.sum(1).tolist() == [25, 12]
    torch.testing.assert_close(both.states[1, :12], alone.states[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(both.summary[1], alone.summary[0], atol=1e-5, rtol=0)


def test_a_long_utterance_keeps_its_start_and_closes(folder):
    backbone = SpeechBert.from_folder(folder)
    whole = backbone.tokenizer.ids(noise(4000))
    assert len(whole) == 50
    assert backbone.max_tokens == 32
    states, mask = backbone(noise(4000)[None], torch.tensor([4000]))
    assert states.shape == (1, 32, 16)
    assert mask.all()
    assert backbone.collate([whole])[0].tolist() == [*whole[:31].tolist(), 2]


def test_a_sequence_of_just_the_longest_length_is_kept(folder):
    row = np.array([0, 7, 8, 2], np.int32)
    assert pad_tokens([row], longest=4).tolist() == [[0, 7, 8, 2]]
    assert pad_tokens([row, row[:2]], longest=3).tolist() == [[0, 7, 2], [0, 7, 1]]


# Once


def test_nothing_is_tokenised_twice(folder, monkeypatch):
    first = SpeechTokenizer.from_folder(folder)
    ids = first.ids(noise(2000))
    later = SpeechTokenizer.from_folder(folder)
    monkeypatch.setattr(VqWav2Vec, "forward", lambda *_: pytest.fail("tokenised again"))
    assert later.ids(noise(2000)).tolist() == ids.tolist()
    assert len(list(cache_folder().rglob("*.npy"))) == 1


def test_other_audio_and_other_tokenisers_have_other_ids(folder, tmp_path):
    one = SpeechTokenizer.from_folder(folder)
    assert one.ids(noise(2000)).tolist() != one.ids(noise(2000, 1)).tolist()
    checkpoints.write_vq(tmp_path / "vq.pt", weights=checkpoints.vq_weights(seed=9))
    speech_bert(tmp_path, out="other")
    other = SpeechTokenizer.from_folder(tmp_path / "other")
    assert one.fingerprint() != other.fingerprint()
    assert one.ids(noise(2000)).tolist() != other.ids(noise(2000)).tolist()
    assert len(list(cache_folder().rglob("*.npy"))) == 3


def test_settings_and_dictionary_belong_to_the_fingerprint(folder):
    tokenizer = SpeechTokenizer.from_folder(folder)
    before = tokenizer.fingerprint()
    tokenizer.vocabulary.add_tokens(["new"])
    assert tokenizer.fingerprint() != before
    quantizers = [VqWav2Vec(VqSettings(RELEASED, log_compression=log)) for log in (False, True)]
    for quantizer in quantizers:
        quantizer.load_state_dict({name: torch.ones_like(w) for name, w in quantizer.state_dict().items()})
    one, other = (SpeechTokenizer(quantizer, tokenizer.vocabulary).fingerprint() for quantizer in quantizers)
    assert one != other


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"no array"])
def test_a_damaged_file_is_written_anew(folder, damage):
    tokenizer = SpeechTokenizer.from_folder(folder)
    ids = tokenizer.ids(noise(2000))
    [path] = cache_folder().rglob("*.npy")
    whole = path.read_bytes()
    path.write_bytes(damage)
    assert tokenizer.ids(noise(2000)).tolist() == ids.tolist()
    assert path.read_bytes() == whole


def test_arrays_of_another_kind_are_not_taken_for_ids(tmp_path):
    cache = TokenCache(tmp_path)
    cache.put("ab12", np.zeros((2, 2), np.int32))
    assert cache.get("ab12") is None
    cache.put("ab12", np.array([0, 5, 2], np.int32))
    assert cache.get("ab12").tolist() == [0, 5, 2]


def test_many_processes_share_a_cache(tmp_path):
    """All write and read the same keys at once; a reader sees all of a file or none of it."""
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from mser.encoders.speech_bert.token_cache import TokenCache\n"
        "cache = TokenCache(Path(sys.argv[1]))\n"
        "ids = {f'{k:04x}': np.arange(k, k + 900, dtype=np.int32) for k in range(20)}\n"
        "for _ in range(10):\n"
        "    for key, value in ids.items():\n"
        "        cache.put(key, value)\n"
        "        assert cache.get(key).tolist() == value.tolist()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert len(list(tmp_path.rglob("*.npy"))) == 20
    assert not list(tmp_path.rglob(".*"))


def test_a_cache_that_cannot_be_written(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"cannot write the token cache .*file.*; set MSER_CACHE to a folder that is writable"
    ):
        SpeechTokenizer.from_folder(folder).ids(noise(2000))


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", full)
    with pytest.raises(UserError, match="No space left on device"):
        TokenCache(tmp_path).put("ab12", np.zeros(3, np.int32))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_cache_is_in_the_home_folder_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("MSER_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "mser"


def test_a_corpus_is_prepared_one_utterance_at_a_time(folder, capsys):
    alive = []

    def corpus():
        for seed in range(5):
            gc.collect()
            assert sum(reference() is not None for reference in alive) <= 1
            waveform = noise(2000, seed)
            alive.append(weakref.ref(waveform))
            yield f"clip{seed}", waveform

    SpeechBert.from_folder(folder).prepare(corpus(), total=5)
    assert len(list(cache_folder().rglob("*.npy"))) == 5
    printed = capsys.readouterr()
    assert "tokenising speech" in printed.err
    assert "100%" in printed.err
    assert printed.out == ""


# What training does not touch


def test_the_tokeniser_is_no_part_of_the_model(folder):
    encoder = SpeechEncoder(str(folder))
    assert not [name for name in encoder.state_dict() if "quantizer" in name or "embedding.weight" in name]
    names = [name for name, _ in encoder.named_parameters()]
    assert not [name for name in names if "token_type" in name or "pooler" in name or "lm_head" in name]
    encoder.half()
    assert encoder.backbone.tokenizer.quantizer.vector_quantizer.embedding.dtype == torch.float32
    assert not [p for p in encoder.backbone.tokenizer.quantizer.parameters() if p.requires_grad]


def test_mixed_precision_does_not_change_ids(folder, monkeypatch):
    tokenizer = SpeechTokenizer.from_folder(folder)
    monkeypatch.setattr(tokenizer.cache, "get", lambda _: None)
    plain = tokenizer.ids(noise(3000))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert tokenizer.ids(noise(3000)).tolist() == plain.tolist()


def test_every_parameter_is_trained(folder):
    encoder = SpeechEncoder(str(folder), pooling="first")
    encoder(noise(2000)[None], torch.tensor([2000])).states.sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


# One clear line


@pytest.mark.parametrize("samples", [0, 1, 464])
def test_audio_shorter_than_the_receptive_field(samples):
    message = f"has {samples} samples .* expected at least 465 .0.029 s., .*leave the utterance out or pad it"
    with pytest.raises(UserError, match=message):
        VqWav2Vec(VqSettings(RELEASED))(torch.zeros(samples))


def test_the_shortest_audio_gives_one_code():
    assert VqWav2Vec(VqSettings(RELEASED))(noise(465)).shape == (1, 2)
    assert VqWav2Vec(VqSettings(RELEASED))(noise(10000)).shape == (60, 2)


def test_rounded_audio_is_refused():
    with pytest.raises(UserError, match=r"came as torch.bfloat16, expected torch.float32.*bf16-mixed"):
        VqWav2Vec(VqSettings(RELEASED))(noise(1000).bfloat16())


def test_a_dictionary_of_another_tokeniser_shows_in_use(folder):
    tokenizer = SpeechTokenizer.from_folder(folder)
    words = tokenizer.words(noise(2000)).split()
    state = tokenizer.vocabulary.to_str()
    for word in set(words):
        state = state.replace(f'"{word}"', f'"x{word}"')
    strange = SpeechTokenizer(tokenizer.quantizer, type(tokenizer.vocabulary).from_str(state))
    strange.ids(noise(2000))
    with pytest.raises(UserError, match=r"clip\d+: \d+ of \d+ speech tokens are not in the dictionary.*dict.txt"):
        strange.prepare((f"clip{seed}", noise(2000, seed)) for seed in range(200))


@pytest.mark.parametrize("name", ["model.safetensors", "vq_wav2vec.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_folder_with_a_bad_file(folder, name, damage):
    whole = (folder / name).read_bytes()
    (folder / name).unlink()
    if damage == "truncated":
        (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        UserError, match=r"no complete Speech-BERT folder .*; make it again with mser convert speech-bert"
    ):
        SpeechEncoder(str(folder))
