"""Agreement of the judges with their reference, by task."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unicost.reporting import inputs, labels, style
from unicost.reporting.figures.marks import group_handles, interval, scaled
from unicost.reporting.sources import Sources

_COEFFICIENTS = {"accuracy": "Accuracy (%)", "kappa": "Cohen's kappa", "ac1": "Gwet's AC1"}
_LEFT = 0.99
"""Where an axis begins at the latest."""


@style.house
def draw(sources: Sources) -> Figure:
    """Published judge accuracies, or (for an experiment, which has its own table) accuracy, kappa and AC1."""
    agreement = sources.agreement
    if agreement is None:
        return _published(inputs.read(sources.statistics, "judge_accuracy"))
    frame = inputs.of_all_responses(inputs.read(agreement.parent, agreement.stem, extra=("weighted",)))
    if frame.empty:
        return style.nothing("No labels to compare the judges with: nobody has labelled this study's sample yet.")
    return _experiment(frame[frame["model_kind"] == "all"])


def _published(frame: pd.DataFrame) -> Figure:
    frame = frame.rename(columns={"low": "accuracy_low", "high": "accuracy_high"})
    tasks = labels.ordered(labels.TASKS, frame["task"])
    figure = style.canvas(0.9 + 0.3 * len(tasks), width=5.2)
    axes = figure.subplots()
    _panel(axes, frame, tasks, "accuracy")
    _limit(axes, frame, "accuracy")
    axes.set(title="Paper's judge against its human labels", xlabel="Accuracy (%)")
    _finish(figure, axes, frame, tasks)
    return figure


def _experiment(frame: pd.DataFrame) -> Figure:
    tasks = labels.ordered(labels.TASKS, frame["task"])
    judges = list(dict.fromkeys(zip(frame["annotator"], frame["judge"], strict=True)))
    figure = style.canvas(0.75 + (0.4 + 0.3 * len(tasks)) * len(judges))
    grid = figure.subplots(len(judges), len(_COEFFICIENTS), sharex="col", sharey="row", squeeze=False)
    for place, (line, (annotator, judge)) in enumerate(zip(grid, judges, strict=True)):
        rows = frame[(frame["annotator"] == annotator) & (frame["judge"] == judge)]
        for axes, (column, title) in zip(line, _COEFFICIENTS.items(), strict=True):
            _panel(axes, rows, tasks, column)
            axes.set_title(title)
        line[1].set_xlabel(f"Judge '{judge}' against {labels.reference(annotator)}")
        _finish(figure, line[0], rows, tasks, legend=place == len(judges) - 1)
        for axes in line[1:]:
            axes.tick_params(axis="y", length=0)
    for axes, column in zip(grid[0], _COEFFICIENTS, strict=True):
        _limit(axes, frame, column)
    return figure


def _limit(axes: Axes, frame: pd.DataFrame, column: str) -> None:
    """From the lowest end of an interval to the top, so that what lies near the top can be told apart."""
    scale = 100 if column == "accuracy" else 1
    lowest = pd.to_numeric(frame[f"{column}_low"]).min()
    left = _LEFT if pd.isna(lowest) else max(min(_LEFT, lowest), -1.0)
    room = 0.06 * (1 - left)
    axes.set_xlim(scale * (left - room), scale * (1 + room))


def _panel(axes: Axes, frame: pd.DataFrame, tasks: list[str], column: str) -> None:
    scale = 100 if column == "accuracy" else 1
    for row in frame.to_dict("records"):
        shift = -0.14 if row["aspect"] == "contextual" else 0.14
        values = scaled(row, (column, f"{column}_low", f"{column}_high"), scale)
        if not math.isnan(values[0]):
            interval(axes, tasks.index(row["task"]) + shift, values, row["aspect"])
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)


def _finish(figure: Figure, axes: Axes, frame: pd.DataFrame, tasks: list[str], legend: bool = True) -> None:
    axes.set_yticks(
        range(len(tasks)), [f"{labels.name(labels.TASKS, task)}\n({_sizes(frame, task)})" for task in tasks]
    )
    axes.set_ylim(len(tasks) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if legend:
        figure.legend(handles=group_handles(list(labels.ASPECTS), labels.ASPECTS), loc="outside lower center", ncols=2)


def _sizes(frame: pd.DataFrame, task: str) -> str:
    """How many answers the judge scored on a task: one number, or one for each aspect."""
    rows = frame[frame["task"] == task].drop_duplicates("aspect")
    sizes = {row["aspect"]: int(row["n"]) for row in rows.to_dict("records")}
    if len(set(sizes.values())) == 1:
        return f"n {next(iter(sizes.values())):,}"
    return ", ".join(f"n {sizes[aspect]:,} {aspect[:3]}." for aspect in labels.ordered(labels.ASPECTS, sizes))
