"""Accuracy of the paper's judge against human labels, with intervals: judge_accuracy.csv."""

from __future__ import annotations

import pandas as pd

from unicost.records import Aspect
from unicost.statistics.evidence import ALL
from unicost.statistics.intervals import wilson

COLUMNS = ["task", "n", "aspect", "accuracy", "low", "high"]


def judge_accuracy(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """One row for each task and aspect with Wilson's interval, and the mean weighted by n as task ``all``."""
    rows = []
    for aspect in Aspect:
        column, n = table[f"{aspect}_accuracy"], table["n"]
        accuracies = [*zip(table["task"], n, column), (ALL, n.sum(), float((column * n).sum() / n.sum()))]
        for task, size, accuracy in accuracies:
            low, high = wilson(accuracy, size, confidence)
            rows.append((task, int(size), aspect.value, accuracy, float(low), float(high)))
    return pd.DataFrame(rows, columns=COLUMNS)
