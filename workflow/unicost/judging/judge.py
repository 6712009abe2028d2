"""Stage ``judge``: one judge labels every response, in batches, and a killed job goes on where it was."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from unicost import registry
from unicost.config.judging import PluginEntry
from unicost.interfaces import Judge, JudgeRequest
from unicost.journal import Journal, item_key
from unicost.judging.intents import Intent
from unicost.judging.items import UnmatchedRow, batches, instances_by_id, iterate_responses, response_hash
from unicost.progress import bar
from unicost.records import Aspect, Detection, Instance, Judgement, Label
from unicost.store import iterate_records, write_records


class IncompleteJudge(ValueError):
    """A judge that left a request out, or judged one twice."""


def judge(
    *,
    name: str,
    entry: PluginEntry,
    responses: Sequence[Path],
    benchmark: Path,
    intents: Path,
    detections: Sequence[Path],
    journal: Path,
    output: Path,
) -> None:
    """Label every response and write ``Judgement`` rows, one for each of the judge's aspects.

    Finished items come from the journal; a judgement that failed (``error`` is set) is not finished and is tried again
    by the next run. Raises ``UnmatchedRow`` for rows that do not fit together, ``IncompleteJudge`` for a judge that
    does not answer everything, and ``unicost.store.UnreadableFile``.
    """
    instances = instances_by_id(benchmark)
    meant = {row.instance: row.intention for row in iterate_records(intents, Intent)}
    found = _by_response(detections)
    plugin: Judge = registry.resolve("judge", entry.plugin)(**entry.options)
    fingerprint = entry.fingerprint("judge")
    hashes = {identity: instance.content_hash() for identity, instance in instances.items()}
    keys = [
        item_key(fingerprint, hashes[request.instance.id], _request_hash(request))
        for request in _requests(responses, instances, meant, found)
    ]
    with Journal(journal) as finished:
        stream = _requests(responses, instances, meant, found)
        write_records(output, _judgements(name, plugin, stream, keys, finished), Judgement)


def _by_response(paths: Sequence[Path]) -> dict[tuple[str, str], tuple[Detection, ...]]:
    found: dict[tuple[str, str], list[Detection]] = {}
    for path in paths:
        for row in iterate_records(path, Detection):
            found.setdefault((row.instance, row.model), []).append(row)
    return {place: tuple(rows) for place, rows in found.items()}


def _requests(
    responses: Sequence[Path],
    instances: Mapping[str, Instance],
    intentions: Mapping[str, str],
    detections: Mapping[tuple[str, str], tuple[Detection, ...]],
) -> Iterator[JudgeRequest]:
    for instance, response in iterate_responses(responses, instances):
        if instance.id not in intentions:
            raise UnmatchedRow(f"instance '{instance.id}' has no row in the intents file; extract the intents again")
        found = detections.get((instance.id, response.model), ())
        yield JudgeRequest(instance, response, intentions[instance.id], found)


def _request_hash(request: JudgeRequest) -> str:
    """SHA-256 of what the judge sees besides the instance."""
    rows = [[row.detector, row.label, row.score, row.evidence] for row in request.detections]
    seen = json.dumps([response_hash(request.response), request.intention, rows])
    return hashlib.sha256(seen.encode()).hexdigest()


def _judgements(
    name: str, plugin: Judge, stream: Iterator[JudgeRequest], keys: Sequence[str], finished: Journal
) -> Iterator[Judgement]:
    known, start = finished.known(keys), 0
    with bar(len(keys), f"judge {name}", "response") as progress:
        for batch in batches(stream):
            places = keys[start : start + len(batch)]
            todo = [request for request, key in zip(batch, places) if key not in known]
            fresh = iter(_ask(name, plugin, todo))
            made: dict[str, bytes] = {}
            for request, key in zip(batch, places):
                rows = _stored(name, request, known[key]) if key in known else next(fresh)
                if key not in known and not any(row.error for row in rows):
                    made[key] = json.dumps([_value(row) for row in rows]).encode()
                yield from rows
            if made:
                finished.add(made)
            start += len(batch)
            progress.update(len(batch))


def _ask(name: str, plugin: Judge, requests: Sequence[JudgeRequest]) -> list[list[Judgement]]:
    """The judge's rows for each request, one an aspect; raises ``IncompleteJudge`` where that is not what it gave."""
    rows: dict[tuple[str, str], list[Judgement]] = {(item.instance.id, item.response.model): [] for item in requests}
    for row in plugin.judge(requests) if requests else ():
        if (row.instance, row.model) not in rows:
            raise IncompleteJudge(f"judge '{name}' labels instance '{row.instance}', which it was not shown")
        rows[row.instance, row.model].append(dataclasses.replace(row, judge=name))
    for (instance, _), found in rows.items():
        if sorted(row.aspect for row in found) != sorted(plugin.aspects):
            given = [row.aspect.value for row in found]
            wanted = sorted(aspect.value for aspect in plugin.aspects)
            raise IncompleteJudge(f"judge '{name}' gives aspects {given} for instance '{instance}', not {wanted}")
    return list(rows.values())


def _value(row: Judgement) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(row).items() if key not in ("instance", "model", "judge")}


def _stored(name: str, request: JudgeRequest, value: bytes) -> list[Judgement]:
    rows = []
    for row in json.loads(value):
        row |= {"aspect": Aspect(row["aspect"]), "label": Label(row["label"])}
        rows.append(Judgement(request.instance.id, request.response.model, name, **row))
    return rows
