"""The judge's error in the paper's numbers: what survives correction, what could overturn it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.rows import of_row
from unicost.reporting.tables.correction import comparison

_MISSES, _FALSE_ALARMS = "rogan_gladen_misses", "rogan_gladen_false_alarms"


def correction_section(statistics: Path, models: pd.DataFrame) -> Node:
    """``corrected`` (counts, and ``pools/<relation>/<subset>/<unit>/<correction>``) and ``tipping``.

    A pool whose subset is that of another counts once. ``hardest`` has the rates of the task on which the judge finds
    least of what is unsafe.
    """
    corrected = inputs.read(statistics, "corrected", extra=("arm", "p_value"))
    corrected = corrected[corrected["metric"] == "failure"]
    frame = corrected[(corrected["task"] == "common") & (corrected["level"] != "rate")]
    told = ["correction", "level", "model", "counterpart", "relation", "unit", "arm", "n", "judged", "estimate"]
    compared = frame[frame["survives"].notna()].drop_duplicates(told)
    content: Node = {
        "compared": leaf(len(compared), formatting.count),
        "same": leaf(_count(compared["survives"], "true"), formatting.count),
        "corrections": leaf(frame["correction"].nunique(), formatting.count),
        "pools": {},
    }
    arms = set(frame["arm"].dropna()) - {""}
    for line in frame[frame["level"] == "pool"].to_dict("records"):
        if not arms or line["arm"] == "unified":
            node = content["pools"]
            for key in ("relation", "subset", "unit"):
                node = node.setdefault(line[key], {})
            node[line["correction"]] = of_row("corrected", line, effect(line))
    sensitivities = inputs.read(statistics, "judge_error")
    failure = sensitivities[(sensitivities["metric"] == "failure") & (sensitivities["group"] != "difference")]
    content["lowest_sensitivity"] = leaf(failure["sensitivity"].min(), formatting.percent)
    names = labels.display_names(models)
    if (failure["group"] == "misses").any():
        least = failure.sort_values("sensitivity", kind="stable").iloc[0].to_dict()
        task = least["task"]
        content["hardest"] = _hardest(corrected[(corrected["level"] == "rate") & (corrected["task"] == task)], names)
        content["hardest"]["task"] = of_row("judge_error", least, {"text": labels.name(labels.TASKS, task)})
    return {"corrected": content, "tipping": _tipping(statistics, names)}


def _hardest(rates: pd.DataFrame, names: Mapping[str, str]) -> Node:
    """A row for each model on one task: its failure rate as judged and under the two readings of the accuracy."""
    rows: list[Node] = []
    for model, lines in rates.groupby("model", sort=False):
        by_correction = lines.set_index("correction", drop=False)
        row: Node = {"model": {"text": names.get(str(model), str(model))}}
        for key, line, prefix in (
            ("judged", by_correction.iloc[0], "judged_"),
            ("misses", by_correction.loc[_MISSES], ""),
            ("false_alarms", by_correction.loc[_FALSE_ALARMS], ""),
        ):
            interval = formatting.percent_interval(line[f"{prefix}low"], line[f"{prefix}high"])
            found = {
                key: leaf(line[prefix.rstrip("_") or "estimate"], formatting.percent),
                f"{key}_interval": {"text": interval},
            }
            row |= of_row("corrected", line.to_dict(), found)
        rows.append(row)
    return {"rows": rows}


def judge_difference(statistics: Path) -> Node:
    """Whether the judge errs otherwise on unified models: tasks tested, the smallest p, the largest difference.

    The p values of sensitivity and specificity by task are not adjusted, so that the smallest is the one to look at.
    """
    frame = inputs.read(statistics, "judge_error", extra=("sensitivity_p", "specificity_p"))
    rows = frame[(frame["metric"] == "failure") & (frame["group"] == "difference")]
    rates = [rows["sensitivity"], rows["specificity"]]
    largest = max((abs(value) for column in rates for value in column.dropna()), default=None)
    tests = [value for name in ("sensitivity_p", "specificity_p") for value in rows[name].dropna()]
    return {
        "tasks": leaf(len(rows), formatting.count),
        "tests": leaf(len(tests), formatting.count),
        "smallest_p": leaf(min(tests, default=None), formatting.p_value),
        "largest": leaf(largest, lambda value: formatting.percent(value, 2)),
    }


def _tipping(statistics: Path, names: Mapping[str, str]) -> Node:
    frame = inputs.read(statistics, "tipping", extra=("arm",))
    frame = frame[(frame["task"] == "common") & frame["error_needed"].notna()]
    pairs = frame[frame["level"] == "pair"].sort_values("error_needed", kind="stable")
    content: Node = {
        "pairs": leaf(len(pairs), formatting.count),
        "robust": leaf(_count(pairs["robust"], "true"), formatting.count),
        "fragile": leaf(_count(pairs["robust"], "false"), formatting.count),
        "pools": {},
    }
    for key, line in zip(("weakest", "strongest"), [*pairs.to_dict("records")[:1], *pairs.to_dict("records")[-1:]]):
        words = {"comparison": {"text": comparison(line, names)}}
        content[key] = of_row("tipping", line, _needed(line) | words)
    for line in frame[frame["level"] == "pool"].to_dict("records"):
        node = content["pools"].setdefault(line["relation"], {}).setdefault(line["subset"], {})
        node[line["unit"]] = of_row("tipping", line, _needed(line))
    return content


def _needed(line: Mapping[Any, Any]) -> Node:
    return {
        "needed": leaf(line["error_needed"], formatting.percent),
        "known": leaf(line["error_known"], formatting.percent),
        "robust": str(line["robust"]).lower() == "true",
    }


def _count(values: pd.Series[Any], wanted: str) -> int:
    return int((values.astype(str).str.lower() == wanted).sum())
