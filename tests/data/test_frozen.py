"""Frozen encoders are asked once: what they say is kept, checked, shared, and equals what they say on the fly."""

import csv
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from multiprocessing import get_context

import pytest
import torch
from fake.corpora.iemocap import make_iemocap
from fake.stop import Killed, ends_alike, stopped
from torch.nn.utils.rnn import pad_sequence

import mser
from mser.cli import main
from mser.crossval.fold import fit_and_test
from mser.crossval.plan import plan
from mser.crossval.provenance import provenance
from mser.data import batch as batches
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.encoders.fingerprint import fingerprint
from mser.encoders.masks import mask_of
from mser.encoders.outputs import Kept
from mser.encoders.state_cache import StateCache
from mser.errors import UserError

FROZEN = ["--model.speech.tune=frozen", "--model.text.tune=frozen"]
ON_THE_FLY = "--data.init_args.keep_frozen=false"
COATTENTION = "--model.fusion=mser.fusion.CoAttention"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=6)
    return root


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give each test an empty cache, and return where it will be."""
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/states"


@pytest.fixture
def asked(monkeypatch):
    """Count the utterances that each backbone is asked about, and the audio files that are read."""
    counted = Counter()
    for side in (SpeechEncoder, TextEncoder):

        def layers(self, *inputs, layers=side._layers, name=side.__name__):
            counted[name] += len(inputs[0])
            return layers(self, *inputs)

        monkeypatch.setattr(side, "_layers", layers)

    def load(*span, load=batches.load):
        counted["audio"] += 1
        return load(*span)

    monkeypatch.setattr(batches, "load", load)
    return counted


def fit(corpus, folder, *options, tune=FROZEN, epochs=2):
    given = ["fit", "--config=experiments/demo/shallow.yaml", f"--data.init_args.root={corpus}", *tune]
    given += [f"--trainer.default_root_dir={folder}", "--trainer.accelerator=cpu", f"--trainer.max_epochs={epochs}"]
    return main([*given, "--trainer.enable_progress_bar=false", *options])


def crossval(corpus, run, folds, *options):
    given = ["--config=experiments/demo/shallow.yaml", f"--data.init_args.root={corpus}", *FROZEN]
    plan(str(run), [*given, "--trainer.max_epochs=2", "--trainer.accelerator=cpu", *options])
    for fold in folds:
        fit_and_test(str(run), fold=fold, seed=1, skip_test=False)
    return json.loads((run / "protocol.json").read_text())["folds"]


def probabilities(folder):
    with (folder / "predictions.csv").open(newline="") as file:
        rows = {(row["split"], row["utterance"]): row for row in csv.DictReader(file)}
    return {key: [float(value) for name, value in row.items() if name.startswith("p_")] for key, row in rows.items()}


def files(cache, side):
    return sorted(cache.glob(f"{side}-*/*/*.safetensors"))


def told(caplog, side):
    return [record.message for record in caplog.records if record.message.startswith(f"{side} states: ")]


def test_a_crossvalidation_asks_once_for_each_utterance(corpus, tmp_path, asked):
    folds = crossval(corpus, tmp_path / "kept", range(1, 6))
    sizes = [{part: len(fold[part]) for part in ("train", "val", "test")} for fold in folds]
    utterances = sum(sizes[0].values())
    transcripts = len(set(files(tmp_path / "cache/states", "text")))
    assert asked["SpeechEncoder"] == utterances
    assert asked["TextEncoder"] == transcripts <= utterances
    assert asked["audio"] == sum(size["train"] + 2 * size["val"] + size["test"] for size in sizes)

    asked.clear()
    crossval(corpus, tmp_path / "plain", [1], ON_THE_FLY)

    def on_the_fly(size, epochs):
        return epochs * (size["train"] + size["val"]) + size["val"] + size["test"]

    once = sizes[0]["train"]  # for mean and deviation, by which states are standardised
    assert asked["SpeechEncoder"] == asked["TextEncoder"] == once + on_the_fly(sizes[0], epochs=2)
    assert sum(on_the_fly(size, epochs=30) for size in sizes) >= 80 * utterances

    kept, plain = (probabilities(tmp_path / run / "seed1/fold1") for run in ("kept", "plain"))
    assert kept.keys() == plain.keys()
    assert len(kept) == sizes[0]["val"] + sizes[0]["test"]
    for utterance, said in kept.items():  # random states hardly differ, so standardising makes their rounding larger
        assert said == pytest.approx(plain[utterance], abs=1e-2)
    exported_without_a_cache(corpus, tmp_path)


def exported_without_a_cache(corpus, tmp_path):
    run, folds = tmp_path / "kept", [1, 2, 3, 4, 5]
    (run / "run.json").write_text(json.dumps(provenance(run, [], folds, [1], skip_test=False)))
    shutil.rmtree(tmp_path / "cache")
    assert main(["export", str(run / "seed1/fold1"), "--out", str(tmp_path / "model")]) == 0
    clip = next(corpus.glob("Session1/sentences/wav/*/*[0-9].wav"))
    assert mser.load(tmp_path / "model").predict(clip, "Okay, then.").label
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(("pooling", "pooled"), [
    ("mean", False), ("mean", True), ("first", False), ("first", True), ("attention", False),  # which learns
])  # fmt: skip
@pytest.mark.parametrize("layer_sum", [False, True])
def test_what_is_kept_equals_what_is_said(pooling, layer_sum, pooled, tmp_path):
    torch.manual_seed(0)
    encoder = SpeechEncoder("tiny", pooling=pooling, layer_sum=layer_sum, tune="frozen")
    if layer_sum:
        torch.nn.init.normal_(encoder.layer_sum.weights)
    lengths = torch.tensor([16000, 9000, 12345])
    waveform = torch.randn(3, 16000) * (torch.arange(16000) < lengths.unsqueeze(1))
    store = StateCache(tmp_path)
    for row, count in enumerate(lengths):
        store.put(f"a{row}", encoder.to_keep(waveform[row : row + 1, :count], lengths[row : row + 1], pooled=pooled))
    rows = [store.get(f"a{row}") for row in range(3)]
    assert all(row.dtype == torch.float16 for row in rows)
    assert rows[0].shape == (1 if pooled else 25, 3 if layer_sum else 1, 64)
    kept = Kept(pad_sequence([row.float() for row in rows], batch_first=True), mask_of(torch.tensor([*map(len, rows)])))
    again, said = encoder.encode_kept(kept), encoder(waveform, lengths)
    torch.testing.assert_close(again.summary, said.summary, atol=2e-3, rtol=1e-3)
    if layer_sum or pooling == "attention":
        again.summary.sum().backward()
        assert all(parameter.grad is not None for parameter in encoder.parameters() if parameter.requires_grad)
    if not pooled:
        assert torch.equal(again.mask, said.mask)
        torch.testing.assert_close(again.states[said.mask], said.states[said.mask], atol=2e-3, rtol=1e-3)


def test_a_second_fit_reads(corpus, tmp_path, asked, caplog, cache):
    assert fit(corpus, tmp_path / "one", COATTENTION) == 0
    first, audio = dict(asked), asked["audio"]
    asked.clear()
    assert fit(corpus, tmp_path / "other", COATTENTION, epochs=4) == 0
    assert first["SpeechEncoder"] == audio == asked["audio"]
    assert not asked["SpeechEncoder"] + asked["TextEncoder"]
    train, val = (message.split(" MB in ") for message in told(caplog, "speech")[-2:])
    assert train[0].startswith("speech states: 0 computed in ")
    assert f", {len(files(cache, 'speech'))} read, " in train[0] or ", " in val[0]
    assert train[1] == str(files(cache, "speech")[0].parents[1])
    ends_with_the_same_weights(tmp_path, corpus)


def ends_with_the_same_weights(tmp_path, corpus):
    """Whether states were computed or read makes no difference at all."""
    assert fit(corpus, tmp_path / "again", COATTENTION) == 0
    ends_alike(tmp_path / "one", tmp_path / "again")


def test_killed_and_resumed(corpus, tmp_path):
    assert fit(corpus, tmp_path / "whole") == 0
    with pytest.raises(Killed):
        fit(corpus, tmp_path / "broken", "--resume.minutes=0", *stopped("KillAfter", 5))
    assert fit(corpus, tmp_path / "broken", "--ckpt_path=last") == 0
    ends_alike(tmp_path / "whole", tmp_path / "broken")


def test_workers_read_too(corpus, tmp_path, asked):
    assert fit(corpus, tmp_path / "one", "--data.init_args.num_workers=1", epochs=1) == 0
    asked.clear()
    best = f"--ckpt_path={tmp_path / 'one/checkpoints/best.ckpt'}"
    for _ in range(2):
        given = [f"--config={tmp_path / 'one/config.yaml'}", best, f"--trainer.default_root_dir={tmp_path / 'test'}"]
        assert main(["test", *given]) == 0
    assert asked["SpeechEncoder"] == len(probabilities(tmp_path / "test"))


def test_tokens_are_hidden_from_summaries_too(corpus, tmp_path):
    """A summary of all states is of no use where some of them are to be hidden anew in each epoch."""
    hiding = ["--data.init_args.augment.token_masking=0.9", "--model.speech.pooling=mean", "--model.text.pooling=mean"]
    assert fit(corpus, tmp_path / "kept", *hiding, epochs=1) == 0
    assert fit(corpus, tmp_path / "plain", *hiding, ON_THE_FLY, epochs=1) == 0
    kept, plain = (losses(tmp_path / name) for name in ("kept", "plain"))
    assert kept == pytest.approx(plain, abs=2e-3)


def losses(folder):
    with (folder / "history.csv").open(newline="") as file:
        return [float(row["train/loss"]) for row in csv.DictReader(file)]


DAMAGES = {
    "empty": lambda path, other: path.write_bytes(b""),
    "truncated": lambda path, other: path.write_bytes(path.read_bytes()[:-20]),
    "garbage": lambda path, other: path.write_bytes(b"\xff" * 4000),
    "flipped": lambda path, other: path.write_bytes(path.read_bytes()[:-1] + b"\x55"),
    "another utterance's": lambda path, other: shutil.copyfile(other, path),
    "gone": lambda path, other: path.unlink(),
}


def test_damaged_and_foreign_files_are_computed_again(corpus, tmp_path, caplog, cache):
    assert fit(corpus, tmp_path / "one", epochs=1) == 0
    there = files(cache, "speech")
    whole = [path.read_bytes() for path in there]
    for damage, path in zip(DAMAGES.values(), there, strict=False):
        damage(path, there[-1])
    caplog.clear()
    assert fit(corpus, tmp_path / "other", epochs=1) == 0
    assert sum(int(message.split()[2]) for message in told(caplog, "speech")) == len(DAMAGES)
    assert [path.read_bytes() for path in there] == whole
    assert not list(cache.rglob(".*"))
    ends_alike(tmp_path / "one", tmp_path / "other")


def test_states_of_other_weights_are_not_taken(corpus, tmp_path, caplog, cache):
    assert fit(corpus, tmp_path / "one", epochs=1) == 0
    [ours] = cache.glob("speech-*")
    caplog.clear()
    assert fit(corpus, tmp_path / "other", "--seed_everything=2", epochs=1) == 0
    assert told(caplog, "speech")[0].split(", ")[1] == "0 read"
    [theirs] = set(cache.glob("speech-*")) - {ours}
    key = files(cache, "speech")[0].stem
    shutil.copytree(theirs, ours, dirs_exist_ok=True)
    assert StateCache(theirs).get(key) is not None
    assert StateCache(ours).get(key) is None


def test_fingerprints_change_with_all_that_counts():
    encoder = SpeechEncoder("tiny", tune="frozen")
    backbone, before = encoder.backbone, fingerprint(encoder.backbone)
    assert fingerprint(backbone.train().requires_grad_()) == before
    backbone.hop += 1
    assert fingerprint(backbone) != before
    backbone.hop -= 1
    backbone.encoder.config.activation_function = "relu"
    assert fingerprint(backbone) != before
    backbone.encoder.config.activation_function = "gelu"
    assert fingerprint(backbone) == before
    backbone.mel_filters[0, 0] += 1e-6
    assert fingerprint(backbone) != before
    backbone.mel_filters[0, 0] = 0
    with torch.no_grad():
        next(backbone.parameters()).view(-1)[0] += 1e-6
    assert fingerprint(backbone) != before


def test_what_changes_in_each_epoch_is_not_kept(corpus, tmp_path, asked, caplog, cache):
    speed, sides = "--data.init_args.augment.speed=[0.8,1.25]", "--data.init_args.augment.modality_dropout=0.2"
    assert fit(corpus, tmp_path / "one", speed, sides) == 0
    val = len(files(cache, "speech"))
    train, validated = told(caplog, "speech")
    assert train == "speech states: computed in each epoch, as augment changes each utterance anew"
    assert validated.startswith(f"speech states: {val} computed")
    utterances = asked["TextEncoder"]
    assert asked["SpeechEncoder"] > 2 * val
    asked.clear()
    assert fit(corpus, tmp_path / "other", sides) == 0
    assert not asked["TextEncoder"]
    assert len(files(cache, "text")) == utterances


def test_what_is_trained_or_too_much_is_not_kept(corpus, tmp_path, caplog, cache):
    assert fit(corpus, tmp_path / "trained", tune=["--model.speech.tune=1"], epochs=1) == 0
    assert fit(corpus, tmp_path / "off", ON_THE_FLY, epochs=1) == 0
    assert not cache.exists()
    layers = ["--model.speech.layer_sum=true", "--model.text.layer_sum=true", "--model.text.pooling=attention"]
    assert fit(corpus, tmp_path / "layers", *layers, epochs=1) == 0
    assert [folder.name.partition("-")[0] for folder in cache.iterdir()] == ["speech"]
    [folder] = cache.iterdir()
    assert folder.name.endswith("-mean-layers")
    assert set(told(caplog, "text")) == {
        "text states: computed in each epoch, as layer_sum would need the frames of all layers, too many to keep"
    }
    given = [f"--config={tmp_path / 'off/config.yaml'}", f"--ckpt_path={tmp_path / 'off/checkpoints/best.ckpt'}"]
    before = set(cache.rglob("*"))
    assert main(["predict", *given, "--data.init_args.keep_frozen=true"]) == 0
    assert set(cache.rglob("*")) == before


def test_a_cache_that_cannot_be_used(corpus, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "file"))
    assert fit(corpus, tmp_path / "run") == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("mser: error: cannot keep what a frozen encoder says in ")
    assert error.endswith("has room, or begin again with data.init_args.keep_frozen: false")


def test_too_little_memory_names_the_utterance(corpus, tmp_path, monkeypatch, capsys):
    def exhausted(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 122879744 bytes")

    monkeypatch.setattr(SpeechEncoder, "_layers", exhausted)
    assert fit(corpus, tmp_path / "run") == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("mser: error: not enough memory on cpu for what the frozen speech encoder says of Ses0")
    assert error.endswith("cut clips by data.init_args.max_seconds")


def test_states_that_vanish_while_they_are_used(tmp_path):
    kept = batches.KeptStates(StateCache(tmp_path), [["ab12"]])
    with pytest.raises(UserError, match=r"have vanished from .* while they were in use; run the same command again"):
        kept([0])


def test_what_overflows_in_half_precision_is_kept_as_it_is(tmp_path):
    states = torch.tensor([[[1.0, 1e5]]])
    StateCache(tmp_path).put("ab12", states)
    assert torch.equal(StateCache(tmp_path).get("ab12"), states)


def states_of(number):
    return torch.full((50, 1, 64), number, dtype=torch.float16)


def write_and_read(folder):
    store = StateCache(folder)
    for _ in range(5):
        for number in random.sample(range(20), 20):
            store.put(f"{number:04x}", states_of(number))
            assert torch.equal(store.get(f"{number:04x}"), states_of(number))


def test_many_processes_write_the_same(tmp_path):
    writers = [get_context("fork").Process(target=write_and_read, args=(tmp_path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 3
    assert len(list(tmp_path.rglob("*.safetensors"))) == 20
    assert not list(tmp_path.rglob(".*"))


def test_a_killed_writer_leaves_no_half_states(tmp_path):
    for _ in range(10):
        writer = get_context("fork").Process(target=write_and_read, args=(tmp_path,))
        writer.start()
        time.sleep(random.uniform(0.01, 0.05))
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    there = list(tmp_path.rglob("*.safetensors"))
    assert there
    for path in there:
        assert torch.equal(StateCache(tmp_path).get(path.stem), states_of(int(path.stem, 16)))
