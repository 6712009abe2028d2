"""Build a benchmark: run its source and its controls', check every instance, write the rows."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from PIL import Image as PillowImage

from unicost import registry
from unicost.config import DatasetEntry, Taxonomy
from unicost.interfaces import Origin
from unicost.progress import bar
from unicost.records import Instance, Kind
from unicost.store import write_records

UNMAPPED: Final = "unmapped"
"""Category of a benign control that has no counterpart in the benchmark's taxonomy."""


class InvalidBenchmark(ValueError):
    """A source yields instances that no study can use; the message names the instance and what is wrong with it."""


@dataclass(frozen=True)
class Part:
    """A dataset that goes into a benchmark: its name, its entry, and the folder of its data, if it reads any."""

    name: str
    entry: DatasetEntry
    folder: Path | None = None

    def instances(self) -> Iterator[Instance]:
        """What its source yields; raises ``InvalidBenchmark`` where it reads data and no folder is given."""
        source = registry.resolve("source", self.entry.source)(**self.entry.options)
        if not getattr(source, "reads_files", False):
            yield from source.instances()
        elif self.folder is None:
            raise InvalidBenchmark(
                f"dataset '{self.name}' reads files, and no folder of it is known; download it first"
            )
        else:
            yield from source.instances(Origin(self.name, self.folder, self.entry.licence or "not stated"))


@dataclass(frozen=True)
class Control:
    """A part whose benign instances measure over-refusal; ``translate`` maps (category, leaf) to the benchmark's."""

    part: Part
    translate: Callable[[str, str], str | None]

    def instances(self) -> Iterator[Instance]:
        """Its benign instances, named after it, without a category of their own where none fits."""
        for instance in self.part.instances():
            if instance.kind is Kind.BENIGN:
                yield dataclasses.replace(
                    instance,
                    id=f"{self.part.name}/{instance.id}",
                    family=f"{self.part.name}/{instance.family}",
                    category=self.translate(instance.category, instance.leaf) or UNMAPPED,
                )


def build_benchmark(*, part: Part, taxonomy: Taxonomy, output: Path, controls: Sequence[Control] = ()) -> int:
    """Write the instances of a dataset, then those of its controls, to ``output``; returns their number.

    Instances pass one at a time, so memory holds their ids alone. Raises ``InvalidBenchmark`` at the first instance
    that is not usable, or when a twin does not exist; nothing is written then.
    """
    checks = _Checks(taxonomy)
    return write_records(output, checks.passed(_told(part, controls)), Instance)


def _told(part: Part, controls: Sequence[Control]) -> Iterator[Instance]:
    with bar(None, "benchmark", "instance") as progress:
        for instance in chain(part.instances(), *(control.instances() for control in controls)):
            yield instance
            progress.update(1)


class _Checks:
    """What every instance of a benchmark, and all of them together, must be."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._benign: set[str] = set()
        self._others: set[str] = set()
        self._awaited: dict[str, str] = {}

    def passed(self, instances: Iterator[Instance]) -> Iterator[Instance]:
        """The same instances; raises ``InvalidBenchmark``."""
        for instance in instances:
            problem = self._problem(instance)
            if problem:
                raise InvalidBenchmark(f"instance '{instance.id}' of source '{instance.source}': {problem}")
            self._note(instance)
            yield instance
        if not self._benign and not self._others:
            raise InvalidBenchmark("the source yields no instance; see its options, such as 'files' and 'where'")
        if self._awaited:
            twin, name = next(iter(self._awaited.items()))
            raise InvalidBenchmark(f"instance '{name}': its benign twin '{twin}' is no benign instance")

    def _note(self, instance: Instance) -> None:
        """Remember its id, and its benign twin as long as that has not come: most stand side by side."""
        if instance.kind is Kind.BENIGN:
            self._benign.add(instance.id)
            self._awaited.pop(instance.id, None)
        else:
            self._others.add(instance.id)
        if instance.twin is not None and instance.twin not in self._benign:
            self._awaited.setdefault(instance.twin, instance.id)

    def _problem(self, instance: Instance) -> str | None:
        if instance.id in self._benign or instance.id in self._others:
            return "its id is used twice; ids are unique within a benchmark"
        unmapped = instance.category == UNMAPPED and instance.kind is Kind.BENIGN
        if instance.category not in self._taxonomy.categories and not unmapped:
            known = ", ".join(self._taxonomy.categories)
            return f"category '{instance.category}' is not in taxonomy '{self._taxonomy.title}', which has {known}"
        if not instance.turns or not any(turn.text or turn.images for turn in instance.turns):
            return "it asks nothing; an instance has at least one turn with text or an image"
        for turn in instance.turns:
            for image in turn.images:
                if not decodes(image.bytes):
                    return f"its image '{image.path or '(embedded)'}' does not decode; give a whole PNG or JPEG file"
        return None


def decodes(image: bytes) -> bool:
    """Whether the bytes are a whole image that Pillow can decode."""
    try:
        with PillowImage.open(io.BytesIO(image)) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
        return False
    return True
