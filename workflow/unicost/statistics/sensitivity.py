"""How the headline numbers move under other policies of fusion: sensitivity.csv.

A headline number is the failure rate on the common tasks of each arm (or model), the mean over its models; or the
penalty of the unified models over each counterpart there. Under each policy verdicts are made anew, and capability with
them. Where models are replicates, the seed is the unit; elsewhere the model is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from unicost.config import Analysis, ModelEntry
from unicost.statistics import intervals
from unicost.statistics.capability import Gate, capability
from unicost.statistics.evidence import ALL, FAILURE
from unicost.statistics.item_evidence import ItemEvidence
from unicost.statistics.penalty import penalty
from unicost.statistics.rates import COMMON, rates

COLUMNS: Final = [
    *["policy", "declared", "number", "of", "units", "n", "unscored", "estimate", "low", "high", "change"],
]
RATE, PENALTY = "failure", "penalty"
"""Values of ``number``; ``of`` is an arm (or model), or the relation of the counterpart."""
_FEW: Final = 100
"""Resamples of intervals that nobody looks at: those of single models."""


def sensitivity(
    verdicts: Mapping[str, Path | pd.DataFrame], models: Mapping[str, ModelEntry], analysis: Analysis
) -> pd.DataFrame:
    """One row a policy and headline number; the first policy is the study's own, from which ``change`` is counted.

    ``unscored`` are items that the policy leaves without a label, of ``n`` and them.
    """
    rows = [row for policy, found in verdicts.items() for row in _numbers(policy, found, models, analysis)]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("declared", "change")])
    own = next(iter(verdicts))
    base = table[table["policy"] == own].set_index(["number", "of"])["estimate"]
    keys = pd.MultiIndex.from_frame(table[["number", "of"]])
    table["declared"] = table["policy"] == own
    table["change"] = table["estimate"].to_numpy() - base.reindex(keys).to_numpy()
    return table[COLUMNS]


def _numbers(
    policy: str, verdicts: Path | pd.DataFrame, models: Mapping[str, ModelEntry], analysis: Analysis
) -> Iterator[tuple[object, ...]]:
    evidence = ItemEvidence(verdicts, analysis.model_copy(update={"resamples": _FEW}))
    gate = Gate(capability(evidence, models, evidence.outcomes.all_tasks, evidence.analysis))
    found = rates(evidence, models, gate)
    found = found[(found["task"] == COMMON) & (found["metric"] == FAILURE) & (found["capable"].astype(object) != False)]  # noqa: E712 (None is not False)
    groups = found["model"].map(lambda name: models[name].arm or name)
    for group, rows in found.groupby(groups, sort=False):
        yield (policy, RATE, group, *_summary(rows, analysis, 0.0))
    differences = penalty(evidence, models, gate)
    chosen = (differences["task"] == COMMON) & (differences["category"] == ALL)
    differences = differences[chosen & (differences["capable"].astype(object) != False)]  # noqa: E712
    for relation, rows in differences.groupby("relation", sort=False):
        yield (policy, PENALTY, relation, *_summary(rows, analysis, -1.0))


def _summary(rows: pd.DataFrame, analysis: Analysis, lowest: float) -> tuple[float, ...]:
    """Units, n, unscored, and the mean over units with Student's interval, which one unit does not have."""
    values = rows["estimate"].to_numpy(np.float64)
    low, high = np.clip(intervals.student(values, analysis.confidence), lowest, 1)
    return len(values), int(rows["n"].sum()), int(rows["unscored"].sum()), float(values.mean()), float(low), float(high)
