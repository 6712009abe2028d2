"""Resampling of families: the cluster bootstrap and the cluster sign-flip test, as matrix products.

A family is the risk target that several instances share; instances of one family succeed and fail together, so whole
families are drawn. Every statistic is a sum over families, hence all resamples of all statistics are one product
``weights @ sums``. Weights are made block by block from the seed, so memory stays small and results are the same
bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

_BLOCK = 500
"""Resamples made at once."""


@dataclass(frozen=True)
class FamilyResampling:
    """Resamples of ``families`` clusters; equal arguments give equal results."""

    families: int
    resamples: int
    seed: int

    def ratios(self, numerators: Floats, denominators: Floats) -> Floats:
        """Bootstrap draws of ratios of sums; arguments are families x statistics, the result resamples x statistics.

        NaN where a resample holds no item of a statistic.
        """
        sums = np.hstack([numerators, denominators])
        drawn = np.vstack([weights @ sums for weights in self._multinomial()])
        top, bottom = np.hsplit(drawn, 2)
        return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)

    def sign_flip(self, sums: Floats) -> Floats:
        """Two-sided p-value of each column: how often random signs of whole families give a sum as extreme.

        The test is exact for models that are exchangeable within a family (Monte Carlo with the observed arrangement
        counted: Phipson and Smyth 2010).
        """
        observed = np.abs(sums.sum(axis=0))
        tolerance = 1e-9 * np.maximum(np.abs(sums).sum(axis=0), 1e-300)
        extreme = np.zeros(sums.shape[1])
        for drawn in self.signed(sums):
            extreme += (np.abs(drawn) >= observed - tolerance).sum(axis=0)
        return np.asarray((1 + extreme) / (1 + self.resamples))

    def signed(self, sums: Floats) -> Iterator[Floats]:
        """The sums over families under random signs of whole families, block by block: resamples x statistics."""
        for signs in self._signs():
            yield signs @ sums

    def _multinomial(self) -> Iterator[Floats]:
        """Blocks of multinomial weights: how often each family is drawn, resamples x families."""
        for rng, size in self._blocks(stream=0):
            drawn = rng.integers(self.families, size=(size, self.families))
            drawn += np.arange(size)[:, None] * self.families
            counts = np.bincount(drawn.ravel(), minlength=size * self.families)
            yield counts.reshape(size, self.families).astype(np.float64)

    def _signs(self) -> Iterator[Floats]:
        for rng, size in self._blocks(stream=1):
            yield rng.integers(2, size=(size, self.families)).astype(np.float64) * 2 - 1

    def _blocks(self, stream: int) -> Iterator[tuple[np.random.Generator, int]]:
        for start in range(0, self.resamples, _BLOCK):
            yield np.random.default_rng([self.seed, stream, start]), min(_BLOCK, self.resamples - start)


def percentiles(draws: Floats, confidence: float, families: int) -> tuple[Floats, Floats]:
    """Expanded percentile interval of every column of bootstrap draws, ignoring NaN.

    The levels are those that make a percentile interval of a mean of ``families`` values as wide as Student's
    (Hesterberg 2015, Am. Stat. 69:371), since plain percentiles are too narrow for few families.
    """
    quantile = stats.t.ppf((1 - confidence) / 2, families - 1) * np.sqrt(families / (families - 1))
    tail = float(stats.norm.cdf(quantile))
    low, high = np.nanquantile(draws, [tail, 1 - tail], axis=0)
    return low, high
