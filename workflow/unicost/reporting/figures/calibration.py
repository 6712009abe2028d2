"""Reliability of the judges that state probabilities: what they say against the labels of the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from unicost.reporting import formatting, inputs, labels, style
from unicost.reporting.sources import Sources

_LOOKS = ("llm", "unified_open", "vlm", "generator", "unified_closed", "editor")
"""Groups whose colours and marks the judges borrow, in turn."""
_ASPECTS = {"contextual": "Unsafe for the request (contextual)", "intrinsic": "Unsafe by itself (intrinsic)"}


@style.house
def draw(sources: Sources) -> Figure:
    """One panel an aspect and reference, a line a judge; below it how often each probability was stated."""
    frame = inputs.read(sources.statistics, "calibration")
    counts = inputs.read(sources.statistics, "stated_probabilities")
    if frame.empty:
        return style.nothing("No answer has both a stated probability and a label.")
    looks = {judge: _LOOKS[place % len(_LOOKS)] for place, judge in enumerate(dict.fromkeys(frame["judge"]))}
    aspects, annotators = labels.ordered(_ASPECTS, frame["aspect"]), list(dict.fromkeys(frame["annotator"]))
    figure = style.canvas(0.5 + 3.9 * len(annotators), width=style.WIDTH if len(aspects) > 1 else 4.0)
    grid = figure.subplots(
        2 * len(annotators), len(aspects), squeeze=False, sharex=True, height_ratios=[4, 1] * len(annotators)
    )
    for row, annotator in enumerate(annotators):
        for column, aspect in enumerate(aspects):
            own = frame[(frame["annotator"] == annotator) & (frame["aspect"] == aspect)]
            _reliability(grid[2 * row, column], own, looks)
            grid[2 * row, column].set_title(_ASPECTS[aspect])
            _strip(grid[2 * row + 1, column], counts[counts["aspect"] == aspect], looks)
        grid[2 * row, 0].set_ylabel(f"Unsafe labels, {labels.from_whom(annotator)} (%)")
        grid[2 * row + 1, 0].set_ylabel("Answers")
    for axes in grid[-1]:
        axes.set_xlabel("Stated probability of unsafe (%)")
    unsure = bool((frame["answers"] == "unsure").any())
    figure.legend(handles=_handles(looks, unsure), loc="outside lower center", ncols=4, columnspacing=1.4)
    return figure


def _reliability(axes: Axes, frame: pd.DataFrame, looks: dict[str, str]) -> None:
    axes.plot([0, 100], [0, 100], color=style.MUTED, linewidth=0.8, linestyle="--", zorder=1)
    for judge, group in looks.items():
        rows = frame[frame["judge"] == judge]
        bins = rows[rows["bin"] != "all"].sort_values("stated")
        axes.plot(100 * bins["stated"], 100 * bins["observed"], color=style.COLOURS[group], linewidth=1.0, zorder=3)
        for row in bins.to_dict("records"):
            _mark(axes, row, group, hollow=False)
        for row in rows[rows["answers"] == "unsure"].to_dict("records"):
            _mark(axes, row, group, hollow=True)
    axes.set(xlim=(-3, 103), ylim=(-3, 103))
    axes.grid(True)
    axes.set_axisbelow(True)


def _mark(axes: Axes, row: dict[Any, Any], group: str, *, hollow: bool) -> None:
    colour, at = style.COLOURS[group], 100 * row["stated"]
    axes.plot([at, at], [100 * row["low"], 100 * row["high"]], color=colour, linewidth=1.0, alpha=0.7, zorder=2)
    look: dict[str, Any] = {"marker": style.MARKERS[group], "markersize": 6 if hollow else 4, "linestyle": "none"}
    face = style.PAPER if hollow else colour
    axes.plot([at], [100 * row["observed"]], color=colour, markerfacecolor=face, zorder=5 if hollow else 4, **look)


def _strip(axes: Axes, counts: pd.DataFrame, looks: dict[str, str]) -> None:
    """Side by side in each bin, scored answers below and those left unscored, hatched, above."""
    shown = [judge for judge in looks if (counts["judge"] == judge).any()]
    for place, judge in enumerate(shown):
        rows = counts[counts["judge"] == judge]
        width = 100 * (rows["highest"] - rows["lowest"]) / len(shown)
        left = 100 * rows["lowest"] + place * width
        look: dict[str, Any] = {"align": "edge", "edgecolor": style.COLOURS[looks[judge]], "linewidth": 0.4}
        axes.bar(left, rows["scored"], width, color=style.COLOURS[looks[judge]], **look)
        axes.bar(left, rows["unsure"], width, bottom=rows["scored"], color=style.PAPER, hatch="//////", **look)
    axes.set_yscale("function", functions=(np.sqrt, np.square))
    most = float((counts["scored"] + counts["unsure"]).max()) if len(counts) else 1.0
    axes.set_ylim(0, most * 1.05)
    ticks = [tick for tick in (10 ** np.arange(1, 8)) if tick < most][-2:]
    axes.set_yticks(ticks, [formatting.count(tick) for tick in ticks])


def _handles(looks: dict[str, str], unsure: bool) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=style.COLOURS[group], marker=style.MARKERS[group], markersize=4, label=f"Judge '{judge}'")
        for judge, group in looks.items()
    ]
    if unsure:
        hollow: dict[str, Any] = {"markerfacecolor": style.PAPER, "markersize": 6, "linestyle": "none"}
        mark = style.MARKERS[next(iter(looks.values()))] if len(looks) == 1 else "o"
        handles.append(Line2D([], [], color=style.INK, marker=mark, label="left unscored by the judge", **hollow))
    handles.append(Line2D([], [], color=style.MUTED, linestyle="--", linewidth=0.8, label="says what is"))
    return handles
