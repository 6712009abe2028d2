"""Pooled penalties as judged and corrected for the judge's error, side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unicost.reporting import formatting, inputs, labels, style
from unicost.reporting.figures.marks import bounded, group_handles, interval, off_scale, scaled
from unicost.reporting.sources import Sources

_MARKS = {
    "judged": "intrinsic",
    "rogan_gladen_misses": "unified_open",
    "rogan_gladen_false_alarms": "generator",
    "rogan_gladen": "unified_open",
    "rogan_gladen_by_kind": "generator",
    "prediction_powered": "vlm",
}
"""The group whose colour and mark a correction has."""
_ROW, _STEP = 0.115, 0.9
_ROOM = 0.06
"""Free space at each side of the axis, as a share of what the intervals span."""


@style.house
def draw(sources: Sources) -> Figure:
    """One block for each relation, subset and unit; one line for each correction."""
    frame = inputs.read(sources.statistics, "corrected", extra=("arm", "models"))
    if not inputs.compares(sources.statistics):
        return style.nothing(labels.NO_COMPARISON)
    pools = frame[(frame["level"] == "pool") & (frame["task"] == "common") & (frame["metric"] == "failure")]
    pools = pools[~_repeated(pools)]
    if pools.empty:
        return style.nothing("Nothing could be corrected: no answer has a label, or too few of each kind.")
    corrections = labels.ordered(labels.CORRECTIONS, pools["correction"])
    shown = ["judged", *corrections]
    blocks = list(pools.groupby(["relation", "arm", "subset", "unit"], sort=False, dropna=False))
    blocks.sort(key=lambda block: list(labels.RELATIONS).index(str(block[0][0])))
    figure = style.canvas(1.15 + _ROW * (len(shown) * _STEP + 0.8) * len(blocks))
    axes = figure.subplots()
    limits = pools[["low", "high", "judged_low", "judged_high", "estimate", "judged"]].clip(-1, 1) * 100
    low, high = min(limits.min().min(), -1.0), max(limits.max().max(), 1.0)
    axes.set_xlim(low - _ROOM * (high - low), high + _ROOM * (high - low))
    ticks: list[tuple[float, str]] = []
    top = 0.0
    for key, rows in blocks:
        if ticks:
            axes.axhline(top - 0.65, color=style.RULE, linewidth=0.6)
        ticks.append((top + (len(shown) - 1) * _STEP / 2, _label(key, rows)))
        _block(axes, top, rows, corrections)
        top += len(shown) * _STEP + 0.8
    axes.set_ylim(top - 0.5, -0.9)
    axes.set_yticks([y for y, _ in ticks], [text for _, text in ticks], fontsize=7.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    style.zero_line(axes)
    axes.set_xlabel("Unified minus counterpart (points), common tasks\nright of zero: the unified models fail more")
    names = {_MARKS[name]: labels.CORRECTIONS[name][0].upper() + labels.CORRECTIONS[name][1:] for name in shown}
    figure.legend(handles=group_handles(list(names), names), loc="outside lower center", ncols=2)
    return figure


def _block(axes: Axes, top: float, rows: pd.DataFrame, corrections: list[str]) -> None:
    first = rows.iloc[0]
    lines = [("judged", scaled(first, ("judged", "judged_low", "judged_high")))]
    by_name = {row["correction"]: row for row in rows.to_dict("records")}
    lines += [(name, scaled(by_name[name])) for name in corrections if name in by_name]
    for place, (name, values) in enumerate(lines):
        interval(axes, top + place * _STEP, values, _MARKS[name])
        if bounded(values):
            off_scale(axes, top + place * _STEP, values, style.COLOURS[_MARKS[name]])


def _label(key: tuple[Any, ...], rows: pd.DataFrame) -> str:
    relation, _, subset, unit = key
    about = "" if subset == "all" else f", {labels.SUBSETS.get(subset, subset)}"
    noun = "seeds" if (rows["unit"] == "seed").any() else "models"
    number = "" if unit == "item" else f" ({formatting.count(rows['models'].iloc[0])} {noun})"
    who = "Open − closed unified" if relation == "closed" else f"{labels.name(labels.RELATIONS, relation)}{about}"
    return f"{who}\nunit: {labels.UNITS[unit]}{number}"


def _repeated(pools: pd.DataFrame) -> pd.Series[bool]:
    """Rows of a subset that holds the same models as the one of all."""
    key = ["relation", "unit", "arm", "correction", "models", "estimate"]
    rounded = pools[key].assign(estimate=pools["estimate"].round(9))
    order = pools["subset"].map({"all": 0}).fillna(1)
    return rounded.loc[order.sort_values(kind="stable").index].duplicated().reindex(pools.index)
