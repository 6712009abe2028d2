"""All checks of all studies, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from unicost.config import Settings
from unicost.doctor.data import data_access, data_to_come, disk
from unicost.doctor.hub import hub_weights, pins, unfetched
from unicost.doctor.lacks import Check, Lack
from unicost.doctor.machine import gpus, memory
from unicost.doctor.models import weights, workers
from unicost.doctor.plugins import keys, packages

CHECKS: Final[tuple[Check, ...]] = (
    *(data_access, keys, packages, weights, hub_weights, pins, workers),
    *(gpus, memory, disk),
)
"""The checks, in the order of the table."""


def examine(settings: Settings, studies: Sequence[str]) -> dict[str, list[Lack]]:
    """What each of the studies lacks, by name; an empty list where nothing. Studies are checked at the same time."""

    def lacks(study: str) -> list[Lack]:
        return [lack for check in CHECKS for lack in check(settings, study)]

    with ThreadPoolExecutor() as pool:
        return dict(zip(studies, pool.map(lacks, studies), strict=True))


def not_asked(settings: Settings, studies: Sequence[str]) -> str:
    """What servers would have been asked about these studies, in a sentence for a check that asks none."""
    checkpoints = {repository for study in studies for repository, _ in unfetched(settings, study)}
    data = dict.fromkeys(name for study in studies for name in data_to_come(settings, study))
    named = [
        *([f"the hub about {_counted(len(checkpoints), 'checkpoint')}"] if checkpoints else []),
        *([f"the servers of {_counted(len(data), 'set')} of data ({', '.join(data)})"] if data else []),
    ]
    if not named:
        return "--offline: no server was asked, and for these studies none needs to be"
    return (
        f"--offline: not asked were {' and '.join(named)}: that they are still there, that you have access, and that "
        "there is room for them is not known"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def table(found: Mapping[str, Sequence[Lack]], of_this_run: Sequence[str]) -> str:
    """A line a lack, under a line of headings; the studies of this run are marked and come first."""
    rows = [("", "study", "lacks", "and what to do")]
    for study in sorted(found, key=lambda name: (name not in of_this_run, name)):
        mark = "*" if study in of_this_run else ""
        lacks = found[study] or [Lack("nothing", "")]
        rows += [(mark, study, lack.sort, lack.sentence) for lack in lacks]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]).rstrip() for row in rows]
    return "\n".join(lines)
