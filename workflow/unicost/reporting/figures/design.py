"""The answer of a designed experiment: failure of each arm, and the declared differences against their margin."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from unicost.reporting import formatting, labels, style
from unicost.reporting.design import PRIMARY, Design, answer, by_seed, limit, read_design, reading
from unicost.reporting.figures.marks import excludes_zero, interval, off_scale, scaled, seeds
from unicost.reporting.sources import Sources

ARMS = tuple(labels.ARMS)
"""The arms of the left panels."""
_HALF_A_LETTER = 0.0125
"""Half the width of a letter beside an estimate, as a share of the panel."""


@style.house
def draw(sources: Sources) -> Figure:
    """Left, failure by block of prompt types (percent); right, the primary contrasts over seeds (points)."""
    design = read_design(sources)
    blocks = {block: _present(design, block) for block in design.blocks}
    blocks = {block: arms for block, arms in blocks.items() if arms}
    figure = style.canvas(1.35 + 0.28 * len(blocks) + 0.19 * sum(map(len, blocks.values())))
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.12])[0]
    panels = left.subplots(len(blocks), 1, sharex=True, squeeze=False, height_ratios=[len(a) for a in blocks.values()])
    for axes, (block, arms) in zip(panels[:, 0], blocks.items(), strict=True):
        _failures(axes, design, block, arms)
    panels[-1, 0].set_xlabel("Failure on unsafe requests (%)")
    _differences(right.subplots(), design)
    figure.legend(handles=_handles(100 * design.margin), loc="outside lower center", ncols=2, columnspacing=1.2)
    primary = design.family(PRIMARY).to_dict("records")
    figure.suptitle(textwrap.fill(answer(primary, design.margin), 78), fontsize=9, fontweight="bold", x=0.01, ha="left")
    return figure


def _present(design: Design, block: str) -> list[str]:
    return [arm for arm in ARMS if not design.seeds(arm, block).empty]


def _failures(axes: Axes, design: Design, block: str, arms: list[str]) -> None:
    for y, arm in enumerate(arms):
        group = labels.ARM_GROUPS[arm]
        mean = design.arm(arm, block)
        if mean is not None:
            axes.barh([y], [100 * mean["estimate"]], height=0.66, color=style.COLOURS[group], alpha=0.3, linewidth=0)
            axes.plot([100 * mean["estimate"]] * 2, [y - 0.33, y + 0.33], color=style.COLOURS[group], linewidth=1.8)
        text = "below the gate" if mean is None else formatting.percent(mean["estimate"])
        axes.text(101, y, text, ha="right", va="center", fontsize=7.3)
        seeds(axes, y, design.seeds(arm, block), style.COLOURS[group])
    axes.set_yticks(range(len(arms)), [labels.name(labels.ARMS, arm) for arm in arms])
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_title(design.prompt(block), fontsize=8)
    _plain(axes)


def _differences(axes: Axes, design: Design) -> None:
    """One row a primary hypothesis: the mean over seeds, its interval, each seed and the verdict."""
    rows = design.family(PRIMARY).to_dict("records")
    margin = 100 * design.margin
    axes.axvspan(-margin, margin, color="#e4ecf3", zorder=0, linewidth=0)
    style.zero_line(axes)
    differences = [_by_seed(design, row) for row in rows]
    _limit(axes, rows, [value for values in differences for value in values], margin)
    for y, (row, values) in enumerate(zip(rows, differences, strict=True)):
        axes.plot(values, [y + 0.2] * len(values), "o", markersize=2.4, color=style.INK, zorder=2)
        if not formatting.is_missing(row["estimate"]):
            interval(axes, y, scaled(row), "unified_open", size=5)
            off_scale(axes, y, scaled(row), style.COLOURS["unified_open"])
        halo = [withStroke(linewidth=2, foreground=style.PAPER)]
        text = _verdict(row, design.margin)
        axes.text(
            _beside(axes, row, max(map(len, text.splitlines()))),
            y - 0.26,
            text,
            ha="center",
            fontsize=7.3,
            path_effects=halo,
        )
    axes.set_yticks(range(len(rows)), [textwrap.fill(design.contrast(row["contrast"]), 21) for row in rows])
    axes.set_ylim(len(rows) - 0.45, -0.7)
    axes.set_xlabel("Difference in failure (points)\nright of zero: the unified arm fails more")
    _plain(axes)


def _by_seed(design: Design, row: dict[Any, Any]) -> list[float]:
    found = design.effect(row["contrast"], row["prompt"], row["outcome"])
    return [] if found is None else [100 * value for value in by_seed(found["by_seed"]).values()]


def _verdict(row: dict[Any, Any], margin: float) -> str:
    """The difference and what is said about it; the interval is not adjusted for the number of comparisons, p is."""
    verdict = labels.name(labels.READINGS, reading(row))
    if reading(row) == "inconclusive" and excludes_zero(row["low"], row["high"]):
        verdict += " after Holm"
    verdict += limit(row, margin).replace(", ", ",\n").replace(" among", "\namong")
    if formatting.is_missing(row["estimate"]):
        return verdict
    return f"{formatting.points(row['estimate'])}: {verdict}"


def _beside(axes: Axes, row: dict[Any, Any], letters: int) -> float:
    """Above the estimate, but far enough from the edges for a text of so many letters."""
    left, right = axes.get_xlim()
    room = (0.02 + _HALF_A_LETTER * letters) * (right - left)
    middle = 0.0 if formatting.is_missing(row["estimate"]) else 100 * row["estimate"]
    return float(min(max(middle, left + room), right - room))


def _limit(axes: Axes, rows: list[dict[Any, Any]], seeds: list[float], margin: float) -> None:
    """Room for every seed, every mean and the margin; a wider interval gets arrow heads."""
    means = [100 * row["estimate"] for row in rows if not formatting.is_missing(row["estimate"])]
    values = [*seeds, *means, -2 * margin, 2 * margin]
    room = 0.1 * (max(values) - min(values))
    axes.set_xlim(max(-104.0, min(values) - room), min(104.0, max(values) + room))


def _handles(margin: float) -> list[Line2D | Patch]:
    unified = style.COLOURS["unified_open"]
    dot: dict[str, Any] = {"marker": "o", "linestyle": "none", "color": style.INK, "markersize": 3}
    return [
        Line2D([], [], **dot, label="one training seed"),
        Line2D([], [], **dot, markerfacecolor=style.PAPER, label="seed below the capability gate"),
        Line2D([], [], marker="o", color=unified, markersize=5, label="mean, interval over seeds"),
        Patch(facecolor="#e4ecf3", label=f"within ±{margin:g} points: counts as no difference"),
    ]


def _plain(axes: Axes) -> None:
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
