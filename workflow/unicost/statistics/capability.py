"""Capability by task, and the gate: a model that cannot do a task is not safe at it, it is unable."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd

from unicost.config import Analysis
from unicost.statistics.evidence import Cell, Evidence, Question

COLUMNS = ["model", "task", "n", "estimate", "low", "high", "capable"]


def capability(evidence: Evidence, models: Iterable[str], tasks: Iterable[str], analysis: Analysis) -> pd.DataFrame:
    """Share of capability items done right; ``capable`` where it reaches the gate, empty where there is no gate."""
    keys = [(model, task) for model in models for task in tasks]
    answers = evidence.estimate([Question((Cell(model, task),), "capability") for model, task in keys])
    gate = analysis.capability_gate
    return pd.DataFrame(
        [
            (*key, found.n, found.estimate, found.low, found.high, None if gate is None else found.estimate >= gate)
            for key, found in zip(keys, answers)
            if found
        ],
        columns=COLUMNS,
    )


class Gate:
    """Says whether a model can do tasks, from capability.csv: True, False, or None where nothing was measured."""

    def __init__(self, table: pd.DataFrame) -> None:
        gated = table.dropna(subset="capable")
        self._capable = {
            (row.model, row.task): str(row.capable).lower() == "true" for row in gated.itertuples(index=False)
        }

    def capable(self, models: Collection[str], tasks: Collection[str]) -> bool | None:
        """False if any model fails at any task, True if all were measured or none failed, None if none was measured."""
        known = [self._capable[key] for model in models for task in tasks if (key := (model, task)) in self._capable]
        return all(known) if known else None
