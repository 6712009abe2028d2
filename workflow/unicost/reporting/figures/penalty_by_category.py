"""The penalty by category of the request (experiments) or by task (published tables)."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import diamond, group_handles, off_scale, scaled
from unicost.reporting.sources import Sources

_TOP, _SPREAD, _CENTRE = -0.36, 0.42, 0.26


@style.house
def draw(sources: Sources) -> Figure:
    """One panel a relation; rows are categories where there are any, tasks otherwise; effects in points."""
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    penalty = inputs.read(statistics, "penalty")
    marks, pooled = _by_category(penalty) if (penalty["category"] != "all").any() else _by_task(penalty, statistics)
    marks = marks[marks["estimate"].notna()]
    marks = marks.merge(models[["model", "group", "replicate"]], left_on="unified", right_on="model")
    keys = labels.ordered(labels.TASKS, sorted(marks["row"]))
    rows = marks.groupby("relation")["row"].nunique()
    relations = [relation for relation in labels.ordered(labels.RELATIONS, marks["relation"]) if rows[relation] > 1]
    if marks.empty:
        return style.nothing(labels.NO_COMPARISON)
    if not relations:
        return style.nothing("No comparison was made on more than one task or category.")
    figure = style.canvas(1.15 + 0.36 * len(keys))
    grid = figure.subplots(1, len(relations), sharey=True, sharex=True, squeeze=False)[0]
    _limit(grid[0], marks[marks["relation"].isin(relations)])
    for axes, relation in zip(grid, relations, strict=True):
        block = marks[marks["relation"] == relation]
        title = f"Unified − {labels.name(labels.RELATIONS, relation).lower()}"
        _panel(axes, block, keys, textwrap.fill(title, 72 // len(relations)))
        _centres(axes, block, keys, pooled[pooled["relation"] == relation])
    grid[0].set_yticks(range(len(keys)), [labels.name(labels.TASKS, key) for key in keys])
    grid[0].set_ylim(len(keys) - 0.5, -0.5)
    groups = labels.ordered(labels.GROUPS, marks["group"])
    handles = [*group_handles(groups, labels.group_names(models)), _centre_handle(pooled)]
    if marks["replicate"].notna().any():
        handles[: len(groups)] = [Line2D([], [], linestyle="none", label="Digits: training seeds")]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _by_category(penalty: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    chosen = penalty[(penalty["category"] != "all") & (penalty["task"] == "common")]
    return chosen.assign(row=chosen["category"]), pd.DataFrame(columns=["relation"])


def _by_task(penalty: pd.DataFrame, statistics: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs by task, and what is pooled with the model as the unit and has an interval."""
    chosen = penalty[(penalty["category"] == "all") & (penalty["task"] != "common")]
    pooled = inputs.read(statistics, "pooled")
    pooled = pooled[(pooled["subset"] == "all") & (pooled["unit"] == "model") & pooled["low"].notna()]
    return chosen.assign(row=chosen["task"]), pooled


def _limit(axes: Axes, marks: pd.DataFrame) -> None:
    low, high = 100 * min([*marks["estimate"], -0.05]), 100 * max([*marks["estimate"], 0.05])
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
    return {"marker": f"${int(row['replicate'])}$", "markersize": 4.2, "markeredgewidth": 0.3}


def _centres(axes: Axes, block: pd.DataFrame, keys: list[str], pooled: pd.DataFrame) -> None:
    """Below the marks: the pooled diamond where the statistics have one, else the mean over pairs above the gate."""
    for y, key in enumerate(keys):
        found = pooled[pooled["task"] == key] if "task" in pooled else pooled
        rows = block[(block["row"] == key) & ~block["gated"]]
        if not found.empty:
            values = scaled(found.iloc[0])
            diamond(axes, y + _CENTRE, values, style.POOLED, height=0.14)
            off_scale(axes, y + _CENTRE, values, style.POOLED)
        elif not rows.empty:
            mean = 100 * rows["estimate"].mean()
            axes.plot([mean, mean], [y - 0.42, y + 0.42], color=style.POOLED, linewidth=1.4, zorder=1)


def _centre_handle(pooled: pd.DataFrame) -> Line2D:
    if pooled.empty:
        return Line2D([], [], color=style.POOLED, linewidth=1.4, label="Mean over the pairs above the gate")
    label = "Pooled over pairs, unit: model"
    return Line2D([], [], marker="D", linestyle="none", color=style.POOLED, markersize=5, label=label)
