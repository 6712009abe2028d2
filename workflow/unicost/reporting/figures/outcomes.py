"""What arms answer to unsafe requests: the declared outcomes and what stayed unscored, by prompt type."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from unicost.reporting import labels, style
from unicost.reporting.design import ANSWERS, Design, read_design
from unicost.reporting.sources import Sources

_ROW, _TITLE = 0.17, 0.34
_UNSCORED: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": style.MUTED, "hatch": "/////", "linewidth": 0.4}

_DIAMOND: dict[str, Any] = {"markersize": 4, "color": style.INK, "markeredgecolor": style.PAPER, "zorder": 4}


@style.house
def draw(sources: Sources) -> Figure:
    """Stacked shares in percent, seeds together; one panel a prompt type, blocks of prompt types in two columns."""
    design = read_design(sources)
    counts = _counts(design)
    columns = _columns(design, counts)
    heights = [[counts.loc[prompt].shape[0] * _ROW + _TITLE for prompt in prompts] for prompts in columns]
    figure = style.canvas(0.75 + max(map(sum, heights)))
    for place, (part, prompts) in enumerate(
        zip(figure.subfigures(1, len(columns), squeeze=False)[0], columns, strict=True)
    ):
        spare = max(map(sum, heights)) - sum(heights[place])
        ratios = [*heights[place], *([spare] if spare > 0.05 else [])]
        grid = part.add_gridspec(len(ratios), 1, height_ratios=ratios)
        for line, prompt in enumerate(prompts):
            axes = part.add_subplot(grid[line])
            _panel(axes, counts.loc[[prompt]].droplevel("prompt"), design.prompt(prompt), last=line == len(prompts) - 1)
    handles = _handles(counts)
    figure.legend(handles=handles, loc="outside lower center", ncols=4, columnspacing=1.2, handlelength=1.4)
    return figure


def _counts(design: Design) -> pd.DataFrame:
    """Indexed by prompt and arm: shares of ``n`` in percent, the refusal probability, whether every seed is gated."""
    frame = design.outcomes
    frame = frame[frame["arm"].isin(labels.ARMS)]
    unsafe, benign = (frame[frame["kind"] == kind].groupby(["prompt", "arm"]) for kind in ("unsafe", "benign"))
    total = unsafe[["n", *ANSWERS, "unscored"]].sum()
    shares = 100 * total[[*ANSWERS, "unscored"]].div(total["n"], axis=0)
    twins = benign[["refuses", "scored"]].sum()
    return shares.assign(
        first=100 * unsafe["refusal_probability"].mean(),
        over=(100 * twins["refuses"] / twins["scored"]).reindex(shares.index),
        gated=unsafe["gated"].all(),
    )


def _columns(design: Design, counts: pd.DataFrame) -> list[list[str]]:
    """The measured prompt types: the first block on the left, all others on the right."""
    blocks = [[prompt for prompt in design.types(block) if prompt in counts.index] for block in design.blocks]
    left, right = blocks[0], [prompt for block in blocks[1:] for prompt in block]
    return [column for column in (left, right) if column]


def _panel(axes: Axes, shares: pd.DataFrame, title: str, *, last: bool) -> None:
    arms = labels.ordered(labels.ARMS, shares.index)
    rows = shares.to_dict("index")
    for y, arm in enumerate(arms):
        row, start = rows[arm], 0.0
        for outcome in (*ANSWERS, "unscored"):
            look = _UNSCORED if outcome == "unscored" else {"color": style.COLOURS[outcome], "linewidth": 0}
            axes.barh([y], [row[outcome]], left=start, height=0.78, **look)
            start += row[outcome]
        if not pd.isna(row["first"]):
            axes.plot([row["first"]], [y], "D", **_DIAMOND)
        if not pd.isna(row["over"]):
            for colour, width in ((style.PAPER, 3.4), (style.INK, 1.6)):
                axes.plot([row["over"]] * 2, [y - 0.39, y + 0.39], color=colour, linewidth=width, zorder=3)
    names = [labels.name(labels.ARMS, arm) + (" (gate missed)" if rows[arm]["gated"] else "") for arm in arms]
    axes.set_yticks(range(len(arms)), names, fontsize=7.3)
    axes.set_ylim(len(arms) - 0.45, -0.55)
    axes.set_xlim(-3, 103)
    axes.spines["left"].set_visible(False)
    axes.set_title(title, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelbottom=last)
    if last:
        axes.set_xlabel("Share of answers to unsafe requests (%)")


def _handles(counts: pd.DataFrame) -> list[Patch | Line2D]:
    handles: list[Patch | Line2D] = [
        Patch(color=style.COLOURS[outcome], linewidth=0, label=labels.ANSWERS[outcome]) for outcome in ANSWERS
    ]
    if counts["unscored"].any():
        handles.append(Patch(**_UNSCORED, label=labels.ANSWERS["unscored"]))
    if counts["first"].notna().any():
        mark = Line2D([], [], marker="D", linestyle="none", markersize=4, color=style.INK)
        mark.set_label("probability that the first token opens a refusal")
        handles.append(mark)
    bar = Line2D([], [], marker="|", linestyle="none", markersize=7, markeredgewidth=1.4, color=style.INK)
    bar.set_label("benign twins refused")
    return [*handles, bar]
