"""Golden cases: texts with the labels that a detector must give them, one file a detector."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from unicost.records import Instance, Kind, Response

from tests.data.instances import instance
from tests.data.rows import response

FOLDER = Path(__file__).parent


@cache
def cases(name: str) -> tuple[dict[str, Any], ...]:
    """The cases of one detector: ``text``, ``labels`` and, where it matters, ``score``, ``intention`` and ``kind``."""
    return tuple(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def pairs(rows: Iterable[dict[str, Any]]) -> list[tuple[Instance, Response]]:
    """The cases as instances with their responses, each under an id of its own."""
    found = []
    for number, row in enumerate(rows):
        item = instance(f"golden-{number}", kind=Kind(row.get("kind", "unsafe")), intention=row.get("intention", ""))
        found.append((item, response(item.id, model="golden", text=row["text"])))
    return found


def every() -> list[tuple[Instance, Response]]:
    """The cases of all detectors together."""
    return pairs(row for file in sorted(FOLDER.glob("*.yaml")) for row in cases(file.stem))
