"""Checks of a study's checkpoints on the Hugging Face hub: access to them, and whether they are pinned."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from unicost.checkpoints.hub import UNREACHABLE, hub_access
from unicost.config import Repository, Settings
from unicost.doctor.data import RESULTS
from unicost.doctor.lacks import Lack

_AT_ONCE: Final = 8
"""Questions that the hub is asked at the same time."""


def hub_weights(settings: Settings, study: str) -> Iterator[Lack]:
    """Checkpoints that were not fetched yet and cannot be had as things are. Downloads nothing."""
    wanted = [
        (repository, licence)
        for model, repository, licence in _repositories(settings, study)
        if not (RESULTS / study / "weights" / f"{model}.json").exists()
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sentences = [found for found in pool.map(lambda asked: hub_access(*asked), dict.fromkeys(wanted)) if found]
    away = [sentence for sentence in sentences if UNREACHABLE in sentence]
    if away:
        more = f" (and {len(away) - 1} more)" if len(away) > 1 else ""
        yield Lack("weights", f"{away[0]}{more}")
    yield from (Lack("weights", sentence) for sentence in sentences if sentence not in away)


def pins(settings: Settings, study: str) -> Iterator[Lack]:
    """Checkpoints that may be others on another day."""
    loose = [repository.checkpoint for _, repository, _ in _repositories(settings, study) if not repository.pinned]
    if loose:
        yield Lack(
            "pins",
            f"not pinned: {', '.join(dict.fromkeys(loose))}; they are what `main` is on the day that they are fetched, "
            f"and {RESULTS}/{study}/weights/<model>.json names the commit to set as `revision`",
        )


def _repositories(settings: Settings, study: str) -> Iterator[tuple[str, Repository, str | None]]:
    """Each repository of the hub that a model of the study needs, with the model's name and licence."""
    for name, entry in settings.study_models(study).items():
        if entry.run is not None and entry.run.weights == "hub":
            yield from ((name, repository, entry.run.licence) for repository in entry.run.repositories().values())
