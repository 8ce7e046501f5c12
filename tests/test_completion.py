"""mser completion: what a shell completes is what the parsers know."""

import shutil
import subprocess
import sys

import pytest

from mser.cli import COMMANDS, main
from mser.completion.cli import SHELLS


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """The script of each shell, in a file."""
    from mser.completion.shell_script import shell_script

    folder = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        (folder / shell).write_text(shell_script(shell))
    return folder


def completed(scripts, *words):
    """Return what bash offers for the last of these words."""
    given = " ".join(f"'{word}'" for word in ("mser", *words))
    code = f"source {scripts / 'bash'}; COMP_WORDS=({given}); COMP_CWORD={len(words)}; _shtab_mser; "
    code += "printf '%s\\n' \"${COMPREPLY[@]}\""
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    return {word.strip() for word in done.stdout.split("\n")} - {""}


def test_bash_completes_commands_and_options(scripts):
    assert completed(scripts, "") >= set(COMMANDS)
    assert completed(scripts, "rob") == {"robustness"}
    assert completed(scripts, "data", "des") == {"describe"}
    assert "--label-from" in completed(scripts, "data", "table", "--l")
    assert completed(scripts, "serve", "--max") == {"--max-upload"}
    for command in ("fit", "crossval"):
        assert {"--model.speech.layer_sum", "--model.speech.lora_rank"} <= completed(
            scripts, command, "--model.speech.l"
        )
        assert "--data.init_args.protocol" in completed(scripts, command, "--data.init_args.p")
    assert completed(scripts, "crossval", "--launcher", "") >= {"local", "slurm", "ray"}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_of_the_shell(scripts, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    done = subprocess.run([shell, "-n", scripts / shell], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    script = (scripts / shell).read_text()
    assert all(command in script for command in COMMANDS)


def test_without_shtab_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "mser.completion.shell_script", raising=False)
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install 'multimodal-ser[completion]'" in capsys.readouterr().err
