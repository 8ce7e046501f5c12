"""mser.load: a model folder in use from Python, with good input and bad."""

import json
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
from fake.corpora.iemocap import tone
from fake.trained import untrained

import mser
from mser.errors import UserError
from mser.use.clips import Clip

LABELS = ("neu", "sad", "ang", "hap")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds the model ``one``."""
    folder = tmp_path_factory.mktemp("models")
    untrained(folder / "one")
    return folder


def made(folder, name, *, rate=16000, channels=1, seconds=0.5, **options):
    path = folder / name
    samples = tone(seconds, 200, random.Random(0)).repeat(rate // 16000)
    soundfile.write(path, np.tile(samples[:, None], channels), rate, **options)
    return str(path)


def test_formats_that_are_odd_but_can_be_used(place, tmp_path):
    model = mser.load(place / "one")
    plain = model.predict(made(tmp_path, "plain.wav"), "hello")
    assert plain.note == ""
    odd = {
        made(tmp_path, "8bit.wav", subtype="PCM_U8"): "8 bits a sample",
        made(tmp_path, "96k.wav", rate=96000): "resampled from 96000 Hz",
        made(tmp_path, "six.flac", channels=6): "6 channels mixed to one",
    }
    for path, note in odd.items():
        said = model.predict(path, "hello")
        assert said.note == note
        assert said.seconds == pytest.approx(0.5, abs=0.01)
        assert said.probabilities["neu"] == pytest.approx(plain.probabilities["neu"], abs=0.1)
    long = model.predict(made(tmp_path, "plain.wav"), "word " * 10_000)
    assert long.note == "the transcript's first 512 tokens"
    integers = (np.tile(tone(0.5, 200, random.Random(0))[:, None], 2) * 32767).astype(np.int16)
    array = model.predict(integers, "hello", sample_rate=16000)
    assert list(array.probabilities.values()) == pytest.approx(list(plain.probabilities.values()), abs=1e-3)
    assert model.predict(integers, "hello", sampling_rate=16000) == array  # as Hugging Face calls it
    with pytest.raises(UserError, match="sample_rate and sampling_rate were both given"):
        model.predict(integers, "hello", sample_rate=16000, sampling_rate=16000)


def bad_input(folder):
    """Recording and transcript, and what is said of them."""
    good = made(folder, "good.wav")
    soundfile.write(folder / "silent.wav", np.zeros(8000), 16000)
    soundfile.write(folder / "none.wav", np.zeros(0), 16000)
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("not audio")
    return {
        ("https://example.org/a.wav", "hello"): "is a URL, expected a file; download it first",
        (str(folder / "gone.wav"), "hello"): "gone.wav is not there",
        (str(folder), "hello"): "is a folder",
        ("", "hello"): "the recording is not there",
        (str(folder / "silent.wav"), "hello"): "silent.wav is silent",
        (str(folder / "none.wav"), "hello"): "none.wav holds no samples",
        (str(folder / "empty.wav"), "hello"): "empty.wav is an empty file of 0 bytes",
        (str(folder / "text.wav"), "hello"): "text.wav cannot be decoded",
        (made(folder, "long.wav", seconds=61), "hello"): "lasts 61.0 s but a batch may hold 60 s",
        (good, " "): "the transcript is empty: this model reads the transcript too",
        (good, None): "never trained without it: give one",
        (None, "hello"): "this model listens: give it a recording",
    }


def test_bad_input_is_refused_alone_and_a_row_in_a_list(place, tmp_path):
    model = mser.load(place / "one")
    bad = bad_input(tmp_path)
    for (audio, said), reason in bad.items():
        with pytest.raises(UserError) as refused:
            model.predict(audio, said)
        assert reason in str(refused.value)
        assert "\n" not in str(refused.value)
    pairs = [*bad, (str(tmp_path / "good.wav"), "hello")]
    rows = model.predict([audio for audio, _ in pairs], [said for _, said in pairs])
    assert all(reason in row.error for row, reason in zip(rows, bad.values(), strict=False))
    assert rows[-1].error == ""
    assert rows[-1].label in LABELS


@pytest.mark.parametrize(("samples", "rate", "reason"), [
    (np.ones(4), None, "without their rate"), (np.zeros(8000), 16000, "is silent"),
    (np.zeros((2, 2, 2)), 16000, "samples of shape (2, 2, 2)"), (np.array([]), 16000, "samples of shape (0,)"),
    (np.array([0, np.nan]), 16000, "that are no numbers"), (np.arange(10.0), 16000, "far outside -1..1"),
])  # fmt: skip
def test_bad_samples(place, samples, rate, reason):
    with pytest.raises(UserError) as refused:
        mser.load(place / "one").predict(samples, "hello", sample_rate=rate)
    assert reason in str(refused.value)


def test_lists_that_do_not_pair(place):
    model = mser.load(place / "one")
    for audio, said in ((["a.wav", "b.wav"], ["hi"]), (["a.wav"], "hi"), ("a.wav", ["hi"])):
        with pytest.raises(UserError, match="transcripts"):
            model.predict(audio, said)


def broken(place, tmp_path, change):
    folder = tmp_path / "model"
    shutil.copytree(place / "one", folder)
    told = json.loads((folder / "config.json").read_text())
    change(told, folder)
    (folder / "config.json").write_text(json.dumps(told))
    return folder


@pytest.mark.parametrize(("change", "reason"), [
    (lambda told, _: told.update(mser_model=2), "of version 2, this mser reads version 1"),
    (lambda told, _: told.pop("mser_model"), "is no model folder of mser"),
    (lambda told, _: told.pop("task"), "config.json lacks task; export the model again"),
    (lambda told, _: told["task"].pop("labels"), "required field `labels` - at `$.task`"),
    (lambda told, _: told.update(mood=1), "config.json has mood, which this mser does not know"),
    (lambda told, _: told["members"][0].update(mood=1), "config.json has mood, which this mser does not know"),
    (lambda told, _: told.update(members=["a"]), "got `str` - at `$.members[0]`"),
    (lambda told, _: told.update(members=[]), "names no weights"),
    (lambda told, _: told["task"]["labels"].append("fea"), "has 5 labels, for which the model gives 5 numbers, but"),
    (lambda _, folder: (folder / "seed1-fold1.safetensors").unlink(), "lacks seed1-fold1.safetensors"),
    (lambda _, folder: (folder / "seed1-fold1.safetensors").write_bytes(b"{}"), "seed1-fold1.safetensors is damaged"),
    (lambda told, _: told["members"][0].update(weights="../x"), "which lies elsewhere"),
    (lambda told, _: told["model"]["fusion"].update({"class": "Popen"}), "unknown fusion 'Popen'"),
    (lambda told, _: told["model"]["fusion"].update({"class": "CoAttention"}), "damaged or does not fit"),
    (lambda told, _: told["model"].pop("dropout"), "required field `dropout` - at `$.model`"),
    (lambda told, _: told["model"]["speech"].update(name="speech"), "lacks speech/config.json"),
])  # fmt: skip
def test_a_folder_that_is_not_whole(place, tmp_path, change, reason):
    with pytest.raises(UserError) as refused:
        mser.load(broken(place, tmp_path, change))
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_no_folder(tmp_path, place):
    (tmp_path / "config.json").write_text("[")
    for folder, reason in {"https://huggingface.co/a/b": "is a URL", "nowhere": "is no folder",
                           str(tmp_path): "cannot read"}.items():  # fmt: skip
        with pytest.raises(UserError, match=reason):
            mser.load(folder)
    with pytest.raises(UserError, match="cannot use the device 'tpu9'"):
        mser.load(place / "one", device="tpu9")
    with pytest.raises(AttributeError):
        mser.unload  # noqa: B018


def test_importing_mser_imports_no_torch():
    code = "import sys, mser; sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TASKS = {
    "labels": {"kind": "labels", "name": "two", "labels": ["neu", "sad"]},
    "multi_label": {"kind": "multi_label", "name": "moods", "labels": ["happy", "sad"]},
    "scores": {"kind": "scores", "name": "sentiment", "labels": ["sentiment"], "low": -3, "high": 3},
}


@pytest.mark.parametrize("kind", TASKS)
def test_each_kind_of_task(kind, tmp_path):
    answer = mser.load(untrained(tmp_path / "model", task=TASKS[kind])).predict(made(tmp_path, "a.wav"), "hello")
    named = answer.scores if kind == "scores" else answer.probabilities
    assert list(named) == TASKS[kind]["labels"]
    if kind == "scores":
        assert answer.label is None
    elif kind == "labels":
        assert sum(named.values()) == pytest.approx(1)
        assert answer.label == max(named, key=named.get)
    else:
        assert answer.label == "+".join(label for label, p in named.items() if p > 0.5)


def test_models_of_one_side(tmp_path):
    path = made(tmp_path, "a.wav")
    hears = mser.load(untrained(tmp_path / "hears", sides=("speech",)))
    said = hears.predict(path)
    assert said.used == ("speech",)
    assert hears.predict(path, "whatever").probabilities == said.probabilities
    reads = mser.load(untrained(tmp_path / "reads", sides=("text",)))
    said = reads.predict(None, "hello there")
    assert said.used == ("text",)
    assert said.seconds is None
    both = reads.predict([None, "https://never/opened.wav"], ["hello there", "word " * 10_000])
    assert both[0].probabilities == pytest.approx(said.probabilities)
    assert both[1].note == "the transcript's first 512 tokens"


def test_clips_are_cut_as_in_training(tmp_path):
    whole = mser.load(untrained(tmp_path / "whole"))
    cut = mser.load(untrained(tmp_path / "cut", max_seconds=0.25))
    samples, rate = soundfile.read(made(tmp_path, "a.wav"))
    soundfile.write(tmp_path / "short.wav", samples[: rate // 4], rate)
    expected = whole.predict(str(tmp_path / "short.wav"), "hello").probabilities
    for audio in (str(tmp_path / "a.wav"), samples):
        said = cut.predict(audio, "hello", sample_rate=rate)
        assert said.note == "the first 0.25 of 0.5 s"
        assert said.probabilities == pytest.approx(expected, abs=1e-6)


def test_many_clips_are_told_in_their_order_whatever_the_batches(tmp_path):
    model = mser.load(untrained(tmp_path / "model"))
    clips = [Clip(made(tmp_path, f"{n}.wav", seconds=0.1 + n % 7 / 10), f"word {n}") for n in range(40)]
    clips[7] = Clip(str(tmp_path / "gone.wav"), "hello")
    large, small = list(model.stream(clips)), list(model.stream(iter(clips), batch_seconds=0.8))
    assert [one.audio for one in small] == [clip.audio for clip in clips]
    for one, other in zip(large, small, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
    assert [bool(one.error) for one in small] == [n == 7 for n in range(40)]


def test_a_processor_is_given_small_batches_and_long_clips_alone(tmp_path, monkeypatch):
    model = mser.load(untrained(tmp_path / "model"), device="cpu")
    whole, sizes = model.engine.answers, []
    monkeypatch.setattr(model.engine, "at_once", 1.0)
    monkeypatch.setattr(model.engine, "answers", lambda chosen: sizes.append(len(chosen)) or whole(chosen))
    clips = [made(tmp_path, f"{n}.wav", seconds=seconds) for n, seconds in enumerate((0.3, 2.0, 0.3, 1.0, 0.3, 0.3))]
    assert not any(said.error for said in model.predict(clips, ["hello"] * 6))
    assert sorted(sizes) == [1, 1, 1, 3]


EXHAUSTED = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: 8 bytes"),
]


@pytest.mark.parametrize("error", EXHAUSTED, ids=["numpy", "gpu", "cpu"])
def test_a_batch_that_is_too_large_is_halved_until_it_fits(error, tmp_path, monkeypatch):
    model = mser.load(untrained(tmp_path / "model"), device="cpu")
    [member] = model.engine.members
    whole, sizes = member.forward, []

    def short_of_memory(batch):
        sizes.append(len(batch))
        if len(batch) > 2 or "large" in batch.transcripts:
            raise error
        return whole(batch)

    clips = [made(tmp_path, "a.wav")] * 6
    expected = model.predict(clips, ["hello"] * 6)
    monkeypatch.setattr(member, "forward", short_of_memory)
    rows = model.predict(clips, ["hello", "large", *["hello"] * 4])
    assert sizes == [6, 3, 1, 2, 1, 1, 3, 1, 2]
    assert [row.error for row in rows] == ["", "the device has not enough memory for this clip; cut it, or use "
                                           "another device", "", "", "", ""]  # fmt: skip
    assert rows[5].probabilities == pytest.approx(expected[5].probabilities, abs=1e-6)


def test_a_recording_that_is_too_large_is_a_row(tmp_path, monkeypatch):
    model = mser.load(untrained(tmp_path / "model"), device="cpu")
    monkeypatch.setattr("mser.use.clips.as_taken", lambda *_: (_ for _ in ()).throw(MemoryError()))
    [row] = model.predict([made(tmp_path, "a.wav")], ["hello"])
    assert row.error.startswith("the device has not enough memory")


def test_other_failures_of_the_model_keep_their_traceback(tmp_path, monkeypatch):
    model = mser.load(untrained(tmp_path / "model"), device="cpu")
    monkeypatch.setattr(model.engine.members[0], "forward", lambda _: torch.zeros(2) @ torch.zeros(3))
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        model.predict(made(tmp_path, "a.wav"), "hello")


def test_a_notebook_shows_an_answer():
    said = mser.Prediction("<b>.wav", end=2.0, label="hap", probabilities={"neu": 0.25, "hap": 0.75}, note="a & b")
    shown = said._repr_html_()
    assert "<b>&lt;b&gt;.wav</b> 0.0-2.0 s: hap</p>" in shown
    assert shown.index("<th>hap</th><td>75%</td>") < shown.index("<th>neu</th><td>25%</td>")
    assert shown.endswith("<p>a &amp; b</p>")
    scores = mser.Prediction("", transcript="So.", scores={"valence": -1.5}, abstain=None)._repr_html_()
    assert "<b>So.</b>: </p><table><tr><th>valence</th><td>-1.50</td></tr>" in scores
