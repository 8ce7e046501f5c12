"""Containers: a span is the samples of a full read, which are FFmpeg's; what is damaged is named."""

import json
import math

import numpy as np
import pytest
import soundfile
from fake.containers import decoded, speech, write
from fake.corpora.meld import FOLDERS, make_meld
from fake.corpora.opinions import make_mosi
from fake.corpora.table import make_table, rows, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from mser.audio import containers
from mser.audio.checks import check_recording, header_of, recording_length
from mser.audio.containers import BLOCK
from mser.audio.decoding import decode
from mser.audio.extract import extract
from mser.audio.recording import SAMPLE_RATE, mono, opened
from mser.audio.wav import BadAudioError
from mser.cli import main

SECONDS = 41.3
CODECS = {
    "a.m4a": ("aac", 16000),
    "a.mp4": ("libmp3lame", 16000),
    "alac.m4a": ("alac", 16000),
    "a.mov": ("pcm_s16le", 16000),
    "a.webm": ("libopus", 48000),
    "vorbis.mkv": ("vorbis", 16000),
    "aac.mkv": ("aac", 22050),
    "a.aac": ("aac", 16000),
    "a.wma": ("wmav2", 22050),
    "a.avi": ("ac3", 32000),
    "a.mpg": ("mp2", 32000),
    "a.3gp": ("libopencore_amrnb", 8000),
}
EXACT, ALIGNED = ("alac.m4a", "a.mov"), ("a.m4a", "a.mp4", "a.webm", "vorbis.mkv", "aac.mkv")
LOSSY = {"a.mp3": "MPEG_LAYER_III", "a.ogg": "VORBIS"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Files of a minute, each with the samples that went in and those that a full read gives."""
    found = {}
    folder = tmp_path_factory.mktemp("containers")

    def make(name):
        if name not in found:
            codec, rate = CODECS.get(name, ("", 16000))
            stereo = 2 if codec == "vorbis" else 1
            samples = speech(SECONDS, rate, stereo)
            path = folder / name
            if codec:
                write(path, codec, samples, rate, "stereo" if stereo == 2 else "mono")
            else:
                how = {"bitrate_mode": "VARIABLE", "compression_level": 0.7} if name == "a.mp3" else {}
                soundfile.write(path, samples, rate, subtype=LOSSY[name], **how)
            with opened(path) as recording:
                whole = np.array(recording.read(0, recording.frames))
            found[name] = path, samples, whole, rate
        return found[name]

    return make


@pytest.mark.parametrize("name", CODECS)
def test_a_span_is_part_of_the_whole(name, made):
    path, _, whole, rate = made(name)
    assert len(whole) > BLOCK * rate

    @settings(max_examples=500)
    @given(first=st.integers(0, len(whole) + 9), count=st.integers(1, 3 * rate))
    def spans(first, count):
        assert np.array_equal(recording.read(first, count), whole[first : first + count])

    with opened(path) as recording:
        containers._decoded.cache_clear()
        spans()
        for first in range(0, len(whole), len(whole) // 3):  # each with decoders of its own
            containers._decoded.cache_clear()
            np.testing.assert_array_equal(recording.read(first, 999), whole[first : first + 999])


@pytest.mark.parametrize("name", LOSSY)
def test_a_span_of_what_libsndfile_reads_too(name, made):
    path, _, whole, _ = made(name)

    @settings(max_examples=500)
    @given(first=st.integers(0, len(whole) - 1), count=st.integers(1, 20_000))
    def spans(first, count):
        with opened(path) as recording:
            part = whole[first : first + count]
            np.testing.assert_allclose(recording.read(first, count), part, atol=1e-6, rtol=0)

    spans()


@pytest.mark.parametrize("name", CODECS)
def test_the_whole_is_what_ffmpeg_decodes(name, made):
    path, samples, whole, rate = made(name)
    reference = decoded(path)
    same = round((BLOCK - 1) * rate)
    np.testing.assert_allclose(whole[:same], reference[:same], atol=1e-4 if name == "a.mpg" else 0, rtol=0)
    assert 0 <= len(reference) - len(whole) < 2048
    assert recording_length(path) == pytest.approx(SECONDS, abs=0.15)
    # Noise that decoders make up differs from block to block; the voice goes on without a step.
    assert np.corrcoef(whole[:, 0], reference[: len(whole), 0])[0, 1] > 0.97
    if name in EXACT:
        np.testing.assert_allclose(whole, samples, atol=2**-15, rtol=0)
    if name.endswith((".m4a", ".mp4", ".mov")):
        assert len(whole) == len(samples)  # what fills up the last packet is not to be heard
    if name in ALIGNED:
        middle = slice(3 * rate, 20 * rate)
        lags = [np.corrcoef(np.roll(whole[:, 0], lag)[middle], samples[middle, 0])[0, 1] for lag in range(-9, 10)]
        assert int(np.argmax(lags)) - 9 == 0


def test_a_span_deep_in_a_long_file_is_decoded_from_nearby(tmp_path, monkeypatch):
    path = write(tmp_path / "long.m4a", "aac", speech(120, 8000), 8000)
    packets = []
    original = containers._packets

    def counted(*args, **how):
        for one in original(*args, **how):
            packets.append(one[0].pts)
            yield one

    with opened(path) as recording:
        monkeypatch.setattr(containers, "_packets", counted)
        recording.read(115 * 8000, 4000)
    assert 0 < len(packets) < 40 * 8000 / 1024
    with opened(path) as recording:
        before = len(packets)
        recording.read(115 * 8000 - 4000, 4000)  # the window before
    assert len(packets) == before


@pytest.mark.parametrize(
    ("layout", "weights"),
    [
        ("stereo", [0.5, 0.5]),
        ("5.1", [math.sqrt(0.5), math.sqrt(0.5), 1, 0, 0.5, 0.5]),
        ("quad", [1, 1, math.sqrt(0.5), math.sqrt(0.5)]),
        ("2.1", [1, 1, 0]),
    ],
)
def test_channels_are_mixed_as_ffmpeg_does(layout, weights, tmp_path):
    samples = speech(1, 16000, len(weights))
    path = write(tmp_path / "a.mkv", "flac", samples, 16000, layout)
    with opened(path) as recording:
        assert recording.unusual == [f"{len(weights)} channels mixed to one"]
        mixed = mono(recording.read(0, 16000), recording.weights)
    np.testing.assert_allclose(mixed, samples @ (np.array(weights) / sum(weights)), atol=3e-5)
    np.testing.assert_allclose(decode(path), mixed, atol=1e-6)


def damaged(tmp_path):
    sound = write(tmp_path / "sound.mp4", "aac", speech(3, 16000), 16000).read_bytes()
    web = write(tmp_path / "sound.webm", "libopus", speech(3, 48000), 48000).read_bytes()
    write(tmp_path / "mute.mp4", "aac", speech(3, 16000) * 0, 16000)
    files = {
        "cut.mp4": (sound[: len(sound) // 2], "unreadable", "cannot be decoded: Invalid data"),
        "cut.webm": (web[: len(web) // 2], "truncated", "is cut short: its header promises 3.0 s, it holds 1."),
        "head.m4a": (sound[:64], "unreadable", "cannot be decoded"),
        "playlist.mp4": (b"#EXTM3U\n#EXTINF:3,\nsound.mp4\n", "unreadable", "cannot be decoded: Format not recognised"),
        "mute.mp4": ((tmp_path / "mute.mp4").read_bytes(), "silent", "is silent"),
    }
    for name, (content, _, _) in files.items():
        (tmp_path / name).write_bytes(content)
    return {name: how[1:] for name, how in files.items()}


def test_damaged_ones_are_named(tmp_path):
    for name, (kind, words) in damaged(tmp_path).items():
        with pytest.raises(BadAudioError) as error:
            check_recording(tmp_path / name)
        assert error.value.kind == kind, name
        assert words in str(error.value)
        assert "\n" not in str(error.value)


def test_a_picture_without_sound(tmp_path):
    path = write(tmp_path / "a.mp4", "aac", speech(1, 16000), 16000, picture=True)
    assert header_of(path).duration == 1
    import av

    with av.open(str(tmp_path / "mute.mp4"), "w") as out:
        video = out.add_stream("mpeg4", rate=10, width=16, height=16, pix_fmt="yuv420p")
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
        out.mux(video.encode(None))
    with pytest.raises(BadAudioError, match="holds no sound track"):
        check_recording(tmp_path / "mute.mp4")


def test_a_table_of_them(tmp_path, capsys):
    (tmp_path / "clips").mkdir()
    damaged(tmp_path / "clips")
    own = make_table(tmp_path / "table.csv", rows())
    first = tmp_path / own[0]["audio"]
    samples, rate = soundfile.read(first, dtype="float32", always_2d=True)
    write(first.with_suffix(".m4a"), "aac", samples, rate)
    own[0]["audio"] = own[0]["audio"].replace(".wav", ".m4a")
    own[1]["audio"] = "clips/cut.webm"
    write_rows(tmp_path / "table.csv", own)
    assert main(["data", "check", "table", str(tmp_path / "table.csv"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["utterances"] == len(own) - 1
    assert "clips/cut.webm is cut short" in found["problems"][0]["message"]


@pytest.mark.usefixtures("_without_pyav")
def test_without_pyav_it_is_said_what_to_install(tmp_path, capsys):
    (tmp_path / "a.m4a").write_bytes(bytes.fromhex("00000020667479704d344120") + bytes(99))
    with pytest.raises(BadAudioError, match=r"is a file of kind MP4, which needs PyAV: .*'multimodal-ser\[av\]'"):
        check_recording(tmp_path / "a.m4a")


def as_videos(folder):
    """Put a video in the place of each wav file."""
    for path in folder.rglob("*.wav"):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        write(path.with_suffix(".mp4"), "aac", samples, rate, picture=True)
        path.unlink()


def summary(capsys, corpus, root):
    main(["data", "check", corpus, str(root), "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_videos_of_meld_are_heard_in_place(tmp_path, capsys):
    make_meld(tmp_path, dialogues=2, turns=3)
    before = summary(capsys, "meld", tmp_path)
    as_videos(tmp_path)
    after = summary(capsys, "meld", tmp_path)
    assert after["labels"] == before["labels"]
    assert after["seconds"] == pytest.approx(before["seconds"], abs=0.01)
    assert [one["kind"] for one in after["problems"]] == [one["kind"] for one in before["problems"]]


def test_the_videos_of_mosi_are_heard_in_place(tmp_path, capsys):
    for full, part in ((True, "Full"), (False, "Segmented")):
        root = tmp_path / part
        make_mosi(root, size=2, full=full)
        before = summary(capsys, "mosi", root)
        as_videos(root)
        (root / "Raw/Video").mkdir()
        (root / f"Raw/Audio/WAV_16000/{part}").rename(root / f"Raw/Video/{part}")
        after = summary(capsys, "mosi", root)
        assert (after["utterances"], after["splits"]) == (before["utterances"], before["splits"])
        assert after["seconds"] == pytest.approx(before["seconds"], abs=0.1)


def test_extracted_without_ffmpeg_it_is_what_is_heard_in_place(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = tmp_path / FOLDERS["train"]
    folder.mkdir(parents=True)
    video = write(folder / "a.mp4", "aac", speech(65, 8000, 2), 8000, "stereo", picture=True)
    (folder / "b.mp4").write_bytes(video.read_bytes()[:999])
    in_place = decode(video)
    assert main(["data", "extract-audio", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "extracted 1 of 2 files, 0 were there already\n"
    assert "b.mp4: its sound track cannot be decoded: Invalid data" in err
    assert sorted(path.name for path in folder.iterdir()) == ["a.mp4", "a.wav", "b.mp4"]
    extracted, rate = soundfile.read(folder / "a.wav", dtype="float32")
    assert rate == SAMPLE_RATE
    np.testing.assert_allclose(extracted, in_place[: len(extracted)], atol=2**-14)
    assert abs(len(extracted) - len(in_place)) <= 1
    assert extract({}, jobs=1) == {}
