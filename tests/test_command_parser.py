"""What is mistyped on a command line is answered in one line, with what was meant."""

import pytest

from mser.cli import main


@pytest.mark.parametrize(("words", "line"), [
    ("predict MODEL clip.wav --tabel own.csv", "mser predict has no option --tabel; did you mean --table?"),
    ("app MODEL --prot=3", "mser app has no option --prot; did you mean --port?"),
    ("data table DIR --label-form x --out y.csv", "mser data has no option --label-form; did you mean --label-from?"),
    ("report RUN --quux", "mser report has no option --quux; see mser report --help"),
    ("serve MODEL clip.wav", "mser serve takes nothing more, but 'clip.wav' was given; see mser serve --help"),
    ("crossval", "mser crossval: the following arguments are required: --out; see mser crossval --help"),
    ("convert huggingfac NAME", "did you mean huggingface?"),
    ("serve MODEL --precision 8", "see mser serve --help"),
])  # fmt: skip
def test_a_mistake_is_one_line_with_what_was_meant(words, line, capsys):
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("mser: error: mser ")
    assert err.endswith(f"{line}\n")
