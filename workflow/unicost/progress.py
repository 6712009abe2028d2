"""Progress of long steps: a bar with rate and time left, as plain lines that survive parallel jobs and log files."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Never, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 5.0
_STREAM = "{desc}: {n_fmt} [{elapsed}, {rate_fmt}]"
_FORMAT = "{desc}: {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]"


class _Lines(io.TextIOBase):
    """Turns tqdm's carriage returns into lines: several jobs share one terminal, so no bar may own a line of it."""

    def write(self, text: str) -> int:
        line = text.strip("\r\n")
        if line:
            sys.stderr.write(line + "\n")
        return len(text)

    def flush(self) -> None:
        sys.stderr.flush()


def bar(total: int | None, description: str, unit: str = "item") -> tqdm[Never]:
    """A progress bar to be updated by hand; prints a line every few seconds and one at the end.

    None is the total of a stream whose end is not known.
    """
    return tqdm(
        total=total,
        desc=description,
        unit=unit,
        file=_Lines(),
        mininterval=_SECONDS_BETWEEN_LINES,
        bar_format=_STREAM if total is None else _FORMAT,
        ascii=True,
        leave=True,
    )


def track(items: Iterable[Item], total: int, description: str, unit: str = "item") -> Iterator[Item]:
    """Yield ``items`` while reporting progress."""
    with bar(total, description, unit) as progress:
        for item in items:
            yield item
            progress.update(1)


def log_to(path: str | Path) -> None:
    """Send the package's log records to ``path`` (a rule's log file), warnings to the terminal too."""
    logger = logging.getLogger("unicost")
    logger.setLevel(logging.INFO)
    file = logging.FileHandler(path, mode="w", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    logger.handlers = [file, terminal]
