"""Judges, detectors and people as raters of the same answers: each of them once, and by a name for readers."""

from __future__ import annotations

import pandas as pd


def once_each(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a validation on one scale, each rater once, by falling kappa.

    A rater is held to what people agreed on, or else to the first person.
    """
    agreed = rows["annotator"].str.endswith("/human")
    rows = rows.assign(rank=~agreed).sort_values(["rank", "kappa"], kind="stable")
    return rows.drop_duplicates("rater").sort_values("kappa", ascending=False)


def short(rater: object) -> str:
    """The rater's name without that of the set."""
    return str(rater).rpartition("/")[2].replace("_", " ")
