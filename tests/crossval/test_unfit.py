"""What a cross-validation says of encoders that do not know the language, and of folds that learned nothing."""

import random

import pytest
from fake.corpora.iemocap import tone, write_wav
from fake.corpora.table import make_table
from fake.places import EXPERIMENTS

from mser.cli import main
from mser.crossval.language import language_notes
from mser.crossval.learning import curve, unlearned


@pytest.mark.parametrize("name", ["roberta-base", "all-MiniLM-L6-v2", "models/bert-base-uncased/"])
def test_english_text_encoders_are_noted(name):
    [note] = language_notes("table", "pl", {"speech": None, "text": {"init_args": {"name": name}}})
    assert note == f"{name} is for English alone, table is in another language (pl): xlm-roberta-base reads that too"


@pytest.mark.parametrize("name", ["xlm-roberta-base", "bert-base-multilingual-cased", "bert-base-german-cased", "tiny"])
def test_others_are_not(name):
    assert list(language_notes("table", "de", {"speech": {"name": "whisper-tiny"}, "text": {"name": name}})) == []
    assert list(language_notes("table", "en-GB", {"text": {"name": "roberta-base"}})) == []


def curve_of(tmp_path, scores, losses):
    rows = [f"{n},{8 * (n + 1)},{loss},{score}" for n, (score, loss) in enumerate(zip(scores, losses, strict=True))]
    (tmp_path / "history.csv").write_text("\n".join(["epoch,step,train/loss,val/ua", *rows]) + "\n")
    return curve(tmp_path / "history.csv")


def test_a_fold_at_chance_is_told(tmp_path):
    rows = curve_of(tmp_path, [0.25] * 5, [1.372, 1.335, 1.321, 1.311, 1.301])
    told = unlearned(rows, 4)
    assert told.startswith(
        "val/ua never rose above 25.0 % (chance is 25.0 %) in 5 epochs of 8 updates, though the training loss still "
        "fell; more updates may help: data.init_args.batch_size 8"
    )
    assert "still fell" not in unlearned(curve_of(tmp_path, [0.25] * 2, [1.3, 1.4]), 4)
    assert unlearned(curve_of(tmp_path, [0.25, 0.6], [1.3, 1.2]), 4) is None
    assert unlearned([], 4) is None
    assert curve(tmp_path / "none.csv") == []


def test_both_are_told_by_the_command(tmp_path, capsys, caplog):
    rows = [{"audio": f"s{s}{label}.wav", "label": label, "speaker": f"s{s}"} for s in range(6) for label in "ab"]
    for row in rows:  # the sound has nothing to do with the label
        write_wav(tmp_path / row["audio"], tone(0.2, 200, random.Random(row["speaker"])))
    make_table(tmp_path / "own.csv", rows)
    options = [
        f"--data.init_args.root={tmp_path / 'own.csv'}",
        "--data.init_args.language=de",
        "--data.init_args.folds=3",
    ]
    small = ["--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--folds=1"]
    options.append("--data.init_args.folds=3")
    assert main(["crossval", "--data=Table", *options, *small, f"--out={tmp_path / 'run'}"]) == 0
    assert "seed1/fold1: val/ua never rose above 50.0 % (chance is 50.0 %) in 1 epochs" in caplog.text
    assert '"language": "de"' in (tmp_path / "run/protocol.json").read_text()


def test_the_configuration_of_a_cross_validation_is_printed(tmp_path, capsys):
    config = EXPERIMENTS / "demo/speech_only.yaml"
    assert main(["crossval", f"--config={config}", f"--out={tmp_path / 'xv'}", "--print_config"]) == 0
    assert "seed_everything: 1\n" in capsys.readouterr().out
    assert not (tmp_path / "xv").exists()
