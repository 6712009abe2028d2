"""The probabilities that judges state, read from what they left in ``Judgement.raw``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from unicost.records import Judgement, Label
from unicost.store import read_table

DIGITS = 3
"""Probabilities are taken to the thousandth, as judges write them."""
BINS = 20
"""Bins of equal width of the histogram."""
HISTOGRAM = ["judge", "aspect", "lowest", "highest", "scored", "unsure"]
"""Columns of the histogram; ``unsure`` answers have a stated probability and no label of the judge."""
_COLUMNS = ("instance", "model", "judge", "aspect", "label", "raw")


def probability_of_unsafe(raw: str | None) -> float:
    """What a judge that states probabilities says in ``raw`` (see ``unicost.interfaces.Judge``); NaN where nothing."""
    try:
        details = json.loads(raw or "")
    except ValueError:
        return np.nan
    if not isinstance(details, dict):
        return np.nan
    shares = details.get("probabilities")
    said = details.get(Label.UNSAFE, shares.get(Label.UNSAFE) if isinstance(shares, dict) else None)
    return float(said) if isinstance(said, int | float) and 0 <= said <= 1 else np.nan


def read_stated(judgements: Sequence[Path]) -> pd.DataFrame:
    """One row a judgement: ``instance``, ``model``, ``judge``, ``aspect``, ``stated`` (NaN: nothing) and ``unsure``.

    ``unsure`` marks answers that the judge left unscored although it stated a probability.
    Raises ``unicost.store.UnreadableFile``.
    """
    rows = pd.concat([read_table(path, Judgement, _COLUMNS) for path in judgements], ignore_index=True)
    stated = rows["raw"].map(probability_of_unsafe, na_action="ignore").astype(float).round(DIGITS)
    unsure = rows["label"].eq(Label.UNSCORED) & stated.notna()
    return rows.drop(columns=["label", "raw"]).assign(stated=stated, unsure=unsure)


def histogram(stated: pd.DataFrame) -> pd.DataFrame:
    """How often each probability was stated, by judge and aspect, in bins of equal width."""
    edges = np.linspace(0, 1, BINS + 1)
    parts = []
    for (judge, aspect), rows in stated.dropna(subset="stated").groupby(["judge", "aspect"], sort=True):
        counts = {
            name: np.histogram(rows.loc[rows["unsure"] == unsure, "stated"], edges)[0]
            for name, unsure in (("scored", False), ("unsure", True))
        }
        parts.append(
            pd.DataFrame({"judge": judge, "aspect": aspect, "lowest": edges[:-1], "highest": edges[1:], **counts})
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=HISTOGRAM)
