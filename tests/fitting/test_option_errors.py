"""An option that cannot be is answered with its name, its file and line, and the nearest ones, in one line."""

import pytest
from fake.places import EXPERIMENTS
from jsonargparse import ArgumentError

from mser.cli import main
from mser.errors import UserError
from mser.fitting.config_files import require_readable
from mser.fitting.option_errors import explained
from mser.training import MserCLI, command_line

DEMO = str(EXPERIMENTS / "demo/shallow.yaml")


@pytest.fixture(scope="module")
def parser():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MserCLI, "instantiate_classes", lambda self: None)
        return command_line([f"--config={DEMO}"], run=False).parser


def told(parser, *options):
    argv = [f"--config={DEMO}", *options]
    with pytest.raises(ArgumentError) as error:
        parser.parse_args(argv)
    said = str(explained(error.value, parser, argv))
    assert "\n" not in said
    assert len(said) < 600
    return said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--data.init_args.rot=X", "--data.init_args.rot is no option; did you mean --data.init_args.root"),
        ("--data.batchsize=8", "did you mean --data.init_args.batch_size"),
        ("--data.quux=8", "--data.init_args.quux is no option; expected one of data.init_args.root, "),
        ("--data.augment.speeds=2", "did you mean --data.init_args.augment.speed"),
        ("--data=Table --data.colums=2", "did you mean --data.init_args.columns"),
        ("--data=Table --data.max_second=2", "did you mean --data.init_args.max_seconds"),
        ("--data.batch_size=abc", "--data.init_args.batch_size is 'abc'; expected a whole number or null"),
        ("--data=IEMOCAPP", "--data is IEMOCAPP, which is no class that can be imported; did you mean IEMOCAP?"),
        ("--model.speach.name=tiny", "--model.speach.name is no option; did you mean --model.speech.name"),
        ("--modle.warmup=1", "did you mean --model.warmup?"),
        ("--model.speech.nam=tiny", "did you mean --model.speech.name"),
        ("--model.speech.pooling=men", "--model.speech.pooling is 'men'; expected first, last, mean, attention"),
        ("--model.optimizer=torch.optim.AdamX", "did you mean Adamax"),
        ("--model.optimizer.lrr=1", "did you mean --model.optimizer.init_args.lr?"),
        ("--model.optimizer.lr=abc", "--model.optimizer.init_args.lr is 'abc'; expected a number"),
        ("--model.fusion=NoSuch", "expected one of AttentiveStatistics, CoAttention, CrossAttention, Fusion, "),
        ("--trainer.max_epoch=3", "--trainer.max_epoch is no option; did you mean --trainer.max_epochs"),
        ("--trainer.max_epochs=many", "--trainer.max_epochs is 'many'; expected a whole number or null"),
        ("--trainer.logger=TensorBoardLoger", "did you mean TensorBoardLogger?"),
        ("--trainer.callbacks+=NoSuch", "--trainer.callbacks is NoSuch, which is no class that can be imported"),
        ("--checkpoint.monitr=x", "did you mean --checkpoint.monitor"),
        ("--seed_everything=true", "--seed_everything is True; expected a whole number"),
        ("--seed_everything=x", "--seed_everything is 'x'; expected a whole number"),
        ('--model.objective.class_weights={"ang":2}', "class_weights is a mapping; expected none, balanced"),
        ("--model.optimizer.betas=[1]", "--model.optimizer.init_args.betas is [1]; expected a list of 2 values"),
        ("--model.optimizer.betas=[a,b]", "betas is ['a', 'b']; expected "),
        ('--data.augment.speed={"a":1}', "--data.init_args.augment.speed is a mapping; expected a list"),
        ("--model.fusion=[x]", "--model.fusion is ['x']; expected another kind of value"),
        ('--model.fusion={"heads":2}', "--model.fusion is a mapping; expected "),
        ("--quux=3", "--quux is no option; `mser fit --help` lists them all"),
        ("stray", "stray is no option, and belongs to none"),
    ],
)  # fmt: skip
def test_on_the_command_line(options, said, parser):
    assert said in told(parser, *options.split())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("modle:\n  warmup: 1\n", "line 2: modle.warmup is no option; did you mean model.warmup?"),
        ("model:\n  speech:\n    nam: x\n", "line 3: model.speech.nam is no option; did you mean model.speech.name"),
        ("data:\n  class_path: IEMOCAP\n  init_args: {rot: x}\n", "line 3: data.init_args.rot is no option; did you"),
        ("trainer: {max_epochs: many}\n", "line 1: trainer.max_epochs is 'many'; expected a whole number or null"),
        ("data: MOSY\n", "line 1: data is MOSY, which is no class that can be imported; did you mean MOSI"),
        ("model:\n  speech: tiny\n", "line 2: model.speech is 'tiny'; expected options of its own, such as"),
        ("trainer:\n  callbacks:\n  - class_path: mser.callbacks.unfreezing.StagedUnfreezing\n"
         "    init_args: {txt: 1}\n", "line 2: mser.callbacks.unfreezing.StagedUnfreezing has no option txt; did you "
         "mean text?"),
    ],
)  # fmt: skip
def test_in_a_file(content, said, parser, tmp_path):
    (tmp_path / "own.yaml").write_text(content)
    answer = told(parser, f"--config={tmp_path}/own.yaml")
    assert answer.startswith(f"{tmp_path}/own.yaml, ")
    assert said in answer


def test_a_fit_of_nothing_and_what_is_no_options(capsys, tmp_path):
    assert main(["fit"]) == 2
    assert "nothing says what is to be learnt from; give --config FILE" in capsys.readouterr().err
    (tmp_path / "own.yaml").write_text("model: 3\n")
    options = ["fit", f"--config={DEMO}", f"--data.root={tmp_path}", f"--config={tmp_path}/own.yaml"]
    assert main(options) == 2
    assert "error: model is 3; expected options of its own" in capsys.readouterr().err
    (tmp_path / "own.yaml").write_text("[1, 2]\n")
    with pytest.raises(UserError, match=r"own\.yaml holds no options by name"):
        require_readable([f"--config={tmp_path}/own.yaml"])


def test_none_is_null(parser):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MserCLI, "instantiate_classes", lambda self: None)
        assert command_line([f"--config={DEMO}", "--model.text=None"], run=False).config.model.text is None


def test_what_a_value_says_is_not_what_is_expected(parser):
    option = "--data.init_args.max_seconds=Expected a <class 'dict'>"
    assert told(parser, option).endswith("; expected a number or null")
