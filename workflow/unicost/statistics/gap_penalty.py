"""Does unifying cost contextual or intrinsic safety? The difference of differences: gap_penalty.csv.

Contextual minus intrinsic unsafe rate of a unified model, minus the same of its counterpart. Above zero, what the
unified model loses is more in the fit of the answer to the request than in the harm of the output alone. The bounds let
the two aspects of an unscored answer go opposite ways.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from unicost.config import Analysis, ModelEntry
from unicost.statistics.capability import Gate
from unicost.statistics.cell_evidence import CellEvidence
from unicost.statistics.correction.cells import Cells
from unicost.statistics.penalty import penalty
from unicost.statistics.pooled import pooled
from unicost.statistics.rates import COMMON
from unicost.statistics.uncertain import Uncertain
from unicost.statistics.unscored import Bounds, difference, over_asked

_SHARED = ["n", "estimate", "low", "high", "p_value", "method"]
COLUMNS = [
    *["level", "unified", "counterpart", "relation", "task", "subset", "unit", "arm", *_SHARED],
    *["p_adjusted", "equivalent", "detectable", "permutation_p", "capable", "unscored", "low_bound", "high_bound"],
]


def gap_penalty(cells: Cells, models: Mapping[str, ModelEntry], gate: Gate, analysis: Analysis) -> pd.DataFrame:
    """Rows for every pair and, on the common tasks, every pool; both aspects of a model are paired answer by answer."""

    def sides(model: str, task: str) -> dict[str, Uncertain]:
        judged = {metric: cells.judged(model, task, metric) for metric in ("c_unsafe", "i_unsafe")}
        return {metric: rate for metric, rate in judged.items() if rate}

    def gap(model: str, task: str, _: str) -> Uncertain | None:
        rates = list(sides(model, task).values())
        return rates[0] - rates[1] if len(rates) == 2 else None

    def bound(model: str, task: str, _: Uncertain) -> Bounds:
        contextual, intrinsic = (
            over_asked(rate.value, cells.size(model, task, metric), cells.asked(model, task))
            for metric, rate in sides(model, task).items()
        )
        return difference(contextual, intrinsic)

    evidence = CellEvidence(gap, bound, cells, analysis, "difference of differences")
    pairs = penalty(evidence, models, gate)
    pools = pooled(evidence, models, pairs, gate, tasks=[COMMON])
    parts = [pairs.assign(level="pair"), pools.assign(level="pool")]
    return pd.concat([part.reindex(columns=COLUMNS).astype(object) for part in parts], ignore_index=True)
