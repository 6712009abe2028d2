"""Checks of what the plugins of a study need: Python packages and environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from unicost import registry
from unicost.config import ExperimentStudy, PublishedStudy, Settings, ValidationStudy
from unicost.doctor.lacks import Lack


def packages(settings: Settings, study: str) -> Iterator[Lack]:
    """Packages in ``packages`` of a plugin's class that cannot be imported. Imports none of them."""
    for name, plugin in _plugins(settings, study).items():
        missing = [package for package in getattr(plugin, "packages", ()) if find_spec(package) is None]
        if missing:
            yield Lack("packages", f"{name} needs {', '.join(missing)}; run `make setup`, or install unicost[local]")


def keys(settings: Settings, study: str) -> Iterator[Lack]:
    """Environment variables in ``environment`` of a plugin's class that are not set. Their values are shown nowhere."""
    for name, plugin in _plugins(settings, study).items():
        missing = [variable for variable in getattr(plugin, "environment", ()) if not os.environ.get(variable)]
        if missing:
            yield Lack("keys", f"{name} reads {', '.join(missing)}; set it to the key of your account")


def _plugins(settings: Settings, name: str) -> dict[str, Any]:
    """The classes behind a study, by what they are called in a message."""
    study = settings.studies[name]
    if isinstance(study, PublishedStudy):
        return {}
    used = {(entry.group, entry.source) for entry in settings.datasets_of(name).values()}
    used |= {("adapter", entry.run.adapter) for entry in settings.study_models(name).values() if entry.run is not None}
    if isinstance(study, ExperimentStudy | ValidationStudy):
        for group in ("detector", "judge", "annotator"):
            entries = getattr(settings.judging, f"{group}s")
            used |= {(group, entries[key].plugin) for key in getattr(study, f"{group}s")}
    return {f"{group} '{plugin}'": registry.resolve(group, plugin) for group, plugin in sorted(used)}
