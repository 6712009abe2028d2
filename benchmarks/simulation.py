"""Do the methods do what they promise? Simulated studies with known truth, through the program's own functions.

Of each method: how often its 95 % interval holds the truth, how often its test rejects a true null at 5 %, and how
often it finds the difference that it says it finds four times in five. Run ``python benchmarks/simulation.py --help``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import measuring
import numpy as np
import simulated_settings

RESULT: Final = Path(__file__).parent / "results" / "simulation.json"
PAGE: Final = Path(__file__).parents[1] / "docs" / "statistics.md"
COVERAGE: Final = (0.93, 0.97)
TYPE_ONE: Final = 0.06
POWER: Final = 0.03
"""A power may be this far from the one stated."""


@dataclass(frozen=True)
class Row:
    """What ``studies`` simulated studies showed of one method; None where it has no interval, test or stated power."""

    method: str
    setting: str
    studies: int
    coverage: float | None = None
    type_one: float | None = None
    power: float | None = None
    power_stated: float | None = None

    @property
    def faults(self) -> list[str]:
        """What does not hold."""
        found = []
        if self.coverage is not None and not COVERAGE[0] <= self.coverage <= COVERAGE[1]:
            found.append("too narrow" if self.coverage < COVERAGE[0] else "wider than needed")
        if self.type_one is not None and self.type_one > TYPE_ONE:
            found.append("rejects too often")
        if self.power is not None and self.power_stated is not None and abs(self.power - self.power_stated) > POWER:
            found.append("power is not as stated")
        return found


def rows(studies: int, seed: int = 0) -> Iterator[Row]:
    """Every method at every setting; equal arguments give equal rows."""
    for place, (method, setting, simulate) in enumerate(simulated_settings.SETTINGS):
        found = simulate(np.random.default_rng([seed, place]), studies)
        yield Row(method, setting, studies, **found)


def table(found: list[dict[str, Any]]) -> str:
    """The rows as a table in Markdown."""
    lines = ["| method | setting | coverage | type I error | power (stated) | holds |", "|---|---|---:|---:|---:|---|"]
    for entry in found:
        row = Row(**entry)
        power = "" if row.power is None else f"{_percent(row.power)} ({_percent(row.power_stated)})"
        cells = (row.method, row.setting, _percent(row.coverage), _percent(row.type_one), power)
        lines.append("| " + " | ".join([*cells, ", ".join(row.faults) or "yes"]) + " |")
    return "\n".join(lines) + "\n"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def write_table(found: list[dict[str, Any]], page: Path = PAGE) -> None:
    """Put the table between its markers in the page."""
    text = page.read_text(encoding="utf-8")
    start, end = "<!-- simulation: written by benchmarks/simulation.py -->\n", "<!-- end of simulation -->"
    before, rest = text.split(start)
    page.write_text(before + start + table(found) + end + rest.split(end)[1], encoding="utf-8")


def main() -> None:
    """Simulate, write the result and the table; or the table alone from the result that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000, help="simulated studies of each setting (default: 2000)")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the result is written")
    parser.add_argument("--table", action="store_true", help="write the table of docs/statistics.md from the result")
    arguments = parser.parse_args()
    if not arguments.table:
        found, start = [], time.process_time()
        for row in rows(arguments.studies):
            sys.stderr.write(f"{row}\n")
            found.append(asdict(row))
        seconds = round(time.process_time() - start, 1)
        measuring.write(arguments.output, {"studies": arguments.studies, "cpu_seconds": seconds, "rows": found})
    if arguments.table or arguments.output == RESULT:
        write_table(json.loads(RESULT.read_text(encoding="utf-8"))["rows"])


if __name__ == "__main__":
    main()
