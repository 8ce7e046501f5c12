"""Every command of docs/models.md runs, on small models and corpora."""

import shlex
import shutil

import pytest
from fake.classifiers import save_classifier
from fake.corpora.acted import make_ravdess
from fake.corpora.table import make_table
from fake.documents import commands
from fake.places import ROOT

from mser.cli import main


@pytest.mark.slow
def test_the_commands_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_classifier(tmp_path / "superb/hubert-base-superb-er", "hubert")
    make_ravdess(tmp_path / "data/RAVDESS", seconds=0.1)
    make_table(tmp_path / "recordings.csv", [{"file": "clips/anna-01.wav", "transcript": "So nice to see you!"}])
    funasr = tmp_path / "emotion2vec_plus_large"
    funasr.mkdir()
    for given, published in (("post_norm.pt", "model.pt"), ("post_norm.yaml", "config.yaml")):
        shutil.copyfile(ROOT / "tests/convert/emotion2vec" / given, funasr / published)
    (funasr / "tokens.txt").write_text("angry\nunuse_0\nhappy\nneutral\nsad\n")
    for command in commands("docs/models.md"):
        assert main(command[1:]) == 0, shlex.join(command)
    assert (tmp_path / "runs/superb/report/report.html").exists()
