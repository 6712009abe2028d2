"""Agreement of the judges with their reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from unicost.reporting import inputs, labels
from unicost.reporting.formatting import (
    MISSING,
    accuracy,
    between,
    coefficient,
    count,
    is_missing,
    percent,
    percent_interval,
    points,
    points_interval,
)
from unicost.reporting.tables.writing import Table, table

_COEFFICIENTS = {"kappa": "Cohen's kappa", "ac1": "Gwet's AC1", "alpha": "Krippendorff's alpha"}


def agreement(statistics: Path, path: Path | None) -> Table:
    """Published judge accuracies, or (with ``path``, an experiment's agreement table) every coefficient there."""
    return _published(statistics) if path is None else _experiment(path)


def _published(statistics: Path) -> Table:
    rows = [
        {
            "Task": labels.name(labels.TASKS, line["task"]),
            "Aspect": str(line["aspect"]).capitalize(),
            "n": count(line["n"]),
            "Accuracy (%)": accuracy(line["accuracy"]),
            "Interval": between(accuracy, line["low"], line["high"]),
        }
        for line in inputs.read(statistics, "judge_accuracy").to_dict("records")
    ]
    return table(rows, text=("Task", "Aspect"))


def _experiment(path: Path) -> Table:
    frame = inputs.read(path.parent, path.stem, extra=("alpha", "alpha_low", "alpha_high"))
    rows = []
    for line in frame.to_dict("records"):
        row = {
            "Judge": str(line["judge"]),
            "Reference": "by construction" if line["annotator"] == "construction" else str(line["annotator"]),
            "Aspect": str(line["aspect"]).capitalize(),
            "Task": labels.name(labels.TASKS, line["task"]),
            "Models": "all" if line["model_kind"] == "all" else labels.name(labels.GROUPS, line["model_kind"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Prevalence (%)": percent(line["prevalence"]),
            "Accuracy (%)": with_interval(accuracy, line, "accuracy"),
        }
        row |= {title: with_interval(coefficient, line, name) for name, title in _COEFFICIENTS.items()}
        rows.append(row)
    return table(rows, text=("Judge", "Reference", "Aspect", "Task", "Models"))


def sensitivity(statistics: Path) -> Table:
    """One row a headline number and policy: the number, its interval, and its change from the study's own policy."""
    frame = inputs.read(statistics, "sensitivity")
    rows = []
    for (number, of), lines in frame.groupby(["number", "of"], sort=False):
        for line in lines.to_dict("records"):
            rate = number == "failure"
            name = labels.name(labels.ARMS, of) if rate else f"against {labels.name(labels.RELATIONS, of)}"
            form, interval = (percent, percent_interval) if rate else (points, points_interval)
            rows.append(
                {
                    "Number": f"{'Failure (%)' if rate else 'Penalty (points)'}, {name}",
                    "Policy": f"{line['policy']} (the study's)" if line["declared"] else str(line["policy"]),
                    "Units": count(line["units"]),
                    "n": count(line["n"]),
                    "Unscored": count(line["unscored"]),
                    "Estimate": form(line["estimate"]),
                    "Interval": interval(line["low"], line["high"]),
                    "Change (points)": MISSING if line["declared"] else points(line["change"]),
                }
            )
    return table(rows, text=("Number", "Policy"))


def with_interval(form: Callable[[Any], str], line: dict[Any, Any], name: str) -> str:
    """A figure of a row with the bounds in its columns ``<name>_low`` and ``<name>_high``, where it has them."""
    bounds = between(form, line[f"{name}_low"], line[f"{name}_high"])
    return form(line[name]) + ("" if is_missing(line[name]) or bounds == MISSING else f" ({bounds})")
