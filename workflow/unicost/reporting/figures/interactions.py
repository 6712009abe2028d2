"""What the penalty depends on: its level in each category, task and construction, with both units of inference."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from unicost.reporting import formatting, inputs, labels, style
from unicost.reporting.figures.marks import bounded, diamond, off_scale, scaled
from unicost.reporting.sources import Sources

_LOOKS = {"family": (style.POOLED_ITEMS, -0.2, False), "seed": (style.POOLED, 0.2, True)}
"""Colour, place in the row, and whether the diamond is filled, by unit."""

_HEADER = "#f3f3f3"


@style.house
def draw(sources: Sources) -> Figure:
    """One panel a relation; rows are levels under their factor, effects in points."""
    frame = inputs.read(sources.statistics, "interactions")
    if not inputs.compares(sources.statistics):
        return style.nothing(labels.NO_COMPARISON)
    shown = frame[frame["estimate"].notna() & frame["level"].notna()]
    several = shown.groupby("factor")["level"].transform("nunique") > 1
    shown = shown[several]
    if shown.empty:
        return style.nothing("No penalty could be compared between categories, tasks or constructions.")
    lines = _lines(shown)
    relations = labels.ordered(labels.RELATIONS, shown["relation"])
    figure = style.canvas(1.0 + 0.26 * len(lines))
    grid = figure.subplots(1, len(relations), sharex=True, sharey=True, squeeze=False)[0]
    ends = 100 * shown[["estimate", "low", "high"]].clip(-1, 1)
    grid[0].set_xlim(min(ends.min().min(), -5) - 3, max(ends.max().max(), 5) + 3)
    for axes, relation in zip(grid, relations, strict=True):
        _panel(axes, shown[shown["relation"] == relation], lines)
        title = f"Unified − {labels.name(labels.RELATIONS, relation).lower()}"
        axes.set_title(textwrap.fill(title, 72 // len(relations)), fontsize=7.5)
    grid[0].set_yticks(range(len(lines)), [_name(*line) for line in lines], fontsize=7.3)
    for label, (_, level) in zip(grid[0].get_yticklabels(), lines, strict=True):
        label.set_fontweight("normal" if level else "bold")
    grid[0].set_ylim(len(lines) - 0.4, -0.6)
    figure.legend(handles=_handles(shown), loc="outside lower center", ncols=3)
    return figure


def _lines(shown: pd.DataFrame) -> list[tuple[str, str]]:
    """Factor and level of each row; a factor's own row has no level."""
    lines = []
    for factor in labels.ordered(labels.FACTORS, shown["factor"]):
        levels = shown.loc[shown["factor"] == factor, "level"]
        lines += [(factor, ""), *((factor, level) for level in labels.ordered(labels.TASKS, sorted(levels)))]
    return lines


def _name(factor: str, level: str) -> str:
    return labels.level(level) if level else labels.name(labels.FACTORS, factor)


def _panel(axes: Axes, rows: pd.DataFrame, lines: list[tuple[str, str]]) -> None:
    for y, (factor, level) in enumerate(lines):
        own = rows[rows["factor"] == factor]
        if not level:
            axes.axhspan(y - 0.5, y + 0.5, color=_HEADER, zorder=0, linewidth=0)
            look: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "center", "va": "center"}
            look |= {
                "fontsize": style.SMALLEST,
                "linespacing": 1.0,
                "bbox": {"facecolor": _HEADER, "edgecolor": "none", "pad": 0.5},
            }
            axes.text(0.5, y, _tests(own), **look)
            continue
        for row in own[own["level"] == level].to_dict("records"):
            colour, shift, dark = _LOOKS[row["unit"]]
            values = scaled(row)
            diamond(axes, y + shift, values, colour, height=0.16, dark=dark)
            if bounded(values):
                off_scale(axes, y + shift, values, colour)
    axes.set_xlabel("Points; right of zero:\nunified fails more", fontsize=7.5)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    style.zero_line(axes)


def _tests(rows: pd.DataFrame) -> str:
    """A line for each unit that has an adjusted p value."""
    parts = []
    for unit, noun in (("family", "families"), ("seed", "seeds")):
        p_values = rows.loc[rows["unit"] == unit, "interaction_p_adjusted"].dropna()
        if len(p_values):
            p = formatting.p_value(p_values.iloc[0])
            parts.append(f"{noun}: p {p if p.startswith('<') else f'= {p}'}")
    return "\n".join(parts)


def _handles(shown: pd.DataFrame) -> list[Patch | Line2D]:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour if dark else style.PAPER, edgecolor=colour, label=f"unit: {labels.UNITS[unit]}")
        for unit, (colour, _, dark) in _LOOKS.items()
        if (shown["unit"] == unit).any()
    ]
    if shown["low"].isna().any():
        look: dict[str, Any] = {"marker": "d", "linestyle": "none", "markersize": 5, "markerfacecolor": style.PAPER}
        handles.append(Line2D([], [], color=style.POOLED, **look, label="no interval: all seeds agree"))
    return handles
