"""A clip in which nothing is to be heard is named, whatever corpus it is of, and nothing is trained on it."""

import json

import numpy as np
import pytest
import soundfile
from fake.corpora.acted import make_emodb, make_ravdess
from fake.corpora.iemocap import make_iemocap
from fake.corpora.meld import make_meld
from fake.corpora.msp_podcast import make_msp_podcast

from mser.cli import main
from mser.corpora import corpus

MAKERS = {
    "iemocap": make_iemocap,
    "meld": make_meld,
    "msp_podcast": make_msp_podcast,
    "ravdess": lambda root: make_ravdess(root, actors=range(1, 3)),
    "emodb": make_emodb,
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_silent_clip_is_named_and_left_out(name, tmp_path, capsys):
    MAKERS[name](tmp_path)
    before = corpus(name).read(tmp_path)
    quiet = before.utterances[3]
    path = before.root / quiet.audio
    length, rate = soundfile.info(path).frames, soundfile.info(path).samplerate
    soundfile.write(path, np.full(length, 0.1), rate)  # an offset is not to be heard
    assert main(["data", "check", name, str(tmp_path), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    [silent] = [problem for problem in problems if problem["kind"] == "silent"]
    assert silent["utterance"] == quiet.id
    assert "is silent" in silent["message"]
    after = corpus(name).read(tmp_path)
    assert {one.id for one in before} - {one.id for one in after} == {quiet.id}
