"""The questions that every analysis asks, whatever the evidence behind the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from unicost.config import Analysis
from unicost.statistics.intervals import detectable

ALL = "all"
"""Category that holds every category."""
FAILURE = "failure"
UNSAFE_METRICS = ("c_unsafe", "c_reject", "i_unsafe", "both_safe", FAILURE)
"""Metrics measured on unsafe requests."""


@dataclass(frozen=True)
class Cell:
    """One model on one task, alone or minus the mean of the models ``against``."""

    model: str
    task: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """The mean over cells, each weighted alike, of a metric or of a difference in it.

    ``pooled`` weights cells by their items instead. ``minus`` is the metric of the models ``against`` where it is
    another one (contextual minus intrinsic unsafe rate of one and the same model).
    """

    cells: tuple[Cell, ...]
    metric: str = FAILURE
    category: str = ALL
    pooled: bool = False
    minus: str | None = None


@dataclass(frozen=True)
class Estimate:
    """An answer: rates in [0, 1] or differences in [-1, 1].

    ``n`` scored items (of the model asked about), ``unscored`` items left out, ``low_bound`` and ``high_bound`` the
    estimate if every unscored item had gone one way, ``narrow`` the interval at level 2 * confidence - 1 for
    equivalence tests. ``p_value`` is None for rates.
    """

    estimate: float
    low: float
    high: float
    n: int
    unscored: int
    low_bound: float
    high_bound: float
    method: str
    n_counterpart: int = 0
    p_value: float | None = None
    narrow: tuple[float, float] = (float("nan"), float("nan"))

    def detectable(self, confidence: float) -> float:
        """The smallest true difference found with 80 % power."""
        return detectable(self.low, self.high, confidence)

    def equivalent(self, margin: float) -> bool:
        """Two one-sided tests: is the difference shown to lie within plus or minus ``margin``?"""
        return -margin < self.narrow[0] and self.narrow[1] < margin


class Evidence(Protocol):
    """Answers questions from counts or from items."""

    analysis: Analysis
    categories: tuple[str, ...]
    metrics: tuple[str, ...]

    def tasks(self, model: str) -> tuple[str, ...]:
        """The tasks on which a model has scored answers to unsafe requests, in the order of the study."""
        ...

    def estimate(self, questions: Sequence[Question]) -> list[Estimate | None]:
        """One answer for each question; None where there is nothing to answer from."""
        ...
