"""Evidence from one number for each model, task and metric, with its sources of error (see ``uncertain``).

It answers the questions of the other kinds of evidence with numbers that were computed from verdicts: rates corrected
for the judge's error, or the contextual minus the intrinsic rate. Penalties, pools and gates are then those of every
other analysis. Each model's rate is over its own scored answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from unicost.config import Analysis
from unicost.statistics import unscored
from unicost.statistics.evidence import ALL, FAILURE, Cell, Estimate, Question
from unicost.statistics.uncertain import Uncertain, mean
from unicost.statistics.unscored import Bounds

Rate = Callable[[str, str, str], Uncertain | None]
"""The number of a model on a task in a metric, or None where there is none."""
Bound = Callable[[str, str, Uncertain], Bounds]
"""What the number of a model on a task could be if the unscored answers had gone one way, or the other."""

_CERTAIN = 1e-6
"""Standard errors below this differ from zero by the arithmetic of slopes alone."""


class Sizes(Protocol):
    """How many answers there are."""

    def tasks(self, model: str) -> tuple[str, ...]:
        """The tasks on which a model has scored answers."""
        ...

    def size(self, model: str, task: str) -> int:
        """The number of scored answers, 0 where there are none."""
        ...

    def asked(self, model: str, task: str) -> int:
        """The number of answers, scored or not."""
        ...


@dataclass(frozen=True)
class Number:
    """A number with its bounds."""

    value: Uncertain
    bounds: Bounds

    def minus(self, others: Sequence[Number]) -> Number:
        """The difference from the mean of others."""
        bounds = unscored.difference(self.bounds, unscored.mean([other.bounds for other in others]))
        return Number(self.value - mean(other.value for other in others), bounds)


class CellEvidence:
    """Answers from ``rate``, which stands for the failure that the other kinds of evidence know.

    A rate without sampling error is what its correction assumes, whatever was sampled: it has no interval.
    """

    categories: tuple[str, ...] = ()

    metrics: tuple[str, ...] = (FAILURE,)

    def __init__(self, rate: Rate, bound: Bound, sizes: Sizes, analysis: Analysis, method: str) -> None:
        self.analysis = analysis
        self._rate, self._bound, self._sizes, self._method = rate, bound, sizes, method
        self._known: dict[tuple[str, str, str], Number | None] = {}

    def tasks(self, model: str) -> tuple[str, ...]:
        """The tasks on which the model has a number in the first metric."""
        return tuple(task for task in self._sizes.tasks(model) if self._of(model, task, self.metrics[0]))

    def estimate(self, questions: Sequence[Question]) -> list[Estimate | None]:
        """One answer for each question; None where a number is missing or the question is about a category."""
        return [self._estimate(question) for question in questions]

    def _of(self, model: str, task: str, metric: str) -> Number | None:
        key = (model, task, metric)
        if key not in self._known:
            found = self._rate(*key)
            self._known[key] = Number(found, self._bound(model, task, found)) if found else None
        return self._known[key]

    def _cell(self, cell: Cell, question: Question) -> Number | None:
        own = self._of(cell.model, cell.task, question.metric)
        others = [self._of(model, cell.task, question.minus or question.metric) for model in cell.against]
        known = [other for other in others if other is not None]
        if own is None or len(known) < len(others):
            return None
        return own.minus(known) if known else own

    def _estimate(self, question: Question) -> Estimate | None:
        numbers = [self._cell(cell, question) for cell in question.cells]
        known = [number for number in numbers if number is not None]
        if not known or len(known) < len(numbers) or question.category != ALL:
            return None
        sizes, asked = (
            [count(cell.model, cell.task) for cell in question.cells] for count in (self._sizes.size, self._sizes.asked)
        )
        found = mean((number.value for number in known), sizes if question.pooled else None)
        bounds = unscored.mean([number.bounds for number in known], asked if question.pooled else None)
        compared = any(cell.against for cell in question.cells)
        counterpart, counterpart_asked = (
            sum(count(model, cell.task) for cell in question.cells for model in cell.against)
            for count in (self._sizes.size, self._sizes.asked)
        )
        confidence = self.analysis.confidence
        limits = np.array([found.interval(level) for level in (confidence, 2 * confidence - 1)])
        if not compared and found.error < _CERTAIN:
            limits = np.full_like(limits, np.nan)
        value, limits, worst = (np.clip(one, -1 if compared else 0, 1) for one in (found.value, limits, bounds))
        return Estimate(
            estimate=float(value),
            low=float(limits[0, 0]),
            high=float(limits[0, 1]),
            n=sum(sizes),
            unscored=sum(asked) - sum(sizes) + counterpart_asked - counterpart,
            low_bound=float(worst[0]),
            high_bound=float(worst[1]),
            method=self._method,
            n_counterpart=counterpart,
            p_value=found.p_value if compared else None,
            narrow=(float(limits[1, 0]), float(limits[1, 1])),
        )
