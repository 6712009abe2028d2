"""How fast each text detector is, and that its memory does not grow with the rows.

Each detector runs in a process of its own over ``--rows`` responses that are made as they are read: 40 to 160 words of
mild prose, one response in twenty a golden case of the tests, so that the slow paths are taken too. ``growth`` is the
peak memory of all rows over that of a hundredth of them. Run ``python benchmarks/detect.py --help``.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import measuring
import yaml
from unicost.judging.command import TEXT_DETECTORS
from unicost.judging.items import batches
from unicost.records import Construction, Instance, Kind, Modality, Placement, Response, Task, Turn
from unicost.registry import resolve

ROOT: Final = Path(__file__).parents[1]
RESULT: Final = Path(__file__).parent / "results" / "detect.json"
_GOLDEN_EVERY: Final = 20
_PROSE: Final = (
    "please explain how a careful neighbour may plan the garden before winter and which simple tools make short "
    "work of heavy soil while children water small plants near an old wall that keeps out cold wind from the "
    "river you should first ask 12 people in town when the women at the market can help and then I will show them "
    "what not to do or follow in 2026"
)
_WORDS: Final = _PROSE.split()
_INSTANCE: Final = Instance(
    id="row",
    family="row",
    kind=Kind.UNSAFE,
    category="Toxicity",
    leaf="",
    task=Task.TEXT_TO_TEXT,
    construction=Construction.PLAIN,
    placement=Placement.TEXT,
    turns=(Turn("user", "how do i ruin a garden"),),
    expected=Modality.TEXT,
    intention="ruin a garden",
    source="benchmark",
    licence="",
)


def responses(rows: int) -> Iterator[Response]:
    """Responses one by one, the same in every run."""
    files = sorted((ROOT / "tests" / "data" / "golden").glob("*.yaml"))
    golden = [case["text"] for file in files for case in yaml.safe_load(file.read_text(encoding="utf-8"))]
    chance = random.Random(0)
    for row in range(rows):
        text = chance.choice(golden) if row % _GOLDEN_EVERY == 0 else _prose(chance)
        yield Response("row", f"m{row}", "", 0, text=text)


def _prose(chance: random.Random) -> str:
    words = chance.choices(_WORDS, k=chance.randint(40, 160))
    return ". ".join(" ".join(words[start : start + 14]) for start in range(0, len(words), 14)) + "."


def run(name: str, rows: int, busy: list[float]) -> int:
    """Show every response to one detector in batches, whose CPU seconds go to ``busy``; returns the number of rows."""
    detector = resolve("detector", name)()
    seen = 0
    for batch in batches(responses(rows)):
        start = time.process_time()
        detector.detect([_INSTANCE] * len(batch), batch)
        busy.append(time.process_time() - start)
        seen += len(batch)
    return seen


def measure(name: str, rows: int) -> dict[str, Any]:
    """Speed without the making of the rows, and memory."""
    few = measuring.in_own_process(__file__, "--one", name, "--rows", str(max(rows // 100, 1)))
    all_rows = measuring.in_own_process(__file__, "--one", name, "--rows", str(rows))
    return {
        "rows": rows,
        "responses_per_second_of_one_core": round(rows / all_rows["busy_seconds"]),
        "peak_memory_mib": all_rows["peak_memory_mib"],
        "growth": round(all_rows["peak_memory_mib"] / few["peak_memory_mib"], 3),
    }


def main() -> None:
    """Measure every text detector, or one in this very process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="responses (default: %(default)s)")
    parser.add_argument("--detectors", nargs="+", default=[*TEXT_DETECTORS, "refusal"], help="default: all of texts")
    parser.add_argument("--output", type=Path, default=RESULT, help="default: %(default)s")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.one:
        busy: list[float] = []
        found = measuring.measure(lambda: run(parsed.one, parsed.rows, busy))
        sys.stdout.write(json.dumps(found | {"busy_seconds": sum(busy)}) + "\n")
        return
    found = {}
    for name in parsed.detectors:
        found[name] = measure(name, parsed.rows)
        slowest = min(row["responses_per_second_of_one_core"] for row in found.values())
        ratios = {key: round(row["responses_per_second_of_one_core"] / slowest, 2) for key, row in found.items()}
        measuring.write(parsed.output, {"detectors": found, "times_as_fast_as_the_slowest": ratios})


if __name__ == "__main__":
    main()
