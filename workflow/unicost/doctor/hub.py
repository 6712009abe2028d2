"""Checks of a study's checkpoints on the Hugging Face hub: access to them, and whether they are pinned."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from unicost.checkpoints.hub import hub_access
from unicost.config import ExperimentStudy, Repository, Settings, ValidationStudy
from unicost.doctor.data import RESULTS
from unicost.doctor.lacks import Lack
from unicost.hub_failures import UNREACHABLE
from unicost.judging.weights import wanted_by

_AT_ONCE: Final = 8
"""Questions that the hub is asked at the same time."""


class Needed(NamedTuple):
    """A repository of the hub that a model or judge needs, and the file that says that it was fetched."""

    repository: Repository
    licence: str | None
    provenance: Path
    told: str
    """That file, in a message about all of them."""


def hub_weights(settings: Settings, study: str) -> Iterator[Lack]:
    """Checkpoints that were not fetched yet and cannot be had as things are. Downloads nothing."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = pool.map(lambda one: hub_access(*one), unfetched(settings, study))
        sentences = [found for found in asked if found]
    away = [sentence for sentence in sentences if UNREACHABLE in sentence]
    if away:
        more = f" (and {len(away) - 1} more)" if len(away) > 1 else ""
        yield Lack("weights", f"{away[0]}{more}")
    yield from (Lack("weights", sentence) for sentence in sentences if sentence not in away)


def unfetched(settings: Settings, study: str) -> list[tuple[Repository, str | None]]:
    """The repositories that the hub is asked for, each once, with the licence that their entries name."""
    needed = (one for one in _needed(settings, study) if not one.provenance.exists())
    return list(dict.fromkeys((one.repository, one.licence) for one in needed))


def pins(settings: Settings, study: str) -> Iterator[Lack]:
    """Checkpoints that may be others on another day."""
    loose = [one for one in _needed(settings, study) if not one.repository.pinned]
    if loose:
        names = ", ".join(dict.fromkeys(one.repository.checkpoint for one in loose))
        told = " and ".join(sorted({one.told for one in loose}, reverse=True))
        yield Lack(
            "pins",
            f"not pinned: {names}; they are what `main` is on the day that they are fetched, and {told} names the "
            "commit to set as `revision`",
        )


def _needed(settings: Settings, study: str) -> Iterator[Needed]:
    """What the models and the judges of a study need, a repository at a time."""
    told = f"{RESULTS}/{study}/weights/<model>.json"
    for name, entry in settings.study_models(study).items():
        if entry.run is not None and entry.run.weights == "hub":
            place = RESULTS / study / "weights" / f"{name}.json"
            yield from (
                Needed(repository, entry.run.licence, place, told) for repository in entry.run.repositories().values()
            )
    judged = settings.studies[study]
    for name in judged.judges if isinstance(judged, ExperimentStudy | ValidationStudy) else ():
        wanted = wanted_by(settings.judging.judges[name])
        if wanted is not None and not Path(wanted.checkpoint).expanduser().is_dir():
            repository = Repository(checkpoint=wanted.checkpoint, revision=wanted.revision or "main")
            told = f"{RESULTS}/judges/<judge>/weights.json"
            yield Needed(repository, None, RESULTS / "judges" / name / "weights.json", told)
