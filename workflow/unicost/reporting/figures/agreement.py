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
    axes.set(title="Paper's judge against its human labels", xlabel="Accuracy (%)")
    _finish(figure, axes, frame, tasks)
    return figure


def _experiment(frame: pd.DataFrame) -> Figure:
    tasks = labels.ordered(labels.TASKS, frame["task"])
    judges = list(dict.fromkeys(zip(frame["annotator"], frame["judge"], strict=True)))
    figure = style.canvas(0.75 + (0.4 + 0.3 * len(tasks)) * len(judges))
    grid = figure.subplots(len(judges), len(_COEFFICIENTS), sharey=True, squeeze=False)
    for place, (line, (annotator, judge)) in enumerate(zip(grid, judges, strict=True)):
        rows = frame[(frame["annotator"] == annotator) & (frame["judge"] == judge)]
        for axes, (column, title) in zip(line, _COEFFICIENTS.items(), strict=True):
            _panel(axes, rows, tasks, column)
            axes.set_title(title)
        line[1].set_xlabel(f"Judge '{judge}' against {labels.reference(annotator)}")
        _finish(figure, line[0], rows, tasks, legend=place == len(judges) - 1)
        for axes in line[1:]:
            axes.tick_params(axis="y", length=0)
    return figure


def _panel(axes: Axes, frame: pd.DataFrame, tasks: list[str], column: str) -> None:
    scale = 100 if column == "accuracy" else 1
    for row in frame.to_dict("records"):
        shift = -0.14 if row["aspect"] == "contextual" else 0.14
        values = scaled(row, (column, f"{column}_low", f"{column}_high"), scale)
        if not math.isnan(values[0]):
            interval(axes, tasks.index(row["task"]) + shift, values, row["aspect"])
    lows = pd.to_numeric(frame[f"{column}_low"]).min()
    left = 0.75 if pd.isna(lows) else min(0.75, lows - 0.04)
    axes.set_xlim(scale * max(left, -1.0), scale * 1.015)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)


def _finish(figure: Figure, axes: Axes, frame: pd.DataFrame, tasks: list[str], legend: bool = True) -> None:
    sizes = frame.groupby("task")["n"].max()
    axes.set_yticks(
        range(len(tasks)), [f"{labels.name(labels.TASKS, task)}  (n {int(sizes[task]):,})" for task in tasks]
    )
    axes.set_ylim(len(tasks) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if legend:
        figure.legend(handles=group_handles(list(labels.ASPECTS), labels.ASPECTS), loc="outside lower center", ncols=2)
