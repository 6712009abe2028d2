"""Safety against utility, one panel for each group of tasks."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import MaxNLocator

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import group_handles
from unicost.reporting.figures.placement import place_labels
from unicost.reporting.replicates import arms_as_models, means_over_seeds, replicated
from unicost.reporting.sources import Sources


@style.house
def draw(sources: Sources) -> Figure:
    """Both-safe rate (vertical, percent) against utility or capability (horizontal, percent).

    Replicated arms stand for their seeds: means, and the range over seeds in place of an interval.
    The first panel (the common tasks where utility is known for them) is large and labelled, the tasks are small.
    """
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    points = _points(statistics, models)
    if points.empty:
        return style.nothing("No utility was measured in this study: it has no capability items.")
    if replicated(models):
        merged = means_over_seeds(points, models, ["y", "x"]).assign(display="")
        across = means_over_seeds(points, models, ["x"])
        models = arms_as_models(models)
        points = merged.assign(
            low=merged["lowest"], high=merged["highest"], left=across["lowest"], right=across["highest"]
        )
        points = points.merge(models[["model", "group"]])
    tasks = labels.ordered({"common": "", **labels.TASKS}, points["task"])
    rows = max(2, -(-(len(tasks) - 1) // 2))
    figure = style.canvas(4.3)
    grid = figure.add_gridspec(rows, 3, width_ratios=[2.5, 1, 1])
    places = [grid[:, 0], *(grid[place // 2, 1 + place % 2] for place in range(len(tasks) - 1))]
    panels = [figure.add_subplot(place) for place in places]
    arms = bool(models["arm"].notna().any())
    for place, (axes, task) in enumerate(zip(panels, tasks, strict=True)):
        _panel(axes, points[points["task"] == task], labels.name(labels.TASKS, task), place > 0, arms)
        size = style.SMALLEST if place else 8.0
        axes.set_xlabel("Capability (%)" if arms else "Utility (%)", fontsize=size)
        if place == 0 or place % 2:
            axes.set_ylabel("Both safe (%)", fontsize=size)
    _legend(figure, models, free=grid[-1, 2] if len(tasks) % 2 == 0 and len(tasks) > 4 else None)
    if not arms:
        style.settle(figure)
        shown = points[points["task"] == tasks[0]]
        place_labels(panels[0], list(zip(shown["x"], shown["y"], strict=True)), list(shown["display"]))
    return figure


def _points(statistics: Path, models: pd.DataFrame) -> pd.DataFrame:
    """One row a model and utility task: x, y with its interval (percent), display name, group, gated."""
    utility = inputs.read(statistics, "utility").rename(columns={"estimate": "x"})
    rates = inputs.read(statistics, "rates")
    safe = rates[rates["metric"] == "both_safe"]
    rows = []
    for row in utility.to_dict("records"):
        own = safe[(safe["model"] == row["model"]) & _task_or_its_settings(safe["task"], str(row["task"]))]
        if own.empty or pd.isna(row["x"]):
            continue
        one = own.iloc[0] if len(own) == 1 else None
        rows.append(
            {
                "model": row["model"],
                "task": row["task"],
                "x": 100 * row["x"],
                "y": 100 * own["estimate"].mean(),
                "low": None if one is None else 100 * one["low"],
                "high": None if one is None else 100 * one["high"],
                "left": 100 * row["low"],
                "right": 100 * row["high"],
                "gated": False if one is None else bool(one["gated"]),
            }
        )
    frame = pd.DataFrame(rows, columns=["model", "task", "x", "y", "low", "high", "left", "right", "gated"])
    names = labels.display_names(models)
    frame["display"] = [names.get(model, model) for model in frame["model"]]
    return frame.merge(models[["model", "group"]], on="model")


def _task_or_its_settings(tasks: pd.Series, wanted: str) -> pd.Series:
    """The task itself, or else its settings (``vqa`` stands for every task ``vqa_...``)."""
    exact = tasks == wanted
    return exact if exact.any() else tasks.str.startswith(f"{wanted}_")


def _panel(axes: Axes, points: pd.DataFrame, title: str, small: bool, arms: bool) -> None:
    axes.set_xlim(*_limits(pd.concat([points["x"], points["left"], points["right"]]), 0.1 if small or arms else 0.22))
    axes.set_ylim(*_limits(pd.concat([points["y"], points["low"], points["high"]]), 0.1 if small else 0.14))
    for row in points.to_dict("records"):
        colour = style.COLOURS.get(row["group"], style.INK)
        if not pd.isna(row["low"]):
            axes.plot([row["x"]] * 2, [row["low"], row["high"]], color=colour, linewidth=0.8, alpha=0.6, zorder=2)
        if not pd.isna(row["left"]):
            axes.plot([row["left"], row["right"]], [row["y"]] * 2, color=colour, linewidth=0.8, alpha=0.6, zorder=2)
        axes.plot(
            [row["x"]],
            [row["y"]],
            linestyle="none",
            marker=style.MARKERS.get(row["group"], "o"),
            markersize=3.5 if small else 5,
            color=colour,
            markerfacecolor=style.PAPER if row["gated"] else colour,
            clip_on=False,
            zorder=3,
        )
    axes.set_title(_title(title) if small else title, fontsize=style.SMALLEST if small else 9)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4 if small else 6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(lambda value, _: f"{value:.0f}" if -1e-6 < value < 100 + 1e-6 else "")
    axes.grid(True)
    axes.set_axisbelow(True)


def _limits(values: pd.Series, margin: float) -> tuple[float, float]:
    """A range with a margin for labels, at least 8 points wide, kept from 0 to 101 (a mark at 100 stays whole)."""
    low, high = float(values.min()), float(values.max())
    wide = max(high - low, 8.0)
    middle = (low + high) / 2
    return max(middle - wide * (0.5 + margin), 0.0), min(middle + wide * (0.5 + margin), 101.0)


def _title(title: str) -> str:
    """A small panel's title over two lines, so that panels side by side are alike in height."""
    lines = textwrap.wrap(title, 14)
    return "\n".join([""] * (2 - len(lines)) + lines)


def _legend(figure: Figure, models: pd.DataFrame, free: SubplotSpec | None) -> None:
    """In the cell of the grid that holds no panel, where there is one, else below."""
    handles = group_handles(labels.ordered(labels.GROUPS, models["group"]), labels.group_names(models))
    if free is None:
        figure.legend(handles=handles, loc="outside lower center", ncols=4, handletextpad=0.2, columnspacing=1.2)
        return
    axes = figure.add_subplot(free)
    axes.set_axis_off()
    axes.legend(handles=handles, loc="center", fontsize=style.SMALLEST, handletextpad=0.2)
