"""Counts of outcomes by model, task and category: counts.csv."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unicost.statistics.evidence import ALL, FAILURE
from unicost.statistics.outcomes import METRICS, Outcomes, kind_of
from unicost.statistics.published_tables import RATES

Floats = NDArray[np.float64]

COLUMNS = ["model", "task", "category", "metric", "n", "count", "unscored", "rate"]


def from_tables(results: pd.DataFrame) -> pd.DataFrame:
    """Counts behind published rates, ``round(rate * n)`` (give or take one); ``rate`` is the published rate itself."""
    rates = results.assign(**{FAILURE: (1 - results["both_safe"]).round(6)})
    long = rates.melt(
        ["model", "task", "n"], [*RATES, FAILURE], var_name="metric", value_name="rate", ignore_index=False
    ).sort_index(kind="stable")
    return long.assign(category=ALL, count=(long["rate"] * long["n"]).round().astype(int), unscored=0)[COLUMNS]


def from_verdicts(outcomes: Outcomes) -> pd.DataFrame:
    """Counts of verdicts, for all categories together and for each; ``n`` counts scored items."""
    parts = outcomes.histogram()
    whole = parts.assign(category=ALL).groupby(["model", "kind", "task", "category"], sort=False).sum().reset_index()
    both = pd.concat([whole, parts], ignore_index=True)
    tables = [_count(both[both["kind"] == kind_of(metric)], outcomes.value(metric), metric) for metric in METRICS]
    order = {name: i for i, name in enumerate(METRICS)}
    return pd.concat(tables, ignore_index=True).sort_values(
        ["model", "task", "category", "metric"],
        key=lambda column: column.map(order) if column.name == "metric" else column,
        kind="stable",
        ignore_index=True,
    )[COLUMNS]


def _count(rows: pd.DataFrame, value: Floats, metric: str) -> pd.DataFrame:
    """``rows`` have a column a byte, with how many verdicts are that byte; ``value`` is what each stands for."""
    bytes_ = rows[range(len(value))].to_numpy()
    n, count = bytes_ @ ~np.isnan(value), (bytes_ @ np.nan_to_num(value)).astype(int)
    table = rows[["model", "task", "category"]].assign(metric=metric, n=n, count=count)
    return table.assign(unscored=bytes_.sum(axis=1) - n, rate=table["count"] / table["n"].where(table["n"] > 0))
