"""How many instances a benchmark has, by category."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from unicost.reporting.tables.writing import Table, write

_CAPTION = (
    "Instances by task, construction and kind, one column a category. An unsafe instance has a benign twin that "
    "differs from it only in what makes it unsafe."
)


def write_composition(counts: pd.DataFrame, study: str, outputs: Iterable[Path]) -> None:
    """Write the counts (columns category, task, construction, kind, instances) as a table with categories across."""
    rows = ["task", "construction", "kind"]
    wide = counts.pivot_table(index=rows, columns="category", values="instances", aggfunc="sum", fill_value=0)
    wide["All"] = wide.sum(axis=1)
    total = wide.sum()
    frame = wide.reset_index()
    for column in ("task", "construction", "kind"):
        frame[column] = frame[column].str.replace("_", " ").str.capitalize()
    frame.loc[len(frame)] = ["All", "", "", *total]
    frame = frame.rename(columns={"task": "Task", "construction": "Construction", "kind": "Kind"})
    numeric = frozenset(wide.columns)
    frame = frame.astype(dict.fromkeys(numeric, int)).astype(dict.fromkeys(numeric, str))
    write(Table(frame, numeric), f"Composition: {study}", _CAPTION, outputs)
