"""Loss curves of everything that a study trained: one panel a model, one colour a kind of batch, one line a seed."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import inputs, labels, style
from unicost.reporting.sources import Sources

_COLUMNS = 4
_LOWEST = 1e-4
"""Losses below this are as good as none, and would take the room of the others."""
_KINDS: dict[str, tuple[str, str]] = {
    "vision": ("scene attributes", "#7A5C00"),
    "safety": ("refusals in words", "#CC79A7"),
    "safety_pictures": ("refusals with pictures", "#D55E00"),
    "text": ("harmless text", "#7F7F7F"),
    "understanding": ("understanding", "#009E73"),
    "generation": ("generation", "#E69F00"),
}


@style.house
def draw(sources: Sources) -> Figure:
    """Smoothed loss (logarithmic) against the step (in thousands)."""
    if sources.losses is None:
        raise ValueError(f"{sources.statistics}: its study has no table of loss curves to draw")
    frame = inputs.read_file(sources.losses, "losses")
    arms = labels.ordered({"vision": "", **labels.ARMS}, frame["arm"])
    rows = math.ceil(len(arms) / _COLUMNS)
    figure = style.canvas(0.7 + 1.2 * rows)
    grid = figure.subplots(rows, _COLUMNS, sharey=True, squeeze=False)
    for axes, arm in zip(grid.flat, arms, strict=False):
        _panel(axes, frame[frame["arm"] == arm], labels.arm_at_length(arm))
    for axes in grid.flat[len(arms) :]:
        axes.set_axis_off()
    figure.supxlabel("Training step (thousands)", fontsize=8)
    figure.supylabel("Loss, smoothed", fontsize=8)
    kinds = labels.ordered(dict.fromkeys(_KINDS, ""), frame["kind"])
    figure.legend(handles=_handles(kinds), loc="outside upper center", ncols=6, columnspacing=1.2, handlelength=1.2)
    return figure


def _panel(axes: Axes, frame: pd.DataFrame, title: str) -> None:
    for (kind, _), curve in frame.groupby(["kind", "seed"], sort=False):
        ordered = curve.sort_values("step")
        colour = _KINDS.get(str(kind), ("", style.INK))[1]
        axes.plot(ordered["step"] / 1000, ordered["smoothed"], color=colour, linewidth=0.7, alpha=0.8)
    axes.set_yscale("log")
    axes.set_ylim(bottom=_LOWEST)
    axes.set_title(title, fontsize=style.SMALLEST)
    axes.tick_params(labelsize=style.SMALLEST)
    axes.minorticks_off()
    axes.set_xlim(left=0)
    axes.grid(True)
    axes.set_axisbelow(True)


def _handles(kinds: list[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, linewidth=1.6, label=name)
        for name, colour in (_KINDS.get(kind, (kind, style.INK)) for kind in kinds)
    ]
