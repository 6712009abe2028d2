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
    """Packages of a plugin that cannot be imported. Imports none of them but their parents.

    They stand in ``packages`` of its class, or are what a static method ``requires(**options)`` says.
    """
    lacking: dict[str, None] = {}
    for name, plugin, options in _plugins(settings, study):
        told = plugin.requires(**options) if hasattr(plugin, "requires") else getattr(plugin, "packages", ())
        missing = [package for package in told if not _is_there(package)]
        if missing:
            lacking[f"{name} needs {', '.join(missing)}; run `make setup`, or install unicost[local,apis]"] = None
    yield from (Lack("packages", sentence) for sentence in lacking)


def keys(settings: Settings, study: str) -> Iterator[Lack]:
    """Environment variables that a plugin reads and that are not set. Their values are shown nowhere.

    They stand in ``environment`` of its class, or are what a static method ``variables(**options)`` says.
    """
    lacking: dict[str, list[str]] = {}
    for name, plugin, options in _plugins(settings, study):
        told = plugin.variables(**options) if hasattr(plugin, "variables") else getattr(plugin, "environment", ())
        missing = ", ".join(variable for variable in told if not os.environ.get(variable))
        if missing and name not in lacking.setdefault(missing, []):
            lacking[missing].append(name)
    for missing, names in lacking.items():
        reads = "reads" if len(names) == 1 else "read"
        yield Lack("keys", f"{' and '.join(names)} {reads} {missing}; set it to the key of your account")


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _plugins(settings: Settings, name: str) -> list[tuple[str, Any, dict[str, Any]]]:
    """What each plugin of a study is called in a message, its class, and the options of each entry that uses it."""
    study = settings.studies[name]
    if isinstance(study, PublishedStudy):
        return []
    used = [(entry.group, entry.source, entry.options) for entry in settings.datasets_of(name).values()]
    runs = [entry.run for entry in settings.study_models(name).values() if entry.run is not None]
    used += [("adapter", run.adapter, run.options) for run in runs]
    if isinstance(study, ExperimentStudy | ValidationStudy):
        for group in ("detector", "judge", "annotator"):
            entries = getattr(settings.judging, f"{group}s")
            chosen = [entries[key] for key in getattr(study, f"{group}s")]
            used += [(group, entry.plugin, entry.options) for entry in chosen]
        if study.extractor is not None:
            extractor = settings.judging.extractors[study.extractor]
            used.append(("extractor", extractor.plugin, extractor.options))
    used.sort(key=lambda one: one[:2])
    return [(f"{group} '{plugin}'", registry.resolve(group, plugin), options) for group, plugin, options in used]
