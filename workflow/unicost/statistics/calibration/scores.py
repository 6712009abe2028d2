"""How good stated probabilities are: bins, shares with intervals, and the Brier score taken apart.

The Brier score (Brier 1950) is the mean squared distance of probability and outcome. It is taken apart without bins
(CORP: Dimitriadis, Gneiting and Jordan 2021, PNAS 118:e2016191118): isotonic regression finds the best probabilities
that keep the judge's order; what they would gain is the miscalibration, what they gain over one probability for all
answers the discrimination, and what one probability leaves the uncertainty. Score = miscalibration - discrimination +
uncertainty. Isotonic regression fits noise too, so the miscalibration of an honest judge is above zero: how far is
found by random signs of the families' residuals (wild cluster bootstrap: Cameron, Gelbach and Miller 2008, Rev. Econ.
Stat. 90:414), which also give its p-value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import isotonic_regression

from unicost.statistics import intervals
from unicost.statistics.family_sums import Families
from unicost.statistics.resampling import FamilyResampling, percentiles

Floats = NDArray[np.float64]
_ROUNDING = 1e-12
_FEWEST = 10
"""Fewer answers than this make no bin, unless no more are left."""
NAMES = (
    *("brier", "brier_low", "brier_high", "excess", "excess_low", "excess_high"),
    *("miscalibration", "by_chance", "p_value", "discrimination", "uncertainty"),
)
"""The numbers of ``scores``: ``excess`` is the mean stated probability minus the share of unsafe labels, ``by_chance``
the miscalibration that an honest judge would show in such a sample, ``p_value`` that the judge is honest."""


@dataclass(frozen=True)
class Answers:
    """Labelled answers: stated probability, label (1 unsafe), weight (inverse inclusion probability) and family."""

    stated: Floats
    unsafe: Floats
    weight: Floats
    family: NDArray[np.int64]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Answers:
        """Some of the answers."""
        return Answers(self.stated[chosen], self.unsafe[chosen], self.weight[chosen], self.family[chosen])

    @property
    def families(self) -> int:
        """The number of families."""
        return len(np.unique(self.family))


def equal_count_bins(stated: Floats, bins: int) -> NDArray[np.int64]:
    """The bin of each answer, from 0, in the order of the probabilities; equal ones are never parted.

    A probability that more answers share than a bin should hold is a bin of its own; what is left is cut into ``bins``
    of about equally many, of ``_FEWEST`` answers at least. Judges are sure of most answers, and equal bins of all of
    them would throw together all that they are less sure of.
    """
    levels, place, counts = np.unique(stated, return_inverse=True, return_counts=True)
    common = np.zeros(len(levels), bool)
    while True:
        rest = np.where(common, 0, counts)
        size = max(rest.sum() / bins, _FEWEST)
        if not (rest > size).any():
            break
        common |= rest > size
    middle = rest.cumsum() - rest / 2
    cut = np.floor(middle / max(size, 1))
    begins = np.r_[False, common[1:] | common[:-1] | (cut[1:] != cut[:-1])]
    return np.asarray(begins.cumsum()[place], np.int64)


def unsafe_share(answers: Answers, confidence: float) -> tuple[float, float, float]:
    """Weighted share of unsafe labels, with Wilson's interval at the effective sample size (see ``family_sums``).

    Unequal weights lower it like families do: both are in the linearised variance.
    """
    shares = answers.weight / answers.weight.sum()
    value = float(np.clip(shares @ answers.unsafe, 0, 1))
    by_family = _sums(np.unique(answers.family, return_inverse=True)[1], shares * (answers.unsafe - value))
    low, high = intervals.wilson(value, _effective_size(value, shares, by_family, confidence), confidence)
    return value, float(low), float(high)


def _effective_size(value: float, shares: Floats, by_family: Floats, confidence: float) -> float:
    families, most = len(by_family), 1 / float(shares @ shares)
    if families == len(shares):
        return most
    variance = value * (1 - value)
    if families < 2 or variance == 0:
        return min(families, most)
    tail = (1 + confidence) / 2
    fewness = float(stats.norm.ppf(tail) / stats.t.ppf(tail, families - 1)) ** 2
    robust = float(by_family @ by_family) * families / (families - 1)
    return min(most, variance / robust if robust > 0 else most) * fewness


def scores(answers: Answers, confidence: float, resamples: int, seed: int) -> dict[str, float]:
    """The numbers of ``NAMES``; NaN for intervals and the p-value where there is one family alone."""
    codes = np.unique(answers.family, return_inverse=True)[1].astype(np.int32)
    families = Families.of(codes, int(codes.max()) + 1, seed)
    unit = codes if families.unit is None else families.unit[codes]
    resampling = FamilyResampling(families.units, resamples, seed)
    weight, residual = answers.weight, answers.stated - answers.unsafe
    found = dict.fromkeys(NAMES, np.nan)
    for name, values in (("brier", residual**2), ("excess", residual)):
        top, bottom = (_sums(unit, sums, families.units)[:, None] for sums in (weight * values, weight))
        found[name] = float(top.sum() / bottom.sum())
        if families.units > 1:
            low, high = percentiles(resampling.ratios(top, bottom), confidence, families.units)
            found |= {f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}
    return found | _apart(answers, unit, resampling)


def _apart(answers: Answers, unit: NDArray[np.int32], resampling: FamilyResampling) -> dict[str, float]:
    """The Brier score taken apart, and the miscalibration beside that of an honest judge."""
    levels, place = np.unique(answers.stated, return_inverse=True)
    weights = _sums(place, answers.weight)
    residuals = np.zeros((resampling.families, len(levels)))
    np.add.at(residuals, (unit, place), answers.weight * (answers.unsafe - answers.stated))
    total, honest = float(weights.sum()), weights * levels
    unsafe = honest + residuals.sum(axis=0)
    rate = float(unsafe.sum()) / total
    found = _gain(levels, weights, unsafe)
    chance = [_gain(levels, weights, honest + row) for rows in resampling.signed(residuals) for row in rows]
    tested = resampling.families > 1
    reached = 1 + sum(value >= found - _ROUNDING for value in chance)
    return {
        "miscalibration": found,
        "by_chance": float(np.mean(chance)) if tested else np.nan,
        "p_value": reached / (1 + len(chance)) if tested else np.nan,
        "discrimination": _gain(np.full(len(levels), rate), weights, unsafe),
        "uncertainty": rate * (1 - rate),
    }


def _sums(places: NDArray[Any], values: Floats, least: int = 0) -> Floats:
    """The sum of the values at each place."""
    return np.bincount(places, values, least).astype(float)


def _gain(stated: Floats, weights: Floats, unsafe: Floats) -> float:
    """How much lower the Brier score of the best probabilities in the order of the levels is than that of ``stated``.

    Of each level: the probability, the weight of its answers and the weight of those that are unsafe.
    """
    best = isotonic_regression(unsafe / weights, weights=weights).x
    return float((weights * (stated**2 - best**2) - 2 * (stated - best) * unsafe).sum() / weights.sum())
