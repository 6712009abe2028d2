"""Checks of a study's models: their weights, and the code of those that a worker drives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Settings
from unicost.doctor.lacks import Lack
from unicost.miniature.weights import SHIPPED
from unicost.models.package_weights import package_file
from unicost.models.vendor import VENDOR, python_command
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


def workers(settings: Settings, study: str) -> Iterator[Lack]:
    """What rules of the workflow must still make for models whose code no library has, and what it takes."""
    used: dict[str, list[str]] = {}
    for model, entry in settings.study_models(study).items():
        if entry.run is not None and entry.run.adapter == "worker":
            used.setdefault(str(entry.run.options["worker"]), []).append(model)
    entries = {name: settings.workers[name] for name in used}
    code = [name for name, entry in entries.items() if entry.repository and not _made(name, "code")]
    environments = [name for name, entry in entries.items() if entry.requirements and not _made(name, "env")]
    for what, rule, names in (
        ("the vendor's code at its pinned commit", "vendor_code", code),
        ("the environment", "worker_environment", environments),
    ):
        if names:
            models = [model for name in names for model in used[name]]
            yield Lack(
                "code",
                f"{what} is still to be made for {', '.join(models)} (workers {', '.join(names)}): a run does it, "
                f"by rule {rule} and with the network; alone: `snakemake --cores all --config 'studies=[\"{study}\"]' "
                f"--until {rule}`",
            )
    for version in sorted({entries[name].python for name in environments}):
        if python_command(version) is None:
            yield Lack("code", f"no command python{version} is here, with which environments of workers are made")


def _made(worker: str, part: str) -> bool:
    """Whether a rule has written where a worker's code, or its environment, came from."""
    return (VENDOR / worker / f"{part}.json").exists()
