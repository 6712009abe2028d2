"""What an experiment measured once in each training seed, and what the seeds together show.

The seed is the unit: all arms of a seed start from one base, so differences are paired within it. Where a study has no
replicates, the unified model takes the seed's place. Answers of models that fail the capability gate do not enter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unicost.config import Analysis
from unicost.statistics import intervals
from unicost.statistics.audits import count
from unicost.statistics.designed.hypotheses import FEWEST_SEEDS
from unicost.statistics.evidence import ALL, FAILURE
from unicost.statistics.findings import Findings, Interval
from unicost.statistics.hypothesis_tests import sign_flip
from unicost.statistics.rates import COMMON


@dataclass(frozen=True)
class Effect:
    """A difference in each seed, in [-1, 1]; ``by_seed`` is indexed by seed and may be empty."""

    by_seed: pd.Series[float]
    analysis: Analysis

    def __bool__(self) -> bool:
        return not self.by_seed.empty

    def __sub__(self, other: Effect) -> Effect:
        """The difference in the seeds that both have."""
        return Effect((self.by_seed - other.by_seed).dropna(), self.analysis)

    def __str__(self) -> str:
        """``+62.9 points (-22.0 to +100.0; 2 seeds)``, or ``(1 seed, no interval)``."""
        size = count(len(self.by_seed), "seed" if self.analysis.replicates else "model")
        points = self.number.points()
        return f"{points[:-1]}; {size})" if points.endswith(")") else f"{points} ({size}, no interval)"

    def more(self) -> str:
        """``1.8 points less (-8.4 to +4.8; 2 seeds)``: what the unified arm fails beside another one."""
        size, _, rest = str(self).partition(" points")
        return f"{size[1:]} points {'less' if size[0] == '-' else 'more'}{rest}"

    @property
    def values(self) -> NDArray[np.float64]:
        """One value a seed."""
        return np.asarray(self.by_seed, np.float64)

    @property
    def number(self) -> Interval:
        """The mean over seeds with Student's interval, which one seed does not have."""
        return Interval(float(self.values.mean()), *self._interval(self.analysis.confidence))

    @property
    def p_value(self) -> float:
        """Over seeds Student's, two-sided, as for declared hypotheses; over models the one-sided sign-flip p-value.

        NaN where too few show anything.
        """
        if not self.analysis.replicates:
            return sign_flip(self.values, self.analysis.seed)
        shown = len(self.values) >= FEWEST_SEEDS and intervals.varied(self.values)
        return float(stats.ttest_1samp(self.values, 0).pvalue) if shown else np.nan

    def above(self, bound: float = 0.0, tests: int = 1) -> bool:
        """Is the mean shown to be above ``bound``? The level is shared by ``tests`` tests.

        Over seeds Student's interval decides, with three seeds at least. Models are no sample of replicates: there the
        interval at the full level and the sign-flip test must agree.
        """
        level = (1 - self.analysis.confidence) / tests
        if self.analysis.replicates:
            return len(self.values) >= FEWEST_SEEDS and self._interval(1 - level)[0] > bound
        return self.number.low > bound and sign_flip(self.values - bound, self.analysis.seed) < level

    def below(self, bound: float = 0.0, tests: int = 1) -> bool:
        """The same for a mean below ``bound``."""
        return Effect(-self.by_seed, self.analysis).above(-bound, tests)

    def absent(self, tests: int = 1) -> bool:
        """Is the mean shown to be within plus or minus the margin, as declared hypotheses are called absent?

        Never so over models, whose spread is no error of measurement.
        """
        margin = self.analysis.margin
        return self.analysis.replicates and self.above(-margin, tests) and self.below(margin, tests)

    def _interval(self, confidence: float) -> tuple[float, float]:
        low, high = np.clip(intervals.student(self.values, confidence), -1, 1)
        return float(low), float(high)


def penalty(findings: Findings, relation: str, task: str = COMMON, category: str = ALL) -> Effect:
    """Failure of the unified arm minus that of its counterpart."""
    return _effect(findings, findings.rows("penalty", relation=relation, task=task, category=category), "unified")


def penalty_in(findings: Findings, metric: str, relation: str, task: str = COMMON) -> Effect:
    """The same difference in another metric."""
    rows = findings.rows("penalty_by_metric", relation=relation, task=task, metric=metric, category=ALL)
    return _effect(findings, rows, "unified")


def failure(findings: Findings, task: str) -> Effect:
    """Failure of the unified arm on a task."""
    rows = findings.rows("rates", task=task, metric=FAILURE)
    return _effect(findings, rows[rows["model"].isin(findings.unified())], "model")


def failure_by_category(findings: Findings) -> dict[str, Effect]:
    """Failure of the unified arm in each category, the mean over the tasks that it is able to do."""
    gate = findings.rows("rates", metric=FAILURE)[["model", "task", "capable"]]
    counts = findings.rows("counts", metric=FAILURE).merge(gate, on=["model", "task"])
    rows = counts[counts["model"].isin(findings.unified()) & (counts["category"] != ALL)]
    rows = rows.rename(columns={"rate": "estimate"})
    return {str(name): _effect(findings, mine, "model") for name, mine in rows.groupby("category")}


def capability_gain(findings: Findings, relation: str) -> Effect:
    """Capability of the unified arm minus that of its counterpart, the mean over the tasks that both were tested on.

    No gate here: to leave out what the unified arm cannot do would hide a loss of capability.
    """
    by_task = findings.tables["utility"].query("task != @COMMON")
    use = {str(model): mine.set_index("task")["estimate"] for model, mine in by_task.groupby("model")}
    gains = [
        (name, float((use[name] - use[other.model]).mean()))
        for name in findings.unified()
        for other in findings.models[name].counterparts
        if other.relation == relation and {name, other.model} <= set(use)
    ]
    return _effect(findings, pd.DataFrame(gains, columns=["unified", "estimate"]), "unified")


def _effect(findings: Findings, rows: pd.DataFrame, model: str) -> Effect:
    """The rows' mean for each unified model, then for each seed."""
    if "capable" in rows:
        rows = rows[rows["capable"].astype(str).str.lower() != "false"]
    seed = {
        name: str(entry.replicate) if findings.analysis.replicates and entry.replicate is not None else name
        for name, entry in findings.models.items()
    }
    means = rows.dropna(subset="estimate").groupby(model)["estimate"].mean().astype(float)
    return Effect(means.groupby(means.index.map(seed)).mean(), findings.analysis)
