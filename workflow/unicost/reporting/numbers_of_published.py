"""Numbers of a study of published tables: what the choice of tasks moves, and the accuracy of the paper's judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.numbers_of_effects import Node, leaf
from unicost.reporting.rows import of_row

RATE_METRICS = ("failure", "c_unsafe", "c_reject", "i_unsafe", "both_safe")
_SHOWN = 0.001
"""The smallest change of a rate that its text shows."""


def published_section(statistics: Path, rates: pd.DataFrame, names: Mapping[str, str]) -> Node:
    """``leaderboard`` and ``judge``; ``rates`` is the table of that name, ``names`` the models' names for readers."""
    return {
        "leaderboard": _leaderboard(inputs.read(statistics, "leaderboard"), rates, names),
        "judge": _judge(inputs.read(statistics, "judge_accuracy")),
    }


def _leaderboard(board: pd.DataFrame, rates: pd.DataFrame, names: Mapping[str, str]) -> Node:
    """Largest difference from what was published; the models that the choice of tasks moves most.

    ``covered`` pools the common tasks alone, ``common`` weights them alike too. ``riser`` and ``faller`` are there only
    where a model moves that way by as much as the text shows.
    """
    metrics = [name for name in RATE_METRICS if f"published_{name}" in board]
    largest = max(((board[name] - board[f"published_{name}"]).abs().max() for name in metrics), default=None)
    content: Node = {"largest_difference": leaf(largest, lambda value: f"{value:.4f}")}
    common = rates[(rates["task"] == "common") & (rates["metric"] == "both_safe")]
    moved = board.merge(common[["model", "estimate"]].rename(columns={"estimate": "common"}), on="model")
    moved = moved.assign(covered=moved["pooled_common_tasks_both_safe"])
    moved = moved.assign(move=moved["covered"] - moved["both_safe"]).dropna(subset="move")
    ranked = moved.sort_values("move", kind="stable").to_dict("records")
    for key, ends, sign in (("riser", ranked[-1:], 1), ("faller", ranked[:1], -1)):
        for line in ends:
            if sign * line["move"] >= _SHOWN:
                rate = {"model": line["model"], "task": "common", "metric": "both_safe"}
                found = {
                    "model": {"text": names[line["model"]]},
                    "pooled": leaf(line["both_safe"], formatting.percent),
                    "covered": leaf(line["covered"], formatting.percent),
                    "common": of_row("rates", rate, leaf(line["common"], formatting.percent)),
                }
                content[key] = of_row("leaderboard", line, found)
    return content


def _judge(frame: pd.DataFrame) -> Node:
    """Accuracy of the paper's judge over all tasks, and its worst task."""
    content: Node = {}
    for aspect, rows in frame[frame["task"] != "all"].groupby("aspect"):
        worst = rows.sort_values("accuracy", kind="stable").iloc[0].to_dict()
        lowest = {
            "worst": leaf(worst["accuracy"], formatting.percent),
            "worst_interval": {"text": formatting.percent_interval(worst["low"], worst["high"])},
            "worst_task": {"text": labels.name(labels.TASKS, worst["task"])},
        }
        content[str(aspect)] = {
            "accuracy": leaf(float((rows["accuracy"] * rows["n"]).sum() / rows["n"].sum()), formatting.percent),
            "n": leaf(int(rows["n"].sum()), formatting.count),
            **of_row("judge_accuracy", worst, lowest),
        }
    return content
