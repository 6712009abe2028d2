"""JSON schemas of the files of ``config/``, for editors; generated, never written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from unicost.config.datasets import DatasetEntry, LabelledEntry
from unicost.config.judging import JudgesFile
from unicost.config.models import ModelFile
from unicost.config.protocols import Protocol
from unicost.config.settings import MainFile
from unicost.config.studies import Claim, Study
from unicost.config.taxonomies import Taxonomy
from unicost.config.throughput import Throughput
from unicost.config.workers import WorkerEntry
from unicost.store import write_json

FILES: dict[str, Any] = {
    "config": MainFile,
    "studies": Study,
    "models": ModelFile,
    "datasets": dict[str, DatasetEntry],
    "labelled": dict[str, LabelledEntry],
    "judges": JudgesFile,
    "taxonomies": Taxonomy,
    "claims": dict[str, Claim],
    "protocols": Protocol,
    "workers": dict[str, WorkerEntry],
    "throughput": Throughput,
}


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of file, by the name of its file or folder in ``config/``."""
    generated = {name: TypeAdapter(kind).json_schema() for name, kind in FILES.items()}
    for section in ("ModelEntry", "ModelRun"):
        # A file's `defaults` may give what an entry leaves out, which JSON Schema cannot express.
        generated["models"]["$defs"][section].pop("required", None)
    return generated


def write_schemas(folder: str | Path) -> None:
    """Write ``<name>.schema.json`` for each kind of file."""
    for name, schema in schemas().items():
        write_json(Path(folder) / f"{name}.schema.json", schema)
