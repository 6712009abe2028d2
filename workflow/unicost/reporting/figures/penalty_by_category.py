"""The penalty by category of the request (experiments) or by task (published tables)."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import formatting, inputs, labels, style
from unicost.reporting.figures.marks import diamond, group_handles, off_scale, scaled
from unicost.reporting.sources import Sources

_TOP, _SPREAD, _CENTRE = -0.4, 0.5, 0.32
_ROW, _DIGIT = 0.36, 0.092
"""Least height of a row, and what the digit of a training seed takes, in inches."""


@style.house
def draw(sources: Sources) -> Figure:
    """One panel a relation; rows are categories where there are any, tasks otherwise; effects in points."""
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    penalty = inputs.read(statistics, "penalty")
    by_category = (penalty["category"] != "all").any()
    marks, pooled = _by_category(penalty, statistics) if by_category else _by_task(penalty, statistics)
    marks = marks[marks["estimate"].notna()]
    marks = marks.merge(models[["model", "group", "replicate"]], left_on="unified", right_on="model")
    keys = labels.ordered(labels.TASKS, sorted(marks["row"]))
    rows = marks.groupby("relation")["row"].nunique()
    relations = [relation for relation in labels.ordered(labels.RELATIONS, marks["relation"]) if rows[relation] > 1]
    if marks.empty:
        return style.nothing(labels.NO_COMPARISON)
    if not relations:
        return style.nothing("No comparison was made on more than one task or category.")
    pooled = pooled[pooled["relation"].isin(relations)]
    seeds = marks["replicate"].nunique()
    figure = style.canvas(1.25 + max(_ROW, _DIGIT * seeds + 0.2) * len(keys))
    grid = figure.subplots(1, len(relations), sharey=True, sharex=True, squeeze=False)[0]
    _limit(grid[0], marks[marks["relation"].isin(relations)], pooled)
    for axes, relation in zip(grid, relations, strict=True):
        block = marks[marks["relation"] == relation]
        title = f"Unified − {labels.name(labels.RELATIONS, relation).lower()}"
        _panel(axes, block, keys, textwrap.fill(title, 72 // len(relations)))
        _centres(axes, keys, pooled[pooled["relation"] == relation], 1 - sources.confidence)
    grid[0].set_yticks(range(len(keys)), [_name(key, pooled) for key in keys])
    grid[0].set_ylim(len(keys) - 0.5, -0.5)
    groups = labels.ordered(labels.GROUPS, marks["group"])
    handles = group_handles(groups, labels.group_names(models))
    if seeds:
        handles = [Line2D([], [], linestyle="none", label="Digits: training seeds")]
    figure.legend(handles=[*handles, *_centre_handles(pooled)], loc="outside lower center", ncols=3)
    return figure


def _by_category(penalty: pd.DataFrame, statistics: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs by category on the common tasks, and what is pooled with the model or the training seed as the unit."""
    chosen = penalty[(penalty["category"] != "all") & (penalty["task"] == "common")]
    pooled = inputs.read(statistics, "pooled_by_category")
    return chosen.assign(row=chosen["category"]), pooled.assign(row=pooled["category"])


def _by_task(penalty: pd.DataFrame, statistics: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs by task, and what is pooled with the model as the unit and has an interval."""
    chosen = penalty[(penalty["category"] == "all") & (penalty["task"] != "common")]
    pooled = inputs.read(statistics, "pooled", extra=("p_adjusted",))
    pooled = pooled[(pooled["subset"] == "all") & (pooled["unit"] == "model") & pooled["low"].notna()]
    return chosen.assign(row=chosen["task"]), pooled.assign(row=pooled["task"])


def _name(key: str, pooled: pd.DataFrame) -> str:
    """The row's name with the answers behind a pool of it, from the smallest relation to the largest."""
    sizes = pooled.loc[pooled["row"] == key, "n"]
    if sizes.empty:
        return labels.name(labels.TASKS, key)
    least, most = (formatting.count(size) for size in (sizes.min(), sizes.max()))
    return f"{labels.name(labels.TASKS, key)}\nn {least}" + (f" to {most}" if most != least else "")


def _limit(axes: Axes, marks: pd.DataFrame, pooled: pd.DataFrame) -> None:
    """Wide enough for every mark and pooled estimate; intervals that go on get arrow heads."""
    estimates = [*marks["estimate"], *pooled["estimate"], -0.05, 0.05]
    low, high = 100 * min(estimates), 100 * max(estimates)
    margin = 0.08 * (high - low)
    axes.set_xlim(low - margin, high + margin)


def _panel(axes: Axes, block: pd.DataFrame, keys: list[str], title: str) -> None:
    for y, key in enumerate(keys):
        rows = block[block["row"] == key].sort_values(["unified", "counterpart"])
        for place, row in enumerate(rows.to_dict("records")):
            shift = _TOP + _SPREAD * place / max(1, len(rows) - 1)
            colour = style.COLOURS.get(row["group"], style.INK)
            axes.plot(
                [100 * row["estimate"]],
                [y + shift],
                linestyle="none",
                color=colour,
                markerfacecolor=style.PAPER if row["gated"] else colour,
                zorder=2,
                **_mark(row),
            )
        if y:
            axes.axhline(y - 0.5, color=style.RULE, linewidth=0.5, zorder=0)
    axes.set_title(title, fontsize=7.5)
    axes.set_xlabel("Points; right of zero:\nunified fails more", fontsize=7.5)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    style.zero_line(axes)


def _mark(row: dict[Any, Any]) -> dict[str, Any]:
    """The mark of a pair: of a replicate its number, so that it can be followed from row to row."""
    if pd.isna(row["replicate"]):
        return {"marker": style.MARKERS.get(row["group"], "o"), "markersize": 3.2}
    return {"marker": f"${int(row['replicate'])}$", "markersize": 5.2, "markeredgewidth": 0.2}


def _centres(axes: Axes, keys: list[str], pooled: pd.DataFrame, alpha: float) -> None:
    """Below the marks the pooled diamond, filled where its adjusted p is below ``alpha``."""
    for y, key in enumerate(keys):
        for row in pooled[pooled["row"] == key].to_dict("records"):
            values = scaled(row)
            diamond(axes, y + _CENTRE, values, style.POOLED, height=0.12, dark=row["p_adjusted"] < alpha)
            off_scale(axes, y + _CENTRE, values, style.POOLED)


def _centre_handles(pooled: pd.DataFrame) -> list[Line2D]:
    """Legend entries of the diamonds: with a clear difference and without one."""
    if pooled.empty:
        return []
    unit = labels.UNITS[str(pooled["unit"].iloc[0])]
    look: dict[str, Any] = {"marker": "D", "linestyle": "none", "color": style.POOLED, "markersize": 5}
    return [
        Line2D([], [], **look, label=f"Pooled, unit: {unit}; clear"),
        Line2D([], [], **look, markerfacecolor=style.PAPER, label="not clear (adjusted p)"),
    ]
