"""Intervals for proportions, their differences and their averages.

All take proportions and sample sizes as arrays or floats and a confidence level in (0, 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

Floats = NDArray[np.float64]

_SMALLEST_Z = 1e-6
_LARGEST_Z = 7.4
"""Beyond this normal quantile a confidence level is 1 in floating point."""
_ROUNDING = 1e-12
_SMALLEST_P = float(np.finfo(float).tiny)
"""No p-value is zero: the smallest normal number of double precision stands for all tails below it."""


def wilson(rate: float | Floats, n: float | Floats, confidence: float) -> tuple[Floats, Floats]:
    """Score interval of a proportion (Wilson 1927); NaN where ``n`` is 0."""
    rates, sizes = np.broadcast_arrays(np.asarray(rate, float), np.asarray(n, float))
    known = sizes > 0
    low, high = np.full(rates.shape, np.nan), np.full(rates.shape, np.nan)
    low[known], high[known] = proportion_confint(
        rates[known] * sizes[known], sizes[known], alpha=1 - confidence, method="wilson"
    )
    return np.clip(low, 0, rates), np.clip(high, rates, 1)


def newcombe(
    rate: float | Floats, n: float | Floats, other_rate: float | Floats, other_n: float | Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Hybrid score interval of ``rate - other_rate`` for independent samples (Newcombe 1998, Stat. Med. 17:873)."""
    low, high = wilson(rate, n, confidence)
    other_low, other_high = wilson(other_rate, other_n, confidence)
    difference = np.asarray(rate, float) - np.asarray(other_rate, float)
    below, above = np.hypot(rate - low, other_high - other_rate), np.hypot(high - rate, other_rate - other_low)
    return np.asarray(difference - below), np.asarray(difference + above)


def average(estimates: Floats, lows: Floats, highs: Floats) -> tuple[float, float]:
    """Interval of the mean of independent estimates from their own intervals, by squaring and adding.

    Method of variance estimates recovery, MOVER (Zou, Huang and Zhang 2009, Comput. Stat. Data Anal. 53:1080).
    """
    centre, size = float(estimates.mean()), len(estimates)
    below, above = np.square(estimates - lows).sum(), np.square(highs - estimates).sum()
    return centre - float(np.sqrt(below)) / size, centre + float(np.sqrt(above)) / size


def newcombe_paired(table: Floats, confidence: float) -> tuple[float, float]:
    """Interval of the paired difference P(first) - P(second) (Newcombe 1998, Stat. Med. 17:2635, method 10).

    ``table`` is [both, first only, second only, neither]; counts need not be whole (effective sample sizes).
    """
    both, first, second, neither = (float(count) for count in table)
    n = both + first + second + neither
    rates = np.array([both + first, both + second]) / n
    low, high = wilson(rates, np.array([n, n]), confidence)
    down, up = rates - low, high - rates
    phi = _corrected_phi(both, first, second, neither)
    difference = float(rates[0] - rates[1])
    below = down[0] ** 2 - 2 * phi * down[0] * up[1] + up[1] ** 2
    above = up[0] ** 2 - 2 * phi * up[0] * down[1] + down[1] ** 2
    return max(-1.0, difference - float(np.sqrt(below))), min(1.0, difference + float(np.sqrt(above)))


def _corrected_phi(both: float, first: float, second: float, neither: float) -> float:
    """The correlation of the paired table, with Newcombe's continuity correction where it is positive."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins <= 0:
        return 0.0
    cross = both * neither - first * second
    if cross > 0:
        cross = max(cross - (both + first + second + neither) / 2, 0.0)
    return float(cross / np.sqrt(margins))


def within(narrow: tuple[float, float], margin: float) -> bool | None:
    """Two one-sided tests by the interval at level 2 * confidence - 1; None where there is no interval."""
    return None if np.isnan(narrow[0]) else bool(-margin < narrow[0] and narrow[1] < margin)


def varied(values: Floats) -> bool:
    """Whether there are two values at least that differ by more than rounding: without it no spread is known."""
    return len(values) > 1 and bool(np.ptp(values) > _ROUNDING)


def student(values: Floats, confidence: float) -> tuple[float, float]:
    """Student's interval of the mean of independent values; NaN for fewer than two and for values without spread.

    A few values that agree tell that the spread is small, not that it is zero.
    """
    if not varied(values):
        return np.nan, np.nan
    half = float(stats.sem(values) * stats.t.ppf((1 + confidence) / 2, len(values) - 1))
    return float(values.mean()) - half, float(values.mean()) + half


def p_from_interval(limits: Callable[[float], tuple[float, float]], estimate: float) -> float:
    """Two-sided p-value of "no difference": one minus the confidence at which ``limits`` first touch zero.

    ``limits`` maps a confidence level to an interval. It is the test that the interval inverts, so both always agree.
    Beyond ``_LARGEST_Z`` the tail is the normal one, with the standard error that the last interval implies.
    """

    def gap(z: float) -> float:
        """How far the limit nearer to zero stays from it at normal quantile ``z``."""
        low, high = limits(float(1 - 2 * stats.norm.sf(z)))
        return low if estimate > 0 else -high

    if gap(_SMALLEST_Z) <= 0:  # the estimate itself is zero, give or take rounding
        return 1.0
    rest = gap(_LARGEST_Z)
    if rest > 0:
        return p_from_z(abs(estimate) / (abs(estimate) - rest) * _LARGEST_Z)
    return p_from_z(optimize.brentq(gap, _SMALLEST_Z, _LARGEST_Z))


def p_from_z(z: float) -> float:
    """Two-sided p-value of a normal quantile, never exactly zero."""
    return positive(float(2 * stats.norm.sf(abs(z))))


def p_from_half_width(estimate: float, low: float, high: float, confidence: float) -> float:
    """Two-sided normal p-value of "no difference" from the half of an interval that points to zero."""
    half = estimate - low if estimate > 0 else high - estimate
    z = float(stats.norm.ppf((1 + confidence) / 2))
    return p_from_z(estimate / half * z) if half > 0 else float("nan")


def positive(p_value: float) -> float:
    """The p-value, or the smallest number that stands for it where it is too small for double precision."""
    return max(p_value, _SMALLEST_P)


def detectable(low: float, high: float, confidence: float, power: float = 0.8) -> float:
    """Smallest true difference that a test at this level finds with this power, from the interval's width.

    ``(z(1 - alpha/2) + z(power)) * SE`` with the standard error that the interval implies, so that sample size and
    discordance enter as observed (Bloom 1995, Eval. Rev. 19:547).
    """
    z = float(stats.norm.ppf((1 + confidence) / 2))
    return (high - low) / (2 * z) * (z + float(stats.norm.ppf(power)))
