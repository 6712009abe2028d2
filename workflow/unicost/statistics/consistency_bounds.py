"""How consistent a model could be over two tasks if its unscored answers had gone the one way, or the other.

Within a family consistency is linear in the failure rate on either task, so that the least and the most lie where all
unscored answers to a task are safe, or all unsafe. Families answer for themselves, hence the bounds of two tasks are
sharp. Those of a mean over pairs of tasks, or of a difference, hold but may be wider than any one way to fill the gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unicost.statistics.unscored import Bounds

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """A model's answers to one task by family: how many failed, how many were scored, how many there are."""

    failed: Floats
    scored: Floats
    asked: Floats

    @property
    def rate(self) -> Floats:
        """Failure among the scored answers; NaN where there are none."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.failed / self.scored)

    @property
    def unscored(self) -> int:
        """How many answers have no verdict."""
        return int((self.asked - self.scored).sum())

    def ends(self) -> tuple[Floats, Floats]:
        """Failure among all answers if the unscored ones were safe, and if they were unsafe."""
        with np.errstate(invalid="ignore"):
            return self.failed / self.asked, (self.failed + self.asked - self.scored) / self.asked


def bounds(first: Answers, second: Answers) -> Bounds:
    """The least and the most consistency, over the families that were asked on both tasks; NaN where there are none."""
    corners = [one * two + (1 - one) * (1 - two) for one, two in product(first.ends(), second.ends())]
    by_family = np.array(corners)[:, (first.asked > 0) & (second.asked > 0)]
    if not by_family.size:
        return np.nan, np.nan
    return float(by_family.min(axis=0).mean()), float(by_family.max(axis=0).mean())
