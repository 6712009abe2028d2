"""Leaves of the numbers file, and how an effect with its interval is stored and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unicost.reporting import formatting

Node = dict[str, Any]


def leaf(value: Any, form: Callable[[Any], str]) -> Node:
    """One number: raw (null where missing) and as text."""
    if formatting.is_missing(value):
        return {"value": None, "text": formatting.MISSING}
    return {"value": value.item() if hasattr(value, "item") else value, "text": form(value)}


def effect(row: Mapping[Any, Any]) -> Node:
    """A difference with its interval, p value and n, and a ``reading``.

    The reading is ``more`` or ``less`` where the interval excludes zero, ``unclear`` where it does not, ``unknown``
    where there is no estimate or no interval: the paper's wording follows it.
    """
    content: Node = {key: leaf(row.get(key), formatting.points) for key in ("estimate", "low", "high")}
    content["interval"] = {"text": formatting.points_interval(row.get("low"), row.get("high"))}
    content["p"] = leaf(row.get("p_value"), formatting.p_value)
    content["n"] = leaf(row.get("n"), formatting.count)
    content["reading"] = reading(content["estimate"]["value"], content["low"]["value"], content["high"]["value"])
    return content


def reading(estimate: float | None, low: float | None, high: float | None) -> str:
    """What the interval says about the sign of the effect."""
    if estimate is None or low is None or high is None:
        return "unknown"
    if low > 0:
        return "more"
    return "less" if high < 0 else "unclear"
