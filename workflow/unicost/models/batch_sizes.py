"""How many instances a model is asked at once: what its entry says, and fewer where memory does not hold them.

A size that was too large is remembered, for each task by itself, for the rest of the run and in a file beside the
journal for the next one. It is no part of the results: an answer does not depend on the batch that it came in.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
from pathlib import Path
from typing import Final

from unicost.device import description
from unicost.records import Task
from unicost.store import write_json

_LOG = logging.getLogger(__name__)
_SAID: Final = ("out of memory", "can't allocate memory", "not enough memory")


def out_of_memory(error: Exception) -> bool:
    """Whether the error says that memory was too small: of Python, of torch on any device, of what it is built on."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _SAID)


def free_memory() -> None:
    """Give back what a failed batch held; to be called where its exception is gone, which holds the batch."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


class BatchSizes:
    """The most instances of a task that are asked at once; ``most`` until a batch was too large."""

    def __init__(self, most: int, path: Path, model: str) -> None:
        """``path`` remembers from run to run; what was learnt of another ``model`` or on another GPU does not count.

        To be made when the model is loaded. A file that cannot be read is as good as none.
        """
        self._most, self._path, self._model = most, path, model
        known = _read(path)
        self._sizes = known.get(self._setting(), {}) if known else {}

    def of(self, task: Task) -> int:
        """The size for a task."""
        return min(self._most, self._sizes.get(task.value, self._most))

    def learn(self, task: Task, size: int) -> None:
        """``size`` instances fit, and twice as many do not."""
        self._sizes[task.value] = size
        _LOG.warning("%s: %d instances at once from now on, more do not fit into memory", task.value, size)
        write_json(self._path, _read(self._path) | {self._setting(): self._sizes})

    def _setting(self) -> str:
        return f"{self._model} on {description()}"


def _read(path: Path) -> dict[str, dict[str, int]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(setting): {task: max(1, int(size)) for task, size in sizes.items()} for setting, sizes in found.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
