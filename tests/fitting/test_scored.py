"""What mser validate and mser test print: scores, their intervals over speakers, and floors."""

import random

from mser.fitting.scored import show
from mser.labels import LabelSet

TASK = LabelSet("own2", ("calm", "angry"))


def printed(capsys, speakers):
    chance = random.Random(0)
    rows = []
    for number in range(120):
        target, said = number % 2, chance.random() < 0.75
        sure = 0.9 if said == bool(target) else 0.1
        rows.append(
            {"utterance": f"u{number}", "speaker": f"s{number % speakers}" if speakers else "", "group": "",
             "target": TASK.labels[target], "prediction": TASK.labels[sure > 0.5],
             "p_calm": str(1 - sure), "p_angry": str(sure)}
        )  # fmt: skip
    show(rows, TASK, exclusive=True, part="test")
    said = capsys.readouterr().out
    return {line.split(" %")[0].strip(): line for line in said.splitlines() if " % " in line}, " ".join(said.split())


def test_each_score_has_an_interval_over_speakers(capsys):
    table, said = printed(capsys, 12)
    mean, low, high, floor = (float(cell.strip("[],")) for cell in table["UA"].split("%")[1].split())
    assert low < mean < high < low + 35
    assert floor == 50.0
    assert "120 utterances of 12 speakers" in said
    assert "The interval is of these weights, over other speakers" in said


def test_one_speaker_tells_nothing_of_others(capsys):
    table, _ = printed(capsys, 1)
    assert table["UA"].split()[3] == "–"


def test_of_unknown_speakers_utterances_are_drawn(capsys):
    table, said = printed(capsys, 0)
    assert "[" in table["UA"]
    assert "120 utterances of unknown speakers" in said
    assert "over other utterances" in said
