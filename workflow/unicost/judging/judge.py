"""Stage ``judge``: one judge labels every response, in batches, and a killed job goes on where it was."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from unicost import registry
from unicost.config.judging import JudgeEntry
from unicost.device import lease
from unicost.interfaces import Judge, JudgeRequest
from unicost.journal import Journal, item_key
from unicost.judging.asking import ACCESS_DENIED, PROVIDER_LOST
from unicost.judging.intents import Intent
from unicost.judging.items import BATCH, UnmatchedRow, batches, instances_by_id, iterate_responses, response_hash
from unicost.progress import bar
from unicost.records import Aspect, Detection, Instance, Judgement, Label
from unicost.store import iterate_records, write_records

_WINDOW: Final = 2048
"""Requests that a judge with ``judge_each`` gets at once, so that all its connections are busy."""
_AT_ONCE: Final = 64
"""Judgements put into the journal at once."""

Place = tuple[str, str]
"""Instance and model: what identifies a response."""


class IncompleteJudge(ValueError):
    """A judge that left a request out, or judged one twice."""


class JudgeLost(OSError):
    """A judge that cannot be asked any more: no access, or nobody there. What it has said is in the journal."""


def judge(
    *,
    name: str,
    entry: JudgeEntry,
    responses: Sequence[Path],
    benchmark: Path,
    intents: Path,
    detections: Sequence[Path],
    journal: Path,
    output: Path,
) -> None:
    """Label every response and write ``Judgement`` rows, one for each of the judge's aspects.

    Finished items come from the journal; a judgement that failed (``error`` is set) is not finished and is tried again
    by the next run. GPUs are leased only where something is unjudged. Raises ``UnmatchedRow`` for rows that do not fit
    together, ``IncompleteJudge`` for a judge that does not answer everything, ``JudgeLost`` for one that cannot be
    asked, ``device.TooFewDevices``, and ``unicost.store.UnreadableFile``.
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
    try:
        with Journal(journal) as finished:
            known = finished.known(keys)
            stream = _requests(responses, instances, meant, found)
            with lease(entry.gpus if any(key not in known for key in keys) else 0):
                write_records(output, _Asked(name, plugin, finished).judgements(stream, keys, known), Judgement)
    finally:
        if hasattr(plugin, "close"):
            plugin.close()


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


@dataclass(frozen=True)
class _Asked:
    """A judge under the name that the configuration gives it, and the journal of what it has said."""

    name: str
    plugin: Judge
    finished: Journal

    def judgements(
        self, stream: Iterator[JudgeRequest], keys: Sequence[str], known: Mapping[str, bytes]
    ) -> Iterator[Judgement]:
        """Every request's judgements, in order; ``known`` are those of the journal, where new ones go as they come."""
        start = 0
        with bar(len(keys), f"judge {self.name}", "response") as progress:
            for batch in batches(stream, _WINDOW if hasattr(self.plugin, "judge_each") else BATCH):
                places = dict(zip(map(_place, batch), keys[start : start + len(batch)], strict=True))
                todo = [request for request in batch if places[_place(request)] not in known]
                progress.update(len(batch) - len(todo))
                fresh = {}
                for place, rows in self._fresh(todo, places):
                    fresh[place] = rows
                    progress.update(1)
                check_access(self.name, (row for rows in fresh.values() for row in rows))
                for request in batch:
                    place = _place(request)
                    yield from fresh[place] if place in fresh else _stored(self.name, request, known[places[place]])
                start += len(batch)

    def _fresh(
        self, requests: Sequence[JudgeRequest], keys: Mapping[Place, str]
    ) -> Iterator[tuple[Place, list[Judgement]]]:
        """Ask, and put a few judgements at a time into the journal: a killed job loses little of what was paid for."""
        made: dict[str, bytes] = {}
        try:
            for request, rows in self._ask(requests) if requests else ():
                if not any(row.error for row in rows):
                    made[keys[_place(request)]] = json.dumps([_value(row) for row in rows]).encode()
                yield _place(request), rows
                if len(made) >= _AT_ONCE:
                    self.finished.add(made)
                    made = {}
        finally:
            if made:
                self.finished.add(made)

    def _ask(self, requests: Sequence[JudgeRequest]) -> Iterator[tuple[JudgeRequest, list[Judgement]]]:
        """Each request with the judge's rows, one an aspect, as they come.

        Raises ``IncompleteJudge`` where the judge leaves one out, or gives other rows.
        """
        name, wanted, answered = self.name, sorted(self.plugin.aspects), 0
        found: Iterator[tuple[JudgeRequest, list[Judgement]]]
        if hasattr(self.plugin, "judge_each"):
            found = ((requests[index], rows) for index, rows in self.plugin.judge_each(requests))
        else:
            found = _by_request(name, requests, self.plugin.judge(requests))
        for request, rows in found:
            given = sorted(row.aspect for row in rows)
            if given != wanted:
                raise IncompleteJudge(
                    f"judge '{name}' gives aspects {[aspect.value for aspect in given]} for instance "
                    f"'{request.instance.id}', not {[aspect.value for aspect in wanted]}"
                )
            answered += 1
            yield request, [row if row.judge == name else dataclasses.replace(row, judge=name) for row in rows]
        if answered != len(requests):
            raise IncompleteJudge(f"judge '{name}' answers {answered} of {len(requests)} requests")


def check_access(name: str, rows: Iterable[Judgement]) -> None:
    """Raise ``JudgeLost`` where access ended: a file full of errors would stand in the way of the next run."""
    errors = (row.error for row in rows if row.error)
    lost = next((error for error in errors if error.startswith((ACCESS_DENIED, PROVIDER_LOST))), None)
    if lost:
        raise JudgeLost(f"judge '{name}': {lost.partition(': ')[2]}")


def _place(request: JudgeRequest) -> Place:
    return request.instance.id, request.response.model


def _by_request(
    name: str, requests: Sequence[JudgeRequest], given: Sequence[Judgement]
) -> Iterator[tuple[JudgeRequest, list[Judgement]]]:
    rows: dict[tuple[str, str], list[Judgement]] = {_place(item): [] for item in requests}
    for row in given:
        if (row.instance, row.model) not in rows:
            raise IncompleteJudge(f"judge '{name}' labels instance '{row.instance}', which it was not shown")
        rows[row.instance, row.model].append(row)
    yield from zip(requests, rows.values(), strict=True)


def _value(row: Judgement) -> dict[str, Any]:
    return {key: value for key, value in vars(row).items() if key not in ("instance", "model", "judge")}


def _stored(name: str, request: JudgeRequest, value: bytes) -> list[Judgement]:
    rows = []
    for row in json.loads(value):
        row |= {"aspect": Aspect(row["aspect"]), "label": Label(row["label"])}
        rows.append(Judgement(request.instance.id, request.response.model, name, **row))
    return rows
