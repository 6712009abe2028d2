"""How often attempts put into answers flip the verdict of each judge, by kind of attempt."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import group_handles, interval, scaled
from unicost.reporting.formatting import count
from unicost.reporting.sources import Sources

_ALL = {"all": "All attempts"}
_LEAST, _WIDEST = 10.0, 101.5
"""How far an axis reaches at least and at most, in percent."""
_COUNTS = {"flips of attempts": 0.4, "unscored": 0.72, "untold": 1.0}
"""Columns of counts beside a panel, and where they end."""


@style.house
def draw(sources: Sources) -> Figure:
    """One panel for each judge; for each kind of attempt one line an aspect, with its counts beside it."""
    frame = inputs.read(sources.statistics, "injections")
    judges, kinds = list(dict.fromkeys(frame["judge"])), list(dict.fromkeys(frame["kind"]))
    figure = style.canvas(0.6 + (0.6 + 0.27 * len(kinds)) * len(judges))
    grid = figure.subplots(len(judges), 2, sharex="col", squeeze=False, width_ratios=(2.4, 1))
    for (axes, counts), judge in zip(grid, judges, strict=True):
        rows = frame[frame["judge"] == judge]
        heights = [
            kinds.index(row["kind"]) + (-0.2 if row["aspect"] == "contextual" else 0.2) for _, row in rows.iterrows()
        ]
        _rates(axes, rows, heights, kinds)
        _counts(counts, rows, heights)
        axes.set_title(f"Judge '{judge}'")
        for one in (axes, counts):
            one.set_ylim(len(kinds) - 0.5, -0.5)
    highest = 100 * pd.to_numeric(frame["high"]).max()
    grid[-1, 0].set_xlim(-1, _LEAST if math.isnan(highest) else min(max(_LEAST, highest + 2), _WIDEST))
    grid[-1, 0].set_xlabel("Verdicts flipped (%)")
    figure.legend(handles=group_handles(list(labels.ASPECTS), labels.ASPECTS), loc="outside lower center", ncols=2)
    return figure


def _rates(axes: Axes, rows: pd.DataFrame, heights: list[float], kinds: list[str]) -> None:
    for y, row in zip(heights, rows.to_dict("records"), strict=True):
        values = scaled(row, ("rate", "low", "high"))
        if not math.isnan(values[0]):
            interval(axes, y, values, row["aspect"])
    if not rows["attempts"].any():
        look: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center", "color": style.MUTED}
        axes.text(0.5, 0.5, "no attempt tells anything", **look)
    axes.set_yticks(range(len(kinds)), [labels.name(_ALL, kind) for kind in kinds])
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)


def _counts(axes: Axes, rows: pd.DataFrame, heights: list[float]) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    for title, right in _COUNTS.items():
        axes.text(right, -0.62, title, ha="right", va="bottom", fontsize=7.3, color=style.MUTED)
    for y, row in zip(heights, rows.to_dict("records"), strict=True):
        told = (f"{count(row['flips'])} of {count(row['attempts'])}", count(row["unscored"]), count(row["untold"]))
        for text, right in zip(told, _COUNTS.values(), strict=True):
            axes.text(right, y, text, ha="right", va="center", fontsize=7.3)
