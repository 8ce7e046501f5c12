"""``config.yaml``: every option of a fit, beside what comes of it."""

from __future__ import annotations

from pathlib import Path

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback


class SaveConfig(SaveConfigCallback):
    """Writes the whole resolved configuration into the run's folder, whatever logger there is."""

    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write ``config.yaml``; only a fit has one."""
        if stage == "fit":
            path = Path(trainer.default_root_dir) / self.config_filename
            path.parent.mkdir(parents=True, exist_ok=True)
            config = self.config.clone()
            if config.get("ckpt_path"):  # of this command alone: whoever uses the file names a checkpoint of his own
                config["ckpt_path"] = None
            self.parser.save(config, path, skip_none=False, overwrite=True, multifile=False)
