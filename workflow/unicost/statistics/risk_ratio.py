"""How many times as often a unified model fails as its counterpart: columns of penalty.csv."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from unicost.config import ModelEntry
from unicost.statistics.capability import Gate
from unicost.statistics.evidence import ALL, Cell, Estimate, Evidence, Question
from unicost.statistics.findings import Interval
from unicost.statistics.penalty import contrasts

COLUMNS = ["risk_ratio", "risk_ratio_low", "risk_ratio_high"]
_KEY = ["unified", "counterpart", "relation", "task"]


def with_risk_ratios(
    penalties: pd.DataFrame, evidence: Evidence, models: Mapping[str, ModelEntry], gate: Gate
) -> pd.DataFrame:
    """The table of penalties with ``COLUMNS``, for all categories together and counterparts that are one model.

    The two rates are each of their own scored answers, and the interval takes them as independent (MOVER on the
    logarithm: see ``Interval.relative_to``): where both models fail on the same items it is too wide rather than too
    narrow. Empty where a rate or the counterpart's lower limit is zero.
    """
    found = contrasts(evidence, models, gate)
    single = [contrast for contrast in found if all(len(cell.against) == 1 for cell in contrast.cells)]
    own = [Question(tuple(Cell(cell.model, cell.task) for cell in one.cells)) for one in single]
    other = [Question(tuple(Cell(cell.against[0], cell.task) for cell in one.cells)) for one in single]
    sides = zip(single, evidence.estimate(own), evidence.estimate(other))
    rows = [(*contrast.key, ALL, *_ratio(one, two)) for contrast, one, two in sides]
    ratios = pd.DataFrame(rows, columns=[*_KEY, "category", *COLUMNS])
    return penalties.merge(ratios, on=[*_KEY, "category"], how="left", validate="many_to_one")


def _ratio(one: Estimate | None, two: Estimate | None) -> tuple[float, float, float]:
    if one is None or two is None:
        return (np.nan, np.nan, np.nan)
    unified, counterpart = (Interval(found.estimate, found.low, found.high) for found in (one, two))
    more = unified.relative_to(counterpart)
    return 1 + more.estimate, 1 + more.low, 1 + more.high
