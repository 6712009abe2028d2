"""The penalty of unification, failure of a unified model minus failure of its counterpart: penalty*.csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from unicost.config import ModelEntry
from unicost.statistics.capability import Gate
from unicost.statistics.comparisons import Comparison, comparisons
from unicost.statistics.evidence import ALL, FAILURE, Cell, Evidence, Question
from unicost.statistics.hypothesis_tests import adjust
from unicost.statistics.rates import COMMON

COLUMNS = [
    *["unified", "counterpart", "relation", "task", "category", "n", "estimate", "low", "high"],
    *["p_value", "p_adjusted", "method", "p_family", "closeness", "n_counterpart", "detectable", "equivalent"],
    *["capable", "low_bound", "high_bound", "unscored", "tasks", "members"],
]
METRIC_COLUMNS = [
    *["unified", "counterpart", "relation", "task", "category", "metric", "n", "estimate", "low", "high"],
    *["p_value", "method", "capable", "unscored", "low_bound", "high_bound", "equivalent"],
]
_DIFFERENCE_METRICS = ("c_unsafe", "c_reject", "i_unsafe", "both_safe", FAILURE, "over_refusal", "helpful")


@dataclass(frozen=True)
class Contrast:
    """A comparison on one value of the column ``task``; ``tasks`` are the tasks behind it."""

    comparison: Comparison
    task: str
    tasks: tuple[str, ...]
    cells: tuple[Cell, ...]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The values of the columns unified, counterpart, relation and task."""
        pair = self.comparison
        return pair.unified, pair.counterpart, pair.relation.value, self.task

    def capable(self, gate: Gate) -> bool | None:
        """Whether every model of the contrast can do every task of it."""
        models = {model for cell in self.cells for model in (cell.model, *cell.against)}
        return gate.capable(models, self.tasks)


def penalty(evidence: Evidence, models: Mapping[str, ModelEntry], gate: Gate) -> pd.DataFrame:
    """Every comparison on every shared task and on ``common``, for all categories together and for each.

    The primary tests, one for each unified model, are those of the common tasks; Holm adjusts them within a relation.
    All other rows are an exploratory grid, adjusted within a relation by Benjamini and Hochberg.
    """
    wanted = [
        (found, category) for found in contrasts(evidence, models, gate) for category in (ALL, *evidence.categories)
    ]
    answers = evidence.estimate([Question(found.cells, category=category) for found, category in wanted])
    analysis = evidence.analysis
    rows = [
        {
            **dict(zip(COLUMNS, (*contrast.key, category))),
            **{name: getattr(found, name) for name in ("n", "estimate", "low", "high", "p_value", "method")},
            **{name: getattr(found, name) for name in ("n_counterpart", "low_bound", "high_bound", "unscored")},
            "p_family": "primary" if (contrast.task, category) == (COMMON, ALL) else "grid",
            "closeness": contrast.comparison.closeness,
            "detectable": found.detectable(analysis.confidence),
            "equivalent": found.equivalent(analysis.margin),
            "capable": contrast.capable(gate),
            "tasks": " ".join(contrast.tasks),
            "members": " ".join(sorted({model for cell in contrast.cells for model in cell.against})),
        }
        for (contrast, category), found in zip(wanted, answers)
        if found
    ]
    return _adjusted(pd.DataFrame(rows, columns=COLUMNS))


def penalty_by_metric(evidence: Evidence, models: Mapping[str, ModelEntry], gate: Gate) -> pd.DataFrame:
    """The same differences for every metric, for all categories together; p-values are not adjusted."""
    metrics = [metric for metric in _DIFFERENCE_METRICS if metric in evidence.metrics]
    wanted = [(found, metric) for found in contrasts(evidence, models, gate) for metric in metrics]
    answers = evidence.estimate([Question(found.cells, metric) for found, metric in wanted])
    rows = [
        (
            *(*contrast.key, ALL, metric, found.n, found.estimate, found.low, found.high),
            *(found.p_value, found.method, contrast.capable(gate), found.unscored, found.low_bound, found.high_bound),
            found.equivalent(evidence.analysis.margin),
        )
        for (contrast, metric), found in zip(wanted, answers)
        if found
    ]
    return pd.DataFrame(rows, columns=METRIC_COLUMNS)


def contrasts(evidence: Evidence, models: Mapping[str, ModelEntry], gate: Gate) -> list[Contrast]:
    """Every comparison on each task that both sides support, and on the common tasks among these."""
    found = []
    for comparison in comparisons(models):
        cells = _cells(evidence, comparison, gate)
        found += [Contrast(comparison, task, (task,), (cell,)) for task, cell in cells.items()]
        shared = tuple(task for task in evidence.analysis.common_tasks if task in cells)
        if shared:
            found.append(Contrast(comparison, COMMON, shared, _same_members([cells[task] for task in shared])))
    return found


def _cells(evidence: Evidence, comparison: Comparison, gate: Gate) -> dict[str, Cell]:
    """The comparison on each shared task; a group consists of the members that have and can do the task."""
    cells = {}
    for task in evidence.tasks(comparison.unified):
        members = tuple(model for model in comparison.members if task in evidence.tasks(model))
        if len(members) > 1:
            members = tuple(model for model in members if gate.capable([model], [task]) is not False)
        if members:
            cells[task] = Cell(comparison.unified, task, members)
    return cells


def _same_members(cells: list[Cell]) -> tuple[Cell, ...]:
    """Keep the members of a group that have every task, if any: a mean over tasks should not change its group."""
    steady = set.intersection(*(set(cell.against) for cell in cells))
    if not steady:
        return tuple(cells)
    return tuple(replace(cell, against=tuple(m for m in cell.against if m in steady)) for cell in cells)


def _adjusted(table: pd.DataFrame) -> pd.DataFrame:
    """Fill ``p_adjusted`` family by family; comparisons that fail the capability gate are no tests."""
    tested = table["p_value"].where(table["capable"].astype(object) != False)  # noqa: E712 (None is not False)
    adjusted = [
        adjust(tested[(table["relation"] == relation) & (table["p_family"] == family)], method)
        for relation in table["relation"].unique()
        for family, method in (("primary", "holm"), ("grid", "fdr_bh"))
    ]
    return table.assign(p_adjusted=pd.concat(adjusted) if adjusted else None)
