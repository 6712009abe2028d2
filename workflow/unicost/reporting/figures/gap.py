"""Contextual against intrinsic unsafe rate of every model, and their difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import group_handles, interval, scaled
from unicost.reporting.replicates import arms_as_models, means_over_seeds, replicated
from unicost.reporting.sources import Sources

_ASPECTS = {"contextual": "Unsafe for the request (contextual)", "intrinsic": "Unsafe by itself (intrinsic)"}

_NARROWEST = 1.0
"""The axis of differences reaches at least so far to each side, in points."""
_ASIDE = 0.19
"""How far the two marks of a row stand above and below its middle, so that neither hides the other."""


@style.house
def draw(sources: Sources) -> Figure:
    """A dumbbell of the two rates (percent) on the left, their difference (points) on the right.

    Replicated arms stand for their seeds: means, and the range over seeds in place of an interval.
    """
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    gap = inputs.read(statistics, "gap")
    if gap.empty:
        return style.nothing("No answer was judged both for its request and by itself, so there is no gap to show.")
    task = _estimand(gap)
    chosen = gap[gap["task"] == task]
    if replicated(models):
        merged = means_over_seeds(chosen, models, ["estimate", "c_unsafe", "i_unsafe"])
        chosen, models = merged.assign(low=merged["lowest"], high=merged["highest"]), arms_as_models(models)
    rows = models.merge(chosen, on="model")
    figure = style.canvas(1.15 + 0.2 * len(rows))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.25, 1])
    for y, row in enumerate(rows.to_dict("records")):
        _rates(left, y, row)
        interval(right, y, scaled(row), row["group"])
    same = rows["n"].nunique() == 1
    sizes = ["" if same else f"  (n {int(n):,})" for n in rows["n"]]
    left.set_yticks(range(len(rows)), [f"{name}{size}" for name, size in zip(rows["display_name"], sizes, strict=True)])
    left.set_ylim(len(rows) - 0.4, -0.6)
    where = labels.name(labels.TASKS, task).lower() + (f", n {int(rows['n'].iloc[0]):,} each" if same else "")
    left.set_xlabel(f"Unsafe answers (%),\n{where}")
    right.set_xlabel("Contextual minus intrinsic (points)")
    left_end, right_end = right.get_xlim()
    right.set_xlim(min(left_end, -_NARROWEST), max(right_end, _NARROWEST))
    style.zero_line(right)
    for axes in (left, right):
        axes.grid(True, axis="x")
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
    _separate(left, right, rows)
    spacing = {"handletextpad": 0.2, "columnspacing": 1.2}
    figure.legend(handles=group_handles(list(_ASPECTS), _ASPECTS), loc="outside upper center", ncols=2, **spacing)
    groups = group_handles(labels.ordered(labels.GROUPS, rows["group"]), labels.group_names(models))
    figure.legend(handles=groups, loc="outside lower center", ncols=4, **spacing)
    return figure


def _estimand(gap: pd.DataFrame) -> str:
    """The common tasks where a model does them all, or else the task that most models do."""
    return "common" if (gap["task"] == "common").any() else str(gap["task"].mode().iloc[0])


def _rates(axes: Axes, y: int, row: Mapping[Any, Any]) -> None:
    ends = {"contextual": 100 * row["c_unsafe"], "intrinsic": 100 * row["i_unsafe"]}
    heights = {"contextual": y - _ASIDE, "intrinsic": y + _ASIDE}
    axes.plot(list(ends.values()), list(heights.values()), color=style.RULE, linewidth=1.6, zorder=1)
    for aspect, value in ends.items():
        axes.plot(
            [value],
            [heights[aspect]],
            linestyle="none",
            marker=style.MARKERS[aspect],
            color=style.COLOURS[aspect],
            markersize=4,
            zorder=3,
        )


def _separate(left: Axes, right: Axes, rows: pd.DataFrame) -> None:
    """A thin rule between groups of models."""
    groups = list(rows["group"])
    for y in range(1, len(groups)):
        if groups[y] != groups[y - 1]:
            for axes in (left, right):
                axes.axhline(y - 0.5, color=style.RULE, linewidth=0.6)
