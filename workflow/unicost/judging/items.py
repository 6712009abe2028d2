"""What the stages share: instances by id, responses with their instances, and the journal's keys."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from unicost.records import Instance, Modality, Response
from unicost.store import iterate_records

Item = TypeVar("Item")

BATCH = 256
"""Items handled, and committed to the journal, at once."""


class UnmatchedRow(ValueError):
    """A row that refers to something which is not there, or is there twice; the message names the row."""


def instances_by_id(benchmark: Path) -> dict[str, Instance]:
    """The benchmark's instances; raises ``UnmatchedRow`` where an id occurs twice."""
    found: dict[str, Instance] = {}
    for instance in iterate_records(benchmark, Instance):
        if instance.id in found:
            raise UnmatchedRow(f"{benchmark}: instance '{instance.id}' occurs twice; ids must be unique")
        found[instance.id] = instance
    return found


def iterate_responses(paths: Sequence[Path], instances: Mapping[str, Instance]) -> Iterator[tuple[Instance, Response]]:
    """Stream responses with their instances; raises ``UnmatchedRow`` for an unknown instance or a second answer."""
    seen: set[tuple[str, str]] = set()
    for path in paths:
        for response in iterate_records(path, Response):
            if response.instance not in instances:
                raise UnmatchedRow(f"{path}: instance '{response.instance}' is not in the benchmark; build it again")
            if (response.instance, response.model) in seen:
                raise UnmatchedRow(f"{path}: model '{response.model}' answers instance '{response.instance}' twice")
            seen.add((response.instance, response.model))
            yield instances[response.instance], response


def modalities(response: Response) -> frozenset[Modality]:
    """What the response holds: text that is not blank, an image that is not empty, both or nothing."""
    text = {Modality.TEXT} if (response.text or "").strip() else set()
    image = {Modality.IMAGE} if response.image is not None and response.image.bytes else set()
    return frozenset(text | image)


def response_hash(response: Response) -> str:
    """SHA-256 of all that detectors and judges see of a response (no latency, no cost)."""
    image = hashlib.sha256(response.image.bytes).hexdigest() if response.image else None
    seen = dataclasses.replace(response, image=None, latency_seconds=None, cost_usd=None)
    return hashlib.sha256(json.dumps([image, repr(seen)]).encode()).hexdigest()


def batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Cut a stream into lists of at most ``size`` items."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch
