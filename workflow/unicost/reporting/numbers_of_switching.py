"""Task-switching in the paper's numbers: how often a model behaves alike over a target's tasks, and which way not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.rows import of_row

_EVERY = "every pair"
_UNIFIED = "unified"
_NEAR = 0.01
"""A share of targets that is as good as none."""


def switching_section(statistics: Path) -> Node:
    """``arms/<arm>`` and ``against/<relation>``: consistency over every pair of tasks, over training seeds.

    ``pairs`` says what single pairs of tasks of the unified arm show: how far consistency is from chance at most, and
    the pair in which it most often fails on one task alone.
    """
    frame = inputs.read(statistics, "consistency", extra=("p_value",))
    content: Node = {"arms": {}, "against": {}}
    for level, place, key in (("seeds", "arms", "arm"), ("seeds of pairs", "against", "relation")):
        rows = frame[frame["level"] == level]
        every = rows[rows["first_task"] == _EVERY]
        for line in (every if len(every) else rows.drop_duplicates([key, "arm"])).to_dict("records"):
            if level == "seeds" or line["arm"] == "unified":
                found = effect({**line, "estimate": line["consistency"], "n": line["families"]})
                found["percent"] = leaf(line["consistency"], formatting.percent)
                found["by_chance"] = leaf(line["by_chance"], formatting.percent)
                content[place][line[key]] = of_row("consistency", line, found)
    single = frame[(frame["level"] == "seeds") & (frame["arm"] == _UNIFIED) & (frame["first_task"] != _EVERY)]
    if len(single):
        content["pairs"] = _pairs(single)
    return content


def _pairs(rows: pd.DataFrame) -> Node:
    excess = (rows["consistency"] - rows["by_chance"]).abs().max()
    sides = rows.assign(most=rows[["first_only", "second_only"]].max(axis=1))
    line = sides.sort_values("most", kind="stable").iloc[-1]
    turn = 1 if line["first_only"] >= line["second_only"] else -1
    tasks = [labels.name(labels.TASKS, line[name]).lower() for name in ("first_task", "second_task")][::turn]
    shares = [line["first_only"], line["second_only"]][::turn]
    most = {
        "fails": {"text": tasks[0]},
        "passes": {"text": tasks[1]},
        "one_way": leaf(shares[0], formatting.percent),
        "other_way": leaf(shares[1], formatting.percent),
    }
    return {
        "number": leaf(len(rows), formatting.count),
        "excess": leaf(excess, formatting.percent),
        "at_chance": bool(excess < _NEAR),
        **of_row("consistency", line.to_dict(), most),
    }
