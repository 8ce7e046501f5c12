"""What is wrong with a file of --config is said in one line, with the file's name, before anything is loaded."""

import pytest

from mser.errors import UserError
from mser.fitting.config_files import require_readable

DEEP = "[" * 5000 + "]" * 5000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"data:\n  fold: 010\n", "line 2: YAML reads 010 as 8; write the number that is meant"),
        (b"a: [1, 1:30]\n", "line 1: YAML reads 1:30 as 90"),
        (b"model: {lr: 1}\nmodel: {lr: 2}\n", "line 2: model is given twice"),
        (b"trainer:\n  max_epochs: 1\n  max_epochs: 2\n", "line 3: max_epochs is given twice"),
        ("a: 1".encode("utf-16"), "is no YAML file in UTF-8"),
        ("a: \xe4".encode("latin-1"), "is no YAML file in UTF-8"),
        (b"a: [1\n", "is no YAML: "),
        (b"# nothing\n", "holds no options: it is empty"),
        (DEEP.encode(), "is nested too deeply"),
        (None, "cannot read the configuration"),
    ],
)
@pytest.mark.parametrize("joined", [True, False])
def test_a_bad_file_is_named(content, said, joined, tmp_path):
    path = tmp_path / "own.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as refused:
        require_readable([f"--config={path}"] if joined else ["--config", str(path)])
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_yaml_allows_is_allowed(tmp_path):
    (tmp_path / "own.yaml").write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [{x: 1}, {x: 2}]\n")
    require_readable(["fit", f"--config={tmp_path / 'own.yaml'}", "--x", "1"])
