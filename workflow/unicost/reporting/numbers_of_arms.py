"""Numbers of an experiment's arms: mean failure over able seeds, and the unified arm's penalty over each."""

from __future__ import annotations

from pathlib import Path

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.arms import Arms, read_arms
from unicost.reporting.numbers_of_effects import Node, effect, leaf


def arms_section(statistics: Path) -> Node:
    """``present``: the arms there are, ``list`` as a sentence lists them.

    ``<task>/<arm>``: seeds, able seeds, mean failure; ``effect`` where the unified arm is compared with it.
    """
    content = read_arms(statistics)
    tasks = labels.ordered(labels.TASKS, content.rates["task"])
    present = labels.ordered(labels.ARMS, inputs.read(statistics, "models")["arm"].dropna())
    return {
        "present": {arm: {"text": labels.name(labels.ARMS, arm)} for arm in present},
        "list": {"text": formatting.listed([labels.name(labels.ARMS, arm).split(" (")[0].lower() for arm in present])},
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
        "effect": None if effects.empty else effect(effects.iloc[0].to_dict()),
    }
