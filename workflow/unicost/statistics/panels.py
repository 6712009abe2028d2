"""The paper's leaderboard and its two result panels, rebuilt from the published tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from unicost.config import Closeness, ModelEntry, ModelKind, Relation
from unicost.statistics.published_tables import GENERATION_TASKS, RATES, UNDERSTANDING_TASKS, UTILITY_GROUPS

_SHORT = {"c_unsafe": "C-U", "c_reject": "C-R", "i_unsafe": "I-U", "both_safe": "B-S"}
_GROUPS = ("LLM", "VLM", "open unified", "closed unified")


def leaderboard(
    results: pd.DataFrame, published: pd.DataFrame, models: list[str], common_tasks: Sequence[str]
) -> pd.DataFrame:
    """Rates pooled over each model's tasks beside the published ones, and over the common tasks only.

    ``pooled_common_tasks_both_safe`` pools by n as the leaderboard does, so it shows what the choice of tasks alone
    changes; it is empty for models that lack a common task.
    """
    pooled = _pool(results).reindex(models)
    shared = _pool(results[results["task"].isin(common_tasks)])
    complete = shared["tasks"] == len(common_tasks)
    beside = published.set_index("model")[list(RATES)].reindex(models)
    table = pooled.join(beside.add_prefix("published_"))
    for rate in RATES:
        table[f"difference_{rate}"] = table[rate] - table[f"published_{rate}"]
    table["pooled_common_tasks_both_safe"] = shared.loc[complete, "both_safe"].reindex(models)
    return table.reset_index(names="model")


def _pool(results: pd.DataFrame) -> pd.DataFrame:
    """Number of tasks and rates weighted by n, indexed by model."""
    weighted = results[list(RATES)].mul(results["n"], axis=0).assign(model=results["model"], n=results["n"])
    sums = weighted.groupby("model").sum()
    rates = sums[list(RATES)].div(sums["n"], axis=0)
    return pd.concat([results.groupby("model").size().rename("tasks"), rates], axis=1)


def panel_generation(results: pd.DataFrame, utility: pd.DataFrame, models: Mapping[str, ModelEntry]) -> pd.DataFrame:
    """Panel A: text generation, text-to-image and image editing; utility by task.

    ``text_generation delta B-S`` is Both-Safe minus that of the model's own parent, where the tables hold it.
    """
    panel = _wide(results, GENERATION_TASKS, models)
    for task in GENERATION_TASKS:
        _insert_after(panel, f"{task} B-S", f"{task} Use", _use(utility, task, panel["model"]))
    safe = dict(zip(panel["model"], panel["text_generation B-S"]))
    deltas = [safe[name] - safe.get(_parent(models[name]), np.nan) for name in panel["model"]]
    _insert_after(panel, "text_generation B-S", "text_generation delta B-S", deltas)
    return panel


def _insert_after(panel: pd.DataFrame, column: str, name: str, values: list[float]) -> None:
    panel.insert(list(panel.columns).index(column) + 1, name, values)


def panel_understanding(results: pd.DataFrame, utility: pd.DataFrame, models: Mapping[str, ModelEntry]) -> pd.DataFrame:
    """Panel B: the four settings of visual question answering, with one utility for all of them."""
    panel = _wide(results, UNDERSTANDING_TASKS, models)
    return panel.assign(Use=_use(utility, UTILITY_GROUPS[UNDERSTANDING_TASKS[0]], panel["model"]))


def _wide(results: pd.DataFrame, tasks: Sequence[str], models: Mapping[str, ModelEntry]) -> pd.DataFrame:
    """One row for each model with any of the tasks: group, model, display name, then four rates a task."""
    chosen = results[results["task"].isin(tasks)].pivot(index="model", columns="task", values=list(RATES))
    table = pd.DataFrame(index=[name for name in models if name in chosen.index])
    for task in tasks:
        for rate in RATES:
            table[f"{task} {_SHORT[rate]}"] = chosen.get((rate, task))
    table.insert(0, "display_name", [models[name].display_name for name in table.index])
    table.insert(0, "group", [_group(models[name]) for name in table.index])
    order = sorted(range(len(table)), key=lambda row: _GROUPS.index(table["group"].iloc[row]))
    return table.iloc[order].reset_index(names="model")


def _group(entry: ModelEntry) -> str:
    return f"{entry.access} unified" if entry.kind is ModelKind.UNIFIED else entry.kind.value.upper()


def _use(utility: pd.DataFrame, group: str, models: pd.Series[str]) -> list[float]:
    values = utility[utility["task_group"] == group].set_index("model")["use"]
    return values.reindex(models).tolist()


def _parent(entry: ModelEntry) -> str:
    """The base language model that a unified model was trained from; empty where it is not configured."""
    for other in entry.counterparts:
        if (other.relation, other.closeness) == (Relation.BASE_LLM, Closeness.PARENT):
            return other.model
    return ""
