"""Copies of a release that were trimmed, cut, padded or resampled are told from it."""

import json
import random

import numpy as np
import pytest
from fake.corpora.acted import make_emodb, promise
from fake.corpora.iemocap import tone, write_wav
from fake.corpora.table import make_table

from mser.cli import main
from mser.corpora.acted.emodb import CORPUS
from mser.corpora.acted.emodb_names import NAMES
from mser.corpora.recorded import Recorded, differences
from mser.manifest import Manifest, Utterance

RELEASE = Recorded(hours=100 / 3600 * 2.5, rate=16_000, shortest=1.0, longest=4.0)


def tree(tmp_path, seconds):
    said = tuple(Utterance(f"{n}", f"{n}.wav", one, "", "a", "") for n, one in enumerate(seconds))
    return Manifest("emodb", tmp_path, said)


def told(tmp_path, seconds, *, whole=True):
    manifest = tree(tmp_path, seconds)
    return [(one.kind, one.message) for one in differences(RELEASE, manifest, manifest.utterances, whole=whole)]


def test_the_release_is_itself(tmp_path):
    assert told(tmp_path, np.linspace(1, 4, 100)) == []
    assert told(tmp_path, np.linspace(1, 4, 100) * 1.015) == []


def test_trimmed_and_padded(tmp_path):
    [(kind, message)] = told(tmp_path, np.linspace(1, 3.5, 100))
    assert (kind, message.partition(":")[0]) == ("hours", "0.06 h of audio, published 0.07 h (-10%)")
    assert "was trimmed, cut or padded, whose scores are not comparable" in message
    assert told(tmp_path, np.linspace(1, 4, 50), whole=False) == [
        ("hours", "0.03 h of audio, published 0.07 h (-50%): much is missing")
    ]


def test_one_length(tmp_path):
    kinds = dict(told(tmp_path, [2.5] * 100))
    assert list(kinds) == ["length"]
    assert kinds["length"].startswith("all 100 recordings last 2.50 s: a copy that")
    assert told(tmp_path, [2.5] * 99 + [2.6]) == []


def test_a_cut_file_is_named(tmp_path):
    seconds = np.linspace(1, 4, 100)
    seconds[50] = 0.002
    assert told(tmp_path, seconds)[0] == (
        *("length", "50.wav lasts 0.00 s, those of the release 1.00 to 4.00 s; restore the file"),
    )
    odd = [message for _, message in told(tmp_path, [*seconds[:80], *[0.5] * 20])]
    assert odd[-1].startswith("21 of 100 recordings are too short or long, such as 50.wav, which lasts 0.00 s")


def test_another_rate(tmp_path):
    for number in range(3):
        write_wav(tmp_path / f"{number}.wav", tone(1, 200, random.Random(number)), rate=(16_000, 22_050)[number % 2])
    [problem] = differences(Recorded(rate=16_000), tree(tmp_path, [1, 1, 1]), (), whole=True)
    assert (problem.kind, problem.message) == (
        "format",
        "1 of 3 recordings are at 22050 Hz, such as 1.wav; the release has 16000 Hz: a resampled copy, get the release",
    )


def test_a_copy_in_full_by_the_command_line(tmp_path, capsys):
    make_emodb(tmp_path, keep=lambda name: name[2:5] == "a01")
    code = main(["data", "check", "emodb", str(tmp_path), "--json"])
    found = [one["message"] for one in json.loads(capsys.readouterr().out)["problems"] if one["kind"] == "length"]
    assert code == 1
    assert found[0].startswith("all 49 recordings last 0.05 s")
    assert found[1].startswith("49 of 49 recordings are too short or long")
    promise(tmp_path)
    assert main(["data", "check", "emodb", str(tmp_path)]) == 0


def test_published_names_and_counts_agree():
    assert len(set(NAMES)) == CORPUS.published["utterances"]
    assert {name[:2] for name in NAMES} == set(CORPUS.published["speakers"])


@pytest.mark.parametrize("seconds", [1.0, None])
def test_a_table_of_one_length_is_noted(tmp_path, capsys, seconds):
    chance = random.Random(0)
    rows = []
    for number in range(24):
        write_wav(tmp_path / f"{number}.wav", tone(seconds or chance.uniform(1, 2), 200, chance))
        rows.append({"audio": f"{number}.wav", "label": "ab"[number % 2], "speaker": f"s{number % 5}"})
    make_table(tmp_path / "own.csv", rows)
    assert main(["data", "check", "table", str(tmp_path / "own.csv")]) == 0
    assert ("all 24 recordings last 1.00 s: cut or padded?" in capsys.readouterr().out) == (seconds is not None)
