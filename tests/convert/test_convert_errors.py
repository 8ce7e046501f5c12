"""Every way in which the input of `mser convert` can be wrong: one line each, and nothing is run or left behind."""

import argparse
import os
import pickle

import pytest
import torch
from fake import checkpoints
from fake.converting import fine_tuned, refused, roberta, speech_bert, text_folder, write_files

from mser.convert.fairseq_tokeniser import parse_layers


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    return write_files(tmp_path)


# What it refuses: files


class Foreign:
    def __reduce__(self):
        return os.system, (f"touch {Foreign.mark}",)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("place", ["args", "extra"])
def test_a_foreign_global_is_refused_by_name_and_not_run(files, capsys, zipped, place):
    Foreign.mark = files / "ran"
    given = {"args": Foreign()} if place == "args" else {"args": checkpoints.roberta_args(), "extra": {"x": Foreign()}}
    checkpoints.write(
        files / "evil.pt", given["args"], checkpoints.roberta_weights(43), zipped=zipped, extra=given.get("extra")
    )
    refused(capsys, roberta(files, checkpoint="evil.pt"), "evil.pt", "posix.system", "not read")
    assert not (files / "ran").exists()
    assert not (files / "text").exists()


def test_only_the_meters_of_fairseq_are_let_through(files, capsys):
    code = b"cfairseq.checkpoint_utils\nload\n."
    (files / "evil.pt").write_bytes(
        pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + code
    )
    refused(capsys, roberta(files, checkpoint="evil.pt"), "fairseq.checkpoint_utils.load")


def test_a_torch_loader_inside_a_pickle_is_refused(files, capsys):
    """It would open a second pickle, past the restrictions on the first."""

    class Nested:
        def __reduce__(self):
            return torch.storage._load_from_bytes, (b"",)

    checkpoints.write(
        files / "evil.pt", checkpoints.roberta_args(), checkpoints.roberta_weights(43), extra={"x": Nested()}
    )
    refused(capsys, roberta(files, checkpoint="evil.pt"), "torch.storage._load_from_bytes")


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("share", [0.999, 0.5, 0.01, 0.0])
def test_truncated(files, capsys, zipped, share):
    checkpoints.write(files / "cut.pt", checkpoints.roberta_args(), checkpoints.roberta_weights(43), zipped=zipped)
    whole = (files / "cut.pt").read_bytes()
    (files / "cut.pt").write_bytes(whole[: int(share * len(whole))])
    refused(capsys, roberta(files, checkpoint="cut.pt"), "cut.pt", "truncated", "again")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<!DOCTYPE html><html>Not found</html>", "cannot be read as a torch checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "cannot be read as a torch checkpoint"),
    ],
)
def test_something_else_than_a_checkpoint(files, capsys, content, text):
    (files / "other.pt").write_bytes(content)
    refused(capsys, roberta(files, checkpoint="other.pt"), "other.pt", text)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (torch.zeros(3), "holds a Tensor"),
        ({"state_dict": {}}, "has 'state_dict'"),
        ({}, "has nothing"),
        ({"args": argparse.Namespace(), "model": {}}, "has 'args', 'model'"),
        ({"args": None, "model": {"a": torch.zeros(1)}}, "has 'args', 'model'"),
        ({"args": argparse.Namespace(), "model": {"a": 1}}, "has 'args', 'model'"),
    ],
)
def test_not_a_fairseq_checkpoint(files, capsys, content, text):
    torch.save(content, files / "other.pt")
    refused(capsys, roberta(files, checkpoint="other.pt"), "other.pt", "no fairseq checkpoint", text)


def test_a_missing_file(files, capsys):
    refused(capsys, roberta(files, checkpoint="none.pt"), "no checkpoint at", "none.pt")
    refused(capsys, speech_bert(files, dict="none.txt"), "cannot read the dictionary", "none.txt")


# What it refuses: contents


def test_checkpoints_in_each_others_place(files, capsys):
    refused(capsys, speech_bert(files, vq="bert.pt"), "bert.pt", "vq_type is None, expected 'kmeans'")
    refused(capsys, speech_bert(files, bert="vq.pt"), "vq.pt", "has no RoBERTa")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda w: w.pop("decoder.sentence_encoder.layers.1.fc1.bias"),
            "layer.1.intermediate.dense.bias': found nothing, expected 24",
        ),
        (lambda w: w.pop("decoder.sentence_encoder.embed_positions.weight"), "position_embeddings"),
        (
            lambda w: w.update({"decoder.sentence_encoder.layers.1.fc2.weight": torch.zeros(16, 23)}),
            "found 16x23, expected 16x24",
        ),
        (lambda w: w.update({"decoder.sentence_encoder.adapter.weight": torch.zeros(2)}), "adapter.weight"),
        (lambda w: w.update({"decoder.sentence_encoder.layers.0.fc3.weight": torch.zeros(2)}), "fc3.weight"),
        (lambda w: w.update({"decoder.lm_head.weight": torch.zeros(43, 16)}), "output layer of its own"),
    ],
)
def test_a_roberta_that_is_not_whole(files, capsys, change, text):
    weights = checkpoints.roberta_weights(43)
    change(weights)
    checkpoints.write_roberta(files / "odd.pt", 43, weights=weights)
    refused(capsys, roberta(files, checkpoint="odd.pt"), "odd.pt", text)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"encoder_attention_heads": 5}, "width 16 and 5 attention heads"),
        ({"activation_fn": "swish"}, "activation 'swish', expected one of gelu"),
        ({"activation_dropout": 0.1}, "activation_dropout"),
        ({"encoder_layerdrop": 0.1}, "encoder_layerdrop"),
    ],
)
def test_a_roberta_with_settings_that_would_be_lost(files, capsys, args, text):
    checkpoints.write_roberta(files / "odd.pt", 43, **args)
    refused(capsys, roberta(files, checkpoint="odd.pt"), "odd.pt", text)


def test_a_roberta_that_does_not_tell_its_heads(files, capsys):
    checkpoints.write(files / "mute.pt", argparse.Namespace(), checkpoints.roberta_weights(43))
    refused(capsys, roberta(files, checkpoint="mute.pt"), "does not say its encoder_attention_heads", "--heads")
    assert roberta(files, "--heads", 4, checkpoint="mute.pt") == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0-0 5\n0-1 3\n", "has 2 words, with the special tokens 7, but the embedding"),
        ("0-0 5\n0-1\n", "line 2: found '0-1', expected a word and its count"),
        ("0-0 5\n0-1 many\n", "line 2: found '0-1 many'"),
        ("0-0 5\n0-0 4\n", "has the word '0-0' twice"),
        ("", "has 0 words of codes"),
    ],
)
def test_a_dictionary_that_does_not_fit(files, capsys, text, message):
    if message.startswith("has 2 words"):
        text = text.replace("0-1", "5-5")
    (files / "dict.txt").write_text(text)
    refused(capsys, speech_bert(files), "dict.txt", message)


def test_the_dictionary_beside_a_text_checkpoint_must_fit(files, capsys):
    (files / "dict.txt").write_text("7 5\n")
    refused(capsys, roberta(files), "has 1 words", "43 rows")


@pytest.mark.parametrize(("codewords", "groups"), [(3, 2), (9, 2), (36, 1)])
def test_a_tokeniser_and_a_bert_with_different_codebooks(files, capsys, codewords, groups):
    rows = checkpoints.write_dictionary(files / "dict.txt", codewords=codewords, groups=groups)
    if codewords == 3:
        checkpoints.write_vq(files / "vq.pt", weights=checkpoints.vq_weights(codewords=20), vq_vars=20)
    checkpoints.write_roberta(files / "bert.pt", rows)
    refused(capsys, speech_bert(files), "different codebooks", "dict.txt", "vq.pt")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"vq_type": "gumbel"}, "vq_type is 'gumbel'"),
        ({"conv_feature_layers": "__import__('os').system('true')"}, "conv_feature_layers"),
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"vq_dim": 4}, "vq_dim 4"),
        ({"vq_groups": 3}, "vq_groups 3"),
        ({"vq_vars": 9}, "vector_quantizer.embedding"),
        ({"combine_groups": False}, "vector_quantizer.embedding"),
    ],
)
def test_a_tokeniser_whose_args_do_not_fit(files, capsys, args, text):
    checkpoints.write_vq(files / "vq.pt", **args)
    refused(capsys, speech_bert(files), "vq.pt", text)


@pytest.mark.parametrize(
    "text",
    ["", "7", "[", "[]", "[(1, 2)]", "[(0, 1, 1)]", "[(1, 1, 1)] * 101", "[(1, 1, 1)] * 9**99", "[(1, 1, 1)] + 1",
     "[1] * 2", "[(1, 1, True)][0]", "[(1, 1, 1.5)]", "(1, 1, 1) * 2", "exit()", "[[1, 1, 1]]", "1 * 1",
     "-[(1, 1, 1)]", "(" * 5000],
)  # fmt: skip
def test_layer_lists_are_parsed_and_not_evaluated(text):
    with pytest.raises(ValueError, match="expected a list of"):
        parse_layers(text)


def test_layer_lists_may_be_sums_and_products():
    assert parse_layers("2 * [(1, 2, 3)] + [(4, 5, 6)]") == ((1, 2, 3), (1, 2, 3), (4, 5, 6))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--encoder-json", "encoder.json"], "made of three files"),
        (["--encoder-json", "encoder.json", "--vocab-bpe", "none.bpe"], "none.bpe"),
        (["--encoder-json", "dict.txt", "--vocab-bpe", "vocab.bpe"], "cannot read"),
        (
            ["--encoder-json", "encoder.json", "--vocab-bpe", "vocab.bpe", "--dict", "other.txt"],
            "no token with the number 555",
        ),
        (["--encoder-json", "encoder.json", "--vocab-bpe", "foreign.bpe"], "does not fit the dictionary"),
        (["--tokenizer", "."], "has no tokenizer"),
    ],
)
def test_tokenizer_files_that_do_not_fit(files, capsys, monkeypatch, options, text):
    text_folder(files)
    (files / "dict.txt").write_text((files / "words.txt").read_text())
    (files / "other.txt").write_text((files / "words.txt").read_text().replace("100", "555"))
    (files / "foreign.bpe").write_text("x y\n")
    monkeypatch.chdir(files)
    refused(capsys, roberta(files, *options, checkpoint="text.pt", out="new"), text)
    assert not (files / "new").exists()


def test_a_tokenizer_of_a_larger_model_is_refused(files, capsys):
    text_folder(files)
    (files / "dict.txt").unlink()
    checkpoints.write_roberta(files / "small.pt", 8)
    refused(
        capsys, roberta(files, "--tokenizer", files / "text", checkpoint="small.pt", out="new"), "10 tokens", "8 rows"
    )


def test_fine_tuned_models_that_do_not_fit(files, capsys):
    text_folder(files)
    speech_bert(files)
    capsys.readouterr()
    checkpoints.write_fine_tuned(files / "tuned.pt", 43, 10)
    refused(capsys, fine_tuned(files, text=None), "has a text encoder", "--text")
    refused(capsys, fine_tuned(files, speech="text"), "other shapes")
    refused(capsys, fine_tuned(files, speech="nowhere"), "nowhere", "no converted speech encoder")
    checkpoints.write_fine_tuned(files / "tuned.pt", 43, 10, drop=["classification"])
    refused(capsys, fine_tuned(files), "classification_heads")
    checkpoints.write_fine_tuned(files / "tuned.pt", 43, 10, drop=["model_text2vec"])
    refused(capsys, fine_tuned(files), "no text encoder, but --text")
    checkpoints.write_fine_tuned(files / "tuned.pt", 43, 10, binary_target_iemocap=False, regression_target_mos=True)
    refused(capsys, fine_tuned(files), "binary_target_iemocap")
    refused(capsys, speech_bert(files, bert="tuned.pt", out="new"), "unknown number of attention heads", "--heads")


def test_nothing_is_overwritten_or_left_half_done(files, capsys):
    (files / "speech").mkdir()
    assert speech_bert(files) == 0
    capsys.readouterr()
    refused(capsys, speech_bert(files), "exists, expected a new folder")
    (files / "file").write_text("")
    refused(capsys, speech_bert(files, out="file/speech"), "cannot write")
    assert not [path for path in files.iterdir() if path.name.startswith(".")]
