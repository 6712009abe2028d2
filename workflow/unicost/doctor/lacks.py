"""What a check reports, and what all checks look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unicost.config import Settings

Check = Callable[[Settings, str], Iterator["Lack"]]
"""A check takes the settings and the name of a study and yields what the study lacks."""


@dataclass(frozen=True)
class Lack:
    """One thing that a study lacks: its sort (``data``, ``weights``, ...), and one sentence with the remedy."""

    sort: str
    sentence: str


def existing_parent(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    return next(place for place in (path.resolve(), *path.resolve().parents) if place.exists())
