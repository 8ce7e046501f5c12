import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake.corpora.iemocap import DIALOGUES, make_iemocap, make_release, release_dialogues, tally, write_wav
from fake.places import REAL

from mser.corpora import corpus, open_manifest
from mser.corpora.iemocap.corpus import PUBLISHED
from mser.corpora.iemocap.text import TurnId, read_evaluation, read_transcription
from mser.errors import UserError
from mser.manifest import Rating

NAME = "Ses01F_impro01_F000"
WAV = f"Session1/sentences/wav/Ses01F_impro01/{NAME}.wav"
EVALUATION = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
TRANSCRIPTION = "Session1/dialog/transcriptions/Ses01F_impro01.txt"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    root = tmp_path_factory.mktemp("iemocap")
    return root, make_iemocap(root)


@pytest.fixture
def tree(sound, tmp_path):
    """A tree of one's own to break."""
    return Path(shutil.copytree(sound[0], tmp_path / "tree"))


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("release")
    return root, make_release(root)


def _problems(root, kind=None):
    return [problem for problem in corpus("iemocap").check(root).problems if kind in (None, problem.kind)]


def _edit(path, old, new):
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))


def test_a_sound_tree_has_everything_and_no_problems(sound):
    root, said = sound
    manifest = corpus("iemocap").check(root)
    assert manifest.problems == ()
    assert [(one.id, one.label, one.transcript) for one in manifest] == [(one.id, one.label, one.text) for one in said]
    assert all(
        one.duration == pytest.approx(truth.end - truth.start) for one, truth in zip(manifest, said, strict=True)
    )
    assert all((root / one.audio).is_file() for one in manifest)
    assert {one.group for one in manifest} == set(DIALOGUES)


def test_an_utterance_carries_what_was_published(sound):
    one = next(one for one in open_manifest("iemocap", sound[0]) if one.id == NAME)
    assert (one.session, one.group, one.speaker, one.gender, one.style) == (
        *("Session1", "Ses01F_impro01", "Ses01F", "F", "improvised"),
    )
    assert (one.audio, one.start, one.end) == (WAV, 0.0, None)
    assert one.transcript == "[LAUGHTER] Well: it's [this]: that."
    assert one.scores.keys() == {"valence", "activation", "dominance"}
    observers = [rating for rating in one.ratings if not rating.is_self]
    assert observers == [
        Rating("E2", ("Neutral",)),
        Rating("E3", ("Neutral",), {"valence": 3.0, "dominance": 2.0}),  # activation is missing in the file
    ]
    own = {"valence": 5.0, "activation": 5.0, "dominance": 5.0}
    assert [rating for rating in one.ratings if rating.is_self] == [Rating("F1", ("Surprise", "Neutral"), own, True)]


@pytest.mark.parametrize(
    ("name", "speaker", "dialogue", "style"),
    [
        ("Ses01F_impro01_M003", "Ses01M", "Ses01F_impro01", "improvised"),
        ("Ses04M_script02_1_F010", "Ses04F", "Ses04M_script02_1", "scripted"),
        ("Ses03M_impro05a_F012", "Ses03F", "Ses03M_impro05a", "improvised"),
        ("Ses03M_impro08b_M000", "Ses03M", "Ses03M_impro08b", "improvised"),
        ("Ses05M_script01_1b_F003", "Ses05F", "Ses05M_script01_1b", "scripted"),
        ("Ses02F_script01_3_FXX0", "Ses02F", "Ses02F_script01_3", "scripted"),
    ],
)
def test_the_speaker_is_the_letter_of_the_last_part(name, speaker, dialogue, style):
    found = TurnId.parse(name)
    assert (found.speaker, found.gender, found.dialogue, found.style) == (speaker, speaker[-1], dialogue, style)


@pytest.mark.parametrize(
    "name", ["Ses06F_impro01_F000", "Ses01F_impro01", "Ses01F_impro01_F00", "Ses01X_impro01_F000", ""]
)
def test_other_names_are_no_turns(name):
    assert TurnId.parse(name) is None


def test_speakers_in_the_odd_dialogues_are_right(sound):
    odd = [one for one in open_manifest("iemocap", sound[0]) if one.group[-1] in "ab"]
    assert Counter(one.speaker for one in odd) == {"Ses03F": 12, "Ses03M": 12, "Ses05F": 3, "Ses05M": 3}


def test_the_whole_release_meets_every_published_count_quickly(release):
    started = time.process_time()
    manifest = corpus("iemocap").check(release[0])
    assert time.process_time() - started < 5
    # All of its counts are met; its tones are no speech of the release's length.
    assert Counter(problem.kind for problem in manifest.problems) == {"length": 2, "hours": 1}
    assert len(manifest) == 10039
    assert {
        one.name: sum(one.counts(manifest).values())
        for one in corpus("iemocap").label_sets
        if not one.name.endswith("-votes")
    } == {**{"iemocap4": 5531, "iemocap4-noexc": 4490, "iemocap5": 5531, "iemocap6": 7380, "iemocap-vad": 3 * 10039}}


def test_the_manifest_of_the_whole_release_is_written_and_read_quickly(release, tmp_path):
    started = time.process_time()
    manifest = open_manifest("iemocap", release[0])
    manifest.write(tmp_path / "m.jsonl")
    assert time.process_time() - started < 5
    assert open_manifest("iemocap", tmp_path / "m.jsonl") == manifest


def test_published_counts_agree_with_each_other():
    assert sorted(PUBLISHED["dialogues"]) == sorted(release_dialogues())
    assert Counter(name[4] for name in PUBLISHED["dialogues"]) == {"1": 28, "2": 30, "3": 32, "4": 30, "5": 31}
    for name in ("labels", "styles", "genders"):
        assert sum(PUBLISHED[name].values()) == PUBLISHED["utterances"] == 10039
    by_session = {name: sum(four.values()) for name, four in PUBLISHED["iemocap4 by session"].items()}
    assert list(by_session.values()) == [1085, 1023, 1151, 1031, 1241]
    by_speaker = PUBLISHED["iemocap4 by speaker"]
    assert all(by_speaker[f"Ses0{n}F"] + by_speaker[f"Ses0{n}M"] == by_session[f"Session{n}"] for n in range(1, 6))


def _truncate(path):
    path.write_bytes(path.read_bytes()[:1000])


def _header_only(path):
    path.write_bytes(path.read_bytes()[:40] + bytes(4))


def _nan(path):
    soundfile.write(path, np.full(4000, np.nan, dtype=np.float32), 16000, subtype="FLOAT")


@pytest.mark.parametrize(
    ("harm", "kind", "message"),
    [
        (Path.unlink, "missing", f"{WAV} has no audio file; the turn is left out, restore the file"),
        (lambda path: path.write_bytes(b""), "empty", f"{WAV} is an empty file of 0 bytes; the turn is left out"),
        (_header_only, "empty", f"{WAV} holds no samples"),
        (_truncate, "truncated", f"{WAV} is cut short: its header promises"),
        (
            lambda path: path.write_text("this is no audio"),
            "unreadable",
            f"{WAV} is no wav file: it begins with b'this",
        ),
        (_nan, "nan", f"{WAV} holds samples that are no numbers, the first at sample 0"),
    ],
)
def test_audio_that_cannot_be_used_is_named_and_left_out(tree, harm, kind, message):
    harm(tree / WAV)
    manifest = corpus("iemocap").check(tree)
    (problem,) = [problem for problem in manifest.problems if problem.utterance == NAME]
    assert (problem.kind, problem.message[: len(message)]) == (kind, message)
    assert NAME not in {one.id for one in manifest}
    assert [p.message for p in manifest.problems if p.utterance is None][-1] == (
        f"utterances is {len(manifest)}, in made-up.json {len(manifest) + 1}"
    )


def test_another_format_is_noted_and_kept(tree):
    samples, _ = soundfile.read(tree / WAV)
    write_wav(tree / WAV, samples.repeat(3), rate=48000, channels=2)
    (problem,) = _problems(tree)
    assert problem.kind == "format"
    assert problem.message.startswith(
        f"1 wav files have 2 channel(s) at 48000 Hz, such as {NAME}; the release has 1 at 16000"
    )


def test_a_turn_without_transcript_is_named_and_kept(tree):
    _edit(tree / TRANSCRIPTION, NAME.encode(), b"somebody")
    (problem,) = _problems(tree)
    assert (problem.kind, problem.utterance) == ("transcript", NAME)
    assert "has no transcript; its transcript is taken as empty" in problem.message
    assert next(one for one in open_manifest("iemocap", tree) if one.id == NAME).transcript == ""


def test_a_transcript_without_audio_and_label_is_named(tree):
    with (tree / TRANSCRIPTION).open("a") as file:
        file.write("Ses01F_impro01_F099 [001.0000-002.0000]: Hello?\n")
    (problem,) = _problems(tree)
    assert (problem.kind, problem.utterance) == ("missing", "Ses01F_impro01_F099")
    assert problem.message == "Ses01F_impro01_F099 has a transcript but no audio and no label; it is left out"


def test_audio_without_transcript_and_label_is_named(tree):
    write_wav((tree / WAV).with_name("Ses01F_impro01_F098.wav"), np.zeros(100))
    (problem,) = _problems(tree)
    assert (problem.kind, problem.message) == (
        "unlabelled",
        "Ses01F_impro01_F098 has audio but no label; it is left out",
    )


def test_overlapping_speech_without_label_is_no_problem(tree):
    write_wav((tree / WAV).with_name("Ses01F_impro01_FXX0.wav"), np.zeros(100))
    assert _problems(tree) == []


def test_a_duplicate_id_is_named_and_counts_once(tree):
    text = (tree / EVALUATION).read_text()
    block = next(part for part in text.split("\n\n") if NAME in part)
    (tree / EVALUATION).write_text(text + "\n" + block.replace("\tneu\t", "\tang\t"))
    (problem,) = _problems(tree)
    assert (problem.kind, problem.utterance) == ("duplicate", NAME)
    assert problem.message == f"{NAME} is labelled more than once; the first counts"
    assert [one.label for one in open_manifest("iemocap", tree) if one.id == NAME] == ["neu"]


def test_a_duplicate_transcript_is_named(tree):
    line = (tree / TRANSCRIPTION).read_bytes().splitlines(keepends=True)[0]
    (tree / TRANSCRIPTION).write_bytes((tree / TRANSCRIPTION).read_bytes() + line)
    assert [problem.message for problem in _problems(tree)] == [
        f"{NAME} is transcribed more than once; the first counts"
    ]


def test_an_unknown_label_is_named(tree):
    _edit(tree / EVALUATION, b"\tneu\t", b"\tzzz\t")
    (problem,) = _problems(tree, "label")
    assert (problem.kind, problem.utterance) == ("label", NAME)
    assert (
        "is labelled 'zzz', which is none of ang, hap, exc, sad, neu, fru, sur, fea, dis, oth, xxx" in problem.message
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"\tSes01F_impro01_F000\t", b"\tSes09F_impro01_F000\t", "names no turn such as Ses01F_impro01_F000"),
        (b"\tneu\t", b"\tneutral\t", "is no line such as '[6.29 - 8.23] Ses01F_impro01_F000 neu [2.5, 2.5, 2.5]'"),
        (b"[1.0000 - ", b"[1.0000 to ", "is no line such as"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(tree, old, new, message):
    _edit(tree / EVALUATION, old, new)
    problem = _problems(tree, "unreadable")[0]
    assert problem.message.startswith("Ses01F_impro01.txt:3 ")
    assert message in problem.message


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        (EVALUATION, b"[1.0000 - 1.", b"[1.0000 - 9.", "s by its label but"),
        (EVALUATION, b"[1.0000 - 1.", b"[1.0000 - 0.", "before it starts at 1.00 s"),
        (TRANSCRIPTION, b"[001.0000-", b"[000.5000-", "is labelled at 1.00-"),
    ],
)
def test_times_that_do_not_meet_are_named(tree, path, old, new, message):
    _edit(tree / path, old, new)
    problems = _problems(tree)
    assert {(problem.kind, problem.utterance) for problem in problems} == {("time", NAME)}
    assert any(message in problem.message for problem in problems)


def test_a_missing_session_is_named(tree):
    shutil.rmtree(tree / "Session4")
    messages = [problem.message for problem in _problems(tree, "missing")]
    for part in ("dialog/EmoEvaluation", "dialog/transcriptions", "sentences/wav"):
        assert f"Session4/{part} is missing or empty; unpack the release again" in messages
    assert "dialogues: Ses04F_impro01 is missing; it is among the 20 in made-up.json" in messages


@pytest.mark.parametrize("part", ["dialog/EmoEvaluation", "dialog/transcriptions", "sentences/wav"])
def test_a_missing_part_of_a_dialogue_is_named(tree, part):
    (victim,) = (tree / "Session2" / part).glob("Ses02M_impro02*")
    shutil.rmtree(victim) if victim.is_dir() else victim.unlink()
    messages = [problem.message for problem in _problems(tree, "missing")]
    assert f"Session2/{part} has nothing of dialogue Ses02M_impro02" in messages


def test_a_whole_missing_dialogue_is_named(tree):
    for victim in tree.glob("Session2/*/*/Ses02M_impro02*"):
        shutil.rmtree(victim) if victim.is_dir() else victim.unlink()
    messages = [problem.message for problem in _problems(tree, "missing")]
    assert messages == ["dialogues: Ses02M_impro02 is missing; it is among the 20 in made-up.json"]


def test_without_its_own_counts_a_tree_is_compared_with_the_published_ones(tree):
    (tree / "made-up.json").unlink()
    messages = [problem.message for problem in _problems(tree)]
    assert "utterances is 120, published 10039" in messages
    assert any(
        message.startswith("labels: ang is 18, published 1103; hap is 18, published 595; ") for message in messages
    )
    assert "dialogues: Ses03M_impro06 is missing; it is among the 151 published" in messages


@pytest.mark.parametrize("text", ["[]", "{}", "no json", '{"counts": 3}'])
def test_bad_counts_of_a_made_up_tree_are_named(tree, text):
    (tree / "made-up.json").write_text(text)
    with pytest.raises(UserError, match=r"made-up.json.*; make the corpus again or delete it"):
        corpus("iemocap").check(tree)


def test_a_wrong_root_says_what_was_looked_for(tmp_path, tree):
    message = (
        "looked for Session1..Session5/dialog/EmoEvaluation and found none; give the folder that IEMOCAP_full_release"
    )
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        open_manifest("iemocap", tmp_path / "empty")
    with pytest.raises(UserError, match=f"did you mean {tree}"):
        open_manifest("iemocap", tree.parent)
    with pytest.raises(UserError, match="none is no folder"):
        open_manifest("iemocap", tmp_path / "none")


def test_an_empty_evaluation_file_is_named(tree):
    (tree / EVALUATION).write_text("")
    assert "Ses01F_impro01.txt holds no turns; restore the file" in _problems(tree, "empty")[0].message


def test_evaluation_blocks_may_be_of_any_length_and_touch(tmp_path):
    path = tmp_path / "Ses01F_impro01.txt"
    path.write_bytes(
        b"\xef\xbb\xbf% header\r\n"
        b"[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[1.5000, 2.5000, 4.0000]\r\n"
        b"[10.0 - 11]\tSes01F_impro01_F001\tfru\t[2.5000, 2.5000]\r\n"
        b"C-E2:\tFrustration; Anger;\t(mixed; mostly: [anger])\r\nA-E2:\tval ; act 3; dom  2;\t()\r\nC-F1:\t;\t()\r\n"
    )
    turns, problems = read_evaluation(path)
    wrong = "Ses01F_impro01.txt:3 Ses01F_impro01_F001 has 2 scores '[2.5000, 2.5000]', expected 3"
    assert [problem.message for problem in problems] == [wrong]
    assert [(turn.id, turn.start, turn.end, turn.label) for turn in turns] == [
        ("Ses01F_impro01_F000", 6.2901, 8.2357, "neu"),
        ("Ses01F_impro01_F001", 10.0, 11.0, "fru"),
    ]
    assert turns[0].scores == {"valence": 1.5, "activation": 2.5, "dominance": 4.0}
    assert turns[0].ratings == ()
    assert turns[1].scores == {}
    assert turns[1].ratings == (
        Rating("E2", ("Frustration", "Anger"), {"activation": 3.0, "dominance": 2.0}),
        Rating("F1", (), {}, True),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_transcriptions_are_read_in_either_encoding(tmp_path, encoding):
    path = tmp_path / "Ses01F_impro01.txt"
    path.write_bytes("Ses01F_impro01_F000 [006.2901-008.2357]: Caf\u00e9 [x]: yes.\nM: sorry\n".encode(encoding))
    (line,), problems = read_transcription(path)
    assert problems == []
    assert (line.id, line.start, line.end, line.text) == ("Ses01F_impro01_F000", 6.2901, 8.2357, "Caf\u00e9 [x]: yes.")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (b"great\x85 news", "great\u2026 news"),
        (b"great\xc2\x85news", "great\x85news"),
        (b"great\xe2\x80\xa8news", "great\u2028news"),
        (b"great\x0b\x0c\x1d\x1e news", "great\x0b\x0c\x1d\x1e news"),
    ],
)
def test_a_transcript_is_cut_at_the_ends_of_lines_alone(tree, said, meant):
    text = (tree / TRANSCRIPTION).read_bytes()
    lines = text.split(b"\n")
    (place,) = [number for number, line in enumerate(lines) if line.startswith(NAME.encode() + b" ")]
    lines[place] = lines[place].split(b"]: ")[0] + b"]: " + said
    (tree / TRANSCRIPTION).write_bytes(b"\r\n".join(lines))
    manifest = open_manifest("iemocap", tree)
    assert manifest.problems == ()
    assert next(one for one in manifest if one.id == NAME).transcript == meant


@pytest.mark.parametrize("said", ["", "a\0b", "\ufffd\ufffd"])
def test_a_transcript_that_is_none_is_named(tree, said):
    lines = (tree / TRANSCRIPTION).read_text("latin-1").split("\n")
    lines = [f"{line.split(']: ')[0]}]: {said}" if line.startswith(f"{NAME} ") else line for line in lines]
    (tree / TRANSCRIPTION).write_text("\n".join(lines), encoding="utf-8")
    (problem,) = _problems(tree)
    assert (problem.kind, problem.utterance) == ("transcript", NAME)
    assert next(one for one in open_manifest("iemocap", tree) if one.id == NAME).transcript == ""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[6.0", "[9.0", None),
        ("val 5;", "val 55;", "is rated by F1: has '55' as valence, expected 1 to 5; it is left out"),
        ("val 5;", "val five;", "is rated by F1: has 'five' as valence, expected 1 to 5; it is left out"),
        ("val 5;", "val -5;", "is rated by F1: has '-5' as valence, expected 1 to 5; it is left out"),
        ("\t[", "\t[9", "as valence, expected 1 to 5; it is left out"),
        ("\t[", "\t[x", "as valence, expected 1 to 5; it is left out"),
    ],
)
def test_ratings_that_are_none_are_named(tree, before, after, message):
    text = (tree / EVALUATION).read_text()
    (tree / EVALUATION).write_text(text.replace(before, after, 1))
    said = [problem.message for problem in _problems(tree, "score")]
    assert [message in one for one in said] == [True] if message else said == []


def test_an_unreadable_text_file_stops_the_reader(tree):
    (tree / TRANSCRIPTION).unlink()
    (tree / TRANSCRIPTION).mkdir()
    with pytest.raises(UserError, match=r"cannot read .*Ses01F_impro01.txt: Is a directory; make the corpus readable"):
        open_manifest("iemocap", tree)


def test_a_manifest_stands_for_its_corpus(sound, tmp_path):
    manifest = open_manifest("iemocap", sound[0])
    manifest.write(tmp_path / "m.jsonl")
    assert open_manifest("iemocap", tmp_path / "m.jsonl") == manifest
    (tmp_path / "other.jsonl").write_text('{"corpus": "mosi", "root": "."}\n')
    with pytest.raises(UserError, match=r"other.jsonl is a manifest of mosi, not of iemocap"):
        open_manifest("iemocap", tmp_path / "other.jsonl")


def test_unknown_names_are_said_with_the_nearest():
    with pytest.raises(UserError, match=r"unknown corpus 'iemocop': .*did you mean 'iemocap'"):
        corpus("iemocop")
    with pytest.raises(UserError, match=r"unknown label set of iemocap 'iemocap7': expected one of iemocap4, "):
        corpus("iemocap").label_set("iemocap7")
    assert corpus("iemocap").label_set("iemocap6").labels == ("neu", "sad", "ang", "hap", "exc", "fru")


def test_the_maker_and_the_reader_count_alike(sound):
    root, said = sound
    assert {key: corpus("iemocap").count(open_manifest("iemocap", root))[key] for key in tally(said)} == tally(said)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real recordings in IEMOCAP's layout")
def test_real_recordings_are_read():
    manifest = open_manifest("iemocap", REAL)
    assert manifest.problems == ()
    assert len(manifest) == 600
    assert Counter(one.speaker for one in manifest) == {f"Ses0{n}{letter}": 60 for n in range(1, 6) for letter in "FM"}
    assert {one.transcript for one in manifest if "[" not in one.transcript} == {
        "Kids are talking by the door.",
        "Dogs are sitting by the door.",
    }
    assert sum(one.duration for one in manifest) == pytest.approx(37 * 60, abs=60)


def test_a_line_that_is_no_rating_is_passed_over(tmp_path):
    path = tmp_path / "Ses01F_impro01.txt"
    summary = "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]"
    path.write_text(f"% [START]\n\n{summary}\nC-E2:\tNeutral;\t()\na remark\nA-E3:\tval 3; act 2; dom  2;\t()\n")
    [turn], problems = read_evaluation(path)
    assert [(one.rater, one.labels, len(one.scores)) for one in turn.ratings] == [
        ("E2", ("Neutral",), 0),
        ("E3", (), 3),
    ]
    assert problems == []
