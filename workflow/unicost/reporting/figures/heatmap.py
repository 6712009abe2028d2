"""Failure rate of every model on every task; what was not measured is visibly missing."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from unicost.reporting import inputs, labels, style
from unicost.reporting.replicates import arms_as_models, means_over_seeds, replicated
from unicost.reporting.sources import Sources

_MORE, _LESS = "▲", "▼"
_DARK = 38
"""A cell with a higher rate than this is dark."""
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
    arms = replicated(models)
    clear = _clear(sources, arms)
    if arms:
        failure, models = means_over_seeds(failure, models, ["estimate"]), arms_as_models(models)
    tasks = labels.ordered(labels.TASKS, failure["task"])
    cells = failure.set_index(["model", "task"])
    values = failure.pivot(index="model", columns="task", values="estimate").loc[list(models["model"]), tasks] * 100
    shared = _shared_sizes(failure, tasks)
    sizes = [_size(row) for _, row in failure.iterrows() if _apart(row["task"], row, shared)]
    lines = max((size.count("\n") + 2 for size in sizes), default=1)
    figure = style.canvas(1.55 + max(0.25, 0.08 + 0.11 * lines) * len(models))
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
    _annotate(axes, values, cells, shared)
    _mark(axes, values, clear)
    _decorate(axes, models, tasks, shared)
    _key(figure, bool(values.isna().any().any()), bool(failure["gated"].any()), set(clear.values()))
    return figure


def _shared_sizes(failure: pd.DataFrame, tasks: list[str]) -> dict[str, str]:
    """What stands under a task: the number of scored answers where every model has the same; of arms, their range."""
    shared: dict[str, str] = {}
    for task in tasks:
        cells = failure[failure["task"] == task]
        least, most = int(cells["n"].min()), int(cells["n"].max())
        if "seeds" in cells:
            shared[task] = f"n {most:,}" if least == most else f"n {least:,}\nto {most:,}"
        elif least == most and not cells["unscored"].fillna(0).any():
            shared[task] = f"n {most:,}"
    return shared


def _annotate(axes: Axes, values: pd.DataFrame, cells: pd.DataFrame, shared: dict[str, str]) -> None:
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
            ink = style.INK if gated or value < _DARK else style.PAPER
            box = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.4} if gated else None
            small = _size(cell) if _apart(task, cell, shared) else ""
            place: dict[str, Any] = {"ha": "center", "va": "center", "color": ink, "bbox": box}
            lines = small.count("\n") + 2 if small else 1
            axes.text(column + 0.5, row + 0.5 / lines + (0.05 if small else 0), f"{value:.1f}", fontsize=7.5, **place)
            if small:
                place |= {"fontsize": style.SMALLEST, "linespacing": 1.05}
                axes.text(column + 0.5, row + 0.5 + 0.5 / lines, small, **place)


def _clear(sources: Sources, arms: bool) -> dict[tuple[str, str], str]:
    """By unified model (or arm) and task: a mark where it fails more, or less, than each of its counterparts.

    A pair is clear by its adjusted p value, an arm where the interval over seeds excludes zero.
    """
    statistics = sources.statistics
    if arms:
        rows = inputs.read(statistics, "pooled", extra=("arm",))
        rows = rows[rows["unit"] == "seed"].rename(columns={"arm": "who"})
        rows = rows.assign(clear=(rows["low"] > 0) | (rows["high"] < 0))
    else:
        rows = inputs.read(statistics, "penalty").rename(columns={"unified": "who"})
        rows = rows[(rows["category"] == "all") & ~rows["gated"] & rows["estimate"].notna()]
        rows = rows.assign(clear=rows["p_adjusted"] < 1 - sources.confidence)
    paired = rows[rows["relation"] != "group"].groupby(["who", "task"])
    more = paired["clear"].all() & (paired["estimate"].min() > 0)
    less = paired["clear"].all() & (paired["estimate"].max() < 0)
    keys = [(str(who), str(task)) for who, task in more.index]
    signs = ((_MORE if up else _LESS if down else "") for up, down in zip(more, less, strict=True))
    return {key: sign for key, sign in zip(keys, signs, strict=True) if sign}


def _mark(axes: Axes, values: pd.DataFrame, clear: dict[tuple[str, str], str]) -> None:
    rates = values.to_dict("index")
    for row, model in enumerate(rates):
        for column, (task, rate) in enumerate(rates[model].items()):
            sign = clear.get((str(model), str(task)), "")
            if sign and not pd.isna(rate):
                ink = style.INK if rate < _DARK else style.PAPER
                axes.text(column + 0.95, row + 0.27, sign, ha="right", va="center", fontsize=style.SMALLEST, color=ink)


def _size(cell: pd.Series) -> str:
    """How many answers were scored; of an arm, the range over its seeds."""
    if "seeds" in cell:
        return f"{100 * cell['lowest']:.1f} to {100 * cell['highest']:.1f}" if cell["seeds"] > 1 else ""
    unscored = 0 if pd.isna(cell["unscored"]) else int(cell["unscored"])
    return f"n {int(cell['n']):,}" + (f"\n+ {unscored:,}" if unscored else "")


def _apart(task: str, cell: pd.Series, shared: dict[str, str]) -> bool:
    """Whether a cell says its own size: not where the head of its column says that of all models."""
    return task not in shared or "seeds" in cell


def _hatched(column: int, row: int, colours: tuple[str, str], label: str = "") -> Rectangle:
    face, edge = colours
    return Rectangle((column, row), 1, 1, facecolor=face, edgecolor=edge, hatch="////", linewidth=0, label=label)


def _key(figure: Figure, missing: bool, gated: bool, signs: set[str]) -> None:
    """What each hatching and each sign means, for those that occur."""
    shown = ((missing, _MISSING, "not supported or not measured"), (gated, _GATED, "misses the capability gate"))
    handles: list[Rectangle | Line2D] = [_hatched(0, 0, colours, label) for occurs, colours, label in shown if occurs]
    for sign, marker, word in ((_MORE, "^", "more"), (_LESS, "v", "less")):
        if sign in signs:
            look: dict[str, Any] = {"marker": marker, "linestyle": "none", "color": style.INK, "markersize": 4}
            handles.append(Line2D([], [], **look, label=f"fails clearly {word} than each counterpart"))
    if not signs:
        none = "▲ ▼: no unified model fails clearly more or less than each counterpart"
        handles.append(Line2D([], [], linestyle="none", label=none))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=3, handlelength=2.2, handleheight=1.3)


def _decorate(axes: Axes, models: pd.DataFrame, tasks: list[str], shared: dict[str, str]) -> None:
    heads = [
        textwrap.fill(labels.name(labels.TASKS, task), 9, break_long_words=False)
        + (f"\n{shared[task]}" if task in shared else "")
        for task in tasks
    ]
    axes.set_xticks([column + 0.5 for column in range(len(tasks))], heads, rotation=0, fontsize=style.SMALLEST)
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
