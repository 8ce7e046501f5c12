"""What a model does without a transcript: speech recognition writes one, or the model hears alone if it learned to."""

import csv

import numpy as np
import pytest
import soundfile
import torch
from fake.recognisers import save_recogniser
from fake.trained import untrained

import mser
from mser.cli import main
from mser.errors import UserError
from mser.everyday.training_transcripts import TYPED, TrainingTranscripts
from mser.use.clips import Clip
from mser.use.words.transcribing import Transcriber, _words

EITHER = {"trained": {"modality_dropout": 0.2}}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds models, recognisers of ``a``, of marks and of nothing, and recordings."""
    folder = tmp_path_factory.mktemp("asr")
    untrained(folder / "both")
    untrained(folder / "either", **EITHER)
    untrained(folder / "reads", sides=("text",))
    save_recogniser(folder / "says-a", "a")
    save_recogniser(folder / "says-marks", ".")
    for number in range(3):
        samples = 0.1 * np.random.default_rng(number).standard_normal(8000 + 4000 * number)
        soundfile.write(folder / f"{number}.wav", samples, 16000)
    return folder


def test_a_transcript_is_written_and_told(place):
    model = mser.load(place / "both", asr=place / "says-a")
    said = model.predict(str(place / "0.wav"))
    assert (said.transcript, said.transcript_from) == ("a", "asr")
    assert said.note == "transcript by says-a"
    assert said.used == ("speech", "text")
    given = model.predict(str(place / "0.wav"), "a")
    assert given.probabilities == pytest.approx(said.probabilities, abs=1e-6)
    assert (given.transcript_from, given.note) == ("", "")
    rows = model.predict([str(place / f"{n}.wav") for n in range(3)], [None, "hello", " "])
    assert [row.transcript for row in rows] == ["a", "hello", "a"]
    assert [row.transcript_from for row in rows] == ["asr", "", "asr"]


def test_a_model_that_only_reads_hears_by_recognition(place):
    said = mser.load(place / "reads", asr=place / "says-a").predict(str(place / "0.wav"))
    assert (said.transcript, said.used, said.seconds) == ("a", ("text",), None)
    assert said.probabilities == pytest.approx(mser.load(place / "reads").predict(None, "a").probabilities, abs=1e-6)


def test_what_is_read_is_as_in_training_or_told(place, tmp_path, capsys):
    typed = TrainingTranscripts(99, 0.97, 0.98, {TYPED: 99})
    untrained(tmp_path / "typed", transcripts=typed)
    said = mser.load(tmp_path / "typed", asr=place / "says-a").predict(str(place / "0.wav"))
    assert said.unlike_training.startswith("transcript recognised by says-a (in training typed); transcript without")
    given = mser.load(tmp_path / "typed").predict(str(place / "0.wav"), "So it is.")
    assert given.unlike_training == ""
    files = [str(place / f"{number}.wav") for number in range(3)]
    out = ["--out", str(tmp_path / "said.csv")]
    assert main(["predict", str(tmp_path / "typed"), *files, "--asr", str(place / "says-a"), *out]) == 0
    assert "of 3 of 3 transcripts: transcript recognised by says-a (in training typed)" in capsys.readouterr().err
    with (tmp_path / "said.csv").open(newline="") as file:
        assert all("recognised by says-a" in row["unlike_training"] for row in csv.DictReader(file))


def test_what_is_recognised_loses_what_no_transcript_of_the_training_has(place, tmp_path):
    untrained(tmp_path / "bare", transcripts=TrainingTranscripts(99, 0.0, 0.0, {"": 99}))
    model = mser.load(tmp_path / "bare", asr=place / "says-a")
    model.transcriber = type("Loud", (), {"called": "loud", "__call__": lambda self, clips: ["Oh NO!"] * len(clips)})()
    said = model.predict(str(place / "0.wav"))
    assert said.transcript == "oh no"
    assert said.note == "transcript by loud, without capitals and punctuation, as in the training"


def test_where_no_words_are_recognised(place):
    with pytest.raises(UserError, match="no words were recognised: the transcript is empty"):
        mser.load(place / "both", asr=place / "says-marks").predict(str(place / "0.wav"))
    said = mser.load(place / "either", asr=place / "says-marks").predict(str(place / "0.wav"))
    assert (said.used, said.note) == (("speech",), "no words were recognised")


def test_memory_that_is_too_small_for_a_batch_or_a_recording(place):
    model = mser.load(place / "both", asr=place / "says-a")
    write, sizes = model.transcriber._pipeline, []

    class Small:
        """Room for a second and a half at most."""

        def __call__(self, given, **options):
            sizes.append(sum(len(one["raw"]) for one in given))
            if sizes[-1] > 24000:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
            return write(given, **options)

        def __getattr__(self, name):
            return getattr(write, name)

    model.transcriber._pipeline = Small()
    long = np.tile(soundfile.read(place / "1.wav", dtype="float32")[0], 3)
    rows = model.predict([str(place / "0.wav"), str(place / "1.wav"), long], [None] * 3, sample_rate=16000)
    assert [row.transcript for row in rows[:2]] == ["a", "a"]
    assert rows[2].error.startswith("the device has not enough memory for this clip")
    assert sizes == [56000, 8000, 48000, 12000, 36000]


def test_one_side_will_do_for_a_model_that_learned_it(place):
    model = mser.load(place / "either")
    heard = model.predict(str(place / "0.wav"))
    read = model.predict(None, "hello")
    assert (heard.used, heard.seconds) == (("speech",), 0.5)
    assert (read.used, read.seconds) == (("text",), None)
    # As in training, a side that is missing tells nothing: whatever would be there.
    rows = model.predict([str(place / "0.wav"), str(place / "1.wav"), None], [None, "word", "hello"])
    assert rows[0].probabilities == pytest.approx(heard.probabilities, abs=1e-5)
    assert rows[2].probabilities == pytest.approx(read.probabilities, abs=1e-5)
    assert rows[1].used == ("speech", "text")
    with pytest.raises(UserError, match="never trained without it"):
        model.predict(None)
    with pytest.raises(UserError, match=r"gone.wav is not there"):
        model.predict("gone.wav", "hello")


def test_a_missing_side_is_the_zeros_of_training(place):
    model = mser.load(place / "either")
    [member] = model.engine.members
    heard = model.predict(str(place / "1.wav")).probabilities
    waveform = torch.from_numpy(soundfile.read(place / "1.wav", dtype="float32")[0])[None]
    with torch.no_grad():
        summary = member.speech(waveform, torch.tensor([waveform.shape[1]])).summary
        logits = member.head(torch.cat([torch.zeros(1, member.text.width), summary], -1))
    expected = torch.softmax(logits / model.settings.members[0].temperature, -1)[0].tolist()
    assert list(heard.values()) == pytest.approx(expected, abs=1e-5)


def test_from_the_command_line_in_two_goes(place, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(place)
    out = tmp_path / "out.csv"
    command = ["predict", "both", "0.wav", "1.wav", "2.wav", "--asr", "says-a", "--out", str(out)]
    assert main(command) == 0
    whole = out.read_text()
    rows = list(csv.DictReader(whole.splitlines()))
    assert {(row["transcript"], row["transcript_from"], row["model"]) for row in rows} == {
        ("a", "asr", "model1 asr=says-a")
    }
    out.write_text("".join(whole.splitlines(keepends=True)[:2]))
    assert main(command) == 0
    assert out.read_text() == whole
    capsys.readouterr()
    assert main([*command[:3], "--asr", "says-a"]) == 0
    assert '"a" (transcript by says-a)' in capsys.readouterr().out
    assert main(["predict", "either", "0.wav"]) == 0
    assert main(["predict", "either", "--text", "hello"]) == 0
    assert main(["predict", "both", "2.wav", "--asr", "says-a", "--window", "0.5"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("2.wav 0.5-1.0 s: ")


def test_long_recordings_are_transcribed_whole(place, monkeypatch):
    transcriber = Transcriber(place / "says-a", torch.device("cpu"))
    monkeypatch.setattr("mser.use.words.transcribing._CHUNK", 0.5)
    long, short = torch.randn(20000).numpy(), torch.randn(8000).numpy()
    assert transcriber([long, short]) == ["a", "a"]
    assert transcriber([short]) == ["a"]


def test_what_is_no_recogniser(place):
    for name in ("nowhere/at/all", place / "both"):
        with pytest.raises(UserError, match="no speech recogniser") as refused:
            mser.load(place / "both", asr=name)
        assert "\n" not in str(refused.value)


def test_samples_and_times_of_samples(place):
    samples = np.random.default_rng(5).standard_normal(16000) * 0.1
    model = mser.load(place / "either")
    [part] = model.stream([Clip(samples, start=0.25, end=0.75, sample_rate=16000)])
    alone = model.predict(samples[4000:12000], sample_rate=16000)
    assert part.probabilities == pytest.approx(alone.probabilities, abs=1e-6)
    [late] = model.stream([Clip(samples, start=2.0, sample_rate=16000)])
    assert late.error == "the recording lasts 1.00 s, but the clip is from 2.00 s on; mend its start"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" (water running)", ""),
        ("[BLANK_AUDIO]", ""),
        ("*coughs* ♪♪ (sighs) ...", ""),
        ("♪ la la ♪", ""),
        ("(laughs)  no way", "(laughs) no way"),
        ("a (b", "a (b"),
    ],
)
def test_names_of_sounds_alone_are_no_words(text, words):
    assert _words(text) == words
