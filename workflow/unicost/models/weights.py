"""Fetching a model's weights: a folder with the checkpoint and, beside it, a JSON file that says what is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from unicost import registry
from unicost.checkpoints.loading import BadCheckpoint, model_type
from unicost.config import ModelRun, Repository, digest
from unicost.models.diffusion_checkpoint import INDEX, pipeline_name
from unicost.store import write_json


def link_folder(checkpoint: str, destination: Path, *, adapter: str = "") -> None:
    """Link every file of the folder ``checkpoint`` (relative paths: from where the workflow runs) in ``destination``.

    Links, because weights are large; one for each file, because the workflow marks the folders that it makes. Raises
    ``BadCheckpoint`` where the folder is missing or is none for the ``adapter``, see ``checkpoint_folder``.
    """
    folder = checkpoint_folder(checkpoint, adapter)
    for path in _files(folder):
        link = destination / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(path)


def checkpoint_folder(checkpoint: str, adapter: str = "") -> Path:
    """The folder that ``checkpoint`` names; raises ``BadCheckpoint`` where it holds no safetensors checkpoint.

    What lies in the folder of a ``worker`` is that program's own business.
    """
    folder = Path(checkpoint).expanduser().resolve()
    if not folder.is_dir():
        raise BadCheckpoint(f"{checkpoint}: no such folder; `checkpoint` names the folder of a saved model")
    if adapter == "worker":
        return folder
    (pipeline_name if (folder / INDEX).is_file() else model_type)(folder)
    if not any(path.suffix == ".safetensors" for path in _files(folder)):
        raise BadCheckpoint(f"{checkpoint}: no .safetensors file in it; save the model with save_pretrained")
    return folder


def fetch(run: ModelRun, destination: Path, *packed: Path) -> dict[str, Any]:
    """Put the checkpoint of ``run`` in the folder ``destination`` and write ``provenance_path(destination)``.

    ``packed`` is handed on to a plugin that unpacks: the folder that its packed checkpoints are in, and what else it
    unpacks from. A plugin that takes them is also given ``revision``, ``files`` and ``licence``, and is asked for each
    of the model's ``parts``. The provenance holds ``weights`` and ``checkpoint`` as configured, ``origin`` (what the
    plugin says of it, if anything), ``parts`` (the same of each), ``files`` (SHA-256 of each) and ``revision``, 12
    hexadecimal digits over the files; it is returned too. Raises ``BadCheckpoint`` where a file has not the SHA-256
    that the plugin ``stated``.
    """
    whole, *parts = run.repositories().items()
    origin = _bring(run, whole[1], destination, *packed)
    origins = {name: _bring(run, part, destination / name) for name, part in parts}
    files = {str(path.relative_to(destination)): _sha256(path) for path in _files(destination)}
    for part, said in {"": origin, **origins}.items():
        _compare({str(Path(part, name)): sha256 for name, sha256 in (said or {}).pop("stated", {}).items()}, files)
    provenance = {
        "weights": run.weights,
        "checkpoint": run.checkpoint,
        "origin": origin,
        **({"parts": origins} if origins else {}),
        "revision": digest(*sorted(files.items())),
        "files": files,
    }
    write_json(provenance_path(destination), provenance)
    return provenance


def _bring(run: ModelRun, wanted: Repository, destination: Path, *packed: Path) -> dict[str, Any] | None:
    """Call the plugin with what it takes; raises ``BadCheckpoint`` where the entry asks for more than that."""
    bring = registry.resolve("weights", run.weights)
    taken = signature(bring).parameters
    given = {"revision": wanted.revision, "files": wanted.files}
    for key, value in {**given, "parts": run.parts}.items():
        if value and "revision" not in taken:
            raise BadCheckpoint(
                f"{run.checkpoint}: weights '{run.weights}' have no {key}; remove `{key}` from the entry"
            )
    whole = {**given, "licence": run.licence, "adapter": run.adapter}
    more = {name: value for name, value in whole.items() if name in taken}
    origin: dict[str, Any] | None = bring(wanted.checkpoint, destination, *packed, **more)
    return origin


def _compare(stated: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Raise ``BadCheckpoint`` at the first file whose checksum is not the one stated."""
    for name, checksum in stated.items():
        if found[name] != checksum:
            raise BadCheckpoint(f"{name}: not the checksum that its origin states; delete it from the cache, run again")


def provenance_path(folder: Path) -> Path:
    """Where the provenance of a weights folder is: beside it, with ``.json`` appended."""
    return folder.with_name(f"{folder.name}.json")


def revision(folder: Path) -> str:
    """The revision that ``fetch`` wrote for a weights folder; raises ``BadCheckpoint``."""
    path = provenance_path(folder)
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["revision"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BadCheckpoint(f"{path}: no provenance of fetched weights; fetch them anew") from None


def _files(folder: Path) -> list[Path]:
    """Every file below ``folder``, hidden ones aside, sorted."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
