"""Turn sets of labelled responses into the files of a study: requests, responses, reference labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unicost import registry
from unicost.config import LabelledEntry
from unicost.interfaces import LabelledItem, LabelledSource, Origin
from unicost.progress import track
from unicost.records import Instance, Judgement, Response
from unicost.store import write_records


class InvalidLabels(ValueError):
    """A set of labelled responses that contradicts itself; the message names the set and the item."""


@dataclass(frozen=True)
class LabelledSet:
    """A set of labelled responses: its name, its entry and the folder of its data."""

    name: str
    entry: LabelledEntry
    folder: Path

    def items(self) -> Iterator[LabelledItem]:
        """Its items, with the set's name before the names of requests, families and annotators."""
        source: LabelledSource = registry.resolve("labelled", self.entry.source)(**self.entry.options)
        fingerprint = self.entry.fingerprint()
        for item in source.items(Origin(self.name, self.folder, self.entry.licence or "not stated")):
            name = f"{self.name}/{item.instance.id}"
            yield LabelledItem(
                dataclasses.replace(item.instance, id=name, family=f"{self.name}/{item.instance.family}"),
                dataclasses.replace(item.response, instance=name, fingerprint=fingerprint),
                tuple(
                    dataclasses.replace(label, instance=name, judge=f"{self.name}/{label.judge}")
                    for label in item.labels
                ),
            )


def import_labelled(
    *, sets: Sequence[LabelledSet], benchmark: Path, reference: Path, responses: Mapping[str, Path]
) -> None:
    """Write the requests of all sets to ``benchmark``, their labels to ``reference``, and each set's responses.

    Several models may answer one request. Raises ``InvalidLabels`` where a request comes with two contents, a model
    answers it twice, or a set is empty, and whatever the sources raise; nothing is written then.
    """
    requests: dict[str, Instance] = {}
    labels: list[Judgement] = []
    answers: dict[str, list[Response]] = {}
    for one in sets:
        items = list(one.items())
        if not items:
            raise InvalidLabels(f"labelled set '{one.name}': its files have no row")
        _check(one.name, items, requests)
        answers[one.name] = [item.response for item in track(items, len(items), f"import {one.name}", "response")]
        labels += [label for item in items for label in item.labels]
    for name, rows in answers.items():
        write_records(responses[name], rows, Response)
    write_records(reference, labels, Judgement)
    write_records(benchmark, requests.values(), Instance)


def _check(name: str, items: Sequence[LabelledItem], requests: dict[str, Instance]) -> None:
    """Add the requests of a set to ``requests``; raises ``InvalidLabels``."""
    seen: set[tuple[str, str]] = set()
    for item in items:
        place = (item.instance.id, item.response.model)
        if place in seen:
            raise InvalidLabels(f"labelled set '{name}': model '{place[1]}' answers request '{place[0]}' twice")
        seen.add(place)
        if requests.setdefault(item.instance.id, item.instance) != item.instance:
            raise InvalidLabels(
                f"labelled set '{name}': request '{place[0]}' is not the same for model '{place[1]}' as for another"
            )
