"""Checks of a study's models: their weights, and the GPUs that they are run on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Settings
from unicost.doctor.lacks import Lack
from unicost.miniature.weights import SHIPPED
from unicost.models.device import visible
from unicost.models.package_weights import package_file
from unicost.models.weights import checkpoint_folder


def weights(settings: Settings, study: str) -> Iterator[Lack]:
    """Checkpoints that are not where the models' entries say. What is trained here first does not lack."""
    runs = [entry.run for entry in settings.study_models(study).values() if entry.run is not None]
    for run in runs:
        if run.weights == "folder":
            try:
                checkpoint_folder(run.checkpoint, run.adapter)
            except BadCheckpoint as error:
                yield Lack("weights", str(error))
        if run.weights == "package":
            try:
                package_file(run.checkpoint)
            except BadCheckpoint as error:
                yield Lack("weights", str(error))
    if settings.main.miniature_weights == "shipped":
        yield from _not_shipped([run.checkpoint for run in runs if run.weights == "miniature"])


def _not_shipped(checkpoints: Sequence[str]) -> Iterator[Lack]:
    absent = [name for name in checkpoints if not (SHIPPED / f"{name}.safetensors").is_file()]
    if absent:
        more = f" and {len(absent) - 1} more do" if len(absent) > 1 else " does"
        yield Lack(
            "weights", f"'{absent[0]}'{more} not ship; train here with `--config miniature_weights=trained` (hours)"
        )


def gpus(settings: Settings, study: str) -> Iterator[Lack]:
    """A model whose job asks for more GPUs than there are."""
    wanted = {name: entry.run.gpus for name, entry in settings.study_models(study).items() if entry.run is not None}
    most = max(wanted, key=lambda name: wanted[name], default=None)
    if most is not None and wanted[most] and wanted[most] > visible_gpus():
        yield Lack(
            "GPUs",
            f"model '{most}' wants {wanted[most]} and {visible_gpus()} can be seen; run where there are enough, "
            "or set its run.gpus to 0 if it is small",
        )


@cache
def visible_gpus() -> int:
    """GPUs that a job can use."""
    return len(visible())
