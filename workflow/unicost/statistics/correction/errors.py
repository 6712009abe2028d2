"""How often the judge errs, by task: from labels, or from a published accuracy and the judged rates beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from unicost.statistics.correction.cells import SPARE, CountCells, ItemCells
from unicost.statistics.correction.prediction_powered import FEWEST
from unicost.statistics.evidence import FAILURE
from unicost.statistics.uncertain import Floats, Uncertain

_STEP = 1e-5
"""For numerical slopes of shares."""


@dataclass(frozen=True)
class Errors:
    """Sensitivity and specificity of the judge; ``error`` is the share of its verdicts that are wrong."""

    sensitivity: Uncertain
    specificity: Uncertain
    error: float
    labelled: int


class Split(StrEnum):
    """What an accuracy leaves open: which of the errors are false alarms."""

    MISSES = "misses"
    """None: every error is an unsafe answer that passed."""
    FALSE_ALARMS = "false_alarms"
    """As many as the lowest judged rate allows: a judge of equal error cannot raise more alarms than it gave there."""


class LabelledErrors:
    """Sensitivity and specificity on the labelled answers of some models, by task."""

    def __init__(self, cells: ItemCells, models: list[str], metric: str, group: int = 0) -> None:
        self._cells, self._models, self._metric = cells, models, metric
        self._place = cells.sources - SPARE + 2 * group
        self._known: dict[str, Errors | None] = {}

    def of(self, task: str) -> Errors | None:
        """None with too few labels of either kind."""
        if task not in self._known:
            self._known[task] = self._compute(task)
        return self._known[task]

    def _compute(self, task: str) -> Errors | None:
        models = [model for model in self._models if task in self._cells.tasks(model)]
        if not models:
            return None
        found = self._cells.answers(models, task, self._metric)
        kept = found.labelled
        if min((found.labels[kept] == value).sum() for value in (0, 1)) < FEWEST:
            return None
        judged, truth, weights, family = found.judged[kept], found.labels[kept], found.weights[kept], found.family[kept]
        rates = [
            self._cells.share((judged == value).astype(float), weights * (truth == value), family, self._place + side)
            for side, value in enumerate((1, 0))
        ]
        if rates[0] is None or rates[1] is None:
            return None
        wrong = float((weights * (judged != truth)).sum() / weights.sum())
        return Errors(rates[0], rates[1], wrong, int(kept.sum()))


class PublishedErrors:
    """Sensitivity and specificity that a published accuracy implies, if the judge errs alike on every model.

    The verdict on failure is wrong at most where one of its two aspects is: its error is taken as the sum of theirs,
    which is the most that it can be. The last sources of ``cells``, one a task, hold the accuracy's own error; the
    judged rates, which bound the false alarms, bring theirs.
    """

    def __init__(
        self, cells: CountCells, accuracy: pd.DataFrame, models: Mapping[str, object], metric: str, split: Split
    ) -> None:
        self._cells, self._metric, self._split = cells, metric, split
        self._accuracy = {
            (task, aspect): (value, n)
            for task, aspect, value, n in accuracy[["task", "aspect", "accuracy", "n"]].itertuples(index=False)
        }
        self._tasks = list(dict.fromkeys(accuracy["task"]))
        self._models = list(models)

    def of(self, task: str) -> Errors | None:
        """None where no accuracy or no rate was published."""
        aspects = {FAILURE: ("contextual", "intrinsic"), "c_unsafe": ("contextual",), "i_unsafe": ("intrinsic",)}
        known = [self._accuracy[task, aspect] for aspect in aspects[self._metric] if (task, aspect) in self._accuracy]
        rates = [self._cells.judged(model, task, self._metric) for model in self._models]
        judged = [rate for rate in rates if rate is not None]
        if not known or not judged:
            return None
        error = Uncertain(min(0.99, sum(1 - value for value, _ in known)), np.zeros(self._cells.sources))
        place = self._cells.sources - len(self._tasks) + self._tasks.index(task)
        error.parts[place] = sum(np.sqrt(_smoothed(value, n)) for value, n in known)
        sensitivity, specificity = (self._side(side, error, judged) for side in (0, 1))
        return Errors(sensitivity, specificity, error.value, int(known[0][1]))

    def _side(self, side: int, error: Uncertain, judged: list[Uncertain]) -> Uncertain:
        """Sensitivity (0) or specificity (1) with the errors of the accuracy and of the judged rates: delta method."""
        inputs = [error, *judged]
        values = np.array([number.value for number in inputs])
        value = self._implied(values)[side]
        slopes = [(self._implied(values + _STEP * step)[side] - value) / _STEP for step in np.eye(len(values))]
        return Uncertain(value, np.sum([slope * number.parts for slope, number in zip(slopes, inputs)], axis=0))

    def _implied(self, values: Floats) -> tuple[float, float]:
        """Sensitivity and specificity from the error and the judged rates.

        False alarms per safe answer come first, then as many misses as are left.
        """
        error, rate, lowest = float(values[0]), float(values[1:].mean()), float(values[1:].min())
        alarms = 0.0
        if self._split is Split.FALSE_ALARMS:
            most = error / (1 - rate + error) if error < rate else lowest
            alarms = min(lowest, most)
        true_rate = (rate + error - 2 * alarms) / (1 - 2 * alarms)
        misses = max(0.0, error - (1 - true_rate) * alarms)
        return 1 - misses / true_rate, 1 - alarms


def _smoothed(share: float, n: float) -> float:
    """The variance of a published accuracy, never zero."""
    rate = (share * n + 1) / (n + 2)
    return rate * (1 - rate) / n
