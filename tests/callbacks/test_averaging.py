"""The weights that are kept are those that were scored."""

import torch
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS

from mser.cli import main

EMA = [
    "--trainer.callbacks+=lightning.pytorch.callbacks.EMAWeightAveraging",
    "--trainer.callbacks.decay=0.5",
    "--data.init_args.batch_size=8",
]


def fit(tmp_path, *more):
    make_iemocap(tmp_path / "corpus", turns=6)
    return main(
        [
            "fit",
            f"--config={EXPERIMENTS / 'demo/text_only.yaml'}",
            f"--data.init_args.root={tmp_path / 'corpus'}",
            *("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"),
            *("--trainer.max_epochs=1", f"--trainer.default_root_dir={tmp_path / 'run'}", "--model.head_lr=0.1"),
            *more,
        ]
    )


def test_averaged_weights_are_kept_as_they_were_scored(tmp_path):
    assert fit(tmp_path, *EMA) == 0
    best, last = (torch.load(tmp_path / f"run/checkpoints/{name}.ckpt", weights_only=True) for name in ("best", "last"))
    assert set(best) & {"current_model_state", "averaging_state", "optimizer_states"} == set()
    for name, weight in best["state_dict"].items():
        torch.testing.assert_close(weight, last["state_dict"][name])
    assert not torch.equal(best["state_dict"]["head.1.weight"], last["current_model_state"]["head.1.weight"])


def test_an_average_that_nobody_validates_is_refused(tmp_path, capsys):
    swa = "--trainer.callbacks+=lightning.pytorch.callbacks.StochasticWeightAveraging"
    assert fit(tmp_path, swa, "--trainer.callbacks.swa_lrs=0.01") == 2
    assert "averages after the last validation" in capsys.readouterr().err
