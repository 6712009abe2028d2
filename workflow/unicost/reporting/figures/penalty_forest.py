"""The penalty of unification: every pair with its interval over items, and pooled with both units of inference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from unicost.reporting import formatting, inputs, labels, style
from unicost.reporting.figures.marks import Values, bounded, diamond, group_handles, interval, off_scale, scaled
from unicost.reporting.sources import Sources

_ROW = 0.16
_UNITS = {"item": (style.POOLED_ITEMS, False), "model": (style.POOLED, True), "seed": (style.POOLED, True)}
_SUBSETS = {"all": "", "open": ", open weights", "closed": ", closed", "paired": ", closest pairs"}
_HEADER = "header"


@dataclass(frozen=True)
class Line:
    """One line of the plot: a header, a pair or a pooled estimate; effects in percentage points."""

    kind: str
    label: str
    values: Values | None = None
    group: str = ""
    unit: str = ""
    remark: str = ""
    gated: bool = False


@style.house
def draw(sources: Sources) -> Figure:
    """Forest plot of the common-task penalty, one block for each relation."""
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    penalty = inputs.read(statistics, "penalty")
    pooled = inputs.read(statistics, "pooled")
    lines = list(_lines(models, penalty, pooled))
    if not lines:
        return style.nothing(labels.NO_COMPARISON)
    figure = style.canvas(1.05 + _ROW * len(lines))
    axes, text = figure.subplots(1, 2, sharey=True, width_ratios=[1, 0.86])
    _limit(axes, lines)
    for y, line in enumerate(lines):
        _plot(axes, text, y, line)
    _dress(figure, axes, text, lines)
    text.text(1, 0, "two-sided p", va="center", ha="right", fontsize=7.3, color=style.MUTED)
    groups = [line.group for line in lines if line.kind == "pair"]
    units = list(dict.fromkeys(line.unit for line in lines if line.kind == "pooled"))
    marks = group_handles(labels.ordered(labels.GROUPS, groups), labels.group_names(models))
    handles = [*marks, *_unit_handles(units)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handletextpad=0.4, columnspacing=1.4)
    return figure


def _lines(models: pd.DataFrame, penalty: pd.DataFrame, pooled: pd.DataFrame) -> Iterator[Line]:
    names = labels.display_names(models)
    groups = dict(zip(models["model"], models["group"], strict=True))
    pairs = penalty[(penalty["task"] == "common") & (penalty["category"] == "all") & penalty["estimate"].notna()]
    pools = pooled[pooled["task"] == "common"]
    for relation in labels.ordered(labels.RELATIONS, [*pairs["relation"], *pools["relation"]]):
        yield Line(_HEADER, f"against: {labels.name(labels.RELATIONS, relation).lower()}")
        block = pairs[pairs["relation"] == relation].sort_values("estimate", ascending=False, kind="stable")
        for row in block.to_dict("records"):
            against = "" if relation == "group" else f" − {names.get(row['counterpart'], row['counterpart'])}"
            label = f"{names.get(row['unified'], row['unified'])}{against}"
            remark = "below the gate" if row["gated"] else ""
            yield Line("pair", label, scaled(row), groups.get(row["unified"], ""), remark=remark, gated=row["gated"])
        yield from _pooled_lines(pools[pools["relation"] == relation])


def _pooled_lines(pooled: pd.DataFrame) -> Iterator[Line]:
    """Item and model (or seed) level for each subset; a subset that equals ``all`` is not repeated."""
    shown: set[tuple[int, float, str]] = set()
    for subset in labels.ordered(_SUBSETS, pooled["subset"]):
        rows = pooled[pooled["subset"] == subset]
        for unit in [unit for unit in _UNITS if (rows["unit"] == unit).any()]:
            candidates = rows[(rows["unit"] == unit) & rows["estimate"].notna()]
            if candidates.empty:
                continue
            row = candidates.sort_values("low", na_position="last", key=lambda low: low.isna(), kind="stable").iloc[0]
            key = (int(row["models"]), round(float(row["estimate"]), 9), unit)
            if key in shown:
                continue
            shown.add(key)
            noun = "seeds" if _is_seeds(pooled) else "models"
            label = f"Pooled{_SUBSETS.get(subset, ', ' + subset)}; unit: {unit} ({int(row['models'])} {noun})"
            p = formatting.p_value(row["p_value"])
            remark = "" if p == formatting.MISSING else f"p {p if p.startswith('<') else f'= {p}'}"
            yield Line("pooled", label, scaled(row), unit=unit, remark=remark)


def _is_seeds(pooled: pd.DataFrame) -> bool:
    return bool((pooled["unit"] == "seed").any())


def _limit(axes: Axes, lines: list[Line]) -> None:
    """Wide enough for every estimate and for all but the widest intervals, which get arrow heads."""
    estimates = [line.values[0] for line in lines if line.values]
    ends = [
        end for line in lines if line.values and line.kind == "pair" and bounded(line.values) for end in line.values
    ]
    low, high = min([*estimates, *ends, -5]), max([*estimates, *ends, 5])
    margin = 0.08 * (high - low)
    axes.set_xlim(max(low - margin, -104), min(high + margin, 104))


def _plot(axes: Axes, text: Axes, y: int, line: Line) -> None:
    if line.values is None:
        axes.axhspan(y - 0.5, y + 0.5, color="#f3f3f3", zorder=0, linewidth=0)
        text.axhspan(y - 0.5, y + 0.5, color="#f3f3f3", zorder=0, linewidth=0)
        return
    estimate, low, high = line.values
    if line.kind == "pair":
        interval(axes, y, line.values, line.group, hollow=line.gated)
        colour = style.COLOURS.get(line.group, style.INK)
    else:
        colour, dark = _UNITS[line.unit]
        diamond(axes, y, line.values, colour, dark=dark)
    off_scale(axes, y, line.values, colour)
    bounds = "" if not bounded(line.values) else f"  [{formatting.points(low / 100)}, {formatting.points(high / 100)}]"
    text.text(0, y, f"{formatting.points(estimate / 100)}{bounds}", va="center", fontsize=7.3)
    text.text(1, y, line.remark, va="center", ha="right", fontsize=7.3, color=style.MUTED)


def _dress(figure: Figure, axes: Axes, text: Axes, lines: list[Line]) -> None:
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_yticks(range(len(lines)), [line.label for line in lines], fontsize=7.4)
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("normal" if line.kind == "pair" else "bold")
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    style.zero_line(axes)
    axes.set_xlabel("Unified minus counterpart (points)\nright of zero: the unified model fails more")
    text.set_xlim(0, 1)
    text.set_axis_off()


def _unit_handles(units: list[str]) -> list[Patch]:
    handles = []
    for unit in units:
        colour, dark = _UNITS[unit]
        name = "Pooled, unit: training seed" if unit == "seed" else f"Pooled, unit: {unit}"
        handles.append(Patch(facecolor=colour if dark else style.PAPER, edgecolor=colour, label=name))
    return handles
