"""Rates, penalties and pooled penalties corrected for the judge's error, beside the judged ones: corrected.csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from unicost.config import ModelEntry
from unicost.statistics.capability import Gate
from unicost.statistics.evidence import ALL, Evidence
from unicost.statistics.penalty import penalty
from unicost.statistics.pooled import pooled
from unicost.statistics.rates import COMMON, rates

COLUMNS = [
    *["metric", "correction", "level", "model", "counterpart", "relation", "task", "subset", "unit", "arm"],
    *["models", "n", "estimate", "low", "high", "p_value", "permutation_p", "judged", "judged_low", "judged_high"],
    *["conclusion", "judged_conclusion", "survives", "capable", "method", "note", "same_as"],
    *["unscored", "low_bound", "high_bound", "uncut"],
]
_PAIR = ["model", "counterpart", "relation", "task"]
_POOL = ["relation", "task", "subset", "unit", "arm"]
_RATE = ["model", "task"]
_NO_INTERVAL = "no sampling error under this correction: no interval"


@dataclass(frozen=True)
class Tables:
    """Rates, penalties (all categories together) and pooled penalties of one metric from one kind of evidence.

    ``uncut`` has the rates by model and task that left [0, 1] before they were cut off.
    """

    rates: pd.DataFrame
    pairs: pd.DataFrame
    pools: pd.DataFrame
    uncut: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Evidence, models: Mapping[str, ModelEntry], gate: Gate, metric: str) -> Tables:
        """The tables that the evidence gives; pools are those of the common tasks."""
        pairs = penalty(evidence, models, gate)
        pools = pooled(evidence, models, pairs, gate, tasks=[COMMON])
        return cls.read(rates(evidence, models, gate), pairs, pools, metric)

    @classmethod
    def read(cls, rates: pd.DataFrame, pairs: pd.DataFrame, pools: pd.DataFrame, metric: str) -> Tables:
        """From tables as in rates.csv, penalty.csv and pooled.csv."""
        chosen = rates[rates["metric"] == metric]
        named = pairs[pairs["category"] == ALL].rename(columns={"unified": "model"})
        return cls(chosen, named, pools.assign(arm=pools["arm"].fillna("")))


def corrected(judged: Tables, by_correction: Mapping[str, Tables], metric: str) -> pd.DataFrame:
    """One row for each correction and each rate, pair and pool of ``judged`` that it reaches.

    ``survives`` says whether the interval says the same as the judged one: more, less, or unclear; it is empty for
    rates and where there is no interval. ``same_as`` marks a pool that repeats another one: it counts once. A rate that
    a correction makes 0 or 1 whatever was sampled has no interval, and a ``note`` that says so. ``uncut`` is the rate
    of a task where the correction takes it out of [0, 1], which no true rate can be: by chance, or because the judge
    does not err there as the correction takes it to.
    """
    parts = []
    for correction, tables in by_correction.items():
        for level, key, own, beside in (
            ("rate", _RATE, tables.rates, judged.rates),
            ("pair", _PAIR, tables.pairs, judged.pairs),
            ("pool", _POOL, tables.pools, judged.pools),
        ):
            raw = beside[[*key, "estimate", "low", "high"]].rename(
                columns={"estimate": "judged", "low": "judged_low", "high": "judged_high"}
            )
            joined = own.merge(raw, on=key, how="inner", validate="one_to_one")
            parts.append(joined.assign(metric=metric, correction=correction, level=level))
            if level == "rate":
                parts[-1] = _marked(parts[-1], tables.uncut)
    table = pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)
    compared = table["level"] != "rate"
    table["conclusion"] = _conclusions(table["low"], table["high"]).where(compared, None)
    table["judged_conclusion"] = _conclusions(table["judged_low"], table["judged_high"]).where(compared, None)
    both = table["conclusion"].notna() & table["judged_conclusion"].notna()
    same = (table["conclusion"] == table["judged_conclusion"]).astype(object)
    table["survives"] = same.where(both, None)
    return table


def _marked(rates: pd.DataFrame, uncut: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """Rates with a note where there is no interval, and with what they were before they were cut off."""
    return rates.assign(
        note=rates["low"].isna().map({True: _NO_INTERVAL, False: None}),
        uncut=[uncut.get(key, np.nan) for key in zip(rates["model"], rates["task"], strict=True)],
    )


def _conclusions(low: pd.Series, high: pd.Series) -> pd.Series:
    """What intervals say about differences: ``more``, ``less``, ``unclear``, or None without an interval."""
    said = np.select([low.isna() | high.isna(), low > 0, high < 0], ["", "more", "less"], "unclear")
    return pd.Series(said, index=low.index, dtype=object).replace("", None)
