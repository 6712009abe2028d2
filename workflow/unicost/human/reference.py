"""Labels by construction: an annotator that knows the world labels responses, and is never called human.

An annotator plugin has ``version``, ``aspects`` and ``judge(requests)`` like a judge, but it may use what a judge never
sees: how the instances were made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from unicost import registry
from unicost.config.judging import PluginEntry
from unicost.interfaces import Judge, JudgeRequest
from unicost.progress import bar
from unicost.records import Instance, Judgement, Response
from unicost.store import iterate_records, read_table, write_records

_BATCH = 256


class WrongAnnotation(ValueError):
    """An annotator that left a response out, labelled one twice, or bears a name that claims a person."""


def annotate_by_construction(
    *, annotators: Mapping[str, PluginEntry], responses: Sequence[Path], benchmark: Path, output: Path
) -> None:
    """Label every response by every annotator and write ``Judgement`` rows under the annotators' names.

    Raises ``WrongAnnotation`` and ``unicost.store.UnreadableFile``.
    """
    for name in annotators:
        if "human" in name.casefold():
            raise WrongAnnotation(f"annotator '{name}' labels by construction and must not be named human; rename it")
    instances = {instance.id: instance for instance in iterate_records(benchmark, Instance)}
    write_records(output, _rows(annotators, responses, instances), Judgement)


def _rows(
    annotators: Mapping[str, PluginEntry], responses: Sequence[Path], instances: Mapping[str, Instance]
) -> Iterator[Judgement]:
    plugins: dict[str, Judge] = {
        name: registry.resolve("annotator", entry.plugin)(**entry.options) for name, entry in annotators.items()
    }
    total = sum(len(read_table(path, Response, ["instance"])) for path in responses)
    with bar(total, "label by construction", "response") as progress:
        for path in responses:
            stream = iterate_records(path, Response)
            while batch := list(islice(stream, _BATCH)):
                requests = [_request(path, response, instances) for response in batch]
                for name, plugin in plugins.items():
                    yield from _label(name, plugin, requests)
                progress.update(len(batch))


def _request(path: Path, response: Response, instances: Mapping[str, Instance]) -> JudgeRequest:
    if response.instance not in instances:
        raise WrongAnnotation(f"{path}: instance '{response.instance}' is not in the benchmark; build it again")
    instance = instances[response.instance]
    return JudgeRequest(instance, response, instance.intention)


def _label(name: str, plugin: Judge, requests: Sequence[JudgeRequest]) -> list[Judgement]:
    rows = [dataclasses.replace(row, judge=name) for row in plugin.judge(requests)]
    given = sorted((row.instance, row.model, row.aspect) for row in rows)
    wanted = sorted(
        (request.instance.id, request.response.model, aspect) for request in requests for aspect in plugin.aspects
    )
    if given != wanted:
        odd = sorted(set(given) ^ set(wanted)) or given
        raise WrongAnnotation(
            f"annotator '{name}' must label every response once an aspect; it does not for instance '{odd[0][0]}'"
        )
    return rows
