"""Sensitivity, specificity and precision of every detector, by class."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import interval, scaled
from unicost.reporting.formatting import count
from unicost.reporting.sources import Sources

_SHARES = {"sensitivity": "Sensitivity (%)", "specificity": "Specificity (%)", "precision": "Precision (%)"}
_LEFT = 99.0
"""Where an axis begins at the latest, in percent."""


@style.house
def draw(sources: Sources) -> Figure:
    """One block of panels for each annotator; one line for each detector and class with labelled answers."""
    frame = inputs.read(sources.statistics, "detectors")
    frame = frame[frame["n"] > 0]
    if frame.empty:
        return style.nothing("No labels to hold the detectors to: nobody has labelled this study's sample yet.")
    blocks = list(frame.groupby("annotator", sort=True))
    heights = [len(rows) + 1.8 for _, rows in blocks]
    figure = style.canvas(0.5 + 0.26 * sum(heights))
    grid = figure.subplots(len(blocks), len(_SHARES), sharex="col", squeeze=False, height_ratios=heights)
    for line, (annotator, rows) in zip(grid, blocks, strict=True):
        for axes, column in zip(line, _SHARES, strict=True):
            _panel(axes, rows, column)
        line[0].set_yticks(range(len(rows)), [_name(row) for _, row in rows.iterrows()])
        line[0].set_title(f"Held to {labels.reference(annotator)}")
    for axes, (column, title) in zip(grid[-1], _SHARES.items(), strict=True):
        lowest = 100 * pd.to_numeric(frame[f"{column}_low"]).min()
        left = _LEFT if math.isnan(lowest) else min(_LEFT, lowest)
        axes.set_xlim(left - 0.1 * (100 - left), 100 + 0.1 * (100 - left))
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.set_xlabel(title)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        values = scaled(row, (column, f"{column}_low", f"{column}_high"))
        if not math.isnan(values[0]):
            interval(axes, place, values, "contextual")
    axes.set_yticks([])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)


def _name(row: pd.Series) -> str:
    kind = labels.name(labels.DETECTED, row["class"])
    return f"{row['detector']}: {kind.lower()}\n({count(row['positive'])} of {count(row['n'])} answers)"
