"""Reading ahead and writing behind: what comes before and after a model's work is done in threads beside it.

Both keep the order and lose no exception: it is raised where the work is, in place of the next element or at the end.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

Element = TypeVar("Element")

_END: Final = object()


def ahead(source: Iterable[Element]) -> Iterator[Element]:
    """The elements of ``source``; while one is in use, the next one is made in a thread."""
    iterator: Iterator[Any] = iter(source)
    element: Any
    with ThreadPoolExecutor(1, "ahead") as thread:
        following = thread.submit(next, iterator, _END)
        while (element := following.result()) is not _END:
            following = thread.submit(next, iterator, _END)
            yield element


class Writer(Generic[Element]):
    """Hands elements to ``write`` in a thread, in order; ``with Writer(write) as writer: writer.put([...])``.

    What is put together is written together. With ``patience`` (seconds), so is what comes soon after, up to
    ``at_once`` elements. At most ``waiting`` puts are unwritten: ``put`` waits for room. Leaving the context writes
    what is left, after an exception too. What ``write`` raises is raised by the next ``put``, or at the end.
    """

    def __init__(
        self, write: Callable[[list[Element]], None], *, waiting: int = 1, at_once: int = 1, patience: float = 0.0
    ) -> None:
        self._write, self._at_once, self._patience = write, at_once, patience
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._room = threading.Semaphore(waiting)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Writer[Element]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(_END)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def put(self, elements: list[Element]) -> None:
        """Hand over elements, as soon as there is room for them."""
        self._room.acquire()
        if self._error is not None:
            raise self._error
        self._queue.put(elements)

    def _run(self) -> None:
        ended = False
        while not ended:
            group, puts, ended = self._group()
            try:
                if group and self._error is None:
                    self._write(group)
            except BaseException as error:  # noqa: BLE001  raised again in the thread that puts
                self._error = error
            self._room.release(max(puts, 1))

    def _group(self) -> tuple[list[Element], int, bool]:
        """What is written together, in how many puts it came, and whether it is the last."""
        group: list[Element] = []
        puts, until = 0, float("inf")
        while len(group) < self._at_once:
            try:
                some = self._queue.get(timeout=None if not group else max(until - time.monotonic(), 0))
            except queue.Empty:
                break
            if some is _END:
                return group, puts, True
            until = min(until, time.monotonic() + self._patience)
            group, puts = group + some, puts + 1
        return group, puts, False
