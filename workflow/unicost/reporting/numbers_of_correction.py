"""The judge's error in the paper's numbers: what survives correction, what could overturn it; and task-switching."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.tables.correction import comparison

_EVERY = "every pair"


def correction_section(statistics: Path, models: pd.DataFrame) -> Node:
    """``corrected`` (counts, and ``pools/<relation>/<subset>/<unit>/<correction>``) and ``tipping``."""
    frame = inputs.read(statistics, "corrected", extra=("arm", "p_value"))
    frame = frame[(frame["task"] == "common") & (frame["metric"] == "failure") & (frame["level"] != "rate")]
    compared = frame[frame["survives"].notna()]
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
            node[line["correction"]] = effect(line)
    sensitivities = inputs.read(statistics, "judge_error")
    failure = sensitivities[(sensitivities["metric"] == "failure") & (sensitivities["group"] != "difference")]
    content["lowest_sensitivity"] = leaf(failure["sensitivity"].min(), formatting.percent)
    return {"corrected": content, "tipping": _tipping(statistics, labels.display_names(models))}


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
        content[key] = _needed(line) | {"comparison": {"text": comparison(line, names)}}
    for line in frame[frame["level"] == "pool"].to_dict("records"):
        node = content["pools"].setdefault(line["relation"], {}).setdefault(line["subset"], {})
        node[line["unit"]] = _needed(line)
    return content


def _needed(line: Mapping[Any, Any]) -> Node:
    return {
        "needed": leaf(line["error_needed"], formatting.percent),
        "known": leaf(line["error_known"], formatting.percent),
        "robust": str(line["robust"]).lower() == "true",
    }


def _count(values: pd.Series[Any], wanted: str) -> int:
    return int((values.astype(str).str.lower() == wanted).sum())


def switching_section(statistics: Path) -> Node:
    """``arms/<arm>`` and ``against/<relation>``: consistency over every pair of tasks, over training seeds."""
    frame = inputs.read(statistics, "consistency", extra=("p_value",))
    content: Node = {"arms": {}, "against": {}}
    for level, place, key in (("seeds", "arms", "arm"), ("seeds of pairs", "against", "relation")):
        rows = frame[frame["level"] == level]
        every = rows[rows["first_task"] == _EVERY]
        for line in (every if len(every) else rows.drop_duplicates([key, "arm"])).to_dict("records"):
            if level == "seeds" or line["arm"] == "unified":
                found = effect({**line, "estimate": line["consistency"], "n": line["families"]})
                percent = leaf(line["consistency"], formatting.percent)
                chance = leaf(line["by_chance"], formatting.percent)
                content[place][line[key]] = {**found, "percent": percent, "by_chance": chance}
    return content
