"""Stage ``detect``: every detector looks at every response, and what it found goes into one file.

Silence is ambiguous: a detector that gives nothing may have looked and found nothing, or may not be able to look. A
detector that can tell harmful from harmless content therefore gives ``read_text`` or ``read_image`` for every response
that it read. Silence is left as silence, and no judge takes it for harmlessness.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unicost import registry
from unicost.config.judging import PluginEntry
from unicost.interfaces import Detector
from unicost.journal import Journal, item_key
from unicost.judging.items import (
    UnmatchedRow,
    batches,
    instances_by_id,
    iterate_responses,
    modalities,
    response_hash,
)
from unicost.progress import bar
from unicost.records import Detection, Instance, Response
from unicost.store import write_records

Pair = tuple[Instance, Response]


@dataclass(frozen=True)
class _Running:
    """A detector under the name that the configuration gives it."""

    name: str
    fingerprint: str
    plugin: Detector


def detect(
    *,
    responses: Sequence[Path],
    benchmark: Path,
    detectors: Mapping[str, PluginEntry],
    journal: Path,
    output: Path,
) -> None:
    """Run the detectors over the responses and write ``Detection`` rows; finished items come from the journal.

    Responses that hold neither text nor image are not shown to detectors. Raises ``UnmatchedRow`` for rows that do
    not fit together and ``unicost.store.UnreadableFile``.
    """
    instances = instances_by_id(benchmark)
    hashes = {name: instance.content_hash() for name, instance in instances.items()}
    running = [_start(name, entry) for name, entry in detectors.items()]
    items = [
        item_key(hashes[instance.id], response_hash(response))
        for instance, response in iterate_responses(responses, instances)
    ]
    with Journal(journal) as finished:
        stream = iterate_responses(responses, instances)
        write_records(output, _all_detections(stream, items, running, finished), Detection)


def _start(name: str, entry: PluginEntry) -> _Running:
    plugin: Detector = registry.resolve("detector", entry.plugin)(**entry.options)
    return _Running(name, entry.fingerprint("detector"), plugin)


def _all_detections(
    stream: Iterator[Pair], items: Sequence[str], running: Sequence[_Running], finished: Journal
) -> Iterator[Detection]:
    keys = {detector.name: [item_key(detector.fingerprint, item) for item in items] for detector in running}
    known = finished.known(key for row in keys.values() for key in row)
    start = 0
    with bar(len(items), "detect", "response") as progress:
        for batch in batches(stream):
            made: dict[str, bytes] = {}
            found: list[Detection] = []
            for detector in running:
                found += _batch(detector, batch, keys[detector.name][start : start + len(batch)], known, made)
            if made:
                finished.add(made)
            yield from found
            start += len(batch)
            progress.update(len(batch))


def _batch(
    detector: _Running, batch: Sequence[Pair], keys: Sequence[str], known: dict[str, bytes], made: dict[str, bytes]
) -> Iterator[Detection]:
    """One detector's findings in one batch, in the batch's order: ``known`` ones, or new ones that go into ``made``."""
    todo = [pair for pair, key in zip(batch, keys) if key not in known and modalities(pair[1])]
    fresh = _run(detector, todo) if todo else {}
    for (instance, response), key in zip(batch, keys):
        if key in known:
            yield from (Detection(instance.id, response.model, detector.name, *row) for row in json.loads(known[key]))
        else:
            rows = fresh.get((instance.id, response.model), [])
            made[key] = json.dumps([[row.label, row.score, row.evidence] for row in rows]).encode()
            yield from rows


def _run(detector: _Running, pairs: Sequence[Pair]) -> dict[tuple[str, str], list[Detection]]:
    """Detections by instance and model."""
    found: dict[tuple[str, str], list[Detection]] = {(instance.id, response.model): [] for instance, response in pairs}
    rows = detector.plugin.detect([instance for instance, _ in pairs], [response for _, response in pairs])
    for row in rows:
        if (row.instance, row.model) not in found:
            raise UnmatchedRow(
                f"detector '{detector.name}' reports on instance '{row.instance}' of model '{row.model}', "
                "which it was not shown"
            )
        found[row.instance, row.model].append(dataclasses.replace(row, detector=detector.name))
    return found
