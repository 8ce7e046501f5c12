"""Embeddings out of a model folder: from Python, and by mser predict --embeddings."""

import json

import numpy as np
import pyarrow
import pytest
import soundfile
from fake.trained import untrained
from pyarrow import parquet
from safetensors.torch import load_file, save_file

import mser
from mser.cli import main
from mser.errors import UserError
from mser.predict import embedding_file
from mser.predict.embedding_file import require_own
from mser.predict.rows_there import RowsThere

SOUND = {name: 0.1 * np.random.default_rng(count).standard_normal(count) for name, count in (("a", 9000), ("b", 16000))}
TEXTS = ["hello there", "no"]


@pytest.fixture
def folder(tmp_path):
    for name, samples in SOUND.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, 16_000)
    return untrained(tmp_path / "model")


def test_the_head_makes_its_answer_of_the_fused_vector(folder):
    model = mser.load(folder, device="cpu")
    files = [folder.parent / f"{name}.wav" for name in SOUND]
    fused = model.embed(files, TEXTS)
    weights = load_file(folder / "seed1-fold1.safetensors")
    for one, said in zip(fused, model.predict(files, TEXTS), strict=True):
        logits = (one @ weights["head.1.weight"].numpy().T + weights["head.1.bias"].numpy()) / 2  # the temperature
        shares = np.exp(logits) / np.exp(logits).sum()
        assert list(said.probabilities.values()) == pytest.approx(shares.tolist(), abs=1e-5)
    alone = model.embed(files[0], TEXTS[0])
    np.testing.assert_array_equal(alone, fused[0])


def test_sides_and_frames(folder):
    model = mser.load(folder, device="cpu")
    file = folder.parent / "b.wav"
    speech, text = (model.embed(file, "hello there", of=side) for side in ("speech", "text"))
    np.testing.assert_array_equal(np.concatenate([text, speech]), model.embed(file, "hello there"))
    frames = model.embed(file, "hello there", of="speech", frames=True)
    assert frames.ndim == 2
    np.testing.assert_allclose(frames.mean(0), speech, atol=1e-5)


def test_in_half_precision_they_are_about_the_same(folder):
    whole, half = (mser.load(folder, device="cpu", precision=precision) for precision in ("32", "bf16"))
    for of in ("fused", "speech", "text"):
        one, other = (model.embed(folder.parent / "b.wav", "hello there", of=of) for model in (whole, half))
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, atol=0.05)


@pytest.mark.parametrize("frames", [False, True])
@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_files_hold_what_python_gives(folder, suffix, frames, capsys):
    files = [str(folder.parent / f"{name}.wav") for name in SOUND]
    out = folder.parent / f"out{suffix}"
    texts = [f"--text={text}" for text in TEXTS]
    more = ["--of=speech", "--frames"] if frames else []
    assert main(["predict", str(folder), *files, *texts, f"--embeddings={out}", "--device=cpu", *more]) == 0
    assert "embeddings of 2 clips" in capsys.readouterr().out
    model = mser.load(folder, device="cpu")
    expected = [
        model.embed(*one, **({"of": "speech", "frames": True} if frames else {}))
        for one in zip(files, TEXTS, strict=True)
    ]
    if suffix == ".npz":
        found = np.load(out)
        assert found["audio"].tolist() == files
        every = np.split(found["embedding"], np.cumsum(found["frames"])[:-1]) if frames else found["embedding"]
    else:
        every = [np.array(one, np.float32) for one in parquet.read_table(out)["embedding"].to_pylist()]
    for one, ours in zip(every, expected, strict=True):
        np.testing.assert_allclose(one, ours, atol=1e-6)


def test_what_is_refused(folder, tmp_path, capsys):
    def refused(*options):
        assert main(["predict", str(folder), str(tmp_path / "a.wav"), "--text=a", *options]) == 2
        return capsys.readouterr().err

    assert "ends in .npz or .parquet" in refused(f"--embeddings={tmp_path / 'out.txt'}")
    assert "the fused vector has no frames" in refused(f"--embeddings={tmp_path / 'out.npz'}", "--frames")
    assert "leave --out" in refused(f"--embeddings={tmp_path / 'out.npz'}", f"--out={tmp_path / 'out.csv'}")
    heard = untrained(tmp_path / "heard", sides=("speech",))
    with pytest.raises(mser.UserError, match="has no text encoder"):
        mser.load(heard, device="cpu").embed(tmp_path / "a.wav", of="text")


def test_a_clip_that_cannot_be_used_is_named_and_the_others_go_on(folder, capsys):
    (folder.parent / "broken.wav").write_bytes(b"no audio")
    files = [str(folder.parent / name) for name in ("a.wav", "broken.wav")]
    out = folder.parent / "out.npz"
    assert main(["predict", str(folder), *files, "--text=a", "--text=b", f"--embeddings={out}"]) == 1
    assert "1 of 2 could not be used, the first: " in capsys.readouterr().err
    assert len(np.load(out)["embedding"]) == 1


def test_of_an_ensemble_only_what_was_frozen_can_be_embedded(folder):
    """Its members share the speech encoder; that of text, and what follows, was trained."""
    weights = load_file(folder / "seed1-fold1.safetensors")
    other = {name: value if name.startswith("speech.") else value + 0.01 for name, value in weights.items()}
    save_file(other, folder / "seed2-fold1.safetensors", {"format": "pt"})
    file, alone = folder.parent / "b.wav", mser.load(folder, device="cpu")
    config = json.loads((folder / "config.json").read_text())
    config["members"].append(config["members"][0] | {"weights": "seed2-fold1.safetensors", "seed": 2})
    (folder / "config.json").write_text(json.dumps(config))
    model = mser.load(folder, device="cpu")
    embedded, expected = (which.embed(file, "hello there", of="speech") for which in (model, alone))
    np.testing.assert_array_equal(embedded, expected)
    for side in ("text", "fused"):
        with pytest.raises(UserError, match="an ensemble of 2 models, whose embeddings are not comparable"):
            model.embed(file, "hello there", of=side)


@pytest.mark.parametrize("name", ["x.npz", "x.parquet"])
def test_a_file_of_ones_own_is_not_written_over(name, tmp_path):
    out = tmp_path / name
    for content in (b"my notes\n", _stored(out)):
        out.write_bytes(content)
        with pytest.raises(UserError, match=r"is there and holds (no|something else than) embeddings"):
            require_own(out)
        assert out.read_bytes() == content
    out.unlink()
    require_own(out)
    write = embedding_file._write_npz if name == "x.npz" else embedding_file._write_parquet
    write(out, [{"audio": "a.wav", "start": 0.0, "end": None, "embedding": np.zeros(2, np.float32)}], frames=False)
    require_own(out)


def _stored(out):
    if out.suffix == ".npz":
        np.savez(out, mine=np.zeros(2))
    else:
        parquet.write_table(pyarrow.table({"mine": [1]}), out)
    return out.read_bytes()


@pytest.mark.parametrize(("begun", "own"), [("audio", False), ("a", False), ("audio,start,end,tr", True), ("", True)])
def test_a_line_that_anybody_may_have_begun_is_nobodys_answers(begun, own, tmp_path):
    path = tmp_path / "u.csv"
    path.write_text(begun)
    there = ("audio", "start", "end", "transcript", "label")
    if own:
        assert RowsThere(path, path, there, "m").size == 0
    else:
        with pytest.raises(UserError, match="holds a line that mser did not write"):
            RowsThere(path, path, there, "m")
