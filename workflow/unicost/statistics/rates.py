"""Rates with intervals, by task and under both estimands: rates.csv, rates_by_category.csv and gap.csv."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from unicost.statistics.capability import Gate
from unicost.statistics.evidence import Cell, Estimate, Evidence, Question

ALL_SUPPORTED = "all_supported"
"""Estimand as published: pooled over the tasks that a model supports."""
COMMON = "common"
"""Estimand of comparisons: the mean over the common tasks, each weighted alike."""
COLUMNS = [
    *["model", "task", "metric", "n", "unscored", "estimate", "low", "high"],
    *["low_bound", "high_bound", "capable", "method"],
]
CATEGORY_COLUMNS = [
    *["model", "category", "metric", "n", "unscored", "estimate", "low", "high", "method", "low_bound", "high_bound"]
]
GAP_COLUMNS = [
    *["model", "task", "n", "c_unsafe", "i_unsafe", "estimate", "low", "high", "p_value", "method"],
    *["unscored", "low_bound", "high_bound"],
]


def rates(evidence: Evidence, models: Iterable[str], gate: Gate) -> pd.DataFrame:
    """Every metric of every model on each task, on ``all_supported`` and, where supported, on ``common``."""
    keys, questions, supports = [], [], []
    for model in models:
        for task, tasks in estimands(evidence, model).items():
            cells = tuple(Cell(model, one) for one in tasks)
            for metric in evidence.metrics:
                keys.append((model, task, metric))
                supports.append(tasks)
                questions.append(Question(cells, metric, pooled=task == ALL_SUPPORTED))
    rows = [
        (*key, *_numbers(found), found.low_bound, found.high_bound, gate.capable([key[0]], tasks), found.method)
        for key, tasks, found in zip(keys, supports, evidence.estimate(questions))
        if found
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def rates_by_category(evidence: Evidence, models: Iterable[str]) -> pd.DataFrame:
    """Every metric of every model in each category, pooled over the tasks that the model supports."""
    keys, questions = [], []
    for model in models:
        cells = tuple(Cell(model, task) for task in evidence.tasks(model))
        for category in evidence.categories:
            for metric in evidence.metrics:
                keys.append((model, category, metric))
                questions.append(Question(cells, metric, category, pooled=True))
    answers = evidence.estimate([question for question in questions if question.cells])
    keys = [key for key, question in zip(keys, questions) if question.cells]
    rows = [
        (*key, *_numbers(found), found.method, found.low_bound, found.high_bound)
        for key, found in zip(keys, answers)
        if found
    ]
    return pd.DataFrame(rows, columns=CATEGORY_COLUMNS)


def gap(evidence: Evidence, models: Iterable[str]) -> pd.DataFrame:
    """Contextual minus intrinsic unsafe rate of each model, paired by item, by task and over the common tasks."""
    keys, questions = [], []
    for model in models:
        for task, tasks in estimands(evidence, model).items():
            if task != ALL_SUPPORTED:
                keys.append((model, task))
                cells = tuple(Cell(model, one, (model,)) for one in tasks)
                questions.append(Question(cells, "c_unsafe", minus="i_unsafe"))
    gaps = evidence.estimate(questions)
    alone = [tuple(Cell(cell.model, cell.task) for cell in question.cells) for question in questions]
    contextual = evidence.estimate([Question(cells, "c_unsafe") for cells in alone])
    intrinsic = evidence.estimate([Question(cells, "i_unsafe") for cells in alone])
    rows = [
        (
            *(*key, found.n, c.estimate, i.estimate, found.estimate, found.low, found.high, found.p_value),
            *(found.method, found.unscored, found.low_bound, found.high_bound),
        )
        for key, found, c, i in zip(keys, gaps, contextual, intrinsic)
        if found and c and i
    ]
    return pd.DataFrame(rows, columns=GAP_COLUMNS)


def estimands(evidence: Evidence, model: str) -> dict[str, tuple[str, ...]]:
    """The tasks behind each value of the column ``task`` that a model has: its tasks, and the two estimands."""
    supported = evidence.tasks(model)
    named: dict[str, tuple[str, ...]] = {task: (task,) for task in supported}
    if supported:
        named[ALL_SUPPORTED] = supported
    common = evidence.analysis.common_tasks
    if set(common) <= set(supported):
        named[COMMON] = common
    return named


def _numbers(found: Estimate) -> tuple[float, ...]:
    return found.n, found.unscored, found.estimate, found.low, found.high
