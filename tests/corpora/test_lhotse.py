"""Manifests of lhotse, written by the library itself: as tables, and what can be wrong with them."""

import gzip
import json

import pytest
from fake.corpora.table import make_table
from lhotse import CutSet, Recording, RecordingSet, SupervisionSegment, SupervisionSet
from lhotse.audio import AudioSource

from mser.cli import main
from mser.corpora.table.corpus import open_table
from mser.data.audio import load
from mser.use.listed_clips import from_table

LABEL = ["--columns", "label=emotion"]


@pytest.fixture
def data(capsys):
    """Runs `mser data ACTION table`; gives exit code, standard output and standard error."""

    def run(action, path, *more):
        code = main(["data", action, "table", str(path), *map(str, more or LABEL)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refused(data):
    def run(path, *words):
        code, out, err = data("check", path)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert all(word in err for word in words), err

    return run


@pytest.fixture
def said(tmp_path, monkeypatch):
    """The rows of 36 clips below ``work/clips``; the manifests are made where their paths begin."""
    made = make_table(tmp_path / "work/made.csv")
    monkeypatch.chdir(tmp_path / "work")
    return made


def manifests(said):
    """Return recordings and supervisions, each of the part from 0.05 s to 0.25 s."""
    recordings = [Recording.from_file(row["audio"], recording_id=row["audio"][6:-4]) for row in said]
    segments = [
        SupervisionSegment(
            f"{one.id}-1",
            one.id,
            0.05,
            0.2,
            text=row["transcript"],
            speaker=row["speaker"],
            language="English",
            custom={"emotion": row["label"], "votes": [1, 2], "valence": 0.5},
        )
        for one, row in zip(recordings, said, strict=True)
    ]
    return RecordingSet.from_recordings(recordings), SupervisionSet.from_segments(segments)


def write(said, folder, *, kind="supervisions", part="", suffix=".jsonl.gz"):
    recordings, supervisions = manifests(said)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "supervisions":
        recordings.to_file(folder / f"made_recordings{part}{suffix}")
        supervisions.to_file(folder / f"made_supervisions{part}{suffix}")
        return folder / f"made_supervisions{part}{suffix}"
    cuts = CutSet.from_manifests(recordings=recordings, supervisions=supervisions)
    (cuts.trim_to_supervisions() if kind == "trimmed" else cuts).to_file(folder / f"cuts{part}{suffix}")
    return folder / f"cuts{part}{suffix}"


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
@pytest.mark.parametrize("kind", ["supervisions", "cuts", "trimmed"])
def test_every_segment_is_there_as_the_library_wrote_it(said, tmp_path, data, kind, suffix):
    path = write(said, tmp_path / "work/data/fbank", kind=kind, suffix=suffix)
    for where in (path, path.parent):
        code, out, err = data("check", where, "--json", *LABEL)
        summary = json.loads(out)
        assert (code, err, summary["utterances"], summary["speakers"], summary["splits"]) == (0, "", 36, 6, None)
        assert summary["notes"][0] == "columns that are not used: language, gender, valence"
    manifest = open_table(path, {"label": "emotion"}).read(path)
    found = {one.audio: one for one in manifest}
    for row in said:
        one = found[f"../../{row['audio']}"]
        assert (one.label, one.speaker, one.transcript) == (row["label"], row["speaker"], row["transcript"])
        assert (one.start, one.end) == (0.05, 0.25)
    first = next(iter(CutSet.from_file(path))) if kind == "trimmed" else None
    if first:
        one = found[f"../../{first.recording.sources[0].source}"]
        assert (load(manifest.root / one.audio, one.start, one.end).numpy() == first.load_audio()[0]).all()


def test_parts_of_a_folder_are_the_split(said, tmp_path, data, refused):
    folder = tmp_path / "sets"
    for part, speakers in (("train", "0123"), ("dev", "4"), ("test-clean", "5")):
        write([row for row in said if row["speaker"][1] in speakers], folder, part=f"_{part}")
    refused(folder, "none of its recordings can be used")  # no folder above has the clips
    folder.rename(tmp_path / "work/sets")
    _, out, _ = data("check", tmp_path / "work/sets", "--json", *LABEL)
    assert json.loads(out)["splits"] == {"train": 24, "val": 6, "test": 6}
    write(said, tmp_path / "work/sets", part="_all")
    refused(tmp_path / "work/sets", "made_supervisions_all.jsonl.gz and ", "; name the one that is meant")


def test_for_predicting_recordings_are_enough(said, tmp_path):
    recordings, _ = manifests(said)
    recordings.to_file("recordings.jsonl")
    clips = list(from_table(tmp_path / "work/recordings.jsonl", {}))
    assert (len(clips), clips[0].path, clips[0].end) == (36, str(tmp_path / "work/clips/s0_angry0.wav"), None)


def test_several_segments_of_one_recording(said, tmp_path, data):
    recordings, _ = manifests(said[:1])
    segments = [
        SupervisionSegment(str(n), "s0_angry0", 0.1 * n, 0.1, speaker="s0", custom={"emotion": label})
        for n, label in enumerate(("angry", "calm", "happy"))
    ]
    cuts = CutSet.from_manifests(recordings=recordings, supervisions=SupervisionSet.from_segments(segments))
    cuts.cut_into_windows(0.15).to_file("cuts.jsonl.gz")
    data("manifest", "cuts.jsonl.gz", "m.jsonl", *LABEL)
    rows = [json.loads(line) for line in (tmp_path / "work/m.jsonl").read_text().splitlines()[1:]]
    assert [(row.get("start", 0), row["end"], row["label"]) for row in rows] == [
        (0, 0.1, "angry"),
        (0.1, 0.15, "calm"),
        (0.15, 0.2, "calm"),
        (0.2, 0.3, "happy"),
    ]


def changed(path, change):
    """Write the first line of a manifest anew, and nothing else."""
    with gzip.open(path, "rt") as file:
        row = json.loads(file.readline())
    change(row)
    with gzip.open(path, "wt") as file:
        file.write(json.dumps(row) + "\n")
    return path


def test_commands_are_never_run(said, tmp_path, refused):
    recordings, supervisions = manifests(said[:1])
    for one in recordings:
        one.sources = [AudioSource("command", [0], "touch run; cat a.wav")]
    recordings.to_file("recordings.jsonl.gz")
    supervisions.to_file("supervisions.jsonl.gz")
    CutSet.from_manifests(recordings=recordings, supervisions=supervisions).to_file("cuts.jsonl")
    words = ["recording 's0_angry0' is a shell command ('touch run; cat a.wav'), and none is run"]
    for name in ("recordings.jsonl.gz", "supervisions.jsonl.gz", "cuts.jsonl"):
        refused(tmp_path / "work" / name, "line 1: ", *words)
    assert not (tmp_path / "work/run").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["sources"][0].update(type="url", source="https://x.org/a.wav"), ["is no file but a 'url'"]),
        (lambda r: r["sources"][0].update(type="shar"), ["is no file but a 'shar'"]),
        (lambda r: r["sources"].append(r["sources"][0]), ["has 2 sources"]),
        (lambda r: r["sources"].clear(), ["has 0 sources"]),
        (lambda r: r["sources"][0].update(channels=[0, 1]), ["is channel 0 of 2, which would all be mixed"]),
        (lambda r: r.update(transforms=[{"name": "Speed"}]), ["is changed while it is loaded (Speed)"]),
        (lambda r: r.update(sources="a.wav"), ["Expected `array`, got `str`"]),
        (lambda r: r.update(id=5), ["Expected `str`, got `int`"]),
        (lambda r: r.update(id="other"), ["supervisions.jsonl.gz, line 1 is of recording 's0_angry0', which is not"]),
    ],
)
def test_recordings_that_are_no_files(said, tmp_path, refused, change, words):
    path = write(said[:1], tmp_path / "work")
    changed(path.with_name("made_recordings.jsonl.gz"), change)
    refused(path, "recording", *words)


def test_effects_are_told_and_resampling_is_none(said, tmp_path, data, refused):
    recordings, supervisions = manifests(said)
    cuts = CutSet.from_manifests(recordings=recordings, supervisions=supervisions)
    cuts.resample(8000).to_file("cuts_8k.jsonl")
    assert data("check", "cuts_8k.jsonl")[0] == 0
    CutSet.from_cuts(one.perturb_speed(1.1) for one in cuts).to_file("cuts_fast.jsonl")
    refused("cuts_fast.jsonl", "line 1: recording 's0_angry0_sp1.1' is changed while it is loaded (Speed)")
    CutSet.from_cuts(one.pad(1) for one in cuts).to_file("padded.jsonl")
    refused("padded.jsonl", "line 1 is a 'MixedCut', which is put together while it is loaded; save its sound")
    path = changed(write(said, tmp_path / "work/fbank", kind="cuts"), lambda row: row.pop("recording"))
    refused(path, "line 1 has no recording, and features are not read")


def test_segments_that_cannot_be(said, tmp_path, refused, data):
    path = write(said, tmp_path / "work")
    changed(path, lambda row: row.update(start=-0.1))
    refused(path, "row 1: it starts at -0.1 s and ends at 0.1 s")
    changed(path, lambda row: row.update(start=0.1, duration=-0.05))
    refused(path, "row 1: it starts at 0.1 s and ends at 0.05 s")
    changed(path, lambda row: row.update(duration=9, custom={}))
    refused(path, "has no column 'emotion' for the label: it has audio, start, end, transcript, speaker, language, gen")
    changed(path, lambda row: row.update(custom={"emotion": "calm"}))
    refused(path, "none of its recordings can be used", "lasts 0.30 s, but the clip is from 0.10 to 9.10 s")
    changed(path, lambda row: row.update(speaker=None, duration=0.1))
    refused(path, "row 1: its speaker is empty")


def test_damaged_and_missing_manifests(said, tmp_path, refused):
    path = write(said, tmp_path / "work")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    refused(path, "made_supervisions.jsonl.gz after line ", "write the manifest again")
    path.write_bytes(b"no gzip")
    refused(path, "cannot read ", "after line 0: Not a gzipped file")
    path.write_bytes(gzip.compress(b'{"id": "a"}\n'))
    refused(path, "line 1 is no cut, supervision or recording of lhotse")
    path.write_bytes(gzip.compress(b"[1]\n"))
    refused(path, "after line 1: it is no JSON object")
    path.write_bytes(gzip.compress(b""))
    refused(path, "holds no rows")
    path.write_bytes(whole)
    path.with_name("made_recordings.jsonl.gz").unlink()
    refused(path, "has no made_recordings.jsonl or made_recordings.jsonl.gz beside it; name both so, or make cuts")
