"""What each test could have found: power.csv."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from unicost.config import Analysis
from unicost.statistics.evidence import ALL
from unicost.statistics.intervals import detectable

POWER = 0.8
COLUMNS = [
    *["level", "unified", "counterpart", "relation", "task", "subset", "unit", "arm", "units", "n", "estimate"],
    *["low", "high", "detectable", "detectable_margins", "power_at_margin", "method"],
]
_BY_ITEM = "normal, from the interval's width"
_BY_UNIT = "noncentral t, from the spread over units"


def power(pairs: pd.DataFrame, pools: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """The smallest penalty that each test of penalty.csv (all categories) and pooled.csv finds at 80 % power.

    Sample size and discordance (or the spread over models or seeds) enter as they were found, by way of the interval.
    ``power_at_margin`` is the power to find a penalty as large as the equivalence margin.
    """
    own = pairs[pairs["category"] == ALL].assign(level="pair", unit="item", units=pairs["n"])
    whole = pools.assign(level="pool", units=pools["models"].where(pools["unit"] != "item", pools["n"]))
    shared = [*COLUMNS, "p_value"]
    rows = pd.concat([part.reindex(columns=shared).astype(object) for part in (own, whole)], ignore_index=True)
    found = [_found(row, analysis) for row in rows.to_dict("records")]
    return rows.assign(**pd.DataFrame(found, index=rows.index)).reindex(columns=COLUMNS)


def _found(row: dict[Any, Any], analysis: Analysis) -> dict[Any, Any]:
    low, high, units = float(str(row["low"])), float(str(row["high"])), int(str(row["units"]))
    if np.isnan(low) or high <= low:
        return {"detectable": np.nan, "detectable_margins": np.nan, "power_at_margin": np.nan, "method": ""}
    by_item = row["unit"] == "item"
    freedom = np.inf if by_item else _freedom(row, units, analysis.confidence)
    error = (high - low) / (2 * float(stats.t.ppf((1 + analysis.confidence) / 2, freedom)))
    smallest = detectable(low, high, analysis.confidence) if by_item else _by_t(error, freedom, analysis.confidence)
    return {
        "detectable": smallest,
        "detectable_margins": smallest / analysis.margin,
        "power_at_margin": _power(analysis.margin / error, freedom, analysis.confidence),
        "method": _BY_ITEM if by_item else _BY_UNIT,
    }


def _freedom(row: dict[Any, Any], units: int, confidence: float) -> float:
    """Degrees of freedom: Welch's are those at which interval and p-value agree."""
    if "Welch" not in str(row["method"]):
        return max(units - 1, 1)
    estimate, low, high, p_value = (float(str(row[name])) for name in ("estimate", "low", "high", "p_value"))

    def apart(freedom: float) -> float:
        error = (high - low) / 2 / float(stats.t.ppf((1 + confidence) / 2, freedom))
        return 2 * float(stats.t.sf(abs(estimate) / error, freedom)) - p_value

    few, many = 1.0, 1e4
    return float(optimize.brentq(apart, few, many)) if apart(few) * apart(many) < 0 else max(units - 1, 1)


def _power(effect: float, freedom: float, confidence: float) -> float:
    """Power of a two-sided test to find an effect of so many standard errors."""
    critical = float(stats.t.ppf((1 + confidence) / 2, freedom))
    if np.isinf(freedom):
        return float(stats.norm.sf(critical - effect) + stats.norm.cdf(-critical - effect))
    return float(stats.nct.sf(critical, freedom, effect))


def _by_t(error: float, freedom: float, confidence: float) -> float:
    """The effect that the t test finds at this power, in the units of ``error``."""
    most = 2.0
    while _power(most, freedom, confidence) < POWER:
        most *= 2
    return error * float(optimize.brentq(lambda effect: _power(effect, freedom, confidence) - POWER, 0.0, most))
