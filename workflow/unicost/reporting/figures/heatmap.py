"""Failure rate of every model on every task; what was not measured is visibly missing."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from unicost.reporting import inputs, labels, style
from unicost.reporting.replicates import arms_as_models, means_over_seeds, replicated
from unicost.reporting.sources import Sources

_ESTIMANDS = ("all_supported", "common")
_MISSING, _GATED = ("#f0f0f0", "#bdbdbd"), (style.PAPER, "#9a9a9a")
"""Face and hatching of a cell without a measurement, and of one below the capability gate."""


@style.house
def draw(sources: Sources) -> Figure:
    """Failure rates in percent, models (or replicated arms) by tasks; rules set groups and the two estimands apart."""
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    rates = inputs.read(statistics, "rates")
    failure = rates[rates["metric"] == "failure"]
    models = models[models["model"].isin(failure["model"])]
    if replicated(models):
        failure, models = means_over_seeds(failure, models, ["estimate"]), arms_as_models(models)
    tasks = labels.ordered(labels.TASKS, failure["task"])
    cells = failure.set_index(["model", "task"])
    values = failure.pivot(index="model", columns="task", values="estimate").loc[list(models["model"]), tasks] * 100
    figure = style.canvas(1.55 + (0.31 if "seeds" in failure else 0.25) * len(models))
    axes = figure.subplots()
    seaborn.heatmap(
        values.astype(float),
        ax=axes,
        vmin=0,
        vmax=100,
        cmap=style.SEQUENTIAL,
        linewidths=0.8,
        linecolor=style.PAPER,
        cbar_kws={"label": "Failure rate (%)", "shrink": 0.6, "aspect": 25, "pad": 0.02},
    )
    shared = _shared_sizes(failure, tasks)
    _annotate(axes, values, cells, shared)
    _decorate(axes, models, tasks, shared)
    _key(figure, bool(values.isna().any().any()), bool(failure["gated"].any()))
    return figure


def _shared_sizes(failure: pd.DataFrame, tasks: list[str]) -> dict[str, int]:
    """Tasks on which every model has the same number of scored answers, with that number."""
    shared: dict[str, int] = {}
    if "seeds" in failure:
        return shared
    for task in tasks:
        cells = failure[failure["task"] == task]
        sizes = set(cells["n"])
        if len(sizes) == 1 and not cells["unscored"].fillna(0).any():
            shared[task] = int(sizes.pop())
    return shared


def _annotate(axes: Axes, values: pd.DataFrame, cells: pd.DataFrame, shared: dict[str, int]) -> None:
    for row, model in enumerate(values.index):
        for column, task in enumerate(values.columns):
            value = values.loc[model, task]
            if pd.isna(value):
                axes.add_patch(_hatched(column, row, _MISSING))
                continue
            cell = cells.loc[(model, task)]
            gated = bool(cell["gated"])
            if gated:
                axes.add_patch(_hatched(column, row, _GATED))
            ink = style.INK if gated or value < 38 else style.PAPER
            box = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.4} if gated else None
            small = "" if task in shared else _size(cell)
            place: dict[str, Any] = {"ha": "center", "va": "center", "color": ink, "bbox": box}
            axes.text(column + 0.5, row + (0.36 if small else 0.5), f"{value:.1f}", fontsize=7.5, **place)
            if small:
                axes.text(column + 0.5, row + 0.77, small, fontsize=4.4 if "unscored" in small else 5, **place)


def _size(cell: pd.Series) -> str:
    """How many answers were scored; of an arm, the range over its seeds."""
    if "seeds" in cell:
        return f"{100 * cell['lowest']:.1f} to {100 * cell['highest']:.1f}" if cell["seeds"] > 1 else ""
    unscored = 0 if pd.isna(cell["unscored"]) else int(cell["unscored"])
    return f"n {int(cell['n']):,}" + (f", {unscored} unscored" if unscored else "")


def _hatched(column: int, row: int, colours: tuple[str, str], label: str = "") -> Rectangle:
    face, edge = colours
    return Rectangle((column, row), 1, 1, facecolor=face, edgecolor=edge, hatch="////", linewidth=0, label=label)


def _key(figure: Figure, missing: bool, gated: bool) -> None:
    """What each hatching means, for those that occur."""
    shown = ((missing, _MISSING, "not supported or not measured"), (gated, _GATED, "misses the capability gate"))
    handles = [_hatched(0, 0, colours, label) for occurs, colours, label in shown if occurs]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=2.2, handleheight=1.3)


def _decorate(axes: Axes, models: pd.DataFrame, tasks: list[str], shared: dict[str, int]) -> None:
    heads = [
        textwrap.fill(labels.name(labels.TASKS, task), 10) + (f"\nn {shared[task]:,}" if task in shared else "")
        for task in tasks
    ]
    axes.set_xticks([column + 0.5 for column in range(len(tasks))], heads, rotation=0, fontsize=6.5)
    axes.xaxis.tick_top()
    axes.set_yticks([row + 0.5 for row in range(len(models))], list(models["display_name"]), rotation=0)
    axes.tick_params(length=0)
    axes.set(xlabel="", ylabel="")
    estimands = sum(task in _ESTIMANDS for task in tasks)
    if estimands:
        axes.axvline(len(tasks) - estimands, color=style.INK, linewidth=1.2)
    groups = list(models["group"])
    for row in range(1, len(groups)) if len(set(groups)) < len(groups) else ():
        if groups[row] != groups[row - 1]:
            axes.axhline(row, color=style.INK, linewidth=0.8)
    for label, key in zip(axes.get_yticklabels(), groups, strict=True):
        label.set_color(style.COLOURS.get(key, style.INK))
