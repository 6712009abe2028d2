"""Pooled penalties with the lineage as the unit, for models that grew from one family of language models go together.

The mean within each lineage comes first; then lineages weigh alike, which is the bluntest and safest way to cluster by
descent where lineages are few. The entries of the models declare what a lineage is (``lineage``: the family, whatever
its size), the same for every relation and study; their key ``base`` splits the families by the very language model,
which gives more units and takes models of one family for independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unicost.config import ModelEntry
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals

Floats = NDArray[np.float64]
Models = Mapping[str, ModelEntry]


def lineage(name: str, models: Models) -> str:
    """The declared lineage of a model; without one it is a lineage by itself."""
    return models[name].lineage or name


def base(name: str, models: Models) -> str:
    """The very language model that a model grew from; where none is declared, its lineage."""
    return models[name].base or lineage(name, models)


_GROUPINGS: Final[Mapping[str, Callable[[str, Models], str]]] = {"lineage": lineage, "base": base}


def over_groups(effects: pd.Series[float], models: Models, confidence: float) -> dict[str, Any]:
    """Columns of pooled.csv: Student's interval over lineages, and over bases, of penalties by unified model."""
    columns: dict[str, Any] = {}
    for name, group in _GROUPINGS.items():
        means = _means(effects, models, group)
        low, high = np.clip(intervals.student(means, confidence), -1, 1)
        p_value = float(stats.ttest_1samp(means, 0).pvalue) if intervals.varied(means) else np.nan
        columns |= _columns(name, len(means), float(means.mean()), float(low), float(high), p_value)
    return columns


def groups_against(
    failure: pd.Series[float], others: pd.Series[float], models: Models, confidence: float
) -> dict[str, Any]:
    """The same by Welch's interval, for the ``failure`` of some models beside that of ``others``, both by lineage.

    The number of units is that of the first side. A lineage with models on both sides is taken for two.
    """
    columns: dict[str, Any] = {}
    for name, group in _GROUPINGS.items():
        means, other_means = (_means(values, models, group) for values in (failure, others))
        found = tests.welch(means, other_means, confidence)
        columns |= _columns(name, len(means), found.estimate, found.low, found.high, found.p_value)
    return columns


def _means(values: pd.Series[float], models: Models, group: Callable[[str, Models], str]) -> Floats:
    return np.asarray(values.groupby([group(str(name), models) for name in values.index]).mean(), np.float64)


def _columns(unit: str, size: int, *numbers: float) -> dict[str, Any]:
    names = (f"{unit}_estimate", f"{unit}_low", f"{unit}_high", f"{unit}_p")
    return {f"{unit}s": size, **dict(zip(names, numbers, strict=True))}
