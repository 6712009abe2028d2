"""Whether an experiment is still run as it was frozen: digests of the settings now beside those of its protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from unicost.config.base import digest
from unicost.config.loading import read_yaml
from unicost.config.protocols import Protocol
from unicost.config.settings import Settings
from unicost.config.studies import ExperimentStudy

AS_FROZEN = "as frozen"
NOT_FROZEN = "not frozen"


def frozen_now(settings: Settings, study: str) -> dict[str, str]:
    """The digests of an experiment's present settings, by the keys of ``Frozen``.

    Raises ``KeyError`` where the study has no protocol and ``InvalidConfig`` where its recipes cannot be read.
    """
    entry = settings.experiment(study)
    protocol = settings.protocol_of(study)
    return {
        "recipes": digest(json.dumps(read_yaml(Path(protocol.recipes)), sort_keys=True)),
        "benchmark": settings.datasets[entry.dataset].fingerprint(),
        "answering": _answering(settings, study, entry),
        "judging": _judging(settings, entry),
        "analysis": protocol.digest(entry.analysis.capability_gate),
    }


def measured_under(settings: Settings, study: str) -> str:
    """12 hexadecimal digits over all that outcomes and gates depend on: tables that agree in it fit together."""
    now = frozen_now(settings, study)
    gate = settings.experiment(study).analysis.capability_gate
    return digest(*(now[key] for key in ("recipes", "benchmark", "answering", "judging")), gate)


def standing(protocol: Protocol, now: Mapping[str, str]) -> str:
    """``as frozen``, ``not frozen``, or which settings are other than they were."""
    if protocol.frozen is None:
        return NOT_FROZEN
    changed = [key for key, value in now.items() if getattr(protocol.frozen, key) != value]
    return f"changed since {protocol.frozen.date}: {', '.join(changed)}" if changed else AS_FROZEN


def _answering(settings: Settings, study: str, entry: ExperimentStudy) -> str:
    """Over the ways in which the study's models are run, so that studies of different arms can agree."""
    used = {"dtype", "decoding", "system_prompt"}
    ways = {model.run.model_dump_json(include=used) for model in settings.study_models(study).values() if model.run}
    return digest(entry.seed, *sorted(ways))


def _judging(settings: Settings, entry: ExperimentStudy) -> str:
    judging, policy = settings.judging, settings.judging.policies[entry.policy]
    voters = sorted({*policy.contextual, *policy.intrinsic})
    return digest(
        policy.fingerprint(),
        *(judging.detectors[name].fingerprint("detector") for name in sorted(entry.detectors)),
        *(judging.judges[name].fingerprint("judge") for name in voters),
    )
