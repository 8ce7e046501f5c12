"""mser data extract-audio: whole files or none, one bad video stops nothing, what is done is skipped."""

import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from random import Random

import pytest
import soundfile
from fake.corpora.iemocap import tone, write_wav
from fake.corpora.meld import FOLDERS, make_meld

from mser.cli import main

FAKE = f"""#!{sys.executable}
import sys, time, wave
video, target = sys.argv[sys.argv.index("-i") + 1], sys.argv[-1]
said = open(video).read()
if said == "slow":
    open(target, "w").write("half")
    time.sleep(60)
if said == "broken":
    open(target, "w").write("half")
    sys.exit("moov atom not found\\n" + video + ": Invalid data found when processing input")
if said == "mute":
    sys.exit(3)
with wave.open(target, "wb") as file:
    file.setparams((1, 2, 16000, 0, "NONE", ""))
    file.writeframes(bytes(2 * int(said)))
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A folder for videos, and an ffmpeg that does as their contents say."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ffmpeg").write_text(FAKE)
    (tmp_path / "bin/ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "videos/train").mkdir(parents=True)
    return tmp_path / "videos"


def put(folder, **contents):
    for name, said in contents.items():
        (folder / f"{name}.mp4").write_text(said)


def run(capsys, *args):
    code = main(["data", "extract-audio", *map(str, args)])
    return code, *capsys.readouterr()


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".mp4")


def test_beside_the_videos_and_again(fake, capsys):
    put(fake / "train", dia0_utt0="800", dia0_utt1="1600")
    put(fake, **{"._dia0_utt0": "apple"})
    code, out, _ = run(capsys, fake, "--jobs", "2")
    assert (code, out) == (0, "extracted 2 of 2 files, 0 were there already\n")
    assert files(fake) == ["dia0_utt0.wav", "dia0_utt1.wav"]
    with wave.open(str(fake / "train/dia0_utt1.wav")) as file:
        assert file.getnframes() == 1600
    before = (fake / "train/dia0_utt0.wav").stat().st_mtime_ns
    put(fake / "train", dia0_utt2="800")
    assert run(capsys, fake)[1] == "extracted 1 of 3 files, 2 were there already\n"
    assert (fake / "train/dia0_utt0.wav").stat().st_mtime_ns == before
    (fake.parent / "bin/ffmpeg").unlink()
    assert run(capsys, fake)[:2] == (0, "extracted 0 of 3 files, 3 were there already\n")


def test_into_a_tree_of_its_own(fake, tmp_path, capsys):
    put(fake / "train", a="800")
    assert run(capsys, fake, "--out", tmp_path / "new/audio")[0] == 0
    assert (tmp_path / "new/audio/train/a.wav").exists()
    assert files(fake) == []


def test_bad_videos_are_named_and_stop_nothing(fake, capsys):
    put(fake, a="broken", b="800", c="mute", d="0", e="800")
    code, out, err = run(capsys, fake)
    assert code == 1
    assert out == "extracted 2 of 5 files, 0 were there already\n"
    assert files(fake) == ["b.wav", "e.wav"]
    a, c, d = (f"mser data extract-audio: {fake / name}.mp4: " for name in "acd")
    assert [line for line in err.splitlines() if line.startswith("mser")] == [
        f"{a}ffmpeg: {fake / 'a.mp4'}: Invalid data found when processing input",
        f"{c}ffmpeg: ended with code 3",
        f"{d}its sound track holds no samples",
    ]


@pytest.mark.usefixtures("_without_pyav")
def test_what_cannot_be_begun(fake, tmp_path, capsys):
    assert run(capsys, fake)[0] == 2
    put(fake, a="800")
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, fake, "--out", tmp_path / "file/audio")
    assert (code, err) == (
        2,
        f"mser: error: cannot make {tmp_path}/file/audio: Not a directory; choose another --out\n",
    )
    code, _, err = run(capsys, fake, "--jobs", "0")
    assert (code, err.split(": ")[-1]) == (2, "'0' is no whole number above 0; see mser data extract-audio --help\n")
    (fake / "a.avi").write_text("800")
    code, _, err = run(capsys, fake)
    assert (code, err) == (
        2,
        f"mser: error: {fake}/a.avi and {fake}/a.mp4 would both become a.wav; rename one of them\n",
    )
    (fake / "a.avi").unlink()
    (tmp_path / "bin/ffmpeg").unlink()
    code, _, err = run(capsys, fake)
    assert code == 2
    assert err.startswith("mser: error: no ffmpeg on the PATH and no PyAV; install either: pip install ")
    assert len(err.splitlines()) == 1
    assert files(fake) == []


def test_a_name_that_is_taken_by_a_folder_stops_nothing(fake, capsys, monkeypatch):
    put(fake, a="800", b="800")
    monkeypatch.setattr("mser.audio.extract.check_wav", lambda path: "a.wav" in path.name and os.mkdir(fake / "a.wav"))
    code, _, err = run(capsys, fake)
    assert code == 1
    assert f"a.mp4: cannot write {fake / 'a.wav'}: Is a directory" in err
    assert files(fake) == ["b.wav"]


def test_an_interrupted_extraction_leaves_no_half_files(fake):
    put(fake, **{f"v{number}": "slow" for number in range(20)})
    command = [sys.executable, "-m", "mser", "data", "extract-audio", str(fake), "--jobs", "2"]
    process = subprocess.Popen(
        command,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell in the background ignores it
    )
    deadline = time.monotonic() + 60
    while not list(fake.glob(".*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    assert files(fake) == []


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg is not installed here")
def test_the_real_ffmpeg_makes_a_corpus_of_videos_readable(tmp_path, capsys):
    root = tmp_path / "meld"
    make_meld(root, dialogues=1, turns=4)
    write_wav(tmp_path / "six.wav", tone(0.5, 200, Random(1)), rate=48000, channels=6)
    for folder in FOLDERS.values():
        for wav in (root / folder).glob("*.wav"):
            command = ["ffmpeg", "-v", "error", "-i", tmp_path / "six.wav", "-c:a", "aac", wav.with_suffix(".mp4")]
            subprocess.run(command, check=True)
            wav.unlink()
    (root / FOLDERS["dev"] / "dia0_utt0.mp4").write_bytes(b"no video")
    code, _, err = run(capsys, root)
    assert code == 1
    assert "dia0_utt0.mp4: " in err
    assert "Invalid data found" in err
    info = soundfile.info(root / FOLDERS["train"] / "dia0_utt0.wav")
    assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
    assert info.duration == pytest.approx(tone(0.5, 200, Random(1)).size / 48000, abs=0.1)
    assert main(["data", "manifest", "meld", str(root), str(tmp_path / "m.jsonl")]) == 0
    assert capsys.readouterr().out.startswith("wrote 11 utterances")
