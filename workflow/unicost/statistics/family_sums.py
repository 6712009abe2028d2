"""One cell of an experiment as sums over families, and its standard interval at the effective sample size.

Instances of a family succeed and fail together, so n clustered items tell less than n. The effective sample size is
``n / deff`` with the design effect ``deff = cluster-robust variance / binomial variance``, at least 1, lowered for
few families by ``(z / t)^2``; the interval is Wilson's (Newcombe's for pairs) at that size (Korn and Graubard 1998,
Surv. Methodol. 24:193; Dean and Pagano 2015, J. Surv. Stat. Methodol. 3:484). Unlike percentiles of a bootstrap it
keeps its coverage near 0 and 1 and with few families.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unicost.statistics import intervals

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int32]
MOST_FAMILIES = 5_000
"""More families than this are resampled in groups."""
GROUPS = 1_000


@dataclass(frozen=True)
class Families:
    """The family of each instance, and the unit of resampling of each family.

    Up to ``MOST_FAMILIES`` are units themselves. More are joined at random into ``GROUPS`` groups: sums of groups vary
    as sums of families do (random groups: Wolter 2007, Introduction to Variance Estimation, ch. 2), and time and memory
    stop growing with the families.
    """

    codes: Codes
    number: int
    unit: Codes | None
    units: int

    @classmethod
    def of(cls, codes: Codes, number: int, seed: int) -> Families:
        """The seed draws the groups, if they are needed."""
        if number <= MOST_FAMILIES:
            return cls(codes, number, None, number)
        unit = np.random.default_rng([seed, number]).permutation(number).astype(np.int32) % GROUPS
        return cls(codes, number, unit, GROUPS)

    @property
    def resampled(self) -> str:
        """What is resampled, in words."""
        return "family" if self.unit is None else "groups of families"

    def totals(self, family: Codes, values: Floats | None = None) -> Floats:
        """A sum (or number of instances) for each family."""
        return np.bincount(family, weights=values, minlength=self.number).astype(float)

    def by_unit(self, totals: Floats) -> Floats:
        """Sums of families as sums of units."""
        if self.unit is None:
            return totals
        return np.bincount(self.unit, weights=totals, minlength=self.units).astype(float)


@dataclass(frozen=True)
class FamilySums:
    """A rate (``members`` 0) or a difference from the mean of ``members`` models, on the items of one cell.

    ``top / bottom``, summed over units of resampling, is the estimate. ``table`` is [both, first only, second only,
    neither] for a difference, [successes, failures] for a rate; ``rates`` are the two sides' rates; ``bounds`` the
    estimate if every unscored item had gone one way.

    ``families`` have a scored item; ``varied`` counts, for each unit of resampling, those that differ from the
    commonest outcome: they carry the variance that a bootstrap resamples. Where failures (or discordant items) are
    rare, these are the families with a failure (unbalanced discordance). ``squares`` sums families' squared
    contributions to the estimate's error.
    """

    top: Floats
    bottom: Floats
    table: Floats
    rates: tuple[float, float]
    n: int
    unscored: int
    bounds: tuple[float, float]
    members: int
    clustered: bool
    families: int
    varied: Floats
    squares: float

    @property
    def varied_families(self) -> int:
        """How many families differ from the commonest outcome."""
        return int(self.varied.sum())

    @property
    def ratio(self) -> float:
        """The estimate."""
        return float(self.top.sum() / self.bottom.sum())

    def interval(self, confidence: float) -> tuple[float, float]:
        """Wilson, Newcombe paired, or (several members) Newcombe independent, at the effective sample size."""
        size = self.effective_size(confidence)
        if self.members == 1:
            return intervals.newcombe_paired(self.table * size / self.n, confidence)
        first, second = self.rates
        if self.members:
            low, high = intervals.newcombe(first, size, second, size, confidence)
        else:
            low, high = intervals.wilson(first, size, confidence)
        return float(low), float(high)

    def effective_size(self, confidence: float) -> float:
        """Number of independent items that would tell as much; n where no family has two items."""
        families = self.families
        if not self.clustered:
            return self.n
        if families < 2 or self._item_variance() == 0:
            return families
        robust = self.squares * families / (families - 1)
        tail = (1 + confidence) / 2
        fewness = float(stats.norm.ppf(tail) / stats.t.ppf(tail, families - 1)) ** 2
        return self.n / max(1.0, robust / self._item_variance()) * fewness

    def _item_variance(self) -> float:
        """Variance of the estimate if all items were independent."""
        if self.members == 0:
            return self.rates[0] * (1 - self.rates[0]) / self.n
        discordant = float(self.table[1] + self.table[2]) / self.n
        return max(0.0, discordant - self.ratio**2) / self.n


def rate_sums(values: Floats, asked: Flags, family: Codes, families: Families) -> FamilySums:
    """Sums of one model's outcomes on instances of these families; NaN is unscored where ``asked``."""
    scored = ~np.isnan(values)
    kept, n, unscored = values[scored], int(scored.sum()), int((asked & ~scored).sum())
    total = float(kept.sum())
    return FamilySums(
        table=np.array([total, n - total]),
        rates=(total / max(n, 1), np.nan),
        n=n,
        unscored=unscored,
        bounds=(total / max(n + unscored, 1), (total + unscored) / max(n + unscored, 1)),
        members=0,
        **_by_family(families.totals(family[scored], kept), families.totals(family[scored]), 1, families),
    )


def difference_sums(first: Floats, second: Floats, asked: Flags, family: Codes, families: Families) -> FamilySums:
    """Sums of one model's outcomes minus the mean of others' (members x items), on items that all have scored."""
    members, total = len(second), second.sum(axis=0)
    difference = members * first - total  # whole numbers: their sums are exact in any order
    scored = asked & ~np.isnan(difference)
    one, mean, n = first[scored], total[scored] / members, int(scored.sum())
    both = float((one * mean).sum())
    return FamilySums(
        table=np.array([both, one.sum() - both, mean.sum() - both, n - one.sum() - mean.sum() + both]),
        rates=(float(one.mean()), float(mean.mean())) if n else (np.nan, np.nan),
        n=n,
        unscored=int(asked.sum()) - n,
        bounds=_difference_bounds(first, second, asked),
        members=members,
        **_by_family(
            families.totals(family[scored], difference[scored]), families.totals(family[scored]), members, families
        ),
    )


def mean_of(cells: Sequence[FamilySums]) -> FamilySums:
    """The mean over cells, each weighted alike, as one cell: what a family does in all cells is one contribution.

    Its families are units of resampling; ``table`` and ``rates`` are the means of the cells', at the size of all items.
    """
    if len(cells) == 1:
        return cells[0]
    share, n = 1 / len(cells), sum(cell.n for cell in cells)
    top = share * np.sum([cell.top / cell.bottom.sum() for cell in cells], axis=0)
    bottom = share * np.sum([cell.bottom / cell.bottom.sum() for cell in cells], axis=0)
    errors = share * np.sum([(cell.top - cell.ratio * cell.bottom) / cell.bottom.sum() for cell in cells], axis=0)
    return FamilySums(
        top=top,
        bottom=bottom,
        table=share * n * np.sum([cell.table / cell.n for cell in cells], axis=0),
        rates=(float(np.mean([cell.rates[0] for cell in cells])), float(np.mean([cell.rates[1] for cell in cells]))),
        n=n,
        unscored=sum(cell.unscored for cell in cells),
        bounds=(float(np.mean([cell.bounds[0] for cell in cells])), float(np.mean([cell.bounds[1] for cell in cells]))),
        members=max(cell.members for cell in cells),
        clustered=any(cell.clustered for cell in cells) or sum(cell.families for cell in cells) > np.sum(bottom > 0),
        families=int(np.sum(bottom > 0)),
        varied=np.max([cell.varied for cell in cells], axis=0),
        squares=float(np.square(errors).sum()),
    )


def _by_family(top: Floats, items: Floats, members: int, families: Families) -> dict[str, Any]:
    """What is known family by family: ``top`` sums outcomes (times ``members``) over the ``items`` of each family."""
    bottom = items * members
    asked, total = bottom > 0, max(float(bottom.sum()), 1.0)
    outcome = np.divide(top, bottom, out=np.full(len(top), np.nan), where=asked)
    counts = pd.Series(outcome[asked]).value_counts()
    commonest = counts.index[0] if len(counts) else np.nan
    return {
        "top": families.by_unit(top),
        "bottom": families.by_unit(bottom),
        "clustered": bool(items.max(initial=0) > 1),
        "families": int(asked.sum()),
        "varied": families.by_unit((asked & (outcome != commonest)).astype(float)),
        "squares": float(np.square((top - bottom * (float(top.sum()) / total)) / total).sum()),
    }


def _difference_bounds(first: Floats, second: Floats, asked: Flags) -> tuple[float, float]:
    """The difference of the mean rates if what is unscored among the ``asked`` had gone one way, or the other."""
    items = int(asked.sum())
    if not items:
        return np.nan, np.nan
    low, high = _extremes([first], asked, items)
    other_low, other_high = _extremes(second, asked, items * len(second))
    return low - other_high, high - other_low


def _extremes(values: Iterable[Floats], asked: Flags, n: int) -> tuple[float, float]:
    """Rates over all rows of ``values`` if every unscored item were 0, and if it were 1."""
    ones = sum(np.count_nonzero((row == 1) & asked) for row in values)
    unscored = sum(np.count_nonzero(np.isnan(row) & asked) for row in values)
    return ones / n, (ones + unscored) / n
