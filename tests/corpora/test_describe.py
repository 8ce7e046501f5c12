"""mser data describe: what recordings are like, and what gives a class away, on corpora that are made to."""

import doctest
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from fake.corpora.iemocap import RATE
from fake.corpora.table import make_table, rows
from scipy.stats import f_oneway

import mser.corpora.description
import mser.corpora.giveaways
from mser.audio.acoustics import Measures
from mser.cli import main
from mser.corpora.description import describe
from mser.corpora.giveaways import epsilon_squared, giveaways
from mser.labels import LabelSet, MultiLabel, ScoreSet
from mser.manifest import Utterance

MOODS = LabelSet("moods", ("angry", "calm", "happy"))
PLAIN = Measures(2.0, -30.0, -10.0, 0.1, 0.2, 0.3, 2000.0, 8000.0)


def corpus(of, speakers=6, each=8, **more):
    """Return utterances and their measures, which `of` makes differ from `PLAIN` by label, speaker and a throw."""
    rng = np.random.default_rng(0)
    said, measured = [], {}
    for speaker in range(speakers):
        for label in MOODS.labels:
            for number in range(each):
                name = f"{speaker}{label}{number}"
                said.append(Utterance(name, f"{name}.wav", 2.0, "", f"s{speaker}", name, label=label, **more))
                measured[name] = replace(PLAIN, **of(label, speaker, rng.normal()))
    return said, measured


def told(of, task=MOODS, **more):
    said, measured = corpus(of, **more)
    return giveaways(describe(said, measured, task))


@pytest.mark.parametrize("module", [mser.corpora.description, mser.corpora.giveaways])
def test_the_examples_run(module):
    assert doctest.testmod(module).failed == 0


def test_the_share_of_variance_is_that_of_the_f_test():
    rng = np.random.default_rng(0)
    groups = [rng.normal(place, 1, 12 + place).tolist() for place in range(3)]
    f = f_oneway(*groups).statistic
    between, within = 2, sum(map(len, groups)) - 3
    assert epsilon_squared(groups) == pytest.approx(between * (f - 1) / (between * f + within))
    assert epsilon_squared([[0.1 + 0.2] * 7, [0.1 + 0.2] * 11, [0.1 + 0.2] * 23]) == 0


def test_nothing_is_said_where_nothing_differs():
    assert told(lambda label, speaker, luck: {"level": -30 + luck, "silence_end": 0.2 + 0.01 * abs(luck)}) == []
    assert told(lambda label, speaker, luck: {}) == []


def test_silence_at_the_ends_gives_a_class_away():
    [sentence] = told(lambda label, speaker, luck: {"silence_end": 0.3 + 0.2 * (label == "calm") + 0.02 * luck})
    assert sentence.startswith("The class shows in silence at the ends: ")
    assert "calm 0.6" in sentence


def test_the_level_of_one_speaker_s_sessions():
    order = {"angry": 8, "calm": -4, "happy": 2}
    found = told(lambda label, speaker, luck: {"level": -30 + (-order[label] if speaker == 3 else order[label]) + luck})
    [sentence] = [one for one in found if "speaker s3" in one]
    assert re.match(r"Of speaker s3 angry lies 1[123] dB under calm, of the others 1[123] dB above it: ", sentence)
    assert not any(f"speaker s{other}" in one for one in found for other in (0, 1, 2, 4, 5))


def test_peaks_at_full_scale():
    everywhere = told(lambda label, speaker, luck: {"peak": -0.001 * abs(luck)})
    assert everywhere == [
        "Every clip peaks at full scale (0 dB): loudness was levelled, and says only how peaky a clip is."
    ]
    shouted = told(lambda label, speaker, luck: {"peak": 0.0 if label == "angry" and luck > 0 else -10 + luck})
    assert any("of angry peak at full scale, 0% of calm" in one for one in shouted)


def test_parts_that_differ():
    said, measured = corpus(lambda label, speaker, luck: {"bandwidth": 4000.0 if speaker == 0 else 8000.0 + luck})
    parted = [replace(one, split="test" if one.speaker == "s0" else "train") for one in said]
    found = describe(parted, measured, MOODS)
    assert {name: group.utterances for name, group in found.parts.items()} == {"test": 24, "train": 120}
    [sentence] = giveaways(found)
    assert sentence.startswith("The part shows in bandwidth: test has 4000 Hz, train 8000 Hz")


def test_several_labels_and_scores():
    said, measured = corpus(lambda label, speaker, luck: {"level": -30 + 5 * (label == "angry") + luck})
    moods = [replace(one, scores={"anger": float(one.label == "angry"), "joy": float(one.label == "happy")})
             for one in said]  # fmt: skip
    found = describe(moods, measured, MultiLabel("moods", ("anger", "joy")))
    assert {name: group.utterances for name, group in found.classes.items()} == {"anger": 48, "joy": 48}
    assert giveaways(found)[0].startswith("Anger shows in level: without has -29.8 dB, with -24.9")
    scored = [replace(one, scores={"arousal": float(one.label == "angry")}) for one in said]
    found = describe(scored, measured, ScoreSet("vad", ("arousal",), low=0, high=1))
    assert set(found.classes) == {"low arousal", "high arousal"}
    assert giveaways(found)[0].startswith("Arousal shows in level: low arousal has -29.8 dB")


def test_of_utterances_without_a_class_nothing_is_said():
    said, measured = corpus(lambda label, speaker, luck: {})
    found = describe(said, measured, MultiLabel("moods", ("anger", "joy")))  # for which nobody gave scores
    assert (dict(found.classes), giveaways(found)) == ({}, [])


@pytest.fixture
def table(tmp_path):
    make_table(tmp_path / "t.csv", rows(each=3))
    for path in (tmp_path / "clips").glob("*angry*"):  # angry clips have half a second of silence at their ends
        samples, _ = soundfile.read(path)
        soundfile.write(path, np.concatenate([samples, np.zeros(RATE // 2)]), RATE)
    return tmp_path / "t.csv"


def test_through_the_command_line(table, capsys):
    assert main(["data", "describe", "table", str(table), "--json", "--out", str(table.parent / "a/b.svg")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["corpus"], found["utterances"], found["measured"]) == ("table", 54, 54)
    assert set(found["classes"]) == {"angry", "calm", "happy"}
    assert len(found["speakers"]) == 6
    assert found["parts"] == {}
    assert found["classes"]["angry"]["silence"]["median"] == pytest.approx(0.5, abs=0.03)
    assert found["classes"]["calm"]["silence"]["median"] < 0.05
    assert found["classes"]["angry"]["duration"]["low"] == pytest.approx(0.8)
    assert any(
        "silence at the ends" in one and re.search(r"angry 0\.(4[789]|5[0-3]) s", one) for one in found["giveaways"]
    )
    picture = (table.parent / "a/b.svg").read_text()
    assert all(words in picture for words in ("angry", "silence at the ends, s", "bandwidth, Hz"))
    assert main(["data", "describe", "table", str(table)]) == 0
    out = capsys.readouterr().out
    assert "What a model could learn instead of emotion:" in out
    assert max(map(len, out.splitlines()[1:])) <= 80
    assert "angry" in out


def test_what_cannot_be_read_is_counted_and_wrong_pictures_are_refused(table, capsys):
    assert main(["data", "describe", "table", str(table), "--out", str(table.parent / "b.gif")]) == 2
    assert ".svg, .pdf, .png" in capsys.readouterr().err
    manifest = table.parent / "m.jsonl"
    assert main(["data", "manifest", "table", str(table), str(manifest)]) == 0
    next((table.parent / "clips").glob("*calm*")).write_bytes(b"RIFF")
    assert main(["data", "describe", "table", str(manifest)]) == 0
    assert "53 recordings; 1 cannot be read" in capsys.readouterr().out
    for path in (table.parent / "clips").iterdir():
        path.unlink()
    assert main(["data", "describe", "table", str(manifest)]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert "none of 54 recordings" in line
    assert "mser data check" in line
