"""Folds that are read from lists: EmoBox's, EMO-SUPERB's, a file of one's own, a column of a table."""

import csv
import json

import pytest
from fake.corpora.acted import make_crema_d, make_emodb, promise
from fake.corpora.meld import FOLDERS, clip, make_meld
from fake.corpora.table import make_table, rows

from mser.cli import main
from mser.corpora import corpus
from mser.errors import UserError


@pytest.fixture(scope="module")
def emodb(tmp_path_factory):
    """The recordings of two sentences, and EmoBox's way to list them: five folds that share the speakers."""
    root = tmp_path_factory.mktemp("emodb")
    names = make_emodb(root / "EmoDB", keep=lambda name: name[2:5] in ("a01", "b02"))
    promise(root / "EmoDB", utterances=len(names))
    write_emobox(root / "EmoBox/data", "emodb", [names[number::5] for number in range(5)])
    return root, names


def write_emobox(data, dataset, tested):
    everything = [name for part in tested for name in part]
    for number, part in enumerate(tested, 1):
        lists = {"train": [name for name in everything if name not in part], "test": part}
        for kind, names in lists.items():
            write_list(data / dataset / f"fold_{number}/{dataset}_{kind}_fold_{number}.jsonl", dataset, names)


def write_list(path, dataset, names, folder="wav", ending="wav"):
    path.parent.mkdir(parents=True, exist_ok=True)
    said = [
        {"key": f"{dataset}-{one}", "wav": f"downloads/{dataset}/{folder}/{one}.{ending}", "emo": "x"} for one in names
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in said))


def folds(capsys, *args, code=0):
    assert main(["data", "folds", *map(str, args), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def refused(capsys, told, *args):
    assert main(["data", "folds", *map(str, args)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("where", ["EmoBox", "EmoBox/data", "EmoBox/data/emodb"])
def test_emobox(emodb, capsys, where):
    root, names = emodb
    found = folds(capsys, "emodb", root / "EmoDB", "--protocol", "emobox/emodb", "--fold-lists", root / where)
    assert [fold["test"] for fold in found["folds"]] == [sorted(names[number::5]) for number in range(5)]
    for fold in found["folds"]:
        assert sorted(fold["train"] + fold["val"] + fold["test"]) == sorted(names)
        assert len(fold["val"]) == pytest.approx(len(fold["train"] + fold["val"]) / 5, abs=1)
    assert found["audit"]["speaker_overlap"] > 0
    protocol = corpus("emodb").protocol("emobox/emodb", root / where)
    assert "The tested speakers are heard in training too" in protocol.description


def test_the_other_spelling_of_emodb_lists_does_not_count(emodb, tmp_path, capsys):
    """EmoBox has both for EmoDB, with other ids in each."""
    root, names = emodb
    data = tmp_path / "data"
    write_emobox(data, "emodb", [names[number::5] for number in range(5)])
    write_list(data / "emodb/fold_1/emodb_test_fold1.jsonl", "emodb", names[1::5])
    there = ["--protocol", "emobox/emodb", "--fold-lists"]
    one = folds(capsys, "emodb", root / "EmoDB", *there, data)
    assert one["digest"] == folds(capsys, "emodb", root / "EmoDB", *there, root / "EmoBox")["digest"]


def test_emobox_of_meld_tells_the_parts_apart(tmp_path, capsys):
    said = make_meld(tmp_path / "MELD")
    kinds = {"train": "train", "dev": "valid", "test": "test"}
    for part, kind in kinds.items():
        path = tmp_path / f"EmoBox/data/meld/fold_1/meld_{kind}_fold_1.jsonl"
        write_list(path, "meld", [clip(row) for row in said[part]], FOLDERS[part].partition("/")[2], "mp4")
    own = folds(capsys, "meld", tmp_path / "MELD", "--protocol", "emobox/meld", "--fold-lists", tmp_path / "EmoBox")
    [published] = folds(capsys, "meld", tmp_path / "MELD")["folds"]
    assert [own["folds"][0][part] for part in kinds.values() if part != "valid"] == [
        published["train"],
        published["test"],
    ]
    assert own["folds"][0]["val"] == published["val"]


def test_emo_superb(tmp_path, capsys):
    said = make_crema_d(tmp_path / "CREMA-D", actors=[1001, 1002, 1003])
    promise(tmp_path / "CREMA-D")
    parts = ("Train", "Development", "Test")
    for number in range(1, 8):  # the sixth and seventh are other experiments
        path = tmp_path / f"EMO-SUPERB/data/CREMA-D/Primary/labels_consensus_{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["FileName", "angry", "SpkrID", "Gender", "Split_Set"])
            writer.writerows([f"{one}.wav", 0.4, one[:4], "Female", parts[(int(one[3]) + number) % 3]] for one in said)
    lists = ["--protocol", "emo-superb/crema_d", "--fold-lists", tmp_path / "EMO-SUPERB"]
    found = folds(capsys, "crema_d", tmp_path / "CREMA-D", *lists)
    assert [fold["name"] for fold in found["folds"]] == ["fold1", "fold2", "fold3", "fold4", "fold5"]
    assert {one[:4] for one in found["folds"][0]["test"]} == {"1001"}
    assert {one[:4] for one in found["folds"][0]["val"]} == {"1003"}
    assert found["audit"]["speaker_overlap"] == 0


def test_what_folds_prints_is_a_list(emodb, tmp_path, capsys):
    root, _ = emodb
    printed = folds(capsys, "emodb", root / "EmoDB")
    (tmp_path / "own.json").write_text(json.dumps(printed))
    again = folds(capsys, "emodb", root / "EmoDB", "--fold-lists", tmp_path / "own.json")
    assert (again["protocol"], again["digest"]) == ("lists/emodb", printed["digest"])


def test_a_column_of_a_table(tmp_path, capsys):
    said = [row | {"fold": 1 + int(str(row["speaker"])[1:]) % 4} for row in rows(speakers=8)]
    make_table(tmp_path / "own.csv", said)
    found = folds(capsys, "table", tmp_path / "own.csv", "--fold-lists", tmp_path / "own.csv")
    assert [fold["name"] for fold in found["folds"]] == ["1", "2", "3", "4"]
    by_name = {str(row["audio"]): row["fold"] for row in said}
    for fold in found["folds"]:
        number = int(fold["name"])
        assert {by_name[name] for name in fold["test"]} == {number}
        assert {by_name[name] for name in fold["val"]} == {number % 4 + 1}
    options = ["--data=Table", f"--data.init_args.root={tmp_path / 'own.csv'}", f"--out={tmp_path / 'run'}"]
    lists = [f"--data.init_args.fold_lists={tmp_path / 'own.csv'}", "--plan", "--model.speech.name=tiny"]
    assert main(["crossval", *options, *lists]) == 0
    plan = json.loads((tmp_path / "run/protocol.json").read_text())
    assert (plan["protocol"], plan["digest"]) == ("lists/table", found["digest"])


@pytest.mark.exhaustive
def test_a_fit_follows_the_lists(emodb, tmp_path):
    root, names = emodb
    options = ["--data=EmoDB", f"--data.init_args.root={root / 'EmoDB'}", "--data.init_args.protocol=emobox/emodb"]
    small = [
        "--model.speech.name=tiny",
        "--trainer.max_epochs=1",
        "--trainer.accelerator=cpu",
        "--data.init_args.labels=emodb4",
    ]
    lists = f"--data.init_args.fold_lists={root / 'EmoBox'}"
    options.append("--data.init_args.labels=emodb4")
    assert main(["crossval", *options, lists, *small, f"--out={tmp_path / 'run'}"]) == 0
    with (tmp_path / "run/seed1/fold2/predictions.csv").open(newline="") as file:
        tested = {row["utterance"] for row in csv.DictReader(file) if row["split"] == "test"}
    assert tested == {name for name in names[1::5] if name[5] in "NFTW"}


def test_refusals(emodb, tmp_path, capsys):
    root, names = emodb
    tree = root / "EmoDB"
    protocol = ["--protocol", "emobox/emodb"]
    refused(capsys, "emobox/emodb is read from lists of ids; say where they lie, by", "emodb", tree, *protocol)
    refused(
        capsys, "has no folds of EmoBox: looked for emodb/fold_1 in it", "emodb", tree, *protocol, "--fold-lists", tree
    )
    told = "unknown protocol of fold lists 'emo-superb/emodb': expected one of emobox/emodb, lists/emodb"
    refused(capsys, told, "emodb", tree, "--protocol", "emo-superb/emodb", "--fold-lists", root / "EmoBox")
    told = "unknown protocol of fold lists 'emobox/iemocap': expected one of emobox/emodb, lists/emodb"
    refused(capsys, told, "emodb", tree, "--protocol", "emobox/iemocap", "--fold-lists", root / "EmoBox")

    data = tmp_path / "data"
    write_emobox(data, "emodb", [names[number::5] for number in range(5)])
    path = data / "emodb/fold_2/emodb_train_fold_2.jsonl"
    whole = path.read_text()
    path.write_text(whole + json.dumps({"wav": f"wav/{names[1]}.wav"}) + "\n")
    lists = ["emodb", tree, *protocol, "--fold-lists", data]
    refused(capsys, f"emobox/emodb, fold2: {names[1]} is in train and in test; mend the lists", *lists)
    path.write_text(whole + json.dumps({"wav": "wav/99a01Wa.wav"}) + "\n")
    told = (
        f"emobox/emodb: 1 of {len(names) + 1} listed utterances are not here, such as 99a01Wa; `mser data check` says"
    )
    refused(capsys, told, *lists)
    path.write_text(whole + '{"key": "a"}\n')
    refused(capsys, f"{path}:{whole.count(chr(10)) + 1} is no {{\"wav\": ...}} ('wav'); get the lists again", *lists)
    path.unlink()
    refused(capsys, "fold_2 lacks emodb_train_fold_2.jsonl; get EmoBox's folder again", *lists)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("utterance,fold\na,1\nb,2\n", "own.csv has 2 folds, which leave nothing to train on; expected at least 3"),
        ("utterance,fold\na,1\na,2\n", "own.csv has a in fold 1 and in fold 2; mend the table"),
        ("utterance,fold\na,\n", "own.csv has a row without utterance or id or audio, or without fold; fill it in"),
        ("utterance\na\n", "own.csv has no column fold, but utterance; give the lists of folds"),
    ],
)
def test_tables_that_list_no_folds(tmp_path, text, told):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(UserError) as error:
        corpus("emodb").protocol(None, tmp_path / "own.csv")
    assert told in str(error.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"folds": [{"name": "a"}]}', '{"folds": 3}'])
def test_files_that_list_no_folds(tmp_path, text):
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(UserError, match=r"own.json is no \{\"folds\""):
        corpus("emodb").protocol(None, tmp_path / "own.json")
    with pytest.raises(UserError, match="cannot read the lists of folds"):
        corpus("emodb").protocol(None, tmp_path / "none.csv")
