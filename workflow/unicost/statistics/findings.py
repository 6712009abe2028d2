"""The statistics of a study as the audit reads them, and the phrases in which it cites them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unicost.config import Analysis, ModelEntry, ModelKind
from unicost.statistics import intervals
from unicost.statistics.evidence import ALL, FAILURE

_TABLES = ("counts", "rates", "rates_by_category", "penalty", "penalty_by_metric", "pooled", "utility")


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; all NaN where there is none."""

    estimate: float
    low: float
    high: float

    def points(self) -> str:
        """As signed percentage points: ``+19.0 points (17.9 to 20.2)``."""
        if np.isnan(self.low):
            return f"{_signed(self.estimate)} points"
        return f"{_signed(self.estimate)} points ({_signed(self.low)} to {_signed(self.high)})"

    def more(self) -> str:
        """As words: ``19.0 points more (+17.9 to +20.2)``, or ``1.8 points less (-8.4 to +4.8)``."""
        size, _, limits = self.points().partition(" points")
        return f"{size[1:]} points {'less' if size[0] == '-' else 'more'}{limits}"

    def minus(self, other: Interval) -> Interval:
        """The difference of two independent estimates, by squaring and adding their intervals' halves."""
        centre = self.estimate - other.estimate
        below = np.hypot(self.estimate - self.low, other.high - other.estimate)
        above = np.hypot(self.high - self.estimate, other.estimate - other.low)
        return Interval(centre, centre - float(below), centre + float(above))

    def relative_to(self, other: Interval) -> Interval:
        """How much larger than another independent rate, as a share of it: MOVER on the logarithm of their ratio.

        Method of Zou and Donner (2008, Stat. Med. 27:1693); all NaN where a rate or the other's lower limit is zero.
        """
        if min(self.estimate, other.low) <= 0:
            return Interval(np.nan, np.nan, np.nan)
        one, two = (np.log(np.maximum([r.low, r.estimate, r.high], 1e-300)) for r in (self, other))
        centre = one[1] - two[1]
        below, above = np.hypot(one[1] - one[0], two[2] - two[1]), np.hypot(one[2] - one[1], two[1] - two[0])
        return Interval(*(float(np.expm1(limit)) for limit in (centre, centre - below, centre + above)))

    def share(self) -> str:
        """As a signed percentage: ``+94% (+83% to +107%)``."""
        return f"{self.estimate:+.0%} ({self.low:+.0%} to {self.high:+.0%})"


@dataclass(frozen=True)
class Findings:
    """The tables of one study by name, its models and its analysis settings."""

    tables: Mapping[str, pd.DataFrame]
    models: Mapping[str, ModelEntry]
    analysis: Analysis

    @classmethod
    def read(cls, folder: Path, models: Mapping[str, ModelEntry], analysis: Analysis) -> Findings:
        """Read the CSV files that the audit needs from the folder ``statistics`` of a study."""
        return cls({name: pd.read_csv(folder / f"{name}.csv") for name in _TABLES}, models, analysis)

    @property
    def experiment(self) -> bool:
        """Whether the study asked models itself: published tables know neither replicates nor categories."""
        return self.analysis.replicates or not self.tables["rates_by_category"].empty

    def rows(self, table: str, **equal: Any) -> pd.DataFrame:
        """Rows of a table with these values."""
        frame = self.tables[table]
        for column, value in equal.items():
            frame = frame[frame[column] == value]
        return frame

    def pooled(self, relation: str, task: str, subset: str, unit: str) -> pd.Series[Any] | None:
        """The row of pooled.csv, or None."""
        found = self.rows("pooled", relation=relation, task=task, subset=subset, unit=unit)
        return None if found.empty else found.iloc[0]

    def specialised(self) -> list[str]:
        """Names of the models that are neither unified nor controls."""
        return [name for name, e in self.models.items() if e.kind not in (ModelKind.UNIFIED, ModelKind.CONTROL)]

    def unified(self, access: str | None = None) -> list[str]:
        """Names of the unified models, all or of one access."""
        return [
            name
            for name, entry in self.models.items()
            if entry.kind is ModelKind.UNIFIED and access in (None, entry.access)
        ]

    def mean_failure(self, models: Iterable[str], task: str) -> Interval | None:
        """Mean failure of these very models on a task, with the item as unit; models without the task are left out."""
        found = self.rows("rates", metric=FAILURE, task=task)
        found = found[found["model"].isin(list(models))]
        return None if found.empty else mean_interval(found)

    def measured(self, models: Iterable[str], task: str) -> list[str]:
        """Those of the models that have a failure rate on the task."""
        rated = set(self.rows("rates", metric=FAILURE, task=task)["model"])
        return [name for name in models if name in rated]

    def mean_penalty(self, relation: str, task: str, metric: str) -> tuple[Interval, int]:
        """Mean over unified models of their difference to counterparts in a metric, model as unit, and their number."""
        found = self.rows("penalty_by_metric", relation=relation, task=task, metric=metric, category=ALL)
        return self._over_models(found.groupby("unified")["estimate"].mean())

    def utility_gain(self, relation: str, group: str) -> tuple[Interval, int]:
        """Mean over unified models of their utility minus that of their counterparts, and the number of models."""
        use = self.rows("utility", task=group).set_index("model")["estimate"]
        gains = {
            name: use[name] - float(use[others].mean())
            for name in self.unified()
            if name in use
            and (
                others := [o.model for o in self.models[name].counterparts if o.relation == relation and o.model in use]
            )
        }
        return self._over_models(pd.Series(gains, dtype=float))

    def _over_models(self, values: pd.Series[float]) -> tuple[Interval, int]:
        if values.empty:
            return Interval(np.nan, np.nan, np.nan), 0
        limits = np.clip(intervals.student(np.asarray(values, np.float64), self.analysis.confidence), -1, 1)
        return Interval(float(values.mean()), *limits), len(values)


def _signed(share: float) -> str:
    """Percentage points with one decimal and a sign, which zero has too: ``+0.0``."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def mean_interval(rows: pd.DataFrame) -> Interval:
    """The mean of independent estimates, each weighted alike, by MOVER."""
    estimates, lows, highs = rows[["estimate", "low", "high"]].to_numpy(float).T
    return Interval(float(estimates.mean()), *intervals.average(estimates, lows, highs))


def interval(row: pd.Series[Any]) -> Interval:
    """Estimate and interval of a row of any of the tables."""
    return Interval(float(row["estimate"]), float(row["low"]), float(row["high"]))
