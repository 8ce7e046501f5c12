"""Which of the two commands ``predict`` is meant."""

import pytest

from mser.cli import main
from mser.predict.cli import asks_a_folder


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ("", True),
        ("model clip.wav", True),
        ("-h", True),
        ("--help", True),
        ("--table=t.csv model", True),
        ("--batch-seconds 20 model a.wav", True),
        ("--config run/config.yaml", False),
        ("--config=run/config.yaml", False),
        ("--print_config", False),
    ],
)
def test_the_parser_decides_which_predict_is_meant(given, folder):
    assert asks_a_folder(given.split()) == folder


def test_every_option_of_its_help_is_its_own(capsys):
    assert main(["predict", "--help"]) == 0
    words = capsys.readouterr().out.split("options:")[1].split()
    told = {word.strip("[],:;") for word in words if word.startswith("--")}
    assert {"--table", "--launcher", "--help"} <= told
    assert all(asks_a_folder([option]) for option in told)
