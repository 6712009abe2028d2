"""Whether the judges of a study's policy can answer what they are asked, known before any model is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from unicost import registry
from unicost.config.settings import InvalidConfig, Settings
from unicost.config.studies import ExperimentStudy
from unicost.records import Aspect, Modality


def check_votes(settings: Settings, name: str, study: ExperimentStudy) -> None:
    """Raise ``InvalidConfig`` for a judge with a vote on an aspect that it cannot answer, and for answers of a kind
    that no judge with a vote reads: all of them would stay unscored, after they were paid for.

    Neither holds of a policy whose ``unscored_limit`` is 1, which says that this is known.
    """
    policy = settings.judging.policies[study.policy]
    for aspect in Aspect:
        for judge in policy.judges(aspect):
            if aspect not in aspects_of(settings, judge):
                able = ", ".join(sorted(aspects_of(settings, judge)))
                raise InvalidConfig(
                    f"config/judges.yaml: policies.{study.policy}.{aspect}: '{judge}' does not answer it, only {able}; "
                    "name another judge"
                )
    if policy.unscored_limit >= 1:
        return
    read = _read(settings, policy.contextual)
    for model in study.models:
        for modality in sorted({_answer(task.draws) for task in settings.tasks_of(name, model)} - read):
            raise InvalidConfig(
                f"config/studies/{name}.yaml: policy: no judge of '{study.policy}' reads the {modality}s of '{model}', "
                "which would all stay unscored; name one that does, or set its unscored_limit to 1"
            )


def _answer(draws: bool) -> Modality:
    return Modality.IMAGE if draws else Modality.TEXT


def aspects_of(settings: Settings, judge: str) -> frozenset[Aspect]:
    """The aspects that a judge answers with its options."""
    aspects: frozenset[Aspect] = _built(settings, judge).aspects
    return aspects


def _read(settings: Settings, judges: Iterable[str]) -> set[Modality]:
    """What at least one of the judges reads; a judge that does not say reads everything."""
    return {modality for judge in judges for modality in getattr(_built(settings, judge), "reads", Modality)}


def _built(settings: Settings, judge: str) -> Any:
    entry = settings.judging.judges[judge]
    return registry.resolve("judge", entry.plugin)(**entry.options)
