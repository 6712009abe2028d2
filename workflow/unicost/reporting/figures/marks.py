"""What forest plots are made of: a mark with its interval, a pooled diamond, and the legend of groups."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from unicost.reporting.labels import GROUPS, name
from unicost.reporting.style import COLOURS, INK, MARKERS, PAPER

Values = tuple[float, float, float]
"""An estimate and its interval, in the units of the axis; NaN where there is none."""


def scaled(
    row: Mapping[Any, Any] | pd.Series, names: Sequence[str] = ("estimate", "low", "high"), by: float = 100
) -> Values:
    """Estimate and interval of a row, in percent or points by default."""
    estimate, low, high = (by * float(row[name]) for name in names)
    return estimate, low, high


def bounded(values: Values) -> bool:
    """Whether there is an interval."""
    return not math.isnan(values[1]) and not math.isnan(values[2])


def excludes_zero(low: float, high: float) -> bool:
    """Whether an interval says of which sign the difference is; False where there is none."""
    return low > 0 or high < 0


def interval(axes: Axes, y: float, values: Values, group: str, *, hollow: bool = False, size: float = 4.0) -> None:
    """A mark at the estimate and a bar over its interval, where there is one, at height ``y``."""
    estimate, low, high = values
    colour = COLOURS.get(group, INK)
    if bounded(values):
        axes.plot([low, high], [y, y], color=colour, linewidth=1.1, zorder=2, solid_capstyle="butt")
    axes.plot(
        [estimate],
        [y],
        marker=MARKERS.get(group, "o"),
        markersize=size,
        color=colour,
        markerfacecolor=PAPER if hollow else colour,
        markeredgewidth=0.9,
        linestyle="none",
        zorder=3,
    )


def seeds(axes: Axes, y: float, rows: pd.DataFrame, colour: str, *, height: float = 0.4) -> None:
    """Small marks of training seeds (``estimate`` in [0, 1]), one below the other; hollow where ``gated``."""
    for place, row in enumerate(rows.to_dict("records")):
        shift = height * (place / max(1, len(rows) - 1) - 0.5)
        face = PAPER if row["gated"] else colour
        look: dict[str, Any] = {"color": colour, "markerfacecolor": face, "markeredgewidth": 0.8, "zorder": 4}
        axes.plot([100 * row["estimate"]], [y + shift], marker="o", markersize=2.4, linestyle="none", **look)


def diamond(axes: Axes, y: float, values: Values, colour: str, *, height: float = 0.36, dark: bool = True) -> None:
    """A pooled estimate: its width is the interval; only the outline where there is no interval."""
    estimate, low, high = values
    if not bounded(values):
        axes.plot([estimate], [y], marker="d", markersize=5, markerfacecolor=PAPER, color=colour, zorder=3)
        return
    corners = [(low, y), (estimate, y + height), (high, y), (estimate, y - height)]
    axes.add_patch(
        Polygon(
            corners,
            closed=True,
            facecolor=colour if dark else PAPER,
            edgecolor=colour,
            linewidth=0.9,
            zorder=4,
            clip_on=True,
        )
    )


def off_scale(axes: Axes, y: float, values: Values, colour: str) -> None:
    """Arrow heads where an interval goes on beyond the axis."""
    left, right = axes.get_xlim()
    _, low, high = values
    for beyond, edge, marker in ((low < left, left, "<"), (high > right, right, ">")):
        if beyond:
            axes.plot([edge], [y], marker=marker, markersize=3.5, color=colour, clip_on=False, zorder=5)


def group_handles(groups: Sequence[str], names: dict[str, str] | None = None) -> list[Line2D]:
    """Legend entries, one mark a group, in the order given."""
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=MARKERS.get(key, "o"),
            color=COLOURS.get(key, INK),
            markersize=5,
            label=name(names or GROUPS, key),
        )
        for key in groups
    ]
