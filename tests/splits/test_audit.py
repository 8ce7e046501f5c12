import dataclasses
import json
import shutil

import pytest
from fake.corpora.iemocap import make_iemocap

from mser.cli import main
from mser.corpora import corpus, open_manifest
from mser.errors import UserError
from mser.manifest import Utterance
from mser.report.audit_findings import findings
from mser.splits.audit import _within_parts, audit, named, overlaps, require_sound
from mser.splits.audit_result import Audit
from mser.splits.protocols import Fold, Protocol

IEMOCAP = corpus("iemocap")
PROTOCOLS = [protocol.name for protocol in IEMOCAP.protocols]

ONE = Fold(1, "one", train=("a", "b"), val=("c",), test=("d",))


@pytest.fixture
def turns(tmp_path):
    """Four utterances in files of the same size that share nothing."""
    for name in "abcd":
        (tmp_path / f"{name}.wav").write_bytes(name.encode() * 5000)
    return {name: Utterance(name, f"{name}.wav", 1.0, "", f"speaker {name}", f"group {name}") for name in "abcd"}


def _found(turns, tmp_path, **changes):
    changed = {name: dataclasses.replace(one, **changes.get(name, {})) for name, one in turns.items()}
    found = audit(changed.values(), [ONE], tmp_path).facts()
    return {name: number for name, number in found.items() if name.endswith("overlap") and number}


def test_parts_that_share_nothing_have_no_overlap(turns, tmp_path):
    assert _found(turns, tmp_path) == {}


@pytest.mark.parametrize("what", ["speaker", "group"])
def test_shared_speakers_and_groups_are_counted_by_pair_of_parts(turns, tmp_path, what):
    assert _found(turns, tmp_path, a={what: "x"}, d={what: "x"}) == {f"{what}_overlap": 1}
    assert _found(turns, tmp_path, a={what: "x"}, c={what: "x"}) == {f"val_{what}_overlap": 1}
    assert _found(turns, tmp_path, c={what: "x"}, d={what: "x"}) == {f"val_test_{what}_overlap": 1}
    assert _found(turns, tmp_path, a={what: "x"}, b={what: "x"}) == {}


def test_unknown_speakers_are_shared_by_nobody_and_counted(turns, tmp_path):
    def found(**changes):
        return audit(
            [dataclasses.replace(one, **changes.get(one.id, {})) for one in turns.values()], [ONE], tmp_path
        ).facts()

    nobody = {"speaker": ""}
    some = found(a=nobody, c=nobody, d=nobody)
    assert (some["speaker_overlap"], some["val_test_speaker_overlap"], some["unknown_speakers"]) == (0, 0, 3)
    none = found(**dict.fromkeys("abcd", nobody))
    assert (none["speaker_overlap"], none["val_speaker_overlap"], none["unknown_speakers"]) == (None, None, 4)
    assert overlaps(IEMOCAP.protocol(), Audit.of_facts(none)) == []
    assert [line.text for line in findings(some) if "Nobody" in line.text] == [
        "Nobody says who speaks in 3 utterances: these may be speakers of several parts."
    ]
    assert not any("Nobody" in line.text for line in findings(none) + findings(found()))


def test_a_copied_file_is_the_same_audio(turns, tmp_path):
    shutil.copy(tmp_path / "a.wav", tmp_path / "d.wav")
    assert _found(turns, tmp_path) == {"audio_overlap": 1}


def test_files_that_differ_in_one_late_byte_are_not_the_same(turns, tmp_path):
    (tmp_path / "d.wav").write_bytes(b"a" * 4999 + b"x")
    assert _found(turns, tmp_path) == {}


def test_parts_of_one_file_are_the_same_audio_where_they_overlap(turns, tmp_path):
    def spans(start, end):
        return _found(turns, tmp_path, a={"audio": "a.wav", "start": 1.0, "end": 2.0},
                      d={"audio": "a.wav", "start": start, "end": end})  # fmt: skip

    assert spans(2.0, 3.0) == {}
    assert spans(0.0, 1.0) == {}
    assert spans(1.9, 3.0) == {"audio_overlap": 1}
    assert spans(0.0, None) == {"audio_overlap": 1}


def test_a_missing_file_is_named(turns, tmp_path):
    (tmp_path / "c.wav").unlink()
    with pytest.raises(UserError, match=r"cannot read .*c\.wav: No such file or directory; see `mser data check`"):
        audit(turns.values(), [ONE], tmp_path)


def test_overlaps_are_summed_over_folds(turns, tmp_path):
    turns["d"] = dataclasses.replace(turns["d"], speaker="speaker a")
    assert audit(turns.values(), [ONE, ONE], tmp_path).between[""].speaker_overlap == 2


def test_near_duplicates_are_a_share_of_the_transcripts_long_enough(tmp_path):
    said = {
        "a": ("improvised", "well I never said that"),
        "b": ("improvised", "Well, I never said that!"),
        "c": ("improvised", "the rain in spain stays"),
        "d": ("scripted", "in spain the rain falls"),
        "e": ("improvised", "oh yes"),
    }
    for name in said:
        (tmp_path / name).write_text(name)
    utterances = [Utterance(name, name, 1.0, text, name, name, style=style) for name, (style, text) in said.items()]
    fold = Fold(1, "one", train=("a",), val=("c",), test=("b", "d", "e"))
    found = audit(utterances, [fold], tmp_path).facts()
    assert found["near_duplicate_transcripts"] == 0.5
    assert found["near_duplicate_transcripts_by_style"] == {"improvised": 1.0, "scripted": 0.0}


def test_where_nothing_is_long_enough_there_is_no_share(turns, tmp_path):
    found = audit(turns.values(), [ONE], tmp_path).facts()
    assert (found["near_duplicate_transcripts"], found["near_duplicate_transcripts_by_style"]) == (None, {})
    assert found["compared_transcripts"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": {"speaker": "x"}, "d": {"speaker": "x"}}, "train and test share 1 speaker"),
        ({"a": {"group": "x"}, "d": {"group": "x"}}, "train and test share 1 group"),
        ({"d": {"audio": "b.wav"}}, "train and test share 1 recording"),
        ({"b": {"speaker": "x"}, "c": {"speaker": "x"}}, "train and val share 1 speaker"),
        ({"b": {"group": "x"}, "c": {"group": "x"}}, "train and val share 1 group"),
        ({"c": {"speaker": "x"}, "d": {"speaker": "x"}}, "val and test share 1 speaker"),
        ({"d": {"audio": "c.wav"}}, "val and test share 1 recording"),
    ],
)
def test_an_undeclared_overlap_stops_the_run(turns, tmp_path, changes, message):
    with pytest.raises(UserError, match=f"iemocap/loso5: {message}.* expected none"):
        require_sound(IEMOCAP.protocol("iemocap/loso5"), Audit.of_facts(_found(turns, tmp_path, **changes)))


def test_a_declared_overlap_of_val_with_train_does_not(turns, tmp_path):
    superb = IEMOCAP.protocol("iemocap/superb")
    same = {"speaker": "x", "group": "x", "audio": "a.wav"}
    require_sound(superb, Audit.of_facts(_found(turns, tmp_path, a=same, c=same)))
    with pytest.raises(UserError, match="train and test share 1 speaker"):
        require_sound(superb, Audit.of_facts(_found(turns, tmp_path, a={"speaker": "x"}, d={"speaker": "x"})))


def test_a_declared_overlap_with_test_is_counted_but_stops_nothing(turns, tmp_path):
    heard = Protocol(
        "x/official", "Its speakers are in all parts.", lambda _: [], shares_with_test=frozenset({"speaker"})
    )
    found = _found(turns, tmp_path, a={"speaker": "x"}, c={"speaker": "x"}, d={"speaker": "x"})
    assert found == {"speaker_overlap": 1, "val_speaker_overlap": 1, "val_test_speaker_overlap": 1}
    assert overlaps(heard, Audit.of_facts(found)) == ["val_speaker_overlap"]
    require_sound(dataclasses.replace(heard, shares=frozenset({"speaker"})), Audit.of_facts(found))
    with pytest.raises(UserError, match="x/official: train and test share 1 group"):
        require_sound(heard, Audit.of_facts(_found(turns, tmp_path, a={"group": "x"}, d={"group": "x"})))


def test_a_session_may_be_split_between_val_and_test(turns, tmp_path):
    loso10 = IEMOCAP.protocol("iemocap/loso10")
    found = _found(turns, tmp_path, c={"group": "x"}, d={"group": "x"})
    assert found == {"val_test_group_overlap": 1}
    assert overlaps(loso10, Audit.of_facts(found)) == []
    require_sound(loso10, Audit.of_facts(found))
    with pytest.raises(UserError, match="train and test share 1 group"):
        require_sound(loso10, Audit.of_facts(_found(turns, tmp_path, a={"group": "x"}, d={"group": "x"})))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    root = tmp_path_factory.mktemp("iemocap")
    make_iemocap(root, turns=8)
    return open_manifest("iemocap", root)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_is_sound_on_a_sound_corpus(manifest, name):
    utterances = corpus("iemocap").label_set().select(manifest)
    found = audit(utterances, IEMOCAP.protocol(name).folds(utterances), manifest.root)
    assert overlaps(IEMOCAP.protocol(name), found) == []
    found = found.facts()
    assert {
        one: number for one, number in found.items() if one.startswith(("speaker", "group", "audio")) and number
    } == {}
    assert (found["val_speaker_overlap"] > 0) == (name == "iemocap/superb")
    assert (found["near_duplicate_transcripts"] == 0) == (
        name in ("iemocap/loso5-textdisjoint", "iemocap/loso5-improvised")
    )


def test_taking_the_speaker_from_the_first_part_of_the_name_is_caught(manifest):
    utterances = [
        dataclasses.replace(one, speaker=one.id[:6]) for one in corpus("iemocap").label_set().select(manifest)
    ]
    loso10 = IEMOCAP.protocol("iemocap/loso10")
    found = audit(utterances, loso10.folds(utterances), manifest.root)
    assert (
        found.between[""].speaker_overlap == 0
    )  # the wrong speakers seem apart; the right ones are in two parts of a fold
    truth = {one.id: one.speaker for one in manifest}
    assert any({truth[i] for i in fold.val} & {truth[i] for i in fold.test} for fold in loso10.folds(utterances))


def test_the_odd_dialogues_read_by_character_would_share_speakers(manifest):
    wrong = [
        dataclasses.replace(one, speaker=one.speaker[:5] + ("M" if one.group[-1] in "ab" else one.gender))
        for one in corpus("iemocap").label_set().select(manifest)
    ]
    folds = IEMOCAP.protocol("iemocap/loso10").folds(wrong)
    right = open_manifest("iemocap", manifest.root)
    found = audit(right, folds, manifest.root)
    assert found.between["val_test_"].speaker_overlap > 0
    with pytest.raises(UserError, match=r"iemocap/loso10: val and test share [0-9]+ speaker"):
        require_sound(IEMOCAP.protocol("iemocap/loso10"), found)


def test_copies_are_within_a_part_only_where_both_are_in_it():
    class Recordings:
        def copies(self):
            return [("a", "b"), ("d", "a"), ("c", "a"), ("a", "d"), ("a", "elsewhere"), ("elsewhere", "a")]

    assert list(_within_parts([ONE], Recordings())) == [("a", "b")]


def test_a_manifest_whose_paths_name_no_file_is_told_with_its_line(tmp_path, capsys):
    row = {"id": "a", "audio": "a\0.wav", "duration": 1.0, "transcript": "", "speaker": "s", "group": "g"}
    header = {"corpus": "iemocap", "root": str(tmp_path), "problems": []}
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (header, row)))
    assert main(["data", "folds", "iemocap", str(tmp_path / "m.jsonl")]) == 2
    assert "m.jsonl:2 is no utterance: its audio is 'a\\x00.wav', which names no file" in capsys.readouterr().err


def test_three_pairs_of_copies_are_named_and_more_hinted_at():
    def shown(number):
        pairs = [f"a{place} in b{place}" for place in range(number)]
        return named(Audit.of_facts({"recording_copy_pairs": {"recording_copies": pairs}}), ["audio_overlap"])

    assert shown(0) == ""
    assert shown(2) == " (a0 in b0; a1 in b1)"
    assert shown(3) == " (a0 in b0; a1 in b1; a2 in b2)"
    assert shown(4) == " (a0 in b0; a1 in b1; a2 in b2; ...)"


def test_json_has_the_audit_in_one_order_and_gives_it_back(turns, tmp_path):
    shutil.copy(tmp_path / "a.wav", tmp_path / "d.wav")
    result = audit(turns.values(), [ONE], tmp_path)
    counts = ["speaker_overlap", "group_overlap", "audio_overlap", "recording_copies", "split_files"]
    assert list(result.facts()) == [
        *(prefix + name for prefix in ("", "val_", "val_test_") for name in counts),
        *("unknown_speakers", "copies_within_parts", "recording_copy_pairs", "uncompared_recordings", "alike_speakers"),
        *("tested_transcripts", "empty_transcripts", "near_duplicate_transcripts"),
        *("near_duplicate_transcripts_by_style", "compared_transcripts"),
    ]
    assert list(result.facts()["recording_copy_pairs"]) == [
        "recording_copies", "val_recording_copies", "val_test_recording_copies", "within"
    ]  # fmt: skip
    assert Audit.of_facts(json.loads(json.dumps(result.facts()))) == result


def test_an_audit_of_before_copies_were_listened_for_says_so_and_a_garbled_one_is_refused():
    assert Audit.of_facts({"audio_overlap": 0}).between[""].recording_copies is None
    with pytest.raises(UserError, match=r"the audit in protocol\.json: Expected `int | null`, got `str`"):
        Audit.of_facts({"val_speaker_overlap": "many"})
