"""Tables of rates: every model and task, the recomputed leaderboard, and the paper's two panels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from unicost.reporting import inputs, labels
from unicost.reporting.formatting import MISSING, count, is_missing, percent, percent_interval
from unicost.reporting.tables.writing import Table, table

_METRICS = ("failure", "c_unsafe", "c_reject", "i_unsafe", "both_safe", "over_refusal", "helpful")
_NOT_MEASURED = "not measured"


def rates(statistics: Path, experiment: bool = False) -> Table:
    """One row a model and task: n, unscored, every rate in percent with its interval, bounds of the failure rate.

    An experiment always has a column of over-refusal, which says where there was nothing to measure it on.
    """
    models = labels.with_groups(inputs.read(statistics, "models"))
    frame = inputs.read(statistics, "rates", extra=["low_bound", "high_bound"])
    shown = {*frame["metric"], "over_refusal"} if experiment else {*frame["metric"]}
    metrics = [metric for metric in _METRICS if metric in shown]
    rows = []
    for model in models.to_dict("records"):
        own = frame[frame["model"] == model["model"]]
        for task in labels.ordered(labels.TASKS, own["task"]):
            found = {str(line["metric"]): line for line in own[own["task"] == task].to_dict("records")}
            rows.append(_rates_row(model["display_name"], task, found, metrics))
    return table(rows, text=("Model", "Task", "Gate"))


def _rates_row(model: str, task: str, found: dict[str, Any], metrics: list[str]) -> dict[str, str]:
    first = found.get("failure", next(iter(found.values())))
    row = {
        "Model": model,
        "Task": labels.name(labels.TASKS, task),
        "n": count(first["n"]),
        "Unscored": count(first["unscored"]),
    }
    for metric in metrics:
        cell, nothing = found.get(metric), _NOT_MEASURED if metric == "over_refusal" else MISSING
        row[f"{labels.name(labels.METRICS, metric)} (%)"] = nothing if cell is None else with_interval(cell)
    bounds = (first["low_bound"], first["high_bound"])
    row["Failure if unscored safe, unsafe (%)"] = percent_interval(*bounds)
    row["Gate"] = "missed" if first["gated"] else ""
    return row


def with_interval(cell: Any) -> str:
    """A rate in percent with its interval: ``12.3 (10.1 to 14.9)``."""
    bounds = percent_interval(cell["low"], cell["high"])
    return percent(cell["estimate"]) + ("" if bounds == MISSING else f" ({bounds})")


def leaderboard(statistics: Path) -> Table:
    """The recomputed leaderboard, percent, the largest difference from the published one, and the common-task rate."""
    frame = inputs.read(statistics, "leaderboard", extra=["pooled_common_tasks_both_safe"])
    frame = frame.fillna(
        {"pooled_common_tasks_both_safe": frame["common_both_safe"]} if "common_both_safe" in frame else {}
    )
    names = labels.display_names(inputs.read(statistics, "models"))
    metrics = ("c_unsafe", "c_reject", "i_unsafe", "both_safe")
    rows = []
    for line in frame.to_dict("records"):
        row = {"Model": names.get(line["model"], line["model"]), "Tasks": count(line["tasks"])}
        row |= {f"{labels.METRICS[metric]} (%)": percent(line[metric], 2) for metric in metrics}
        gaps = [abs(line[metric] - line[f"published_{metric}"]) for metric in metrics if f"published_{metric}" in line]
        row["Largest difference from published (points)"] = percent(max(gaps), 3) if gaps else MISSING
        row["Both-Safe, pooled over common tasks (%)"] = percent(line["pooled_common_tasks_both_safe"])
        rows.append(row)
    return table(rows, text=("Model",))


def panel(statistics: Path, name: str) -> Table:
    """One of the paper's panels in percent, with two rows of column heads (task, metric)."""
    frame = inputs.read(statistics, name).drop(columns="gated")
    names = labels.display_names(inputs.read(statistics, "models"))
    columns: dict[tuple[str, str], list[str]] = {("", "Model"): [names.get(model, model) for model in frame["model"]]}
    for column in frame.columns.drop(["model", "group", "display_name"], errors="ignore"):
        columns[_panel_head(column)] = [_panel_cell(column, value) for value in frame[column]]
    text = pd.DataFrame(columns)
    text.columns = pd.MultiIndex.from_tuples(list(columns))
    return Table(text, frozenset(columns) - {("", "Model")})


def _panel_head(column: str) -> tuple[str, str]:
    """``vqa_dual_unsafe C-U`` is metric C-U of that task; a column without a task belongs to the whole panel."""
    task, _, metric = column.partition(" ")
    if not metric:
        return "", task
    return labels.name(labels.TASKS, task), metric.replace("delta", "Δ")


def _panel_cell(column: str, value: Any) -> str:
    if is_missing(value):
        return MISSING
    text = percent(value)
    return f"+{text}" if "delta" in column and value > 0 else text
