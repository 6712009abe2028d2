"""Answers from the items of an experiment: models are compared on the same instances.

A single cell has a standard interval at its effective sample size (``family_sums``); a mean over cells, or a
difference from a mean of models, has a bootstrap by family, since cells share families. Where too few families differ
to be resampled, the mean has the standard interval too, at its own effective sample size. Differences are tested by
McNemar's mid-p where no family has two items and by random signs of whole families otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from unicost.config import Analysis
from unicost.statistics.coded_verdicts import read_coded
from unicost.statistics.evidence import ALL, Cell, Estimate, Question
from unicost.statistics.family_sums import Families, FamilySums, Floats, difference_sums, mean_of, rate_sums
from unicost.statistics.hypothesis_tests import mcnemar_mid_p
from unicost.statistics.outcomes import METRICS, Outcomes
from unicost.statistics.resampling import FamilyResampling, percentiles

_FEWEST_FAMILIES = 10
"""Fewer families than this that differ from the commonest outcome are too few to resample."""
_QUESTIONS_AT_ONCE = 200
"""Bounds the memory of the bootstrap draws."""
_CELLS = 2_000
"""Cells that are kept at hand, for means over tasks ask for the same ones again."""

Sums = list[FamilySums]
"""The cells of one question."""
Result = TypeVar("Result")


class ItemEvidence:
    """Outcomes of items by model (see ``outcomes``), resampled by family."""

    metrics: tuple[str, ...] = METRICS

    def __init__(self, verdicts: Path | pd.DataFrame, analysis: Analysis) -> None:
        """``verdicts`` is a file of them, which is streamed, or its table; raises ``UnreadableFile``."""
        self.analysis = analysis
        self.outcomes = Outcomes(read_coded(verdicts))
        self.categories: tuple[str, ...] = self.outcomes.categories
        self._families = Families.of(self.outcomes.family, self.outcomes.families, analysis.seed)
        self._resampling = FamilyResampling(self._families.units, analysis.resamples, analysis.seed)
        self._unit = self._families.resampled
        self._cell = lru_cache(maxsize=_CELLS)(self._counted)

    def tasks(self, model: str) -> tuple[str, ...]:
        """The tasks on which a model has scored answers to unsafe requests."""
        return self.outcomes.tasks(model)

    def estimate(self, questions: Sequence[Question]) -> list[Estimate | None]:
        """One answer for each question; None where no item answers it."""
        answers: list[Estimate | None] = []
        for start in range(0, len(questions), _QUESTIONS_AT_ONCE):
            sums = [self._sums(question) for question in questions[start : start + _QUESTIONS_AT_ONCE]]
            draws = _for_those(sums, _is_mean, self._draws)
            p_values = _for_those(sums, _needs_signs, self._p_values)
            answers += [
                self._answer(entry, draw, p_value) if entry else None
                for entry, draw, p_value in zip(sums, draws, p_values)
            ]
        return answers

    def _sums(self, question: Question) -> Sums:
        """One entry a cell (one in all where pooled); empty if any cell has no scored item."""
        about = (question.metric, question.minus, None if question.category == ALL else question.category)
        if question.pooled:
            sums = [self._cell(question.cells[0], tuple(cell.task for cell in question.cells), *about)]
        else:
            sums = [self._cell(cell, (cell.task,), *about) for cell in question.cells]
        return [] if any(entry.n == 0 for entry in sums) else sums

    def _counted(
        self, cell: Cell, tasks: tuple[str, ...], metric: str, minus: str | None, category: str | None
    ) -> FamilySums:
        places = self.outcomes.places(metric, tasks, category)
        first, asked = self.outcomes.values(metric, [cell.model], places)
        family = self._families.codes[places]
        if not cell.against:
            return rate_sums(first[0], asked[0], family, self._families)
        second, also = self.outcomes.values(minus or metric, cell.against, places)
        return difference_sums(first[0], second, asked[0] & also.all(axis=0), family, self._families)

    def _draws(self, questions: list[Sums]) -> list[Floats]:
        """Bootstrap draws of every question's mean over cells."""
        cells = [entry for sums in questions for entry in sums]
        ratios = self._resampling.ratios(
            np.column_stack([entry.top for entry in cells]), np.column_stack([entry.bottom for entry in cells])
        )
        sizes = np.array([len(sums) for sums in questions])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return list((np.add.reduceat(ratios, starts, axis=1) / sizes).T)

    def _p_values(self, questions: list[Sums]) -> list[float]:
        """Two-sided p-values by random signs of families, of every question's mean over cells."""
        parts = [np.mean([entry.top / entry.bottom.sum() for entry in sums], axis=0) for sums in questions]
        return [float(p_value) for p_value in self._resampling.sign_flip(np.column_stack(parts))]

    def _answer(self, sums: Sums, draw: Floats | None, p_value: float | None) -> Estimate:
        confidence, whole, test = self.analysis.confidence, mean_of(sums), ""
        (low, high), method = interval(whole, draw, confidence, self._unit)
        if p_value is not None:
            test = f", sign flips by {self._unit}"
        elif whole.members:
            p_value, test = mcnemar_mid_p(round(whole.table[1]), round(whole.table[2])), ", McNemar mid-p"
        return Estimate(
            estimate=float(np.mean([entry.ratio for entry in sums])),
            low=low,
            high=high,
            n=whole.n,
            unscored=whole.unscored,
            low_bound=whole.bounds[0],
            high_bound=whole.bounds[1],
            method=method + test,
            n_counterpart=sum(entry.n * entry.members for entry in sums),
            p_value=p_value,
            narrow=interval(whole, draw, 2 * confidence - 1, self._unit)[0],
        )


def interval(whole: FamilySums, draw: Floats | None, confidence: float, unit: str) -> tuple[tuple[float, float], str]:
    """The interval of a cell, or of a mean of which ``draw`` holds bootstrap draws, and the method's name.

    The families that differ from the commonest outcome carry the variance: with ten at least they are resampled.
    """
    if draw is not None and whole.varied_families >= _FEWEST_FAMILIES:
        low, high = percentiles(draw[:, None], confidence, whole.families)
        return (float(low[0]), float(high[0])), f"bootstrap by {unit}"
    name = ("Wilson", "Newcombe paired", "Newcombe independent")[min(whole.members, 2)]
    name += " at effective n" if whole.clustered else ""
    return whole.interval(confidence), name + (" (few families differ)" if draw is not None else "")


def _is_mean(sums: Sums) -> bool:
    """Whether the question is a mean over cells or a difference from a mean of models."""
    return len(sums) > 1 or (bool(sums) and sums[0].members > 1)


def _needs_signs(sums: Sums) -> bool:
    """Whether McNemar's test does not fit a difference."""
    return bool(sums) and sums[0].members > 0 and (_is_mean(sums) or sums[0].clustered)


def _for_those(
    questions: list[Sums], wanted: Callable[[Sums], bool], compute: Callable[[list[Sums]], list[Result]]
) -> list[Result | None]:
    """Results of one joint computation for the questions wanted, None for the others."""
    chosen = [sums for sums in questions if wanted(sums)]
    results = iter(compute(chosen) if chosen else [])
    return [next(results) if wanted(sums) else None for sums in questions]
