"""mser crossval --beside speakers: planned and checked before anything is trained."""

import json

from fake.corpora.table import make_table, rows

from mser.cli import main


def asked(folder, *more):
    said = rows(speakers=8)
    make_table(folder / "own.csv", said)
    mixed = [f"{row['audio']},{1 + place % 4}" for place, row in enumerate(said)]
    (folder / "lists.csv").write_text("\n".join(["audio,fold", *mixed]))
    options = ["--data=Table", f"--data.init_args.root={folder / 'own.csv'}", f"--out={folder / 'run'}"]
    return ["crossval", *options, "--plan", "--model.speech.name=tiny", "--beside=speakers", *more]


def lists(folder):
    return f"--data.init_args.fold_lists={folder / 'lists.csv'}"


def test_own_lists_may_mix_speakers_and_have_a_run_beside_them(tmp_path, capsys):
    argv = asked(tmp_path)
    assert main([*argv, lists(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.count("to be fitted in") == 2
    mixed, beside = (
        json.loads((tmp_path / f"run{part}/protocol.json").read_text()) for part in ("", "/beside_speakers")
    )
    assert mixed["audit"]["speaker_overlap"] > 0
    assert (beside["audit"]["speaker_overlap"], beside["audit"]["val_speaker_overlap"]) == (0, 0)
    assert len(beside["folds"]) == len(mixed["folds"]) == 4
    assert main([*argv, lists(tmp_path)]) == 0  # the same question again, settled alike


def test_refusals(tmp_path, capsys):
    argv = asked(tmp_path)
    told = {
        "--skip_test": "--skip_test locks that; leave one of them out",
        "--data.init_args.folds=4": "in table/4fold none is; leave it out",
    }
    for option, words in told.items():
        assert main([*argv, option, f"--out={tmp_path / option}"]) == 2
        assert words in capsys.readouterr().err.strip().splitlines()[-1]
