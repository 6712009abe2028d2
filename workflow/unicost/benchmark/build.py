"""Build a benchmark: run its source, check every instance, write the rows."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image as PillowImage

from unicost import registry
from unicost.config import DatasetEntry, Taxonomy
from unicost.progress import track
from unicost.records import Instance, Kind
from unicost.store import write_records


class InvalidBenchmark(ValueError):
    """A source yields instances that no study can use; the message names the instance and what is wrong with it."""


def build_benchmark(*, entry: DatasetEntry, taxonomy: Taxonomy, output: Path) -> int:
    """Write the instances of a source to ``output``; returns their number.

    Raises ``InvalidBenchmark`` at the first instance that is not usable, or when a twin does not exist; nothing is
    written then.
    """
    source = registry.resolve("source", entry.source)(**entry.options)
    instances = list(source.instances())
    checked = _checked(instances, taxonomy)
    _check_twins(instances)
    return write_records(output, track(checked, len(instances), "benchmark", "instance"), Instance)


def _checked(instances: Iterable[Instance], taxonomy: Taxonomy) -> Iterator[Instance]:
    seen: set[str] = set()
    for instance in instances:
        problem = _problem(instance, taxonomy, seen)
        if problem:
            raise InvalidBenchmark(f"instance '{instance.id}' of source '{instance.source}': {problem}")
        seen.add(instance.id)
        yield instance


def _problem(instance: Instance, taxonomy: Taxonomy, seen: set[str]) -> str | None:
    if instance.id in seen:
        return "its id is used twice; ids are unique within a benchmark"
    if instance.category not in taxonomy.categories:
        known = ", ".join(taxonomy.categories)
        return f"category '{instance.category}' is not in taxonomy '{taxonomy.title}', which has {known}"
    if not instance.turns or not any(turn.text or turn.images for turn in instance.turns):
        return "it asks nothing; an instance has at least one turn with text or an image"
    for turn in instance.turns:
        for image in turn.images:
            if not decodes(image.bytes):
                return f"its image '{image.path}' does not decode; give a whole PNG or JPEG file"
    return None


def _check_twins(instances: list[Instance]) -> None:
    kinds = {instance.id: instance.kind for instance in instances}
    for instance in instances:
        if instance.twin is not None and kinds.get(instance.twin) is not Kind.BENIGN:
            message = f"instance '{instance.id}': its benign twin '{instance.twin}' is no benign instance"
            raise InvalidBenchmark(message)


def decodes(image: bytes) -> bool:
    """Whether the bytes are a whole image that Pillow can decode."""
    try:
        with PillowImage.open(io.BytesIO(image)) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
        return False
    return True
