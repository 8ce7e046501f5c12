"""Which settings may differ from those that something was begun with, and which checkpoints are of this experiment."""

from types import SimpleNamespace

import pytest
import torch
import yaml

from mser.errors import UserError
from mser.fitting.resuming import read_checkpoint, require_own, require_same

BEGUN = {
    "seed_everything": 1,
    "model": {"lr": 0.1, "text": {"pooling": "first"}},
    "data": {"init_args": {"root": "here", "num_workers": 2, "fold": 1}},
    "trainer": {"max_epochs": 3},
}
FACTS = {"corpus": "iemocap", "protocol": "loso5", "fold": 1, "label_set": "iemocap4", "labels": ["ang", "hap"]}
WEIGHTS = {"bias": torch.zeros(2), "weight": torch.zeros(2, 3)}


def changed(**settings):
    """Return what was begun with but for these, by dotted names with ``__`` for dots; None leaves one out."""
    config = yaml.safe_load(yaml.safe_dump(BEGUN))
    for dotted, value in settings.items():
        *outer, name = dotted.split("__")
        node = config
        for key in outer:
            node = node[key]
        node[name] = value
        if value is None:
            del node[name]
    return config


def refusal(folder, now, *, before=BEGUN, **how):
    (folder / "config.yaml").write_text(yaml.safe_dump(before))
    try:
        require_same(folder / "config.yaml", yaml.safe_dump(now), "begin anew", **how)
    except UserError as error:
        return str(error).removeprefix(f"{folder} was begun with ")
    return ""


CHANGES = {
    "nothing": ({}, "", ""),
    "the model": ({"model__lr": 0.2}, *["model.lr=0.1, now it is 0.2; begin anew"] * 2),
    "two": (
        {"model__lr": 0.2, "data__init_args__fold": 2},
        *["data.init_args.fold=1, now it is 2 (2 settings differ); begin anew"] * 2,
    ),
    "the seed": ({"seed_everything": 2}, *["seed_everything=1, now it is 2; begin anew"] * 2),
    "the trainer": ({"trainer__max_epochs": 4}, "trainer.max_epochs=3, now it is 4; begin anew", ""),
    "where it lies": ({"data__init_args__root": "on"}, "data.init_args.root=here, now it is on; begin anew", ""),
    "workers": ({"data__init_args__num_workers": 4}, "data.init_args.num_workers=2, now it is 4; begin anew", ""),
    "what was not there": ({"data__new": 4}, *["data.new=None, now it is 4; begin anew"] * 2),
    "the encoder's own pooling": ({"model__text__pooling": None}, "", ""),
    "another pooling": (
        {"model__text__pooling": "mean"},
        *["model.text.pooling=first, now it is mean; begin anew"] * 2,
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_may_differ_from_what_was_begun_with(case, tmp_path):
    settings, all_count, without_trainer = CHANGES[case]
    assert refusal(tmp_path, changed(**settings)) == all_count
    assert refusal(tmp_path, changed(**settings), trainer_too=False) == without_trainer


def test_only_the_first_token_is_what_an_encoder_s_own_pooling_was(tmp_path):
    mean, own = changed(model__text__pooling="mean"), changed(model__text__pooling=None)
    assert refusal(tmp_path, own, before=mean) == "model.text.pooling=mean, now it is None; begin anew"
    assert refusal(tmp_path, BEGUN, before=own) == "model.text.pooling=None, now it is first; begin anew"
    assert refusal(tmp_path, own, before=own) == ""


def test_where_nothing_was_begun_nothing_is_refused(tmp_path):
    require_same(tmp_path / "config.yaml", "model: {}", "begin anew")


def test_damaged_settings_are_not_compared(tmp_path):
    (tmp_path / "config.yaml").write_text("model: [")
    with pytest.raises(
        UserError, match=r"config\.yaml is damaged \(while .*\); delete it, and run the same command again"
    ):
        require_same(tmp_path / "config.yaml", "model: {}", "begin anew")


def own(folder, *, facts=FACTS, weights=WEIGHTS, **there):
    """Return why a checkpoint of other facts or weights than those here is refused; nothing where it is not."""
    torch.save({"state_dict": there.pop("state_dict", WEIGHTS), "trained_on": {**FACTS, **there}}, folder / "best.ckpt")
    model, data = (SimpleNamespace(state_dict=lambda: weights), SimpleNamespace(facts=lambda: facts))
    try:
        require_own(folder / "best.ckpt", model, data)
    except UserError as error:
        return str(error).removeprefix(f"{folder / 'best.ckpt'} is of another ")
    return ""


HERE = "give the config.yaml that lies with it, by --config"
OTHERS = {
    "the same": ({}, ""),
    "another fold": ({"fold": 2}, f"experiment: its fold is 2, here it is 1; {HERE}"),
    "another protocol": ({"protocol": "loso10"}, f"experiment: its protocol is loso10, here it is loso5; {HERE}"),
    "another corpus": ({"corpus": "meld", "fold": 2, "protocol": "official"}, ""),
    "another corpus, before it in the alphabet": ({"corpus": "crema_d", "fold": 2}, ""),
    "another seed": ({"seed": 7}, ""),
    "another label": (
        {"labels": ["ang", "sad"], "label_set": "two"},
        "the checkpoint knows ang, sad (two), the data have ang, hap; choose data.init_args.labels with the same",
    ),
    "another order": (
        {"labels": ["hap", "ang"]},
        "the checkpoint knows hap, ang (iemocap4), the data have ang, hap; these are the same in other words or in "
        "another order: leave data.init_args.labels out",
    ),
    "another shape": (
        {"state_dict": {"bias": torch.zeros(4), "weight": torch.zeros(4, 3)}},
        f"model: bias is (4,) there, (2,) here (2 weights differ); {HERE}",
    ),
    "one more": (
        {"state_dict": {**WEIGHTS, "added": torch.zeros(1)}},
        f"model: added is (1,) there, absent here (1 weights differ); {HERE}",
    ),
    "one less": (
        {"state_dict": {"bias": torch.zeros(2)}},
        f"model: weight is absent there, (2, 3) here (1 weights differ); {HERE}",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_checkpoint_is_of_this_experiment(case, tmp_path):
    there, message = OTHERS[case]
    assert own(tmp_path, **there) == message


def test_weights_stay_on_disk_until_they_are_used(tmp_path):
    assert own(tmp_path) == ""
    saved = read_checkpoint(tmp_path / "best.ckpt")
    assert saved["trained_on"] == FACTS
    assert torch.equal(saved["state_dict"]["weight"], WEIGHTS["weight"])
    with pytest.raises(
        UserError, match=r"there is no checkpoint .*other\.ckpt; a fit writes checkpoints/best\.ckpt into"
    ):
        read_checkpoint(tmp_path / "other.ckpt")


def test_what_is_no_checkpoint_is_refused(tmp_path):
    torch.save({"weights": {}}, tmp_path / "best.ckpt")
    with pytest.raises(UserError, match=r"best\.ckpt is no checkpoint of mser, or a damaged one"):
        read_checkpoint(tmp_path / "best.ckpt")
