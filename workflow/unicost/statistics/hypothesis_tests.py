"""Tests of "no difference", and what many of them do to their p-values."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

from unicost.statistics import intervals

Floats = NDArray[np.float64]

_MOST_PERMUTATIONS = 200_000
"""Permutation tests are exact up to this many rearrangements and sampled beyond."""


def fisher(count: int, n: int, other_count: int, other_n: int) -> float:
    """Two-sided Fisher's exact test of two independent proportions."""
    return float(stats.fisher_exact([[count, n - count], [other_count, other_n - other_count]]).pvalue)


def mcnemar_mid_p(first_only: int, second_only: int) -> float:
    """Two-sided McNemar mid-p test from the discordant counts (Fagerland et al. 2013, BMC Med. Res. Meth. 13:91)."""
    discordant, smaller = first_only + second_only, min(first_only, second_only)
    if discordant == 0:
        return 1.0
    point = float(stats.binom.pmf(smaller, discordant, 0.5))
    if first_only == second_only:
        return 1 - point / 2
    return 2 * float(stats.binom.cdf(smaller, discordant, 0.5)) - point


def permutation(sample: Floats, other: Floats, seed: int) -> float:
    """One-sided permutation p-value that ``sample`` has the larger mean; exact while rearrangements can be listed.

    NaN with fewer than two values on a side.
    """
    if min(len(sample), len(other)) < 2:
        return float("nan")
    exact = comb(len(sample) + len(other), len(sample)) <= _MOST_PERMUTATIONS
    result = stats.permutation_test(
        (sample, other),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        vectorized=True,
        n_resamples=np.inf if exact else 9_999,
        alternative="greater",
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def sign_flip(differences: Floats, seed: int) -> float:
    """One-sided sign-flip permutation p-value that paired differences have a mean above zero."""
    if len(differences) < 2:
        return float("nan")
    exact = 2 ** len(differences) <= _MOST_PERMUTATIONS
    result = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf if exact else 9_999,
        alternative="greater",
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


@dataclass(frozen=True)
class Pooled:
    """A pooled difference with its interval and two-sided p-value."""

    estimate: float
    low: float
    high: float
    p_value: float


def welch(sample: Floats, other: Floats, confidence: float) -> Pooled:
    """Difference of two means with Welch's t; interval and p-value are NaN with fewer than two values on a side.

    NaN too where neither side varies, for then no spread is known.
    """
    difference = float(sample.mean() - other.mean())
    if min(len(sample), len(other)) < 2 or not (intervals.varied(sample) or intervals.varied(other)):
        return Pooled(difference, float("nan"), float("nan"), float("nan"))
    result = stats.ttest_ind(sample, other, equal_var=False)
    low, high = result.confidence_interval(confidence)
    return Pooled(difference, max(-1.0, float(low)), min(1.0, float(high)), float(result.pvalue))


def mantel_haenszel(table: Floats, confidence: float) -> Pooled:
    """Mantel-Haenszel risk difference over strata and the Cochran-Mantel-Haenszel test.

    ``table`` has a row a stratum: count, n, other count, other n. Variance by Sato (1989, Biometrics 45:1323), which
    holds for few large and for many small strata.
    """
    x, n, y, m = table.T
    total = n + m
    weight = n * m / total
    estimate = float(((x * m - y * n) / total).sum() / weight.sum())
    large = (n**2 * y - m**2 * x + n * m * (m - n) / 2) / total**2
    sparse = (x * (m - y) + y * (n - x)) / (2 * total)
    error = float(np.sqrt((estimate * large.sum() + sparse.sum()) / weight.sum() ** 2))
    half = float(stats.norm.ppf((1 + confidence) / 2)) * error
    strata = [np.array([[a, b - a], [c, d - c]]) for a, b, c, d in table]
    statistic = float(StratifiedTable(strata).test_null_odds().statistic)  # its own p-value stops at 1e-16
    p_value = intervals.positive(float(stats.chi2.sf(statistic, 1)))
    return Pooled(estimate, max(-1.0, estimate - half), min(1.0, estimate + half), p_value)


def adjust(p_values: pd.Series[float], method: str) -> pd.Series[float]:
    """Adjusted p-values of one family (``holm`` or ``fdr_bh``); NaN stays NaN and does not count as a test."""
    adjusted, tested = p_values.astype(float).copy(), p_values.notna()
    if tested.any():
        adjusted[tested] = multipletests(p_values[tested].to_numpy(float), method=method)[1]
    return adjusted
