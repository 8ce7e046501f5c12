"""Runs `mser convert` on made-up checkpoints."""

import json

from fake import checkpoints

from mser.cli import main


def write_files(folder):
    """A vq-wav2vec, a BERT over its codes, and its dictionary."""
    rows = checkpoints.write_dictionary(folder / "dict.txt")
    checkpoints.write_vq(folder / "vq.pt")
    checkpoints.write_roberta(folder / "bert.pt", rows)
    return folder


def speech_bert(files, *options, out="speech", **paths):
    paths = {"vq": "vq.pt", "bert": "bert.pt", "dict": "dict.txt"} | paths
    given = [word for name, path in paths.items() for word in (f"--{name}", str(files / path))]
    return main(["convert", "speech-bert", *given, "--out", str(files / out), *map(str, options)])


def roberta(files, *options, checkpoint="bert.pt", out="text"):
    return main(
        ["convert", "roberta", "--checkpoint", str(files / checkpoint), "--out", str(files / out), *map(str, options)]
    )


def refused(capsys, code, *texts):
    """The command ended with one line that says these things."""
    line = capsys.readouterr().err
    assert code == 2
    assert line.startswith("mser: error: ")
    assert line.count("\n") == 1
    for text in texts:
        assert text in line


def text_folder(files):
    (files / "encoder.json").write_text(json.dumps({"h": 70, "i": 80, "hi": 90, "Ġ": 100}))
    (files / "vocab.bpe").write_text("#version: 0.2\nh i\n", encoding="utf-8")
    (files / "words.txt").write_text("90 5\n80 4\n70 3\n100 2\nmadeupword0000 0\n")
    checkpoints.write_roberta(files / "text.pt", 10)
    gpt2 = ["--encoder-json", files / "encoder.json", "--vocab-bpe", files / "vocab.bpe", "--dict", files / "words.txt"]
    assert roberta(files, *gpt2, checkpoint="text.pt") == 0


def fine_tuned(files, *options, speech="speech", text="text"):
    given = [
        word
        for name, folder in (("speech", speech), ("text", text))
        if folder
        for word in (f"--{name}", str(files / folder))
    ]
    return main(
        [
            "convert",
            "fine-tuned",
            "--checkpoint",
            str(files / "tuned.pt"),
            *given,
            "--out",
            str(files / "tuned"),
            *options,
        ]
    )
