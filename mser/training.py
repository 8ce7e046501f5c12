"""fit, validate, test and predict: Lightning's command line around our model and data."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

# What libraries say about themselves while loading is not what the user asked for.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")

import yaml
from jsonargparse import ArgumentError
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.utilities.exceptions import SIGTERMException

from mser.callbacks.checkpoints import BestCheckpoint, LastCheckpoint
from mser.callbacks.enough_updates import EnoughUpdates
from mser.callbacks.history import History
from mser.callbacks.non_finite import NonFinite
from mser.callbacks.out_of_memory import OutOfMemory
from mser.callbacks.predictions import WritePredictions, rows
from mser.callbacks.random_state import RandomState
from mser.callbacks.save_config import SaveConfig
from mser.callbacks.tested import CountTests
from mser.callbacks.tokenising import TokeniseSpeech
from mser.callbacks.whole_files import require_room
from mser.data import datamodules as datamodules  # makes `--data IEMOCAP` known
from mser.data.datamodules import Table
from mser.data.module import CorpusDataModule, Part
from mser.data.other_corpus import adapt, adapt_table
from mser.errors import UserError, one_line
from mser.fitting.config_files import require_readable
from mser.fitting.early import named_corpus
from mser.fitting.given_options import given as given_options
from mser.fitting.given_options import with_null
from mser.fitting.option_errors import explained, unmade
from mser.fitting.quiet import quiet
from mser.fitting.rehearsal import rehearse
from mser.fitting.resuming import read_checkpoint, require_own, require_same
from mser.fitting.scored import show
from mser.fitting.settled_options import settled
from mser.fitting.starting import start_from
from mser.fitting.subcommand_help import each_subcommand
from mser.fitting.trainers import alone_in_allocation, best_precision, require_possible, require_usable
from mser.plugins import imported
from mser.recognizer import EmotionRecognizer
from mser.runs.folder import BEST, CHECKPOINTS, CONFIG, LAST
from mser.runs.search_record import Searched

log = logging.getLogger(__name__)

TRAINER_DEFAULTS = {
    "default_root_dir": "runs/fit",
    "max_epochs": 15,
    "gradient_clip_val": 1.0,
    "logger": False,
    "num_sanity_val_steps": 0,  # two batches say nothing of a score that is taken over the whole part
    "use_distributed_sampler": False,  # ours shares out whole batches, without repeating utterances
    "enable_model_summary": False,
    "plugins": {"class_path": "mser.callbacks.whole_files.WholeFiles"},
}


_STRICT = {"exit_on_error": False, "allow_abbrev": False}
_SEARCHED = "the search that these options come from, as `mser sweep` writes it into best.yaml; reports tell of it"


class MserCLI(LightningCLI):
    """LightningCLI with one model, any corpus, and what must agree linked together."""

    trained_on: dict[str, Any] | None = None

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add both checkpoints, early stopping on the score that chooses the best one, and what else has options."""
        parser.add_lightning_class_args(BestCheckpoint, "checkpoint")
        parser.add_lightning_class_args(LastCheckpoint, "resume")
        parser.add_lightning_class_args(EarlyStopping, "early_stopping")
        parser.add_lightning_class_args(EnoughUpdates, "learning")
        parser.add_lightning_class_args(NonFinite, "non_finite")
        parser.add_argument("--searched", type=Searched | None, default=None, help=_SEARCHED)
        parser.set_defaults({"early_stopping.patience": 4, "early_stopping.monitor": "val/ua"})
        adam = {"class_path": "torch.optim.AdamW", "init_args": {"lr": 2e-5, "fused": True}}
        parser.set_defaults({"model.optimizer": adam})
        parser.add_argument(
            "--from",
            type=str | None,
            default=None,
            help="a model folder or a checkpoint to start a fit from; its labels may be others, for which there is a "
            "new head then",
        )
        parser.link_arguments("checkpoint.monitor", "early_stopping.monitor")
        parser.link_arguments("checkpoint.mode", "early_stopping.mode")
        parser.link_arguments("seed_everything", "data.init_args.seed")
        parser.link_arguments("data.label_names", "model.labels", apply_on="instantiate")

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse, and look whether the checkpoint can be read: Lightning takes settings from it next."""
        words = list(args or sys.argv[1:])
        self._classes = [option.value for option in given_options(words) if option.name in ("data", "data.class_path")]
        try:
            super().parse_arguments(parser, args)
        except (ArgumentError, TypeError, AttributeError) as error:
            subcommands = getattr(self, "_subcommand_parsers", {})
            fault = explained(error, subcommands.get(words[0], parser) if words else parser, words)
            if not isinstance(error, ArgumentError) and str(fault) == one_line(error):
                raise
            raise fault from error
        require_possible(self.config[self.config.subcommand] if self.config.get("subcommand") else self.config)
        checkpoint = self.config[self.config.subcommand].get("ckpt_path") if self.config.get("subcommand") else None
        if checkpoint is not None and checkpoint != "last":
            saved = read_checkpoint(Path(checkpoint))
            self.trained_on = saved.get("trained_on")
            if self.config.subcommand == "fit" and "optimizer_states" not in saved:
                raise UserError(
                    f"{checkpoint} holds weights alone, from which nothing can be resumed; start a new fit from them "
                    f"by --from, or resume with --ckpt_path last"
                )

    def before_instantiate_classes(self) -> None:
        """Settle the precision, so that ``config.yaml`` states it; let a run's file be used with another corpus."""
        trainer = self.config.get(str(self.subcommand), self.config).trainer
        trainer.precision = trainer.precision or best_precision(trainer.accelerator)
        if self.subcommand in ("validate", "test", "predict"):
            data = self.config[self.subcommand].data
            adapted = vars(data.init_args)
            if which := getattr(imported(data.class_path), "corpus", None):
                first = named_corpus(next(iter(self._classes), None))
                trained_on = ({"corpus": first.name} if first else {}) | dict(self.trained_on or {})
                adapted = adapt(which, adapted, trained_on)
            elif imported(data.class_path) is Table:
                adapted = adapt_table(adapted, self.trained_on or {})
            for name, value in adapted.items():
                data.init_args[name] = value

    def before_fit(self) -> None:
        """Refuse to mix a new fit with an old one's files (`mser crossval` resumes by itself)."""
        folder = Path(self.trainer.default_root_dir)
        self._require_own_checkpoint()
        if (folder / CHECKPOINTS).exists() and not self.config_init["fit"]["ckpt_path"]:
            raise UserError(
                f"{folder} holds the checkpoints of an earlier fit; choose another --trainer.default_root_dir, "
                "or resume with --ckpt_path last"
            )
        if self.config_init["fit"]["ckpt_path"] == "last":
            path = folder / CONFIG
            advice = f"resume with the same (--config {path}), or choose another --trainer.default_root_dir"
            settings = yaml.safe_load(self.parser.dump(self.config, skip_none=False))["fit"]
            require_same(path, yaml.safe_dump(settings), advice, trainer_too=False)
        require_room(folder, self.model)
        rehearse(self.model, self.model_options(), self.datamodule.label_set)

    def before_test(self) -> None:
        """Refuse a checkpoint of another experiment, and weights that nobody trained."""
        if not self.config_init[self.subcommand]["ckpt_path"]:
            raise UserError(
                f"{self.subcommand} needs a trained model: give --ckpt_path, such as {BEST} in the folder of the fit"
            )
        self._require_own_checkpoint()

        if self.subcommand != "predict":
            self.config_init[self.subcommand]["verbose"] = False  # our own table has floors

    before_validate = before_predict = before_test

    def after_test(self) -> None:
        """Show the scores of the part."""
        part: Part = "test" if self.subcommand == "test" else "val"
        table = rows(self.model, self.datamodule, part)  # every process must take part
        if self.trainer.is_global_zero:
            show(table, self.datamodule.label_set, exclusive=self.model.objective.exclusive, part=part)

    after_validate = after_test

    def model_options(self) -> dict[str, Any]:
        """Return the options of the model as ``config.yaml`` states them."""
        parser = self._parser(self.subcommand) if self.subcommand else self.parser
        config = self.config.get(str(self.subcommand), self.config)
        options: dict[str, Any] = json.loads(parser.dump(config, format="json", skip_none=False))["model"]
        return options

    def after_fit(self) -> None:
        """Say what was chosen and where it lies."""
        best = self.trainer.checkpoint_callback
        if isinstance(best, BestCheckpoint) and not best.best_model_path:
            raise UserError(
                "the fit ended before anything was validated, so no weights are kept; give it more time or updates "
                "(trainer.max_time, trainer.max_steps)"
            )
        if isinstance(best, BestCheckpoint) and best.best_model_score is not None:
            log.info("best %s %.3f: %s", best.monitor, best.best_model_score, best.best_model_path)

    def instantiate_classes(self) -> None:
        """Make model, data and trainer; what one of them says of its options is said in one line."""
        try:
            super().instantiate_classes()
        except ValueError as error:
            fault = unmade(error)
            raise fault from (None if fault is error.__cause__ else error)
        if (source := self._options().get("from")) and self.subcommand in (None, "fit"):
            start_from(source, self.model, self.datamodule)

    def _options(self) -> Any:
        """Return the options of the subcommand, or of all where there is none."""
        return self.config.get(str(self.subcommand), self.config)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Return the trainer; what this machine does not have is said in one line."""
        try:
            trainer = super().instantiate_trainer(**kwargs)
        except (MisconfigurationException, ModuleNotFoundError, ValueError, RuntimeError, TypeError) as error:
            raise UserError(
                f"no such trainer on this machine: {one_line(error)} Check trainer.accelerator, "
                "trainer.devices, trainer.strategy and trainer.precision"
            ) from error
        config = self.config.get(str(self.subcommand), self.config).trainer
        require_usable(trainer, precision=config.precision, overfit_batches=config.overfit_batches)
        return trainer

    def _require_own_checkpoint(self) -> None:
        checkpoint = self.config_init[self.subcommand]["ckpt_path"]
        path = Path(self.trainer.default_root_dir) / LAST if checkpoint == "last" else Path(checkpoint or "")
        if checkpoint and (checkpoint != "last" or path.exists()):
            require_own(path, self.model, self.datamodule)


def main(argv: list[str] | None = None) -> int:
    """Run one of fit, validate, test, predict.

    Args:
        argv: the subcommand and its options.

    Returns:
        0, or 143 when it was asked to end (SIGTERM) and has done so.
    """
    alone_in_allocation()
    try:
        command_line(argv, run=True)
    except SIGTERMException:
        return 128 + signal.SIGTERM
    except (MisconfigurationException, ValueError) as error:  # how many batches there are is known only now
        if type(error) is ValueError and "val_check_interval" not in str(error):
            raise
        raise UserError(f"{one_line(error)[:500]} (an option of trainer asks for what cannot be; change it)") from error
    return 0


def command_line(argv: list[str] | None, *, run: bool, kind: type[MserCLI] = MserCLI) -> MserCLI:
    """Return the parsed and instantiated command line; with `run`, after running its subcommand.

    Raises:
        UserError: for options that do not exist or do not fit.
    """
    argv = with_null(sys.argv[1:] if argv is None else argv)
    require_readable(argv)
    argv = settled(argv)
    quiet()
    try:
        return kind(
            EmotionRecognizer,
            CorpusDataModule,
            subclass_mode_data=True,
            save_config_callback=SaveConfig,
            save_config_kwargs={"save_to_log_dir": False},
            trainer_defaults={
                **TRAINER_DEFAULTS,
                "callbacks": [
                    *(CountTests(), WritePredictions(), History(), RandomState(), TokeniseSpeech(), OutOfMemory())
                ],
            },
            seed_everything_default=1,
            auto_configure_optimizers=False,
            parser_kwargs=each_subcommand(_STRICT) if run else _STRICT,
            args=argv,
            run=run,
        )
    except ArgumentError as error:
        raise UserError(one_line(error)) from error
    except (UnicodeDecodeError, RecursionError) as error:
        message = (
            "is not in UTF-8" if isinstance(error, UnicodeDecodeError) else "is nested too deeply, or within itself"
        )
        raise UserError(f"a --config file {message} ({str(error)[:200]}); save it again as text in UTF-8") from error
