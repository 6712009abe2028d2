"""Judges and detectors against people, as Cohen's kappa beside published anchors."""

from __future__ import annotations

import math
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import interval, scaled
from unicost.reporting.raters import once_each, short

_KAPPA: Final = ("kappa", "kappa_low", "kappa_high")
_SMALL: Final[dict[str, Any]] = {"color": style.MUTED, "fontsize": style.SMALLEST, "va": "center"}


@style.house
def draw_validation(validation: Path, anchors: Path) -> Figure:
    """A panel for each set and scale; dashed lines are published kappas on the same scale.

    A rater without a kappa is named below the others, with the reason in its row.
    """
    frame = inputs.read_file(validation, "validation")
    frame = frame[(frame["requests"] == "all") & frame["left_out"].isna()]
    panels = [(place, once_each(rows)) for place, rows in frame.groupby(["set", "scale"], sort=False)]
    if not frame["kappa"].notna().any():
        return style.nothing("No judge has labelled what people labelled.")
    known = pd.read_csv(anchors)
    heights = [len(rows) + 1.6 for _, rows in panels]
    figure = style.canvas(0.5 + 0.26 * sum(heights), width=6.4)
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)
    for axes, ((name, scale), rows) in zip(grid[:, 0], panels, strict=True):
        _panel(axes, rows, known[(known["scale"] == scale) & known["kappa"].notna()])
        axes.set_title(f"{str(name).replace('_', ' ')}: {labels.SCALES[str(scale)].lower()}", loc="left")
    grid[-1, 0].set_xlabel("Cohen's kappa")
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, anchors: pd.DataFrame) -> None:
    for place, row in enumerate(rows.to_dict("records")):
        if math.isnan(row["kappa"]):
            axes.annotate(_lacking(row), (0, place), xytext=(3, 0), textcoords="offset points", **_SMALL)
        else:
            interval(axes, place, scaled(row, _KAPPA, 1), "")
    levels = anchors.groupby("kappa")
    for line, (kappa, named) in enumerate(levels):
        axes.axvline(float(str(kappa)), color=style.MUTED, linewidth=0.8, linestyle="--", zorder=1)
        text = ", ".join(named["rater"]).lower()
        at = (float(str(kappa)), len(rows) - 0.25 + 0.55 * line)
        axes.annotate(f"{text} {kappa:.2f}", at, xytext=(-3, 0), textcoords="offset points", ha="right", **_SMALL)
    scored = zip(map(short, rows["rater"]), rows["n"].astype(int), strict=True)
    names = [f"{rater}  (n {n:,})" if n else rater for rater, n in scored]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5 + 0.6 * len(levels), -0.6)
    low = min(0.0, *(float(value) for value in rows["kappa_low"] if not math.isnan(value)), 0.0)
    axes.set_xlim(low - 0.02, 1.01)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def _lacking(row: dict[Hashable, Any]) -> str:
    """Why a rater has no kappa."""
    why = "kappa is not defined: all labels are alike" if row["n"] else "no answer scored"
    return f"{why}, {row['unscored']:,.0f} unscored"
