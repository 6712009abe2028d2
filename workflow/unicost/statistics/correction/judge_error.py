"""The judge's errors by task, and whether they differ between unified and other models: judge_error.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from unicost.statistics.correction.errors import Errors, LabelledErrors, PublishedErrors, Split
from unicost.statistics.uncertain import Uncertain

COLUMNS = [
    *["metric", "task", "group", "labelled", "error", "sensitivity", "sensitivity_low", "sensitivity_high"],
    *["specificity", "specificity_low", "specificity_high", "sensitivity_p", "specificity_p", "source"],
]
_ROUNDING = 1e-12
"""Shares nearer to zero than this differ from it by arithmetic alone."""
_LABELS = "labels of these answers"
_ACCURACY = "published accuracy, the same error for every model"


def differential(
    known: Mapping[str, Mapping[str, LabelledErrors]], tasks: Sequence[str], confidence: float
) -> pd.DataFrame:
    """Rows for the groups ``all``, ``unified`` and ``other``, and ``difference`` (unified minus other) with p-values.

    Under the null hypothesis of the p-values the judge errs alike on both: only an error that differs can turn the sign
    of a penalty round.
    """
    rows = []
    for metric, groups in known.items():
        for task in tasks:
            found = {name: errors.of(task) for name, errors in groups.items()}
            rows += [
                _row(metric, task, name, one, confidence=confidence, source=_LABELS)
                for name, one in found.items()
                if one
            ]
            if (unified := found["unified"]) and (other := found["other"]):
                parts = (unified.sensitivity - other.sensitivity, unified.specificity - other.specificity)
                whole = Errors(*parts, unified.error - other.error, unified.labelled + other.labelled)
                tested = {"sensitivity_p": parts[0].p_value, "specificity_p": parts[1].p_value}
                apart = _row(metric, task, "difference", whole, confidence=confidence, source=_LABELS, limits=(-1, 1))
                rows.append(apart | tested)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def published(
    known: Mapping[str, Mapping[Split, PublishedErrors]], accuracy: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Rows for each split of a published accuracy into misses and false alarms; nothing tells models apart."""
    rows = [
        _row(metric, str(task), split.value, found, confidence=confidence, source=_ACCURACY)
        for metric, splits in known.items()
        for task in dict.fromkeys(accuracy["task"])
        for split, errors in splits.items()
        if (found := errors.of(str(task)))
    ]
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _row(
    metric: str,
    task: str,
    group: str,
    found: Errors,
    *,
    confidence: float,
    source: str,
    limits: tuple[float, float] = (0, 1),
) -> dict[str, object]:
    error = 0.0 if abs(found.error) < _ROUNDING else found.error
    head = {"metric": metric, "task": task, "group": group, "labelled": found.labelled, "error": error}
    sides = _with_interval("sensitivity", found.sensitivity, confidence, limits)
    return head | sides | _with_interval("specificity", found.specificity, confidence, limits) | {"source": source}


def _with_interval(name: str, number: Uncertain, confidence: float, limits: tuple[float, float]) -> dict[str, object]:
    low, high = number.interval(confidence)
    found = np.array([number.value, max(low, limits[0]), min(high, limits[1])])
    found = np.where(np.abs(found) < _ROUNDING, 0.0, found)
    return dict(zip((name, f"{name}_low", f"{name}_high"), found.tolist(), strict=True))
