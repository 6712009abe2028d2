"""Failure against the level of safety replay, in words, with pictures and in drawing."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import labels, style
from unicost.reporting.design import Design, read_design, replayed
from unicost.reporting.sources import Sources

ARMS = ("understanding", "generation", "unified")
_ASIDE = 0.16
"""How far the arms stand beside each other at one level."""
_SEEDS = 0.08
"""How far the marks of single seeds stand left of their mean."""
_GAP = 0.4
"""Extra room before the level that is not a dose."""


@style.house
def draw(sources: Sources) -> Figure:
    """One panel for each block of prompt types; failure in percent, one line an arm, every seed a small mark."""
    design = read_design(sources)
    blocks = [block for block in design.blocks if any(not design.seeds(arm, block).empty for arm in ARMS)]
    figure = style.canvas(2.9)
    grid = figure.subplots(1, len(blocks), sharey=True, squeeze=False)[0]
    for axes, block in zip(grid, blocks, strict=True):
        for place, arm in enumerate(ARMS):
            _line(axes, design, arm, block, _ASIDE * (place - 1))
        _dress(axes, design.prompt(block))
    grid[0].set_ylabel("Failure on unsafe requests (%)")
    grid[len(grid) // 2].set_xlabel("Safety replay, share of the training steps")
    figure.legend(handles=_handles(), loc="outside lower center", ncols=5, columnspacing=1.2)
    return figure


def _places() -> dict[str, float]:
    """Where each level stands; the one with pictures is no further dose and stands apart."""
    return {level: place + (_GAP if level == "pictures" else 0) for place, level in enumerate(labels.REPLAY_LEVELS)}


def _line(axes: Axes, design: Design, arm: str, block: str, aside: float) -> None:
    group = labels.ARM_GROUPS[arm]
    colour, dose = style.COLOURS[group], []
    for level, place in _places().items():
        x, found = place + aside, design.arm(replayed(arm, level), block)
        for seed in design.seeds(replayed(arm, level), block).to_dict("records"):
            face = style.PAPER if seed["gated"] else colour
            axes.plot(
                [x - _SEEDS],
                [100 * seed["estimate"]],
                "o",
                markersize=2,
                color=colour,
                markerfacecolor=face,
                alpha=0.55,
            )
        if found is None:
            continue
        low, middle, high = (100 * float(found[end]) for end in ("low", "estimate", "high"))
        if not math.isnan(low):
            axes.plot([x, x], [low, high], color=colour, linewidth=1.1, zorder=3)
        axes.plot([x], [middle], marker=style.MARKERS[group], markersize=4.5, color=colour, zorder=4)
        if level != "pictures":
            dose.append((x, middle))
    if dose:
        axes.plot(*zip(*dose, strict=True), color=colour, linewidth=1.2, zorder=2)


def _dress(axes: Axes, title: str) -> None:
    places = _places()
    axes.set_xticks(list(places.values()), [labels.REPLAY_LEVELS[level] for level in places], fontsize=7.3)
    axes.axvline(places["pictures"] - (1 + _GAP) / 2, color=style.RULE, linewidth=0.6)
    axes.set_xlim(-0.5, max(places.values()) + 0.75)
    axes.set_ylim(-3, 103)
    axes.set_title(title)
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)


def _handles() -> list[Line2D]:
    arms = [
        Line2D([], [], marker=style.MARKERS[group], color=style.COLOURS[group], markersize=4.5, label=name)
        for group, name in ((labels.ARM_GROUPS[arm], labels.ARMS[arm]) for arm in ARMS)
    ]
    dot = Line2D([], [], marker="o", linestyle="none", color=style.INK, alpha=0.55, markersize=2.5)
    dot.set_label("one training seed")
    return [*arms, dot]
