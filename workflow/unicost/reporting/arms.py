"""Rates and penalties of an experiment's arms, gathered from the statistics for the figure and the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from unicost.reporting import inputs, labels


@dataclass(frozen=True)
class Arms:
    """``rates``: failure by seed; ``pairs``: penalty by seed; ``effects``: pooled with the seed as unit.

    All have ``task`` and ``arm`` (for penalties the arm that the unified one is compared with), ``group`` (its colour)
    and ``gated`` (below the capability gate; for an effect: every pair is).
    """

    rates: pd.DataFrame
    pairs: pd.DataFrame
    effects: pd.DataFrame


def read_arms(statistics: Path) -> Arms:
    """Join rates, penalties and pooled penalties with the arms of the models; raises ``inputs.UnusableTable``."""
    models = labels.with_groups(inputs.read(statistics, "models")).dropna(subset=["arm"])
    about = models[["model", "arm", "replicate", "group"]]
    rates = inputs.read(statistics, "rates")
    rates = rates[(rates["metric"] == "failure") & ~rates["task"].isin(["all_supported", "common"])]
    penalty = inputs.read(statistics, "penalty")
    penalty = penalty[(penalty["category"] == "all") & (penalty["task"] != "common") & penalty["estimate"].notna()]
    pairs = penalty.merge(about, left_on="counterpart", right_on="model").drop(columns="model")
    pooled = inputs.read(statistics, "pooled")
    pooled = pooled[(pooled["unit"] == "seed") & (pooled["subset"] == "all") & pooled["estimate"].notna()]
    pooled = pooled.sort_values("low", key=lambda low: low.isna(), kind="stable").drop_duplicates(["relation", "task"])
    arms_of = pairs.drop_duplicates("relation")[["relation", "arm", "group"]]
    effects = pooled.drop(columns="arm", errors="ignore").merge(arms_of, on="relation")
    gated = pairs.groupby(["relation", "task"])["gated"].all().reset_index()
    effects = effects.drop(columns="gated").merge(gated, on=["relation", "task"])
    return Arms(rates.merge(about, on="model"), pairs, effects)
