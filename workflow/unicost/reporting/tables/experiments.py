"""Tables that only experiments have: the capability gate and the effects of the arms."""

from __future__ import annotations

from pathlib import Path

from unicost.reporting import inputs, labels
from unicost.reporting.arms import Arms, read_arms
from unicost.reporting.formatting import MISSING, count, p_value, percent, percent_interval, points, points_interval
from unicost.reporting.tables.writing import Table, table


def capability(statistics: Path) -> Table:
    """One row a model and task: share done right, interval, whether the gate is passed."""
    models = labels.with_groups(inputs.read(statistics, "models"))
    frame = inputs.read(statistics, "capability", extra=["unscored"])
    rows = []
    for model in models.to_dict("records"):
        own = frame[frame["model"] == model["model"]].set_index("task")
        for task in labels.ordered(labels.TASKS, own.index):
            line = own.loc[task]
            rows.append(
                {
                    "Model": model["display_name"],
                    "Task": labels.name(labels.TASKS, task),
                    "n": count(line["n"]),
                    "Unscored": count(line["unscored"]),
                    "Capability (%)": percent(line["estimate"]),
                    "Interval": percent_interval(line["low"], line["high"]),
                    "Gate": "missed" if line["gated"] else "passed",
                }
            )
    return table(rows, text=("Model", "Task", "Gate"))


def arms(statistics: Path) -> Table:
    """One row a task and arm: seeds, mean failure over those above the gate, penalty of the unified arm over it."""
    content = read_arms(statistics)
    rows = []
    for task in labels.ordered(labels.TASKS, content.rates["task"]):
        present = content.rates[content.rates["task"] == task]
        rows += [_arms_row(content, task, arm) for arm in labels.ordered(labels.ARMS, present["arm"])]
    return table(rows, text=("Task", "Arm"))


def _arms_row(content: Arms, task: str, arm: str) -> dict[str, str]:
    seeds = content.rates[(content.rates["task"] == task) & (content.rates["arm"] == arm)]
    able = seeds[~seeds["gated"]]
    effects = content.effects[(content.effects["task"] == task) & (content.effects["arm"] == arm)]
    effect = None if effects.empty else effects.iloc[0]
    return {
        "Task": labels.name(labels.TASKS, task),
        "Arm": labels.name(labels.ARMS, arm),
        "Seeds above the gate": f"{len(able)} of {len(seeds)}",
        "n": count(seeds["n"].sum()),
        "Unscored": count(seeds["unscored"].sum()),
        "Failure, mean over seeds (%)": percent(able["estimate"].mean()) if len(able) else MISSING,
        "By seed (%)": ", ".join(percent(value) for value in seeds.sort_values("replicate")["estimate"]),
        "Unified minus this arm (points)": MISSING if effect is None else points(effect["estimate"]),
        "Interval over seeds": MISSING if effect is None else points_interval(effect["low"], effect["high"]),
        "p": MISSING if effect is None else p_value(effect["p_value"]),
    }
