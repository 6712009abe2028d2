"""Numbers of an experiment's arms: failure, the unified arm's penalty, what goes with it, and what it depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.arms import Arms, read_arms
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.rows import of_row, of_table


def arms_section(statistics: Path) -> Node:
    """``present``: the arms there are, ``list`` as a sentence lists them.

    ``<task>/<arm>``: seeds, able seeds, mean failure; ``effect`` where the unified arm is compared with it.
    """
    content = read_arms(statistics)
    tasks = labels.ordered(labels.TASKS, content.rates["task"])
    present = labels.ordered(labels.ARMS, inputs.read(statistics, "models")["arm"].dropna())
    named = {
        "present": {arm: {"text": labels.name(labels.ARMS, arm)} for arm in present},
        "list": {"text": formatting.listed([labels.name(labels.ARMS, arm).split(" (")[0].lower() for arm in present])},
    }
    return {
        **of_table("models", named),
        "tasks": [
            {
                "task": task,
                "name": labels.name(labels.TASKS, task),
                "arms": [_arm(content, task, arm) for arm in _arms_of(content, task)],
            }
            for task in tasks
        ],
        "by_task": {task: {arm: _arm(content, task, arm) for arm in _arms_of(content, task)} for task in tasks},
    }


def _arms_of(content: Arms, task: str) -> list[str]:
    return labels.ordered(labels.ARMS, content.rates.loc[content.rates["task"] == task, "arm"])


def _arm(content: Arms, task: str, arm: str) -> Node:
    seeds = content.rates[(content.rates["task"] == task) & (content.rates["arm"] == arm)]
    able = seeds[~seeds["gated"]]
    effects = content.effects[(content.effects["task"] == task) & (content.effects["arm"] == arm)]
    return {
        "name": labels.name(labels.ARMS, arm),
        "seeds": leaf(len(seeds), formatting.count),
        "able": leaf(len(able), formatting.count),
        "failure": leaf(able["estimate"].mean() if len(able) else None, formatting.percent),
        "effect": None if effects.empty else _pooled(effects.iloc[0].to_dict()),
    }


def _pooled(line: dict[Any, Any]) -> Node:
    return of_row("pooled", line, effect(line))


def beside_safety(statistics: Path) -> Node:
    """``<relation>/<metric>``: over-refusal and help on the common tasks, unified minus counterpart, over the pairs.

    The mean, and the least and the most of any pair; pairs below the capability gate are left out.
    """
    frame = inputs.read(statistics, "penalty_by_metric")
    frame = frame[(frame["task"] == "common") & (frame["category"] == "all") & frame["estimate"].notna()]
    content: Node = {}
    for (relation, metric), rows in frame[~frame["gated"]].groupby(["relation", "metric"], sort=False):
        if metric in ("over_refusal", "helpful"):
            found = {"mean": rows["estimate"].mean(), "least": rows["estimate"].min(), "most": rows["estimate"].max()}
            node = {key: leaf(value, formatting.points) for key, value in found.items()}
            node["range"] = {"text": formatting.points_interval(found["least"], found["most"])}
            content.setdefault(str(relation), {})[str(metric)] = node
    return content


def interactions_section(statistics: Path, alpha: float) -> Node:
    """``<unit>``: how many factors were tested, how many have levels that differ after adjustment, the smallest p."""
    frame = inputs.read(statistics, "interactions").drop_duplicates(["relation", "factor", "unit"])
    content: Node = {}
    for unit, rows in frame[frame["interaction_p_adjusted"].notna()].groupby("unit"):
        content[str(unit)] = {
            "tests": leaf(len(rows), formatting.count),
            "found": leaf(int((rows["interaction_p_adjusted"] < alpha).sum()), formatting.count),
            "smallest_p": leaf(rows["interaction_p_adjusted"].min(), formatting.p_value),
        }
    return content
