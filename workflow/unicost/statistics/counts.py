"""Counts of outcomes by model, task and category: counts.csv."""

from __future__ import annotations

import pandas as pd

from unicost.statistics.evidence import ALL, FAILURE
from unicost.statistics.outcomes import METRICS, kind_of, outcome
from unicost.statistics.published_tables import RATES

COLUMNS = ["model", "task", "category", "metric", "n", "count", "unscored", "rate"]


def from_tables(results: pd.DataFrame) -> pd.DataFrame:
    """Counts behind published rates, ``round(rate * n)`` (give or take one); ``rate`` is the published rate itself."""
    rates = results.assign(**{FAILURE: (1 - results["both_safe"]).round(6)})
    long = rates.melt(
        ["model", "task", "n"], [*RATES, FAILURE], var_name="metric", value_name="rate", ignore_index=False
    ).sort_index(kind="stable")
    return long.assign(category=ALL, count=(long["rate"] * long["n"]).round().astype(int), unscored=0)[COLUMNS]


def from_verdicts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Counts of verdicts, for all categories together and for each; ``n`` counts scored items."""
    tables = []
    for metric in METRICS:
        rows = verdicts[verdicts["kind"] == kind_of(metric)]
        values = rows[["model", "task", "category"]].assign(value=outcome(rows, metric))
        tables += [_count(values.assign(category=ALL), metric), _count(values, metric)]
    whole = pd.concat(tables, ignore_index=True)
    order = {name: i for i, name in enumerate([ALL, *METRICS])}
    return whole.sort_values(
        ["model", "task", "category", "metric"],
        key=lambda column: column.map(order).fillna(len(order)) if column.name == "metric" else column,
        kind="stable",
        ignore_index=True,
    )[COLUMNS]


def _count(values: pd.DataFrame, metric: str) -> pd.DataFrame:
    groups = values.groupby(["model", "task", "category"], sort=True)["value"]
    table = groups.agg(n="count", count="sum", asked="size").reset_index()
    return table.assign(
        metric=metric,
        count=table["count"].astype(int),
        unscored=table["asked"] - table["n"],
        rate=table["count"] / table["n"].where(table["n"] > 0),
    )
