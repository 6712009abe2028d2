"""Means over training seeds: Student's interval and test, and the smallest effect that so many seeds could show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]

POWER = 0.8


@dataclass(frozen=True)
class OverSeeds:
    """One value a seed (none, where no seed enters), and how finely the counts behind them can tell values apart.

    No spread is taken to be smaller than that ``resolution``: seeds that agree to the last answer show that the spread
    is below one answer, not that it is zero.
    """

    values: Floats
    resolution: float

    @property
    def size(self) -> int:
        """The number of seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The mean, NaN without seeds."""
        return float(self.values.mean()) if self.size else np.nan

    @property
    def sd(self) -> float:
        """The standard deviation between seeds, NaN for fewer than two."""
        return max(float(self.values.std(ddof=1)), self.resolution) if self.size > 1 else np.nan

    def interval(self, confidence: float, limits: tuple[float, float]) -> tuple[float, float]:
        """Student's interval of the mean, kept within what is possible; NaN for fewer than two seeds."""
        half = self._error * float(stats.t.ppf((1 + confidence) / 2, max(self.size - 1, 1)))
        low, high = np.clip([self.mean - half, self.mean + half], *limits)
        return float(low), float(high)

    @property
    def p_value(self) -> float:
        """Student's two-sided p-value that the mean is zero; NaN for fewer than two seeds."""
        return float(2 * stats.t.sf(abs(self.mean) / self._error, max(self.size - 1, 1)))

    def detectable(self, level: float) -> float:
        """The smallest true mean that the two-sided test at this level finds 4 times in 5, given spread and seeds."""
        return self.sd * _detectable(self.size, level) if self.size > 1 else np.nan

    @property
    def _error(self) -> float:
        return self.sd / np.sqrt(self.size) if self.size > 1 else np.nan


@cache
def _detectable(seeds: int, level: float) -> float:
    """The same in standard deviations, from the noncentral t distribution; the far tail adds nothing to its power.

    Not by the solver of statsmodels, which ends at 10 without a word for two seeds and a strict level.
    """
    critical = stats.t.isf(level / 2, seeds - 1)

    def lacking(effect: float) -> float:
        return POWER - float(stats.nct.sf(critical, seeds - 1, effect * np.sqrt(seeds)))

    enough = 1.0
    while lacking(enough) > 0:
        enough *= 2
    return float(optimize.brentq(lacking, 0, enough))
