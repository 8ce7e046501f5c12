import os
import struct

import numpy as np
import pytest
import soundfile

from mser.audio.checks import check_recording
from mser.audio.decoding import decode
from mser.audio.wav import BadAudioError, check_wav
from mser.errors import UserError


def _wav(codec=1, channels=1, rate=16000, bits=16, data=bytes(3200), promised=None, extra=b""):
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", codec, channels, rate, rate * frame, frame, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    chunks += b"LIST" + struct.pack("<I", 3) + b"abc\0"  # an odd length is padded
    chunks += b"data" + struct.pack("<I", len(data) if promised is None else promised) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.fixture
def write(tmp_path):
    def write(data):
        path = tmp_path / "a.wav"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_headers_agree_with_soundfile(tmp_path, subtype, container):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((123, 2)) + 0.25, 22050, subtype=subtype, format=container)
    header, reference = check_wav(path), soundfile.info(path)
    assert (header.sample_rate, header.channels, header.frames) == (22050, 2, 123)
    assert header.duration == reference.duration
    assert header.is_float == (subtype in ("FLOAT", "DOUBLE"))


def test_odd_chunks_are_skipped(write):
    assert check_wav(write(_wav())).frames == 1600
    assert check_wav(write(_wav(extra=b"\0\0"))).frames == 1600


def test_a_length_that_was_never_filled_in_is_the_files(write):
    assert check_wav(write(_wav(promised=0xFFFFFFFF))).frames == 1600


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"", "empty", "is an empty file of 0 bytes"),
        (
            b"Hello, this is text.",
            "unreadable",
            "is no wav file: it begins with b'Hello, this ', not with RIFF....WAVE",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
            "pointer",
            "is a pointer of Git LFS, not the audio itself; fetch it with `git lfs pull`",
        ),
        (_wav(data=b""), "empty", "holds no samples"),
        (_wav(promised=9000), "truncated", "its header promises 9000 bytes of samples, it holds 3200"),
        (_wav()[:30], "truncated", "has a format description of 10 bytes instead of 16"),
        (_wav()[:38], "truncated", "ends after 38 bytes, before its samples begin"),
        (_wav(codec=85), "unreadable", "has codec 85, 1 channels of 16 bits at 16000 Hz; expected uncompressed audio"),
        (_wav(rate=0), "unreadable", "at 0 Hz"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "unreadable", "has samples before their format is described"),
    ],
)
def test_bad_files_are_named(write, data, kind, message):
    with pytest.raises(BadAudioError) as caught:
        check_wav(write(data))
    assert caught.value.kind == kind
    assert message in str(caught.value)


def test_a_missing_file_and_a_folder_are_no_audio(tmp_path):
    with pytest.raises(BadAudioError, match="has no audio file") as caught:
        check_wav(tmp_path / "none.wav")
    assert caught.value.kind == "missing"
    with pytest.raises(BadAudioError, match="cannot be opened: Is a directory"):
        check_wav(tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [(34, 0), (34, 64), (34, 8), (34, 24), (22, 65535), (22, 2), (24, 1), (24, 8000), (32, 1), (28, 5), (20, 6)],
)
@pytest.mark.parametrize("check", [check_wav, check_recording])
def test_headers_that_lie_are_named(write, place, value, check):
    """Bits, channels, rate, bytes of a frame and of a second, codec; libsndfile opens most of them."""
    data = bytearray(_wav(data=b"\1\2\3\4" * 800))
    size = 4 if place in (24, 28) else 2
    data[place : place + size] = value.to_bytes(size, "little")
    with pytest.raises(BadAudioError, match="has a header that cannot be: ") as caught:
        check(write(bytes(data)))
    assert caught.value.kind == "header"


def test_20_bits_in_24_are_for_libsndfile(write):
    path = write(_wav(bits=24, data=b"\0\2\3\0\4\5" * 800).replace(b"\3\0\x18\0", b"\3\0\x14\0", 1))
    assert soundfile.info(path).frames == 1600
    assert check_recording(path) == 0.1
    with pytest.raises(BadAudioError, match="has a header that is not known here: 1 channels of 20 bits"):
        check_wav(path)


@pytest.mark.parametrize("rate", [0, 1])
def test_a_rate_that_cannot_be_is_named_by_every_reader(write, rate):
    data = bytearray(_wav())
    data[24:28] = rate.to_bytes(4, "little")
    with pytest.raises(BadAudioError, match=f"a header that cannot be: .*{rate} (samples a second|Hz)"):
        check_recording(write(bytes(data)))


def test_a_foreign_codec_is_named(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((123, 2)) + 0.25, 22050, format="WAVEX")
    data = bytearray(path.read_bytes())
    place = data.index(bytes.fromhex("000000001000800000aa00389b71"))
    data[place + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadAudioError, match="has codec 65534, 2 channels of 16 bits"):
        check_wav(path)


@pytest.mark.parametrize("check", [check_wav, check_recording, decode])
@pytest.mark.parametrize("factor", [32767, 1e30])
def test_floats_far_outside_are_no_sound(tmp_path, check, factor):
    path = tmp_path / "a.wav"
    samples = np.random.default_rng(0).uniform(-1, 1, 1000)
    soundfile.write(path, 4 * samples, 16000, subtype="FLOAT")
    check(path)
    soundfile.write(path, samples * factor, 16000, subtype="FLOAT")
    with pytest.raises((BadAudioError, UserError), match=r"samples (of up to .*, expected -1 to 1|far outside -1..1)"):
        check(path)


@pytest.mark.parametrize("check", [check_wav, check_recording])
def test_a_pipe_is_not_waited_for(tmp_path, check):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(BadAudioError, match="is no file"):
        check(tmp_path / "a.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 777])
def test_samples_that_are_no_numbers_are_found(tmp_path, value, place):
    samples = np.zeros((1000, 2), dtype=np.float32)
    samples[place, 1] = value
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(BadAudioError, match=f"no numbers, the first at sample {place}$") as caught:
        check_wav(tmp_path / "a.wav")
    assert caught.value.kind == "nan"


def test_samples_beyond_the_first_block_are_looked_at(tmp_path):
    samples = np.zeros((1 << 20) + 10, dtype=np.float32)
    samples[-3] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(BadAudioError, match=f"the first at sample {(1 << 20) + 7}$"):
        check_wav(tmp_path / "a.wav")
