"""Answers from published counts, where nobody knows which item failed.

Models answered the same items, but the tables do not pair them: the difference of a pair takes the samples as
independent, which is too wide rather than too narrow where models fail on the same items (pools, whose pairs share
counterparts, are in ``counted_items``). Only the two aspects of one model can be paired:
``P(both unsafe) = c_unsafe + i_unsafe - failure``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from unicost.config import Analysis
from unicost.statistics import intervals
from unicost.statistics.evidence import ALL, FAILURE, UNSAFE_METRICS, Cell, Estimate, Question
from unicost.statistics.hypothesis_tests import fisher, mcnemar_mid_p

Interval = tuple[float, float]


class CountEvidence:
    """Rates and numbers of items by model, task and metric (``counts`` as in counts.csv, category ``all``)."""

    categories: tuple[str, ...] = ()
    metrics: tuple[str, ...] = UNSAFE_METRICS

    def __init__(self, counts: pd.DataFrame, analysis: Analysis) -> None:
        self.analysis = analysis
        keys, values = zip(counts["model"], counts["task"], counts["metric"]), zip(counts["rate"], counts["n"])
        self._rates: dict[tuple[str, str, str], tuple[float, int]] = dict(zip(keys, values))
        self._tasks = counts.groupby("model", sort=False)["task"].unique().map(tuple).to_dict()

    def tasks(self, model: str) -> tuple[str, ...]:
        """The tasks on which a model has published results."""
        return tuple(self._tasks.get(model, ()))

    def estimate(self, questions: Sequence[Question]) -> list[Estimate | None]:
        """One answer for each question; None where a table lacks a cell or the question is about a category."""
        return [self._estimate(question) for question in questions]

    def rate(self, model: str, task: str, metric: str) -> tuple[float, int]:
        """The published rate and its number of items; raises KeyError."""
        return self._rates[model, task, metric]

    def _estimate(self, question: Question) -> Estimate | None:
        if not question.cells or question.category != ALL:
            return None
        needed = [(model, cell.task) for cell in question.cells for model in (cell.model, *cell.against)]
        if any((model, task, question.metric) not in self._rates for model, task in needed):
            return None
        if question.pooled:
            return self._pooled(question)
        return self._mean(question)

    def _pooled(self, question: Question) -> Estimate:
        rates, sizes = np.array([self.rate(c.model, c.task, question.metric) for c in question.cells]).T
        n = int(sizes.sum())
        rate = float(rates @ sizes) / n
        low, high = intervals.wilson(rate, n, self.analysis.confidence)
        return Estimate(rate, float(low), float(high), n, 0, rate, rate, "Wilson")

    def _mean(self, question: Question) -> Estimate:
        own = np.array([self.rate(cell.model, cell.task, question.metric) for cell in question.cells]).T
        against = [(other, cell.task) for cell in question.cells for other in cell.against]
        other = np.array([self._other(cell, question) for cell in question.cells]).T if against else None
        centres = own[0] if other is None else own[0] - other[0]

        def limits(confidence: float) -> Interval:
            if other is None:
                lows, highs = intervals.wilson(own[0], own[1], confidence)
            elif question.minus:
                tables = [self.aspects(cell.model, cell.task) for cell in question.cells]
                lows, highs = np.array([intervals.newcombe_paired(table, confidence) for table in tables]).T
            else:
                lows, highs = intervals.newcombe(own[0], own[1], other[0], other[1], confidence)
            return intervals.average(centres, lows, highs)

        estimate, (low, high) = float(centres.mean()), limits(self.analysis.confidence)
        return Estimate(
            estimate=estimate,
            low=low,
            high=high,
            n=int(own[1].sum()),
            unscored=0,
            low_bound=estimate,
            high_bound=estimate,
            method=self._method(question),
            n_counterpart=sum(self.rate(*key, question.metric)[1] for key in against),
            p_value=self._p_value(question, limits, estimate) if against else None,
            narrow=limits(2 * self.analysis.confidence - 1),
        )

    def _other(self, cell: Cell, question: Question) -> tuple[float, int]:
        """Mean rate of the models ``against`` and the number of items.

        The mean of several models over the same items varies at most like one rate over those items, however the
        models go together, so the items and not the responses are its sample size.
        """
        rates, sizes = zip(*(self.rate(m, cell.task, question.minus or question.metric) for m in cell.against))
        return float(np.mean(rates)), min(sizes)

    def aspects(self, model: str, task: str) -> intervals.Floats:
        """[both unsafe, contextual only, intrinsic only, neither], as counts; raises KeyError."""
        contextual, intrinsic, failure = (
            self.rate(model, task, metric)[0] for metric in ("c_unsafe", "i_unsafe", FAILURE)
        )
        n = self.rate(model, task, FAILURE)[1]
        only = np.clip([failure - intrinsic, failure - contextual], 0, 1)
        both = max(contextual - only[0], 0.0)
        return n * np.array([both, *only, 1 - both - only.sum()])

    def _p_value(self, question: Question, limits: Callable[[float], Interval], estimate: float) -> float:
        cell = question.cells[0]
        if len(question.cells) > 1 or len(cell.against) > 1:
            return intervals.p_from_interval(limits, estimate)
        if question.minus:
            _, contextual, intrinsic, _ = np.round(self.aspects(cell.model, cell.task)).astype(int)
            return mcnemar_mid_p(int(contextual), int(intrinsic))
        (rate, n), (other, other_n) = self.rate(cell.model, cell.task, question.metric), self._other(cell, question)
        return fisher(round(rate * n), n, round(other * other_n), other_n)

    @staticmethod
    def _method(question: Question) -> str:
        cell = question.cells[0]
        several = ", mean over tasks by MOVER" if len(question.cells) > 1 else ""
        if not cell.against:
            return f"Wilson{several}"
        if question.minus:
            return f"Newcombe paired (pairing from margins){several}"
        test = "" if several or len(cell.against) > 1 else ", Fisher exact"
        return f"Newcombe independent (pairing unknown){several}{test}"
