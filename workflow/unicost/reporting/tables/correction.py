"""Tables of the judge's error, of task-switching and of interactions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unicost.reporting import inputs, labels
from unicost.reporting.formatting import (
    MISSING,
    count,
    is_missing,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
)
from unicost.reporting.tables.writing import Table, table

_METRICS = {"failure": "Failure", "c_unsafe": "C-Unsafe", "i_unsafe": "I-Unsafe"}
_GROUPS = {
    "misses": "all errors misses",
    "false_alarms": "most false alarms",
    "all": "all models",
    "unified": "unified",
    "other": "other models",
    "difference": "unified minus other",
}
BOUNDS = ("unscored", "low_bound", "high_bound")
"""Columns that say what was left unscored, and what the estimate could be because of it."""
_LEVELS = {"model": "model", "pair": "unified minus counterpart", "seeds": "mean over seeds"}


def corrected(statistics: Path) -> Table:
    """Pools on the common tasks, judged and corrected."""
    frame = inputs.read(statistics, "corrected", extra=("arm", "models", *BOUNDS))
    frame = frame[(frame["level"] == "pool") & (frame["task"] == "common")]
    rows = [
        {
            "Metric": labels.name(_METRICS, line["metric"]),
            "Against": labels.name(labels.RELATIONS, line["relation"]),
            "Models": labels.name(labels.SUBSETS, line["subset"]),
            "Unit": labels.name(labels.UNITS, line["unit"]),
            "Correction": labels.name(labels.CORRECTIONS, line["correction"]),
            "Number of models": count(line["models"]),
            "n": count(line["n"]),
            "Judged (points)": points(line["judged"]),
            "Interval, judged": points_interval(line["judged_low"], line["judged_high"]),
            "Corrected (points)": points(line["estimate"]),
            "Interval, corrected": points_interval(line["low"], line["high"]),
            "If unscored (points)": points_interval(line["low_bound"], line["high_bound"]),
            "Says the same": _yes(line["survives"]),
        }
        for line in frame.to_dict("records")
    ]
    return table(rows, text=("Metric", "Against", "Models", "Unit", "Correction", "Says the same"))


def tipping(statistics: Path) -> Table:
    """Comparisons on the common tasks: the error that would overturn each."""
    names = labels.display_names(inputs.read(statistics, "models"))
    frame = inputs.read(statistics, "tipping")
    rows = [
        {
            "Comparison": comparison(line, names),
            "Against": labels.name(labels.RELATIONS, line["relation"]),
            "Unit": "item" if line["level"] == "pair" else labels.name(labels.UNITS, line["unit"]),
            "Penalty (points)": points(line["estimate"]),
            "Interval": points_interval(line["low"], line["high"]),
            "Error needed (%)": percent(line["error_needed"]),
            "Known error (%)": percent(line["error_known"]),
            "Beyond the known error": _yes(line["robust"]),
        }
        for line in frame[frame["task"] == "common"].to_dict("records")
    ]
    return table(rows, text=("Comparison", "Against", "Unit", "Beyond the known error"))


def comparison(line: Mapping[Any, Any], names: Mapping[str, str]) -> str:
    """A pair by its models' names, a pool by its subset."""
    if line["level"] == "pair":
        return f"{names.get(line['unified'], line['unified'])} − {names.get(line['counterpart'], line['counterpart'])}"
    return f"pooled, {labels.name(labels.SUBSETS, line['subset'])}"


def judge_error(statistics: Path) -> Table:
    """Sensitivity and specificity by task."""
    extra = [f"{name}_{end}" for name in ("sensitivity", "specificity") for end in ("low", "high", "p")]
    rows = []
    for line in inputs.read(statistics, "judge_error", extra=extra).to_dict("records"):
        difference = line["group"] == "difference"
        one, between = (points, points_interval) if difference else (percent, percent_interval)
        row = {
            "Metric": labels.name(_METRICS, line["metric"]),
            "Task": labels.name(labels.TASKS, line["task"]),
            "Judge on": labels.name(_GROUPS, line["group"]),
            "Labelled": count(line["labelled"]),
        }
        for name in ("sensitivity", "specificity"):
            row[f"{name.capitalize()} (%)"] = one(line[name])
            row[f"Interval, {name}"] = between(line[f"{name}_low"], line[f"{name}_high"])
            row[f"p, {name}"] = p_value(line[f"{name}_p"])
        rows.append(row)
    return table(rows, text=("Metric", "Task", "Judge on"))


def consistency(statistics: Path) -> Table:
    """By model (or arm over seeds) and pair of tasks; comparisons as differences."""
    models = inputs.read(statistics, "models")
    names = labels.display_names(models)
    rows = []
    for line in inputs.read(statistics, "consistency", extra=BOUNDS).to_dict("records"):
        difference = "pair" in line["level"]
        one, between = (points, points_interval) if difference else (percent, percent_interval)
        who = labels.arm_at_length(line["arm"]) if is_missing(line["model"]) else names[line["model"]]
        against = labels.name(labels.RELATIONS, line["relation"]) if difference else ""
        rows.append(
            {
                "Model": who,
                "Minus": against,
                "First task": labels.name(labels.TASKS, line["first_task"]),
                "Second task": labels.name(labels.TASKS, line["second_task"]),
                "Families": count(line["families"]),
                "Unit": "training seed" if "seeds" in line["level"] else "family",
                "Consistent (%)": one(line["consistency"]),
                "Interval": between(line["low"], line["high"]),
                "Unscored": count(line["unscored"]),
                "If unscored (%)": between(line["low_bound"], line["high_bound"]),
                "By chance (%)": percent(line["by_chance"]),
                "Fails on the first alone (%)": one(line["first_only"]),
                "Fails on the second alone (%)": one(line["second_only"]),
            }
        )
    return table(rows, text=("Model", "Minus", "First task", "Second task", "Unit"))


def interactions(statistics: Path) -> Table:
    """By relation, factor, unit and level."""
    rows = [
        {
            "Against": labels.name(labels.RELATIONS, line["relation"]),
            "Factor": labels.name(labels.FACTORS, line["factor"]),
            "Level": MISSING if is_missing(line["level"]) else labels.level(line["level"]),
            "Unit": labels.name(labels.UNITS, line["unit"]),
            "Units": count(line["units"]),
            "n": count(line["n"]),
            "Penalty (points)": points(line["estimate"]),
            "Interval": points_interval(line["low"], line["high"]),
            "Unscored": count(line["unscored"]),
            "If unscored (points)": points_interval(line["low_bound"], line["high_bound"]),
            "p of the interaction": p_value(line["interaction_p"]),
            "p adjusted": p_value(line["interaction_p_adjusted"]),
            "p by signs": p_value(line["permutation_p"]),
            "Note": "" if is_missing(line["note"]) else labels.in_words(line["note"]),
        }
        for line in inputs.read(statistics, "interactions", extra=BOUNDS).to_dict("records")
    ]
    return table(rows, text=("Against", "Factor", "Level", "Unit"), wrapped=("Note",))


def _yes(value: Any) -> str:
    return {"true": "yes", "false": "no"}.get(str(value).lower(), MISSING)
