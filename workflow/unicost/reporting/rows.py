"""Marks numbers with the one row of a table that they were read from; ``provenance`` turns the mark into a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from unicost.reporting import formatting

Node = dict[str, Any]

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "rates": ("model", "task", "metric"),
    "penalty": ("relation", "unified", "counterpart", "task", "category"),
    "pooled": ("relation", "task", "subset", "unit"),
    "gap": ("model", "task"),
    "claims": ("claim",),
    "corrected": (*("level", "metric", "task", "model", "counterpart", "relation", "subset", "unit", "correction"),),
    "tipping": ("level", "task", "unified", "counterpart", "relation", "subset", "unit"),
    "judge_error": ("metric", "task", "group"),
    "leaderboard": ("model",),
    "judge_accuracy": ("task", "aspect"),
    "consistency": ("level", "model", "counterpart", "relation", "arm", "first_task", "second_task"),
    "hypotheses": ("hypothesis",),
    "arm_outcomes": ("arm", "prompt", "outcome"),
    "calibration": ("judge", "annotator", "aspect", "bin", "answers"),
    "agreement": ("annotator", "judge", "aspect", "task", "model_kind", "weighted"),
    "detectors": ("annotator", "detector", "class"),
    "injections": ("judge", "aspect", "kind"),
    "validation": ("set", "scale", "requests", "rater", "annotator"),
}
"""The columns that tell the rows of a table apart; where a cell is empty the others do."""


def of_row(table: str, line: Mapping[Any, Any], node: Node) -> Node:
    """``node`` with ``line`` of ``table`` as the row of each number in it that has no origin yet."""
    row = {key: _plain(line[key]) for key in KEYS[table] if not formatting.is_missing(line.get(key))}
    return _marked(node, {"table": table, "row": row})


def of_table(table: str, node: Node) -> Node:
    """``node`` with ``table`` as the origin of each number in it that has none yet: it sums up several rows."""
    return _marked(node, {"table": table})


def _marked(node: Node, mark: Node) -> Node:
    marked = {key: _marked(child, mark) if isinstance(child, dict) and key != "row" else child
              for key, child in node.items()}  # fmt: skip
    return mark | marked if isinstance(node.get("text"), str) and "table" not in node else marked


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
