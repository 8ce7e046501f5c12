"""`make speech`: what is not there is left out with the reason."""

import subprocess

from fake.places import EXPERIMENTS


def test_what_is_not_there_is_left_out(tmp_path):
    script = str(EXPERIMENTS / "speech.sh")
    given = {"PATH": "/usr/bin:/bin", "EMODB": str(tmp_path / "nowhere")}
    ran = subprocess.run([script, str(tmp_path / "runs")], env=given, text=True, capture_output=True, check=True)
    assert f"--- emodb: left out, {tmp_path / 'nowhere'} is not there" in ran.stdout
    assert "--- meld: left out, no MELD=PATH was given" in ran.stdout
    assert "Nothing was measured: give at least one corpus, such as EMODB=FOLDER." in ran.stdout
