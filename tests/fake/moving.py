"""A callback that notes what a fit changes."""

from lightning.pytorch.callbacks import Callback


class Moved(Callback):
    """Notes which parameters end elsewhere than they began, and the learning rates they were given."""

    names: set[str] = set()  # noqa: RUF012
    rates: dict[str, float] = {}  # noqa: RUF012

    def on_fit_start(self, trainer, pl_module):
        self.before = {name: parameter.detach().clone() for name, parameter in pl_module.named_parameters()}

    def on_fit_end(self, trainer, pl_module):
        after = dict(pl_module.named_parameters())
        type(self).names = {name for name, tensor in self.before.items() if not tensor.equal(after[name])}
        type(self).rates = {group["name"]: group["initial_lr"] for group in trainer.optimizers[0].param_groups}
