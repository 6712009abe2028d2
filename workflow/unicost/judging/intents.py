"""Stage ``extract_intents``: what each request is after, and how that was found out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unicost import registry
from unicost.config.judging import PluginEntry
from unicost.journal import Journal, item_key
from unicost.judging.items import batches
from unicost.progress import track
from unicost.records import Instance
from unicost.store import iterate_records, write_records

_LOG = logging.getLogger(__name__)

GIVEN, LAST_USER_TURN, CATEGORY = "given", "last_user_turn", "category"


@dataclass(frozen=True)
class Intent:
    """The intention of one instance.

    ``extractor`` is ``given`` (by the benchmark), ``last_user_turn``, ``category`` or a plugin.
    """

    instance: str
    intention: str
    extractor: str


def intent_of(instance: Instance) -> Intent:
    """The intention that the benchmark states, else the text of the last user turn that has one.

    Of a request that is a picture alone no more is known than its category. Raises ``ValueError`` where there is
    neither text nor picture.
    """
    if instance.intention.strip():
        return Intent(instance.id, instance.intention.strip(), GIVEN)
    for turn in reversed(instance.turns):
        if turn.role == "user" and turn.text.strip():
            return Intent(instance.id, turn.text.strip(), LAST_USER_TURN)
    if any(turn.images for turn in instance.turns):
        return Intent(instance.id, f"Not stated; the request is a picture, filed under {instance.category}.", CATEGORY)
    raise ValueError(
        f"instance '{instance.id}' states no intention and no user turn of it has text; give it an 'intention'"
    )


def extract_intents(
    *, benchmark: Path, output: Path, extractor: PluginEntry | None = None, journal: Path | None = None
) -> None:
    """Write an ``Intent`` row for every instance of the benchmark, in its order.

    An ``extractor`` is asked where the benchmark states no intention (or always, if it is told so); what it says goes
    into the ``journal``. Where it fails, the row is what there is without it.
    """
    instances = list(iterate_records(benchmark, Instance))
    written: dict[str, Intent] = {}
    if extractor is not None and journal is not None:
        plugin = registry.resolve("extractor", extractor.plugin)(**extractor.options)
        todo = [one for one in instances if plugin.always or not one.intention.strip()]
        try:
            with Journal(journal) as finished:
                written = _extracted(plugin, extractor, todo, finished)
        finally:
            plugin.close()
    rows = (written.get(one.id) or intent_of(one) for one in track(instances, len(instances), "extract intents"))
    write_records(output, rows, Intent)


def _extracted(plugin: Any, entry: PluginEntry, instances: Sequence[Instance], finished: Journal) -> dict[str, Intent]:
    """The intentions that the extractor gives, by instance; what it could not say is left out and logged."""
    fingerprint = entry.fingerprint("extractor")
    keys = {one.id: item_key(fingerprint, one.content_hash()) for one in instances}
    known = finished.known(keys.values())
    found = {one: Intent(one, known[key].decode(), entry.plugin) for one, key in keys.items() if key in known}
    for batch in batches([one for one in instances if one.id not in found]):
        made: dict[str, bytes] = {}
        try:
            for index, intention, reason in plugin.extract(batch):
                name = batch[index].id
                if intention:
                    found[name] = Intent(name, intention, entry.plugin)
                    made[keys[name]] = intention.encode()
                else:
                    _LOG.warning("instance '%s': no intention from '%s': %s", name, entry.plugin, reason)
        finally:
            finished.add(made)
    return found
