"""How wrong the judge would have to be to overturn a conclusion: tipping.csv.

A judge that errs alike on both sides of a comparison shrinks a difference and never turns it round (Rogan and Gladen).
What can fake a penalty is error that differs: false alarms on the answers of unified models and misses on those of
their counterparts. ``error_needed`` is the smallest share of wrong verdicts, the same on both sides and on every task,
that could have moved the difference by what stands between its interval and zero, if every error lay the worst way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from unicost.config import ModelEntry
from unicost.statistics.evidence import ALL, FAILURE
from unicost.statistics.pooled import SUBSETS
from unicost.statistics.rates import COMMON

Floats = NDArray[np.float64]

COLUMNS = [
    *["level", "unified", "counterpart", "relation", "task", "subset", "unit", "arm", "n", "estimate", "low", "high"],
    *["conclusion", "to_zero", "to_unclear", "error_needed", "error_known", "most_possible", "robust"],
]


@dataclass(frozen=True)
class Sides:
    """Judged failure rates of both sides of the cells of a comparison, the cells' weights, and the judge's error."""

    unified: Floats
    other: Floats
    weight: Floats
    error: Floats

    def possible(self, error: float | Floats, sign: float) -> float:
        """The most that this error could add to a difference of this sign.

        Where the unified model fails more: its false alarms, and the misses on the counterpart; a cell has no more
        false alarms than verdicts of unsafe, and no more misses than verdicts of safe.
        """
        alarms, misses = (self.unified, 1 - self.other) if sign > 0 else (self.other, 1 - self.unified)
        return float(self.weight @ (np.minimum(error, alarms) + np.minimum(error, misses)))

    def needed(self, distance: float, sign: float) -> float:
        """The smallest error that could move the difference by ``distance``; NaN where none can."""
        if np.isnan(distance) or self.possible(1.0, sign) < distance:
            return float("nan")
        return float(optimize.brentq(lambda error: self.possible(error, sign) - distance, 0.0, 1.0))


def tipping(
    rates: pd.DataFrame,
    pairs: pd.DataFrame,
    pools: pd.DataFrame,
    errors: Mapping[str, float],
    models: Mapping[str, ModelEntry],
) -> pd.DataFrame:
    """A row for each pair and pool of penalty.csv and pooled.csv (all categories together).

    ``errors`` is the known share of wrong verdicts by task, empty where there is none. ``error_known`` is its mean over
    the tasks of a comparison; ``robust`` says whether an error of that size, on both sides and on every task, could not
    overturn the conclusion whichever way it lay: whether ``error_needed`` is larger.
    """
    failure = rates[rates["metric"] == FAILURE].set_index(["model", "task"])["estimate"].to_dict()
    found = pairs[pairs["category"] == ALL]
    sides = {index: _sides([row], failure, errors) for index, row in zip(found.index, found.to_dict("records"))}
    rows = [{"level": "pair", **row, **_verdict(row, sides[index])} for index, row in _records(found)]
    for _, row in _records(pools):
        members = found[_in_pool(found, row, models)]
        if len(members):
            whole = _sides(members.to_dict("records"), failure, errors)
            rows.append({"level": "pool", **row, **_verdict(row, whole)})
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _records(table: pd.DataFrame) -> list[tuple[Any, dict[Any, Any]]]:
    return list(zip(table.index, table.to_dict("records")))


def _sides(rows: list[dict[Any, Any]], failure: Mapping[Any, float], errors: Mapping[str, float]) -> Sides:
    """The cells of some pairs: pairs weigh alike, and so do the tasks of one."""
    cells = []
    for row in rows:
        tasks, members = str(row["tasks"]).split(), str(row["members"]).split()
        for task in tasks:
            known = [failure[member, task] for member in members if (member, task) in failure]
            weight = 1 / (len(tasks) * len(known) * len(rows))
            cells += [(failure[str(row["unified"]), task], one, weight, errors.get(task, np.nan)) for one in known]
    return Sides(*np.array(cells, np.float64).T)


def _verdict(row: Mapping[Any, Any], sides: Sides) -> dict[Any, Any]:
    estimate, low, high = (float(str(row[name])) for name in ("estimate", "low", "high"))
    sign = 1.0 if estimate >= 0 else -1.0
    conclusion = "more" if low > 0 else "less" if high < 0 else "unknown" if np.isnan(low) else "unclear"
    margin = {"more": low, "less": -high}.get(conclusion, np.nan)
    known = float(sides.weight @ sides.error)
    most = sides.possible(known, sign)
    robust = None if np.isnan(known) or np.isnan(margin) else bool(most < margin)
    return {
        "conclusion": conclusion,
        "to_zero": abs(estimate),
        "to_unclear": margin,
        "error_needed": sides.needed(margin, sign),
        "error_known": known,
        "most_possible": most,
        "robust": robust,
    }


def _in_pool(pairs: pd.DataFrame, pool: Mapping[Any, Any], models: Mapping[str, ModelEntry]) -> list[bool]:
    """The pairs that a row of pooled.csv is about; in a group, those that have every common task of the widest."""
    belongs, arm = SUBSETS[str(pool["subset"])], "" if pd.isna(pool["arm"]) else str(pool["arm"])
    widest = max((len(str(tasks).split()) for tasks in pairs.loc[pairs["task"] == COMMON, "tasks"]), default=0)
    return [
        bool(
            row.relation == pool["relation"]
            and row.task == pool["task"]
            and str(row.capable).lower() != "false"
            and (models[str(row.unified)].arm or "") == arm
            and belongs(models[str(row.unified)], str(row.closeness))
            and (row.relation != "group" or row.task != COMMON or len(str(row.tasks).split()) == widest)
        )
        for row in pairs.itertuples(index=False)
    ]
