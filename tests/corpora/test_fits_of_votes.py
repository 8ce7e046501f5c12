"""What people heard is learnt from: CREMA-D's voices and MSP-Podcast's secondary emotions, by the command line."""

import csv
import json

import pytest
from fake.corpora.acted import make_crema_d, promise, write_votes
from fake.corpora.msp_podcast import make_msp_podcast

from mser.cli import main
from mser.corpora.acted.crema_d_votes import LETTERS
from mser.corpora.msp_podcast.votes import EIGHT

TINY = ("--model.speech.name=tiny", "--trainer.max_epochs=1", "--trainer.accelerator=cpu")


def first_fold(tmp_path, *options):
    """Fit by itself, then fit, score and report the first fold; return what was tested and the label set."""
    run, own = tmp_path / "run", (*TINY, *options)
    assert main(["fit", *own, f"--trainer.default_root_dir={tmp_path / 'fit'}"]) == 0
    assert main(["crossval", f"--out={run}", "--folds=1", *own]) == 0
    assert main(["report", str(run)]) == 0
    report = json.loads((run / "report/report.json").read_text())
    with (run / "seed1/fold1/predictions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    return rows, report["runs"][0]["protocol"]["label_set"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("modality", ["voice", "face", "av"])
@pytest.mark.parametrize("labels", ["crema_d6", "crema_d4"])
def test_what_was_perceived_in_crema_d(labels, modality, tmp_path):
    root = tmp_path / "CREMA-D"
    names = make_crema_d(root, keep=lambda name: name[5:] in ("IEO_ANG_MD", "IEO_NEU_XX"), seconds=0.3)
    promise(root, utterances=len(names))
    votes = {name: "AADD" if n % 12 == 5 else f"{3 * 'ADFHNS'[n % 6]}N" for n, name in enumerate(names)}
    place = ["voice", "face", "av"].index(modality)
    others = ["DDD", "DDD"]
    write_votes(root, {name: (*others[:place], own, *others[place:]) for name, own in votes.items()})
    own = "--data=CREMAD", f"--data.init_args.root={root}", f"--data.init_args.labels={labels}-{modality}"
    rows, label_set = first_fold(tmp_path, *own)
    actors = {row["speaker"] for row in rows}
    lacking = "AADD", *(["DDDN", "FFFN"] if labels == "crema_d4" else [])
    perceived = {name: LETTERS[own[0]] for name, own in votes.items() if own not in lacking and name[:4] in actors}
    assert ({row["utterance"]: row["target"] for row in rows}, label_set) == (perceived, f"{labels}-{modality}")
    assert len(actors) > 15


@pytest.mark.exhaustive
def test_the_secondary_emotions_of_msp_podcast(tmp_path):
    root = tmp_path / "MSP"
    rows, words = make_msp_podcast(root, each=16), list(EIGHT)
    votes = {row["FileName"]: (words[n % 8], words[n // 8 % 8]) for n, row in enumerate(rows)}
    detailed = [f"{name},W1; {first}; {second}; A:4; V:5; D:4;" for name, (first, second) in votes.items()]
    (root / "Labels/labels_detailed.csv").write_text("\n".join(["FileName,EmoDetail", *detailed]) + "\n")
    own = ("--data=MSPPodcast", f"--data.init_args.root={root}", "--data.init_args.labels=msp8-secondary")
    how = ("--model.objective=OneVsRest", "--checkpoint.monitor=val/balanced_accuracy", "--checkpoint.mode=max")
    rows, label_set = first_fold(tmp_path, *own, *how)
    assert (len(rows), label_set) == (16, "msp8-secondary")
    for row in rows:
        present = {EIGHT[word] for word in votes[f"{row['utterance']}.wav"]}
        assert set(row["target"].split("+")) == present
