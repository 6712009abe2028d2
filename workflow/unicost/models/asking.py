"""One loaded model being asked: batch by batch, or, where an API answers each request when it can, all of them at once.

Both yield ``(item, answer, seconds)`` in groups that were answered together; the seconds are those of the group divided
by its items.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from unicost.interfaces import Adapter, Answer, StreamingAdapter
from unicost.models.batch_sizes import BatchSizes, free_memory, out_of_memory
from unicost.models.plan import Item
from unicost.records import Instance

_LOG = logging.getLogger(__name__)
_LONGEST_MESSAGE = 500

Work = Iterable[tuple[list[Item], list[Instance]]]
Answered = tuple[Item, Answer, float]


@dataclass(frozen=True, slots=True)
class _Failed:
    """A batch that failed, without its exception, which would keep the batch in memory."""

    kind: str
    message: str
    out_of_memory: bool


def ask_in_batches(adapter: Adapter, sizes: BatchSizes, work: Work) -> Generator[list[Answered], None, None]:
    """Ask batch by batch, one that memory does not hold in smaller pieces."""
    for items, instances in work:
        start = time.perf_counter()
        answers = _answers(adapter, sizes, items, instances)
        seconds = (time.perf_counter() - start) / len(items)
        yield [(item, answer, seconds) for item, answer in zip(items, answers, strict=True)]


def ask_in_a_stream(adapter: StreamingAdapter, work: Work) -> Generator[list[Answered], None, None]:
    """Ask everything that ``work`` brings at a time and pass on the answers one by one, as they come.

    An item's failure is an answer with an error kind; what the adapter raises ends the run.
    """
    for items, instances in work:
        left, start = set(range(len(items))), time.perf_counter()
        for place, answer in adapter.answer_each(instances, [item.seed for item in items]):
            if place not in left:
                raise TypeError(f"{type(adapter).__name__} answered instance {place} of {len(items)} twice or unasked")
            left.remove(place)
            now = time.perf_counter()
            yield [(items[place], answer, now - start)]
            start = now
        if left:
            raise TypeError(f"{type(adapter).__name__} left {len(left)} of {len(items)} instances unanswered")


def _answers(adapter: Adapter, sizes: BatchSizes, items: Sequence[Item], instances: Sequence[Instance]) -> list[Answer]:
    """The adapter's answers to one batch, asked in pieces of the size that memory holds.

    The size is halved until a piece fits and learnt then. An item that does not even fit alone becomes an error and
    says nothing of others, so that the size before it is tried again.
    """
    answers: list[Answer] = []
    task = items[0].task
    size = sizes.of(task)
    while len(answers) < len(items):
        piece = slice(len(answers), len(answers) + size)
        got = _ask(adapter, items[piece], instances[piece])
        if not isinstance(got, _Failed):
            answers += got
            if size < sizes.of(task):
                sizes.learn(task, size)
            continue
        asked = len(items[piece])
        if got.out_of_memory:
            free_memory()
        if asked == 1:
            _LOG.warning("instance %s fails with %s", items[piece][0].instance, got.kind)
            answers.append(Answer(error_kind=got.kind, error_message=got.message))
            size = sizes.of(task)
        elif got.out_of_memory:
            _LOG.warning("a batch of %d does not fit into memory; asking half as many", asked)
            while size >= asked:
                size = -(-size // 2)
        else:
            _LOG.warning("a batch of %d fails with %s; asking one by one", asked, got.kind)
            for item, instance in zip(items[piece], instances[piece], strict=True):
                answers += _answers(adapter, sizes, [item], [instance])
    return answers


def _ask(adapter: Adapter, items: Sequence[Item], instances: Sequence[Instance]) -> list[Answer] | _Failed:
    """``RuntimeError``, ``ValueError`` and ``MemoryError`` are failures of items.

    Anything else, a full disk or a defect of the program, ends the run; what the journal holds is kept.
    """
    try:
        answers = adapter.answer(instances, [item.seed for item in items])
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, MemoryError) as error:
        return _Failed(type(error).__name__, str(error)[:_LONGEST_MESSAGE], out_of_memory(error))
    if len(answers) != len(instances):
        raise TypeError(f"{type(adapter).__name__} gave {len(answers)} answers to {len(instances)} instances")
    return answers
