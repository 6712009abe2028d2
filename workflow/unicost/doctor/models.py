"""Checks of a study's models: their weights, and the GPUs that they are run on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Final

from unicost.config import Settings
from unicost.doctor.lacks import Lack
from unicost.miniature.weights import SHIPPED
from unicost.models.checkpoint import BadCheckpoint
from unicost.models.package_weights import package_file
from unicost.models.weights import checkpoint_folder

_TIMEOUT: Final = 10.0
"""Seconds that the driver has to answer."""


def weights(settings: Settings, study: str) -> Iterator[Lack]:
    """Checkpoints that are not where the models' entries say. What is trained here first does not lack."""
    runs = [entry.run for entry in settings.study_models(study).values() if entry.run is not None]
    for run in runs:
        if run.weights == "folder":
            try:
                checkpoint_folder(run.checkpoint)
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
    """GPUs that a job can use. NVIDIA's driver is asked, which takes no import of torch; without it, torch is."""
    if shutil.which("nvidia-smi") is None:
        return _gpus_of_torch()
    try:
        command = ["nvidia-smi", "--list-gpus"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    present = sum(line.startswith("GPU ") for line in answer.stdout.splitlines())
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return present if allowed is None else min(present, len([part for part in allowed.split(",") if part.strip()]))


def _gpus_of_torch() -> int:
    """What torch counts, which also knows GPUs of other makers; 0 where torch is not installed."""
    if find_spec("torch") is None:
        return 0
    import torch

    return torch.cuda.device_count()
