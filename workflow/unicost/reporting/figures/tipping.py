"""The judge's error that would overturn each conclusion, beside the error that is known."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import group_handles
from unicost.reporting.sources import Sources

_ROW = 0.16


@style.house
def draw(sources: Sources) -> Figure:
    """One line a comparison on the common tasks whose interval excludes zero; pools in bold."""
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    names, groups = labels.display_names(models), dict(zip(models["model"], models["group"], strict=True))
    frame = inputs.read(statistics, "tipping", extra=("arm",))
    if not inputs.compares(statistics):
        return style.nothing(labels.NO_COMPARISON)
    frame = frame[(frame["task"] == "common") & frame["error_needed"].notna()]
    frame = frame[~_repeated(frame)]
    if frame.empty:
        return style.nothing("No comparison on the common tasks excludes zero: there is no conclusion to overturn.")
    lines = []
    for relation in labels.ordered(labels.RELATIONS, frame["relation"]):
        block = frame[frame["relation"] == relation].sort_values(["level", "error_needed"], ascending=[True, False])
        lines += [(None, relation), *((row, relation) for row in block.to_dict("records"))]
    figure = style.canvas(1.0 + _ROW * len(lines))
    axes = figure.subplots()
    for y, (row, _) in enumerate(lines):
        if row is None:
            axes.axhspan(y - 0.5, y + 0.5, color="#f3f3f3", zorder=0, linewidth=0)
            continue
        colour = (
            style.POOLED if row["level"] == "pool" else style.COLOURS.get(groups.get(row["unified"], ""), style.INK)
        )
        marker = "D" if row["level"] == "pool" else style.MARKERS.get(groups.get(row["unified"], ""), "o")
        fragile = str(row["robust"]).lower() == "false"
        needed, known = 100 * row["error_needed"], 100 * row["error_known"]
        axes.plot([0, needed], [y, y], color=style.RULE, linewidth=0.8, zorder=1)
        axes.plot([known], [y], marker="|", color=style.INK, markersize=7, linestyle="none", zorder=3)
        face = style.PAPER if fragile else colour
        axes.plot([needed], [y], marker=marker, color=colour, markerfacecolor=face, markersize=4.2, zorder=4)
    texts = [_label(row, relation, names) for row, relation in lines]
    axes.set_yticks(range(len(lines)), texts, fontsize=7.4)
    for label, (row, _) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("normal" if row is not None and row["level"] == "pair" else "bold")
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(0, None)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel("Wrong verdicts that would overturn the conclusion (%),\nif all lay the worst way on both sides")
    shown = labels.ordered(
        labels.GROUPS, [groups.get(row["unified"], "") for row, _ in lines if row and row["unified"]]
    )
    handles = group_handles([name for name in shown if name in labels.GROUPS], labels.group_names(models))
    if (frame["level"] == "pool").any():
        handles += [Line2D([], [], marker="D", color=style.POOLED, linestyle="none", markersize=4.5, label="Pooled")]
    if frame["error_known"].notna().any():
        handles += [Line2D([], [], marker="|", color=style.INK, linestyle="none", markersize=7, label="Known error")]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, handletextpad=0.3, columnspacing=1.2)
    return figure


def _repeated(frame: pd.DataFrame) -> pd.Series[bool]:
    """Pools of a subset that holds the same models as the pool of all."""
    pools = frame[frame["level"] == "pool"].assign(estimate=frame["estimate"].round(9), low=frame["low"].round(9))
    pools = pools.sort_values("subset", key=lambda subset: subset != "all", kind="stable")
    again = pools.duplicated(["relation", "unit", "arm", "estimate", "low"])
    return again.reindex(frame.index, fill_value=False)


def _label(row: dict[Any, Any] | None, relation: str, names: dict[str, str]) -> str:
    if row is None:
        return f"against: {labels.name(labels.RELATIONS, relation).lower()}"
    if row["level"] == "pool":
        return f"Pooled, {labels.name(labels.SUBSETS, row['subset'])}; unit: {labels.name(labels.UNITS, row['unit'])}"
    against = "" if relation == "group" else f" − {names.get(str(row['counterpart']), str(row['counterpart']))}"
    return f"{names.get(str(row['unified']), str(row['unified']))}{against}"
