"""Checks of this machine against what the entries of a study's models ask for: GPUs, and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from unicost.config import ExperimentStudy, JudgeEntry, ModelRun, Settings, ValidationStudy, parse, read_yaml
from unicost.config.throughput import Throughput
from unicost.device import Gpu, known_gpus, visible
from unicost.doctor.lacks import Lack

_THROUGHPUT: Final = Path("config/throughput.yaml")
_ELSEWHERE: Final = "run elsewhere what is that large (docs/clusters.md)"
_REMEDY: Final = f"{_ELSEWHERE}, or set `gpus` of a small one to 0, for the CPU"


def gpus(settings: Settings, study: str) -> Iterator[Lack]:
    """Jobs that ask for more GPUs than there are, or whose weights the GPUs here cannot hold."""
    wanted = {name: entry.gpus for name, entry in _jobs(settings, study).items() if entry.gpus}
    if not wanted:
        return
    weights = _weights_gb()
    absent = {name: count for name, count in wanted.items() if count > visible_gpus()}
    if absent:
        yield Lack("GPUs", f"{_asked(absent, weights)}; this machine has {_seen()}: {_REMEDY}")
    held = max((gpu.memory_gb for gpu in gpus_here()), default=float("inf"))
    cramped = {
        name: count for name, count in wanted.items() if name not in absent and weights.get(name, 0.0) > held * count
    }
    if cramped:
        yield Lack("GPUs", f"{_asked(cramped, weights)}, more than {_seen()} can hold: {_REMEDY}")


def memory(settings: Settings, study: str) -> Iterator[Lack]:
    """Jobs that ask for more main memory than this machine has. What an entry leaves to the default is passed over."""
    here = _main_memory_gb()
    wanted = {
        name: entry.memory_gb
        for name, entry in _jobs(settings, study).items()
        if "memory_gb" in entry.model_fields_set and entry.memory_gb > here
    }
    if wanted:
        most = max(wanted, key=lambda name: wanted[name])
        more = f", and {len(wanted) - 1} more ask for too much" if len(wanted) > 1 else ""
        yield Lack(
            "memory",
            f"{most} asks for {wanted[most]:g} GB of main memory (`memory_gb` of its entry) and this machine has "
            f"{here:.0f} GB{more}: {_ELSEWHERE}",
        )


def _jobs(settings: Settings, study: str) -> dict[str, ModelRun | JudgeEntry]:
    """The entries whose jobs run models, by what a message calls them."""
    entries = settings.study_models(study).items()
    jobs: dict[str, ModelRun | JudgeEntry] = {
        f"model '{name}'": entry.run for name, entry in entries if entry.run is not None
    }
    judged = settings.studies[study]
    if isinstance(judged, ExperimentStudy | ValidationStudy):
        jobs |= {f"judge '{name}'": settings.judging.judges[name] for name in judged.judges}
    return jobs


@cache
def visible_gpus() -> int:
    """GPUs that a job can use."""
    return len(visible())


@cache
def gpus_here() -> tuple[Gpu, ...]:
    """Their names and memory, as far as they are known."""
    return tuple(known_gpus())


def _weights_gb() -> dict[str, float]:
    """Weights on the disk in gigabytes, where they are known."""
    known = parse(Throughput, read_yaml(_THROUGHPUT), _THROUGHPUT).models
    return {f"model '{name}'": model.weights_gb for name, model in known.items()}


def _asked(wanted: Mapping[str, int], weights: Mapping[str, float]) -> str:
    """How many want GPUs, and what the largest of them is."""
    most = max(wanted, key=lambda name: (wanted[name], weights.get(name, 0.0)))
    count = "1 GPU" if wanted[most] == 1 else f"{wanted[most]} GPUs"
    room = f" with room for its weights, {weights[most]:g} GB on disk, and a third more" if most in weights else ""
    others = f"{len(wanted)} jobs want GPUs, the largest of them " if len(wanted) > 1 else ""
    return f"{others}{most}: {count}{room}" if others else f"{most} wants {count}{room}"


def _seen() -> str:
    """The GPUs of this machine, in words."""
    count = visible_gpus()
    told = ", ".join(f"{gpu.name} with {gpu.memory_gb:g} GB" for gpu in gpus_here())
    plain = "none that a job can see" if count == 0 else "1 GPU" if count == 1 else f"{count} GPUs"
    return f"{plain} ({told})" if told else plain


def _main_memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
