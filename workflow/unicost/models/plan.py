"""What one model is asked, and in which batches: decided by the benchmark alone, so that a resumed run repeats the
first one.

Batches are formed over all items, answered or not, before shards take their share: neither the journal nor the number
of shards changes the company in which an item is answered for the first time.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from unicost.journal import Journal, item_key
from unicost.models import images
from unicost.records import Instance, Task
from unicost.store import iterate_records

Element = TypeVar("Element")
Unsupported = Callable[[Instance], str | None]

_BATCHES_A_WINDOW = 16
_INSTANCES_AT_ONCE = 256
_ITEMS_A_WINDOW = 4096
_PICTURES_A_WINDOW = 1024
_WITH_IMAGES = frozenset({Task.IMAGE_TO_TEXT, Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_IMAGE})
_WITHOUT_IMAGES = frozenset({Task.TEXT_TO_TEXT, Task.TEXT_TO_IMAGE})


class InvalidInstance(ValueError):
    """An instance that no model can be asked; the message names it and says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One instance as one model is asked it: its seed, its key in the journal, and how large it is.

    ``size`` is the number of images, their pixels, the width and height of each, and the number of characters.
    ``unsupported`` says why the model is not asked, if so.
    """

    instance: str
    task: Task
    seed: int
    key: str
    size: tuple[int, ...]
    unsupported: str | None = None


@dataclass(frozen=True)
class Asker:
    """What an item's seed and key depend on besides its content."""

    model: str
    fingerprint: str
    revision: str
    study_seed: int

    def item(self, instance: Instance, unsupported: str | None = None) -> Item:
        """The item of an instance. Its seed: the first 31 bits of SHA-256 over study seed, instance and model."""
        digest = hashlib.sha256("\x1f".join((str(self.study_seed), instance.id, self.model)).encode()).digest()
        seed = int.from_bytes(digest[:4], "big") >> 1
        key = item_key(instance.content_hash(), self.fingerprint, self.revision, self.model, str(seed))
        return Item(instance.id, instance.task, seed, key, _size(instance), unsupported)


def survey(
    benchmark: Path, tasks: frozenset[Task], asker: Asker, journal: Journal, unsupported: Unsupported | None = None
) -> tuple[list[Item], set[str]]:
    """The items of the tasks in the benchmark's order, and the keys of those that the journal holds.

    ``unsupported`` says of an instance why the model cannot be asked it, None where it can. Checks every instance that
    is still to be asked, its images decoded one at a time; raises ``InvalidInstance``.
    """
    items: list[Item] = []
    finished: set[str] = set()
    names: set[str] = set()
    for instances in chunks(iterate_records(benchmark, Instance, ("task", tasks)), _INSTANCES_AT_ONCE):
        some = [asker.item(instance, unsupported(instance) if unsupported else None) for instance in instances]
        known = journal.known(item.key for item in some)
        for instance, item in zip(instances, some, strict=True):
            problem = "its id is used twice" if instance.id in names else None
            problem = problem or (None if item.key in known else _problem(instance))
            if problem:
                raise InvalidInstance(f"{benchmark}: instance '{instance.id}': {problem}")
            names.add(instance.id)
        items += some
        finished |= known.keys()
    return items, finished


def batches(items: Sequence[Item], size: int) -> list[list[Item]]:
    """Batches of one task each, large items first and like with like: images of one shape, texts of one length.

    Sorted within windows of the benchmark's order, so that a stream of instances fills them a few at a time, and a
    longer benchmark leaves the batches of its earlier windows as they were.
    """
    by_task: defaultdict[Task, list[Item]] = defaultdict(list)
    for item in items:
        by_task[item.task].append(item)
    return [
        batch
        for some in by_task.values()
        for window in chunks(some, size * _BATCHES_A_WINDOW)
        for batch in chunks(sorted(window, key=lambda item: (item.size, item.instance), reverse=True), size)
    ]


def windows(planned: Sequence[Sequence[Item]]) -> list[list[Item]]:
    """Batches put together to as many items as are held at once while they are asked in a stream."""
    joined: list[list[Item]] = []
    pictures = 0
    for batch in planned:
        more = sum(item.size[0] for item in batch)
        if not joined or len(joined[-1]) + len(batch) > _ITEMS_A_WINDOW or pictures + more > _PICTURES_A_WINDOW:
            joined.append([])
            pictures = 0
        pictures += more
        joined[-1] += batch
    return joined


def gather(benchmark: Path, wanted: Sequence[Sequence[Item]]) -> Iterator[tuple[list[Item], list[Instance]]]:
    """Read the benchmark once and yield each batch with its instances as soon as they are complete."""
    places = {item.instance: number for number, batch in enumerate(wanted) for item in batch}
    waiting: defaultdict[int, dict[str, Instance]] = defaultdict(dict)
    for instance in iterate_records(benchmark, Instance, ("id", places)) if places else ():
        number = places[instance.id]
        waiting[number][instance.id] = instance
        if len(waiting[number]) == len(wanted[number]):
            ready = waiting.pop(number)
            yield list(wanted[number]), [ready[item.instance] for item in wanted[number]]


def chunks(elements: Iterable[Element], size: int) -> Iterator[list[Element]]:
    """The elements in lists of ``size``, the last one shorter."""
    iterator = iter(elements)
    while some := list(islice(iterator, size)):
        yield some


def _size(instance: Instance) -> tuple[int, ...]:
    shapes = [images.size(image) for turn in instance.turns for image in turn.images]
    pixels = sum(width * height for width, height in shapes)
    return len(shapes), pixels, *chain.from_iterable(shapes), sum(len(turn.text) for turn in instance.turns)


def _problem(instance: Instance) -> str | None:
    """Why the instance cannot be asked, if so."""
    pictures = [image for turn in instance.turns for image in turn.images]
    if not instance.turns or instance.turns[-1].role != "user":
        return "its last turn is not the user's, so there is nothing to answer"
    if instance.task in _WITH_IMAGES and not pictures:
        return f"task '{instance.task}' needs an image and it has none"
    if instance.task in _WITHOUT_IMAGES and pictures:
        return f"task '{instance.task}' has no image input and it has {len(pictures)}"
    for image in pictures:
        try:
            images.decode(image)
        except ValueError as error:
            return f"its image '{image.path or '(embedded)'}' does not decode, {error}; give a whole PNG or JPEG file"
    return None
