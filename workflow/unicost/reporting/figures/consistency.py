"""How often models treat one target alike in two tasks."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import group_handles, interval, scaled
from unicost.reporting.sources import Sources

_EVERY = "every pair"
_NAMES = ("consistency", "low", "high")


@style.house
def draw(sources: Sources) -> Figure:
    """One row for each model, or for each arm with its seeds; the mean over its pairs of tasks.

    A rule parts models with different pairs of tasks, which cannot be compared.
    """
    models = labels.with_groups(inputs.read(sources.statistics, "models"))
    frame = inputs.read(sources.statistics, "consistency")
    single = _widest(frame[frame["level"] == "model"], "model")
    if single.empty:
        return style.nothing("No model answered requests for one target in two tasks.")
    seeds = _widest(frame[frame["level"] == "seeds"], "arm")
    rows = seeds if len(seeds) else single
    by_arm = len(seeds) > 0
    groups = dict(zip(models["arm" if by_arm else "model"], models["group"], strict=True))
    names = labels.display_names(models)
    key = "arm" if by_arm else "model"
    pairs = _pairs(frame[frame["level"] == ("seeds" if by_arm else "model")], key)
    order = [name for name in dict.fromkeys(models[key]) if name in set(rows[key])]
    order = [name for same in dict.fromkeys(pairs[name] for name in order) for name in order if pairs[name] == same]
    figure = style.canvas(1.1 + 0.32 * len(order))
    axes = figure.subplots()
    for y, name in enumerate(order):
        if y and pairs[name] != pairs[order[y - 1]]:
            axes.axhline(y - 0.5, color=style.INK, linewidth=0.8)
        own = single.loc[single["arm"] == name, "consistency"] if by_arm else None
        _row(axes, y, rows[rows[key] == name].iloc[0], groups[name], own)
    texts = [labels.arm_at_length(name) if by_arm else names[name] for name in order]
    sizes = rows.drop_duplicates(key).set_index(key)["families"]
    about = [_size(len(pairs[name]), int(sizes[name])) for name in order]
    axes.set_yticks(range(len(order)), [f"{text}\n({size})" for text, size in zip(texts, about, strict=True)])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel("Families on which the model fails in both of two tasks or in neither (%)")
    shown = labels.ordered(labels.GROUPS, [groups[name] for name in order])
    handles = group_handles(shown, labels.group_names(models))
    handles += [Line2D([], [], color=style.MUTED, linewidth=1.2, label="By chance")]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handletextpad=0.4, columnspacing=1.2)
    return figure


def _row(axes: Axes, y: int, row: pd.Series, group: str, seeds: pd.Series | None) -> None:
    """A mark with its interval, a rule at what chance gives, and below them the seeds of an arm."""
    if seeds is not None:
        look: dict[str, Any] = {"marker": "o", "markersize": 2.4, "linestyle": "none", "zorder": 4}
        axes.plot(100 * seeds, [y + 0.22] * len(seeds), color=style.COLOURS[group], **look)
    interval(axes, y, scaled(row, _NAMES), group, size=5)
    chance = 100 * row["by_chance"]
    axes.plot([chance, chance], [y - 0.3, y + 0.3], color=style.MUTED, linewidth=1.2, zorder=2)


def _size(pairs: int, families: int) -> str:
    return f"{pairs} pair{'s' * (pairs > 1)} of tasks, {families:,} families"


def _widest(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """For each model or arm the row over every pair of its tasks, or that of its only pair."""
    every = frame[frame["first_task"] == _EVERY]
    only = frame[~frame[key].isin(every[key])]
    return pd.concat([every, only[~only[key].duplicated(keep=False)]])


def _pairs(frame: pd.DataFrame, key: str) -> dict[str, tuple[str, ...]]:
    """The pairs of tasks of each model or arm."""
    single = frame[frame["first_task"] != _EVERY]
    return {
        str(name): tuple(sorted(set(rows["first_task"] + " " + rows["second_task"])))
        for name, rows in single.groupby(key)
    }
