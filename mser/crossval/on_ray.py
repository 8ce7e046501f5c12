"""Folds as the tasks of a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mser.crossval.errand import Errand
from mser.crossval.jobs import Job
from mser.crossval.local import killer
from mser.launching import connect

RETRIES = 5
"""How often a fold is taken up again after its machine was lost."""


class RayTask:
    """A job that a Ray cluster has taken over."""

    def __init__(self, reference: Any) -> None:
        self.reference = reference

    def ended(self) -> str | None:
        """Return None while it waits or runs, then what ended it if that was not the worker."""
        import ray

        if not ray.wait([self.reference], timeout=0)[0]:
            return None
        try:
            return killer(ray.get(self.reference))
        except ray.exceptions.RayError as error:
            return f"{type(error).__name__} of Ray"

    def stop(self) -> None:
        """Ask it to save itself and end."""
        import ray

        ray.cancel(self.reference)

    def kill(self) -> None:
        """End it."""
        import ray

        ray.cancel(self.reference, force=True)


class Ray:
    """Hands jobs to a Ray cluster.

    Args:
        options: of `--ray`.
        at_once: most jobs at a time.
    """

    def __init__(self, options: dict[str, Any], at_once: int) -> None:
        self.at_once = at_once
        self.resources = connect(options)

    def start(self, jobs: Sequence[Job]) -> list[RayTask]:
        """Hand over each job; those for which there is no room yet wait in the cluster."""
        import ray

        run = ray.remote(max_retries=RETRIES, **self.resources)(_run)
        errands = [Errand.of(replace(job, run=job.run.resolve())) for job in jobs]
        return [RayTask(run.options(name=errand.job.name).remote(errand)) for errand in errands]


def _run(errand: Errand) -> int:
    return errand()
