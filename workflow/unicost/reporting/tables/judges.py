"""Agreement of the judges with their reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unicost.reporting import inputs, labels
from unicost.reporting.formatting import MISSING, coefficient, count, is_missing, percent, percent_interval
from unicost.reporting.tables.safety import with_interval
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
            "Accuracy (%)": percent(line["accuracy"]),
            "Interval": percent_interval(line["low"], line["high"]),
        }
        for line in inputs.read(statistics, "judge_accuracy").to_dict("records")
    ]
    return table(rows, text=("Task", "Aspect"))


def _experiment(path: Path) -> Table:
    frame = inputs.read(path.parent, path.stem, extra=("alpha", "alpha_low", "alpha_high"))
    rows = []
    for line in frame.to_dict("records"):
        accuracy = {"estimate": line["accuracy"], "low": line["accuracy_low"], "high": line["accuracy_high"]}
        row = {
            "Judge": str(line["judge"]),
            "Reference": "by construction" if line["annotator"] == "construction" else str(line["annotator"]),
            "Aspect": str(line["aspect"]).capitalize(),
            "Task": labels.name(labels.TASKS, line["task"]),
            "Models": "all" if line["model_kind"] == "all" else labels.name(labels.GROUPS, line["model_kind"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Prevalence (%)": percent(line["prevalence"]),
            "Accuracy (%)": with_interval(accuracy),
        }
        row |= {title: _coefficient(line, name) for name, title in _COEFFICIENTS.items()}
        rows.append(row)
    return table(rows, text=("Judge", "Reference", "Aspect", "Task", "Models"))


def _coefficient(line: dict[Any, Any], name: str) -> str:
    if is_missing(line[name]):
        return MISSING
    low, high = line[f"{name}_low"], line[f"{name}_high"]
    bounds = "" if is_missing(low) or is_missing(high) else f" ({coefficient(low)} to {coefficient(high)})"
    return coefficient(line[name]) + bounds
