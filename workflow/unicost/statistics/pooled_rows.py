"""A row of pooled.csv, the contrasts behind it, and the rows that have the item as the unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unicost.statistics import intervals
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.counted_items import CountedItems
from unicost.statistics.evidence import Evidence, Question
from unicost.statistics.penalty import Contrast

_NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """A row of pooled.csv; ``models`` unified models (or seeds) and ``n`` items, ``permutation_p`` is one-sided.

    ``low_bound`` and ``high_bound`` are the estimate if the ``unscored`` items had all gone one way, ``same_as`` names
    an earlier subset of the very same pairs; ``lineage_...`` and ``base_...`` see ``lineages``, ``p_adjusted`` see
    ``pooled``.
    """

    relation: str
    task: str
    subset: str
    unit: str
    method: str
    models: int
    n: int
    estimate: float
    low: float
    high: float
    p_value: float
    i_squared: float = _NAN
    prediction_low: float = _NAN
    prediction_high: float = _NAN
    permutation_p: float = _NAN
    note: str = ""
    arm: str = ""
    unscored: int = 0
    low_bound: float = _NAN
    high_bound: float = _NAN
    equivalent: bool | None = None
    same_as: str = ""
    lineages: int | None = None
    lineage_estimate: float = _NAN
    lineage_low: float = _NAN
    lineage_high: float = _NAN
    lineage_p: float = _NAN
    bases: int | None = None
    base_estimate: float = _NAN
    base_low: float = _NAN
    base_high: float = _NAN
    base_p: float = _NAN
    p_adjusted: float = _NAN


COLUMNS = list(Row.__dataclass_fields__)


@dataclass(frozen=True)
class Pool:
    """Contrasts that are pooled together, with the row's first columns."""

    relation: str
    task: str
    subset: str
    arm: str
    contrasts: tuple[Contrast, ...]
    same_as: str = ""


def by_item(evidence: Evidence, pool: Pool, note: str) -> list[Row]:
    """The row of the items of an experiment; none where they give no test."""
    cells = tuple(cell for contrast in pool.contrasts for cell in contrast.cells)
    found = evidence.estimate([Question(cells)])[0]
    if found is None or found.p_value is None:
        return []
    head = (pool.relation, pool.task, pool.subset, "item", found.method, len(pool.contrasts), found.n)
    numbers = (found.estimate, found.low, found.high, found.p_value)
    within = intervals.within(found.narrow, evidence.analysis.margin)
    bounds: dict[str, Any] = {"unscored": found.unscored, "low_bound": found.low_bound, "high_bound": found.high_bound}
    return [Row(*head, *numbers, note=note, arm=pool.arm, equivalent=within, **bounds)]


def counted(evidence: CountEvidence, pool: Pool, found: CountedItems, models: int, n: int) -> Row:
    """The row of the items of published counts, none of which are unscored."""
    return Row(
        *(pool.relation, pool.task, pool.subset, "item", found.method, models, n),
        *(found.estimate, found.low, found.high, found.p_value),
        note="these models only; items taken as independent",
        low_bound=found.estimate,
        high_bound=found.estimate,
        equivalent=intervals.within(found.narrow, evidence.analysis.margin),
    )
