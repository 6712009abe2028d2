"""Pooled penalties with the lineage as the unit, for unified models of one base language model are not independent.

The mean within each lineage comes first; then lineages weigh alike, which is the bluntest and safest way to cluster by
parent where parents are few. A unified model without a known base is a lineage by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unicost.config import ModelEntry, Relation
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals

Floats = NDArray[np.float64]


def over_lineages(effects: pd.Series[float], models: Mapping[str, ModelEntry], confidence: float) -> dict[str, Any]:
    """Columns of pooled.csv: Student's interval over lineages of the penalties ``effects`` by unified model."""
    means = _means(effects, models)
    low, high = np.clip(intervals.student(means, confidence), -1, 1)
    p_value = float(stats.ttest_1samp(means, 0).pvalue) if intervals.varied(means) else np.nan
    return _columns(len(means), float(means.mean()), float(low), float(high), p_value)


def lineages_against(
    failure: pd.Series[float], others: Floats, models: Mapping[str, ModelEntry], confidence: float
) -> dict[str, Any]:
    """The same by Welch's interval, for the ``failure`` of unified models beside that of specialised ones."""
    means = _means(failure, models)
    found = tests.welch(means, others, confidence)
    return _columns(len(means), found.estimate, found.low, found.high, found.p_value)


def _means(values: pd.Series[float], models: Mapping[str, ModelEntry]) -> Floats:
    return np.asarray(values.groupby([_lineage(str(name), models) for name in values.index]).mean(), np.float64)


def _lineage(name: str, models: Mapping[str, ModelEntry]) -> str:
    """The base language model that a unified model stems from, or its nearest known relative; else the model itself."""
    bases = [other.model for other in models[name].counterparts if Relation(other.relation) is Relation.BASE_LLM]
    return bases[0] if bases else name


def _columns(lineages: int, *numbers: float) -> dict[str, Any]:
    names = ("lineage_estimate", "lineage_low", "lineage_high", "lineage_p")
    return {"lineages": lineages, **dict(zip(names, numbers, strict=True))}
