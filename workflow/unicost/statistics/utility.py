"""What models can do, beside how safe they are: utility.csv."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from unicost.config import Analysis
from unicost.statistics.evidence import Cell, Evidence, Question
from unicost.statistics.published_tables import UTILITY_GROUPS
from unicost.statistics.rates import COMMON

COLUMNS = ["model", "task", "estimate", "low", "high", "source"]
_PUBLISHED = "published Use"
_MEASURED = "capability rate"


def from_tables(utility: pd.DataFrame, models: Iterable[str], common_tasks: Sequence[str]) -> pd.DataFrame:
    """The published Use of each task group, and over the common tasks, each task weighted alike; no intervals."""
    use: dict[tuple[str, str], float] = dict(zip(zip(utility["model"], utility["task_group"]), utility["use"]))
    groups = [UTILITY_GROUPS[task] for task in common_tasks]
    rows = []
    for model in models:
        mine = {group: use[model, group] for group in dict.fromkeys(UTILITY_GROUPS.values()) if (model, group) in use}
        if all(group in mine for group in groups):
            mine[COMMON] = sum(mine[group] for group in groups) / len(groups)
        rows += [(model, task, value, None, None, _PUBLISHED) for task, value in mine.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def from_capability(evidence: Evidence, capability: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """The capability rate on each task, and over the common tasks for models that were tested on all of them."""
    by_task = capability[COLUMNS[:-1]].assign(source=_MEASURED)
    tested = capability.groupby("model", sort=False)["task"].agg(set)
    models = [str(model) for model, tasks in tested.items() if set(analysis.common_tasks) <= tasks]
    questions = [Question(tuple(Cell(model, task) for task in analysis.common_tasks), "capability") for model in models]
    rows = [
        (model, COMMON, found.estimate, found.low, found.high, _MEASURED)
        for model, found in zip(models, evidence.estimate(questions))
        if found
    ]
    return pd.concat([by_task, pd.DataFrame(rows, columns=COLUMNS)], ignore_index=True)
