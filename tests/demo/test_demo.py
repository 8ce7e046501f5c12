"""The made-up corpus: IEMOCAP's shape, a fair mixture of telling words and voices, no label where none may be."""

import errno
import filecmp
import json
import re
import subprocess
import sys
import wave
from collections import Counter
from itertools import pairwise
from random import Random

import numpy as np
import pytest
import soundfile
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mser.cli import main
from mser.corpora import corpus
from mser.demo import make, script
from mser.demo.iemocap import write_iemocap
from mser.demo.ratings import WORDS, mean_scores, rate
from mser.demo.speech import SAMPLE_RATE, Manner, Voice, synthesizer
from mser.errors import UserError
from mser.splits.audit import audit

IEMOCAP = corpus("iemocap")
FOUR = IEMOCAP.label_set("iemocap4")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "iemocap"
    assert main(["data", "demo", "iemocap", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def manifest(tree):
    return IEMOCAP.check(tree)


@pytest.fixture(scope="module")
def labelled(manifest):
    return FOUR.select(manifest)


def sound(manifest, utterance):
    return soundfile.read(manifest.root / utterance.audio)[0]


def unweighted_average(labelled, features, classifier):
    """Return the recall per class, averaged, leaving one session out."""
    target = np.array([FOUR(utterance.label) for utterance in labelled])
    session = np.array([utterance.session for utterance in labelled])
    predicted = target.copy()
    for name in np.unique(session):
        train = session != name
        predicted[~train] = classifier.fit(features[train], target[train]).predict(features[~train])
    return recall_score(target, predicted, average="macro")


def test_the_reader_finds_what_was_promised_and_no_problem(manifest):
    assert manifest.problems == ()
    assert len(manifest) == 660
    assert {u.speaker for u in manifest} == {f"Ses0{session}{letter}" for session in range(1, 6) for letter in "FM"}
    assert min(FOUR.counts(manifest).values()) > 100
    assert set(Counter(u.label for u in manifest)) == {"neu", "sad", "ang", "hap", "exc", "fru", "xxx", "sur"}


def test_a_lost_turn_is_missed(tmp_path):
    write_iemocap(tmp_path / "tree", turns=2)
    assert IEMOCAP.check(tmp_path / "tree").problems == ()
    next((tmp_path / "tree").glob("Session2/sentences/wav/*/*.wav")).unlink()
    assert any("in made-up.json" in problem.message for problem in IEMOCAP.check(tmp_path / "tree").problems)


def test_the_oddities_of_the_release_are_there(tree):
    assert (tree / "Session3/dialog/EmoEvaluation/Ses03M_impro05a.txt").exists()
    assert (tree / "Session5/dialog/EmoEvaluation/Ses05M_script01_1b.txt").exists()
    assert list(tree.glob("Session1/dialog/EmoEvaluation/._Ses*.txt"))
    assert list(tree.glob("Session1/dialog/EmoEvaluation/*/Ses*.txt"))
    said = b"\n".join(path.read_bytes() for path in tree.glob("Session*/dialog/transcriptions/*.txt"))
    rated = b"\n".join(path.read_bytes() for path in tree.glob("Session*/dialog/EmoEvaluation/Ses*.txt"))
    assert re.search(rb"^[FM]: \[LAUGHTER\]$", said, re.M)
    assert re.search(rb"^Ses0\S+_[FM]XX\d \[", said, re.M)
    assert re.search(rb"^Ses0\S+ \[[\d.-]+\]: \[(LAUGHTER|BREATHING)\] ", said, re.M)
    assert re.search(rb"^A-E\d:\t.*(val|act|dom) +;", rated, re.M), "a score that was forgotten"
    with pytest.raises(UnicodeDecodeError):
        rated.decode()


def test_the_tree_says_that_it_is_made_up(tree):
    assert "no IEMOCAP" in (tree / "README.txt").read_text()
    assert json.loads((tree / "made-up.json").read_text())["counts"]["utterances"] == 660


def test_clips_are_short_16_bit_mono_never_silent_never_full_scale(manifest):
    for utterance in manifest.utterances[::10]:
        info = soundfile.info(manifest.root / utterance.audio)
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        waveform = sound(manifest, utterance)
        assert 0.9 < len(waveform) / SAMPLE_RATE < 5
        assert 0.02 < np.abs(waveform).max() < 1
        assert np.mean(waveform == 0) < 0.1, "digital silence"
        assert waveform[:400].std() < 0.2 * waveform.std(), "it begins in the middle of a word"


def test_neither_place_nor_length_nor_noise_floor_tells_the_label(manifest, labelled):
    order = {u.id: place / len(manifest) for place, u in enumerate(manifest)}
    edges = [np.std(sound(manifest, u)[:400]) for u in labelled]
    known = [[u.duration, int(u.id[-3:]), order[u.id], edge] for u, edge in zip(labelled, edges, strict=True)]
    trees = ExtraTreesClassifier(200, min_samples_leaf=3, class_weight="balanced", random_state=0)
    assert unweighted_average(labelled, np.array(known), trees) < 0.32
    assert unweighted_average(labelled, np.array(known)[:, :1], trees) < 0.32


def test_the_order_of_a_script_does_not_tell_the_label(tree, labelled):
    said = [path.read_text("latin-1") for path in tree.glob("Session*/dialog/transcriptions/*script*.txt")]
    place = {name: number for text in said for number, name in enumerate(re.findall(r"^Ses\S+_[FM]\d+", text, re.M))}
    scripted = [u for u in labelled if u.style == "scripted"]
    known = np.array([[place[u.id], int(u.id[-3:]), "script01" in u.id] for u in scripted])
    trees = ExtraTreesClassifier(200, min_samples_leaf=2, class_weight="balanced", random_state=0)
    assert unweighted_average(scripted, known, trees) < 0.35


def test_words_and_voice_each_tell_partly_and_together_more(manifest, labelled):
    bag = CountVectorizer(binary=True).fit_transform([u.transcript for u in labelled]).toarray()
    heard = np.array([log_spectrum(sound(manifest, u)) for u in labelled])
    linear = LogisticRegression(max_iter=5000, class_weight="balanced")
    voice = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=5000, class_weight="balanced"))
    words_alone = unweighted_average(labelled, bag, linear)
    voice_alone = unweighted_average(labelled, heard, voice)
    together = unweighted_average(labelled, np.hstack([bag, heard]), voice)
    assert 0.58 < words_alone < 0.72
    assert 0.55 < voice_alone < 0.75
    assert together > max(words_alone, voice_alone) + 0.1


def test_improvisations_share_no_speaker_and_few_sentences(manifest, labelled):
    found = audit(labelled, IEMOCAP.protocol("iemocap/loso5").folds(labelled), manifest.root).facts()
    assert found["speaker_overlap"] == found["group_overlap"] == found["audio_overlap"] == 0
    copies = found["near_duplicate_transcripts_by_style"]
    assert copies["improvised"] < 0.2
    assert copies["scripted"] > 0.9


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_iemocap(tmp_path / name, seed=seed, turns=1)
    a, b, c = ({p.relative_to(root): p for p in sorted(root.rglob("*.*"))} for root in map(tmp_path.joinpath, "abc"))
    assert list(a) == list(b)
    assert all(filecmp.cmp(a[name], b[name], shallow=False) for name in a if a[name].is_file())
    shared = [name for name in a if name.suffix == ".wav" and name in c]
    assert not any(filecmp.cmp(a[name], c[name], shallow=False) for name in shared)


def test_another_process_makes_the_same_bytes(tmp_path):
    code = "from pathlib import Path; from mser.demo.iemocap import write_iemocap as w; w(Path('there'), turns=1)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    write_iemocap(tmp_path / "here", turns=1)
    wavs = sorted((tmp_path / "here").rglob("*.wav"))
    assert len(wavs) == 30
    assert all(p.read_bytes() == (tmp_path / "there" / p.relative_to(tmp_path / "here")).read_bytes() for p in wavs)


def test_an_empty_folder_is_filled(tmp_path, monkeypatch):
    monkeypatch.setattr("mser.demo.iemocap.TURNS", 1)
    monkeypatch.setattr("mser.demo.iemocap.write_iemocap.__kwdefaults__", {"seed": 1, "turns": 1})
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    make("iemocap", tmp_path / "out")
    assert len(IEMOCAP.read(tmp_path / "out")) == 30
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["data", "demo", "iemocap", str(tmp_path)]) == 2
    assert f"{tmp_path} holds something already; name a folder that is new or empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_way_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main(["data", "demo", "iemocap", str(tmp_path / "file")]) == 2
    assert "holds something already" in capsys.readouterr().err
    assert main(["data", "demo", "iemocap", str(tmp_path / "file" / "out")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    written = []

    def fill_up(path, mode):
        written.append(path)
        if len(written) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return wave.Wave_write(path)

    monkeypatch.setattr(wave, "open", fill_up)
    assert main(["data", "demo", "iemocap", str(tmp_path / "out")]) == 2
    line = f"cannot write {tmp_path / 'out'}: No space left on device; choose another folder or make room"
    assert line in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_corpus_is_named(tmp_path):
    with pytest.raises(UserError, match=r"unknown made-up corpus 'iemocab'.*did you mean 'iemocap'"):
        make("iemocab", tmp_path / "out")


def test_without_the_synthesizer_the_extra_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    assert main(["data", "demo", "iemocap", str(tmp_path / "out")]) == 2
    assert "espeakng-loader, which is not installed; `pip install 'multimodal-ser[demo]'`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_broken_synthesizer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("espeakng_loader.get_library_path", lambda: str(tmp_path / "none.so"))
    with (
        pytest.raises(UserError, match=r"espeak-ng does not load .*install 'multimodal-ser\[demo\]' again"),
        synthesizer(),
    ):
        pass


def test_missing_data_of_the_synthesizer_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("espeakng_loader.get_data_path", lambda: str(tmp_path / "none"))
    with pytest.raises(UserError, match="espeak-ng does not start with the data in"), synthesizer():
        pass


def test_data_in_a_long_path_are_found(tmp_path, monkeypatch):
    import espeakng_loader

    deep = tmp_path / ("deep" * 40)
    deep.mkdir()
    (deep / "data").symlink_to(espeakng_loader.get_data_path())
    monkeypatch.setattr("espeakng_loader.get_data_path", lambda: str(deep / "data"))
    with synthesizer() as say:
        assert len(say("Hello.", Voice("en-us+f2"), Manner())) > 3000


def test_a_voice_that_there_is_not_is_named():
    with synthesizer() as say, pytest.raises(ValueError, match="espeak-ng has no voice 'klingonx'"):
        say("Hello.", Voice("klingonx"), Manner())


def test_a_manner_changes_pitch_rate_effort_and_level():
    text, voice = "They were talking about the old house again.", Voice("en-us+m3", rate=190)
    with synthesizer() as say:
        usual = say(text, voice, Manner())
        high, slow = say(text, voice, Manner(pitch=30)), say(text, voice, Manner(rate=0.8))
        soft, quiet = say(text, voice, Manner(effort=-8)), say(text, voice, Manner(level=-6))
    assert pitch(high) > 1.2 * pitch(usual)
    assert len(slow) > 1.15 * len(usual)
    assert brightness(soft) < 0.5 * brightness(usual)
    assert quiet.std() / usual.std() == pytest.approx(10 ** (-6 / 20), rel=0.01)


def test_words_and_voice_tell_as_often_as_stated():
    random = Random(1)
    lines = [script.write_line(random) for _ in range(4000)]
    told = [line for line in lines if line.label in ("neu", "sad", "ang", "hap", "exc")]
    assert np.mean([line.tells for line in told]) == pytest.approx(script.WORDS_TELL, abs=0.03)
    faithful = np.mean([script.play(line, random) == line.label for line in lines if line.tells])
    assert faithful == pytest.approx(1 - script.WORDS_MISLEAD * 0.82, abs=0.02)
    assert not any(line.tells for line in lines if line.label in ("xxx", "sur"))


@pytest.mark.parametrize("label", [*WORDS, "xxx"])
def test_the_majority_of_the_observers_gives_the_label(label):
    random = Random(1)
    for _ in range(50):
        ratings = rate(label, "F1", ["E1", "E3", "E4"], random)
        votes = Counter(rating.labels[0] for rating in ratings if not rating.is_self)
        assert (max(votes.values()) == 1) if label == "xxx" else (votes[WORDS[label]] >= 2)
        assert all(1 <= score <= 5 for score in mean_scores(ratings).values())
        assert [rating.rater for rating in ratings] == ["E1", "E3", "E4", "F1"]


def power(waveform):
    frames = np.lib.stride_tricks.sliding_window_view(waveform, 1024)[::512] * np.hanning(1024)
    return np.abs(np.fft.rfft(frames)) ** 2


def log_spectrum(waveform):
    """Return mean and deviation over the loud frames of log power in bands, and the pitch."""
    frames = power(waveform)
    frames = frames[frames.sum(1) > 0.01 * frames.sum(1).max()]
    edges = np.unique(np.geomspace(4, 512, 24).astype(int))
    bands = np.log(np.stack([frames[:, low:high].sum(1) for low, high in pairwise(edges)], 1) + 1e-9)
    return np.hstack([bands.mean(0), bands.std(0), np.log(pitch(waveform))])


def pitch(waveform):
    """Return the fundamental in Hz: the median over frames of the strongest lag of the autocorrelation."""
    correlation = np.fft.irfft(power(waveform))[:, : SAMPLE_RATE // 65]
    return np.median(SAMPLE_RATE / (40 + correlation[:, 40:].argmax(1)))


def brightness(waveform):
    """Return the share of the power above 2 kHz."""
    frames = power(waveform).sum(0)
    return frames[128:].sum() / frames.sum()
