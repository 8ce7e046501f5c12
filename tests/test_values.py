"""Values that cannot be are refused before anything is loaded; what is given twice is not taken once in silence."""

import hashlib
from types import SimpleNamespace

import pytest
import torch
from fake.trained import untrained
from jsonargparse import Namespace

import mser
from mser.cli import main
from mser.errors import UserError
from mser.fitting.trainers import require_possible
from mser.fusion import CoAttention
from mser.objectives import CrossEntropy
from mser.use.identity import warn_of_others
from mser.use.inputs import clips_of


def options(**changed):
    trainer = Namespace(max_epochs=3, max_steps=-1)
    given = Namespace(
        model=Namespace(optimizer=Namespace(class_path="torch.optim.AdamW")), trainer=trainer, seed_everything=1,
        early_stopping=Namespace(patience=4), resume=Namespace(minutes=10.0),
    )  # fmt: skip
    for name, value in changed.items():
        given[name.replace("__", ".")] = value
    return given


def test_values_of_a_fit_that_can_be():
    require_possible(options())
    require_possible(options(early_stopping__patience=0, trainer__min_epochs=3, trainer__num_sanity_val_steps=-1))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("early_stopping__patience", -1, "early_stopping.patience is -1; expected 0 or more"),
        ("resume__minutes", -1.0, "resume.minutes is -1.0; expected 0 or more"),
        ("trainer__min_epochs", 5, "trainer.min_epochs is 5, but trainer.max_epochs ends the fit after 3"),
        ("trainer__log_every_n_steps", -5, "trainer.log_every_n_steps is -5"),
        ("trainer__num_sanity_val_steps", -3, "trainer.num_sanity_val_steps is -3"),
        ("trainer__limit_test_batches", 0, "nothing would be tested"),
        ("trainer__num_nodes", 0, "trainer.num_nodes is 0; expected 1 or more"),
        ("trainer__default_root_dir", "", "expected a folder for what the fit writes"),
        ("model__optimizer__class_path", "torch.optim.SparseAdam", "model.optimizer is SparseAdam, which takes sparse"),
        ("model__optimizer__class_path", "torch.optim.LBFGS", "which takes no groups of parameters"),
        ("model", 3, "model is 3; expected options of its own"),
    ],
)
def test_values_of_a_fit_that_cannot_be(name, value, said):
    with pytest.raises(UserError) as refused:
        require_possible(options(**{name: value}))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "given", [{"heads": 0}, {"heads": -2}, {"layers": 0}, {"dropout": 2.0}, {"attention_dropout": -1.0}]
)
def test_parts_of_a_model(given):
    with pytest.raises(UserError, match=rf"model\.fusion\.init_args\.{next(iter(given))} is "):
        CoAttention(8, 8, **given)
    with pytest.raises(UserError, match=r"label_smoothing is 2; expected a share"):
        CrossEntropy(["a", "b"], label_smoothing=2)


@pytest.fixture
def folder(tmp_path):
    untrained(tmp_path / "model")
    return tmp_path / "model"


def test_a_device_that_computes_nothing(folder):
    with pytest.raises(UserError, match="the device 'meta' computes nothing; try cpu"):
        mser.load(folder, device="meta")


def test_columns_given_twice(folder, tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("file,label,speaker,other\na.wav,x,s,y\n")
    for columns, said in {
        "audio=file label=label --columns label=other": "label is given twice, as label and as other; keep one",
        "audio=file audio=other": "audio is given twice, as file and as other",
        "audio=file label=label,other": "--columns label=label,other names 2 columns; only score, votes and rater",
    }.items():
        assert main(["data", "check", "table", str(table), "--columns", *columns.split()]) == 2
        assert said in capsys.readouterr().err
    assert main(["predict", str(folder), "--table", str(table), "--columns", "audio=file", "audio=other"]) == 2
    assert "audio is given twice" in capsys.readouterr().err


def test_answers_are_counted_when_they_are_there(folder):
    model, told = mser.load(folder), []
    clips = [torch.randn(8000).numpy() * 0.1] * 130
    stream = model.stream(clips_of(clips, ["so"] * 130, 16000, {})[0], answered=told.append)
    next(stream)
    assert sum(told) == 130
    assert len([count for count in told if count]) > 1  # batch by batch, though the first answer comes with the last


def test_weights_of_another_model_are_told(folder, caplog):
    settings = mser.load(folder).settings
    weights = (folder / settings.members[0].weights).read_bytes()
    own = SimpleNamespace(is_onnx=False, members=settings.members, id=hashlib.sha256(weights).hexdigest()[:12])
    caplog.clear()
    warn_of_others(own, folder)
    assert not caplog.records
    (folder / settings.members[0].weights).write_bytes(weights[:-4] + b"\0\0\0\1")
    warn_of_others(own, folder)
    assert "they may be another model's" in caplog.text
