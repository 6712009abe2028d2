"""A number with its sources of error, so that what is computed from several numbers knows how they go together.

``parts`` holds one deviation for each independent source (a family of items, a cell of a published table, a set of
labels); the variance is the sum of their squares. Sums, differences and smooth functions add the parts source by
source, which is the delta method with every covariance kept: paired models share families, and corrected rates share
the sensitivity of the judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from unicost.statistics.intervals import positive

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uncertain:
    """A value, its deviation by source, and the degrees of freedom of its variance (infinite for counts)."""

    value: float
    parts: Floats
    freedom: float = np.inf

    def __add__(self, other: Uncertain) -> Uncertain:
        return Uncertain(self.value + other.value, self.parts + other.parts, min(self.freedom, other.freedom))

    def __sub__(self, other: Uncertain) -> Uncertain:
        return self + other.times(-1)

    def times(self, factor: float) -> Uncertain:
        """The number times a constant."""
        return Uncertain(self.value * factor, self.parts * factor, self.freedom)

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.parts @ self.parts))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Student's interval (the normal one for counts)."""
        half = float(stats.t.ppf((1 + confidence) / 2, self.freedom)) * self.error
        return self.value - half, self.value + half

    @property
    def p_value(self) -> float:
        """Two-sided p-value of zero; NaN where nothing is uncertain."""
        if self.error == 0:
            return float("nan")
        return positive(float(2 * stats.t.sf(abs(self.value) / self.error, self.freedom)))


def mean(numbers: Iterable[Uncertain], weights: Iterable[float] | None = None) -> Uncertain:
    """The mean of one number at least, each weighted alike unless told."""
    found = list(numbers)
    shares = np.ones(len(found)) if weights is None else np.asarray(list(weights), np.float64)
    return reduce(add, (number.times(float(share)) for number, share in zip(found, shares / shares.sum())))
