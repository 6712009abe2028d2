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
_CONCLUSION = ["level", "model", "counterpart", "relation", "subset", "unit", "arm"]
"""What a conclusion on the common tasks is about, whatever it is corrected by."""
_BY_ASSUMPTION = "by assumption, no interval"


def correction_section(statistics: Path, models: pd.DataFrame) -> Node:
    """``corrected`` (counts, and ``pools/<relation>/<subset>/<unit>/<correction>``) and ``tipping``.

    ``compared`` counts conclusions and ``same`` those that stay under every correction; a pool that repeats another one
    counts once. ``hardest`` has the rates of the task on which the judge finds least of what is unsafe.
    """
    corrected = inputs.read(statistics, "corrected", extra=("arm", "p_value", "same_as", "uncut"))
    corrected = corrected[corrected["metric"] == "failure"]
    frame = corrected[(corrected["task"] == "common") & (corrected["level"] != "rate")]
    compared = frame[frame["survives"].notna() & frame["same_as"].isna()]
    stay = compared["survives"].astype(str).str.lower().eq("true")
    conclusions = stay.groupby([compared[name] for name in _CONCLUSION], dropna=False).all()
    content: Node = {
        "compared": leaf(len(conclusions), formatting.count),
        "same": leaf(int(conclusions.sum()), formatting.count),
        "corrections": leaf(frame["correction"].nunique(), formatting.count),
        "uncut": _uncut(corrected),
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
    common = _common_tasks(statistics)
    on_common = failure[failure["task"].isin(common)]
    content["lowest_sensitivity"] = {
        "common": leaf(on_common["sensitivity"].min(), formatting.percent),
        "any": leaf(failure["sensitivity"].min(), formatting.percent),
    }
    names = labels.display_names(models)
    if (failure["group"] == "misses").any():
        least = failure.sort_values("sensitivity", kind="stable").iloc[0].to_dict()
        task = least["task"]
        content["hardest"] = _hardest(corrected[(corrected["level"] == "rate") & (corrected["task"] == task)], names)
        named = of_row("judge_error", least, {"text": labels.name(labels.TASKS, task)})
        content["hardest"] |= {"task": named, "common": task in common}
    return {"corrected": content, "tipping": _tipping(statistics, names)}


def _common_tasks(statistics: Path) -> set[str]:
    """The tasks behind the penalties on the common tasks."""
    penalties = inputs.read(statistics, "penalty", extra=("tasks",))
    return set(" ".join(penalties.loc[penalties["task"] == "common", "tasks"].dropna()).split())


def _uncut(corrected: pd.DataFrame) -> Node:
    """By correction: how many ``rates`` of a model on a task there are, and how many are ``outside`` 0 to 1.

    ``by_chance`` counts the ones whose interval reaches back within, ``highest`` is the largest.
    """
    rates = corrected[(corrected["level"] == "rate") & ~corrected["task"].isin(["common", "all_supported"])]
    content: Node = {}
    for correction, rows in rates.groupby("correction", sort=False):
        outside = rows[rows["uncut"].notna()]
        content[str(correction)] = {
            "rates": leaf(len(rows), formatting.count),
            "outside": leaf(len(outside), formatting.count),
            "by_chance": leaf(int(((outside["low"] < 1) & (outside["high"] > 0)).sum()), formatting.count),
            "highest": leaf(outside["uncut"].max(), formatting.percent),
        }
    return content


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
            limits = line[f"{prefix}low"], line[f"{prefix}high"]
            known = not any(formatting.is_missing(limit) for limit in limits)
            found = {
                key: leaf(line[prefix.rstrip("_") or "estimate"], formatting.percent),
                f"{key}_interval": {"text": formatting.percent_interval(*limits) if known else _BY_ASSUMPTION},
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
