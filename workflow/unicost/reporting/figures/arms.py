"""Arms of a controlled experiment: failure rate over training seeds, and the penalty of the unified arm over each."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import labels, style
from unicost.reporting.arms import Arms, read_arms
from unicost.reporting.figures.marks import interval, off_scale, scaled
from unicost.reporting.sources import Sources

_ROW = 0.2
_BAR = -0.08
_LONG = ("understanding_long", "generation_long")
_ELSEWHERE = "compared by the protocol alone"


@style.house
def draw(sources: Sources) -> Figure:
    """One line of panels for each task: rates in percent on the left, penalty in points on the right."""
    statistics = sources.statistics
    arms = read_arms(statistics)
    tasks = labels.ordered(labels.TASKS, arms.rates["task"])
    heights = [arms.rates.loc[arms.rates["task"] == task, "arm"].nunique() for task in tasks]
    figure = style.canvas(1.0 + 0.33 * len(tasks) + _ROW * sum(heights))
    grid = figure.subplots(len(tasks), 2, squeeze=False, sharex="col", height_ratios=[h + 0.2 for h in heights])
    for line, task in zip(grid, tasks, strict=True):
        present, names = arms.rates[arms.rates["task"] == task], _names(arms, task)
        _rates(line[0], present, names, labels.name(labels.TASKS, task))
        _effects(line[1], arms, task, names)
    _limit(grid[0][1], arms)
    grid[0][1].set_title("Unified minus this arm, over seeds")
    grid[-1][0].set_xlabel("Failure rate (%)")
    grid[-1][1].set_xlabel("Points; right of zero: unified fails more")
    for axes, task in zip(grid[:, 1], tasks, strict=True):
        _arrows(axes, arms, task, _names(arms, task))
    figure.legend(handles=_handles(), loc="outside lower center", ncols=2, handletextpad=0.4, columnspacing=1.4)
    return figure


def _names(arms: Arms, task: str) -> list[str]:
    """The arms that support a task, from top to bottom."""
    return labels.ordered(labels.ARMS, arms.rates.loc[arms.rates["task"] == task, "arm"])


def _handles() -> list[Line2D]:
    pale = "difference of one seed (pale: below the gate)"
    return [
        _mark("o", "one training seed"),
        _mark("o", "seed below the capability gate", style.PAPER),
        Line2D([], [], color=style.INK, linewidth=1.6, label="mean and interval over seeds"),
        _mark("|", pale),
    ]


def _mark(marker: str, label: str, face: str = style.INK) -> Line2D:
    return Line2D(
        [], [], linestyle="none", marker=marker, markersize=4.5, color=style.INK, markerfacecolor=face, label=label
    )


def _rates(axes: Axes, present: pd.DataFrame, names: list[str], title: str) -> None:
    for y, arm in enumerate(names):
        seeds = present[present["arm"] == arm].sort_values("replicate")
        group = seeds["group"].iloc[0]
        colour = style.COLOURS.get(group, style.INK)
        capable = seeds[~seeds["gated"]]
        if not capable.empty:
            mean = 100 * capable["estimate"].mean()
            axes.barh([y], [mean], height=0.62, color=colour, alpha=0.25, linewidth=0)
            axes.plot([mean, mean], [y - 0.31, y + 0.31], color=colour, linewidth=1.6)
        for row in seeds.to_dict("records"):
            interval(axes, y, (100 * row["estimate"], math.nan, math.nan), group, hollow=row["gated"])
    axes.set_yticks(range(len(names)), [labels.name(labels.ARMS, arm) for arm in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(-2, 102)
    axes.set_title(title)
    _plain(axes)


def _effects(axes: Axes, arms: Arms, task: str, names: list[str]) -> None:
    for y, arm in enumerate(names):
        found = arms.effects[(arms.effects["task"] == task) & (arms.effects["arm"] == arm)]
        if found.empty:
            if arm in _LONG:
                look: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
                look |= {"bbox": {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.5}}
                axes.text(0.99, y, _ELSEWHERE, fontsize=style.SMALLEST, color=style.MUTED, **look)
            continue
        row = found.iloc[0]
        seeds = arms.pairs[(arms.pairs["task"] == task) & (arms.pairs["arm"] == arm)]
        for seed in seeds.to_dict("records"):
            colour = style.RULE if seed["gated"] else style.MUTED
            axes.plot([100 * seed["estimate"]], [y + 0.26], marker="|", markersize=4, color=colour, zorder=2)
        interval(axes, y + _BAR, scaled(row), row["group"], hollow=row["gated"])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks([])
    style.zero_line(axes)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def _limit(axes: Axes, arms: Arms) -> None:
    """Room for every seed's own difference; an interval over few seeds may be wider and then gets arrow heads."""
    values = [*arms.pairs["estimate"], *arms.effects["estimate"], -0.1, 0.1]
    low, high = 100 * min(values), 100 * max(values)
    margin = 0.15 * (high - low)
    axes.set_xlim(max(-104.0, low - margin), min(104.0, high + margin))


def _arrows(axes: Axes, arms: Arms, task: str, names: list[str]) -> None:
    """Arrow heads for intervals that leave the panel, once its limits are known."""
    rows = arms.effects[(arms.effects["task"] == task) & arms.effects["arm"].isin(names)]
    for row in rows.to_dict("records"):
        colour = style.COLOURS.get(row["group"], style.INK)
        off_scale(axes, names.index(row["arm"]) + _BAR, scaled(row), colour)
