"""Worst cases of what is unscored: an estimate if every unscored answer had gone the one way, or the other.

Bounds are no intervals: they hold whatever was left out, and say nothing of chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[float, float]
"""The least and the most that an estimate could be."""


def over_asked(rate: float, scored: int, asked: int) -> Bounds:
    """The rate over all answers asked for, from that over the scored ones: none of the others counts, or all do.

    The rate itself lies within, also one that leaves [0, 1] because it was corrected for the judge's error.
    """
    share = scored / asked
    return min(rate, share * rate), max(rate, share * rate + 1 - share)


def difference(own: Bounds, other: Bounds) -> Bounds:
    """The bounds of a difference, whose sides may be wrong in opposite ways."""
    return own[0] - other[1], own[1] - other[0]


def mean(bounds: Sequence[Bounds] | NDArray[np.float64], weights: Sequence[float] | None = None) -> Bounds:
    """The bounds of a mean."""
    low, high = np.average(bounds, axis=0, weights=weights)
    return float(low), float(high)
