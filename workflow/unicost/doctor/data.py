"""Checks of a study's data: access to it, and room for results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from unicost.benchmark.download.fetch import access, to_come
from unicost.config import PublishedStudy, Settings
from unicost.doctor.lacks import Lack, existing_parent

RESULTS: Final = Path("results")
_LEAST_FREE: Final = 1e9
"""Bytes that a study of any size wants for its results."""


def data_access(settings: Settings, study: str) -> Iterator[Lack]:
    """Data that is neither here nor to be had as things are: the benchmark and its controls, or labelled sets."""
    if isinstance(settings.studies[study], PublishedStudy):
        return
    for name, entry in settings.datasets_of(study).items():
        lacking = access(name, entry, RESULTS / "data")
        if lacking is not None:
            yield Lack("data", lacking)


def data_to_come(settings: Settings, study: str) -> list[str]:
    """The names of the study's data that is downloaded and not here yet."""
    if isinstance(settings.studies[study], PublishedStudy):
        return []
    return [name for name, entry in settings.datasets_of(study).items() if to_come(name, entry, RESULTS / "data")]


def disk(settings: Settings, study: str) -> Iterator[Lack]:
    """A folder of results that cannot be written, or a disk that is nearly full."""
    folder = existing_parent(RESULTS / study)
    if not os.access(folder, os.W_OK):
        yield Lack("disk", f"{folder} cannot be written; give yourself the right to, or run from another folder")
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE:
        yield Lack(
            "disk", f"{free / 1e9:.1f} GB are free in {folder}; make room for at least {_LEAST_FREE / 1e9:.0f} GB"
        )
