"""Whether a model can be run as its entry says: with tasks, a decoding and options that its adapter knows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

from unicost import registry
from unicost.config.models import Decoding, ModelRun
from unicost.config.settings import InvalidConfig, Settings
from unicost.options import build, parameters
from unicost.registry import did_you_mean

_BESIDE_OPTIONS: Final = frozenset(
    {"decoding", "device", "dtype", "image_decoding", "limits", "model", "price", "system_prompt"}
)
"""What an adapter is given by other keys of the entry."""


def check_run(settings: Settings, model: str) -> None:
    """Raise ``InvalidConfig`` for the first thing in which the adapter of a model cannot do as the entry says."""
    run = settings.models[model].run
    if run is None:
        return
    where, adapter = settings.place_of(model), registry.resolve("adapter", run.adapter)
    if impossible := set(run.tasks or ()) - adapter.tasks:
        able = ", ".join(sorted(adapter.tasks))
        raise InvalidConfig(f"{where}.tasks: adapter '{run.adapter}' cannot do {min(impossible)}; it does {able}")
    if run.image_decoding is not None and "image_decoding" not in parameters(adapter)[0]:
        raise InvalidConfig(f"{where}.image_decoding: adapter '{run.adapter}' has one decoding; set 'decoding'")
    for key, field, heeded in _unheeded(adapter, run):
        told = f"it heeds {', '.join(sorted(heeded))}" if heeded else "set what it draws with under 'options'"
        raise InvalidConfig(f"{where}.{key}.{field}: adapter '{run.adapter}' does not heed it; {told}")
    asks = "provider" in inspect.signature(adapter).parameters
    if run.weights == "provider" and not asks:
        raise InvalidConfig(f"{where}.weights: adapter '{run.adapter}' loads weights; 'provider' has none")
    if asks and run.weights != "provider":
        raise InvalidConfig(f"{where}.weights: adapter '{run.adapter}' asks an API; set it to 'provider'")
    if run.adapter == "worker":
        _check_worker(settings, where, run)
    check_options(f"{where}.options", adapter, run.options, _BESIDE_OPTIONS)
    _check_built(where, run)


def check_options(where: str, plugin: Any, options: dict[str, Any], beside: frozenset[str] = frozenset()) -> None:
    """Build the plugin once, which loads nothing: it refuses values that it cannot take."""
    try:
        build(plugin, elsewhere=beside, **options)
    except (TypeError, ValueError) as error:
        raise InvalidConfig(f"{where}: {error}") from None


def _unheeded(adapter: Any, run: ModelRun) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Each field of a decoding that is set and changes nothing: its key, itself, and the fields that are heeded."""
    every = frozenset(Decoding.model_fields)
    writing, drawing = getattr(adapter, "heeds_writing", every), getattr(adapter, "heeds_drawing", every)
    tasks = adapter.tasks if run.tasks is None else run.tasks
    heeded: frozenset[str] = frozenset().union(*(drawing if task.draws else writing for task in tasks))
    for key, fields in (("decoding", heeded), ("vendor_decoding", heeded), ("image_decoding", drawing)):
        decoding = getattr(run, key)
        if decoding is not None:
            yield from ((key, field, fields) for field in sorted(decoding.model_fields_set - fields))


def _check_built(where: str, run: ModelRun) -> None:
    """What an adapter is given beside its options, under either policy: an API may not know all of a decoding."""
    for one in (run, run.decoded("vendor")):
        try:
            one.build()
        except (TypeError, ValueError) as error:
            raise InvalidConfig(f"{where}: {error}") from None


def _check_worker(settings: Settings, where: str, run: ModelRun) -> None:
    """A model that a worker drives names one, and of its tasks those that it is asked."""
    worker = str(run.options.get("worker"))
    if worker not in settings.workers:
        hint = did_you_mean(worker, list(settings.workers))
        raise InvalidConfig(f"{where}.options.worker: no worker '{worker}' in config/workers.yaml: {hint}")
    able = settings.workers[worker].tasks
    if run.tasks is None or not set(run.tasks) <= set(able):
        raise InvalidConfig(f"{where}.tasks: name tasks of worker '{worker}', which does {', '.join(able)}")
    for path in settings.workers[worker].files():
        if not path.is_file():
            raise InvalidConfig(f"config/workers.yaml: {worker}: no file '{path}'")
