"""The simulated studies of ``simulation.py``: each setting makes studies with a known truth and asks one method.

Settings have the sizes of the shipped studies (miniature: 5 seeds, 120 items a cell; bundled: 312 families of 10 items)
and of the paper (16 models, 9 of them open and unified; 2,939 items, about 420 a task).
"""

from __future__ import annotations

import gc
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals
from unicost.statistics.family_sums import Families, FamilySums, difference_sums, rate_sums
from unicost.statistics.interactions.over_seeds import within_seed_anova
from unicost.statistics.random_effects import random_effects
from unicost.statistics.resampling import FamilyResampling, percentiles

Floats = NDArray[np.float64]
Found = dict[str, float]
Rng = np.random.Generator

LEVEL: Final = 0.95
MARGIN: Final = 0.02
_SHARED: Final = 0.5
"""How often two models meet the same difficulty in an item, so that their failures go together."""


def wilson(rng: Rng, studies: int, n: int) -> Found:
    """A rate between 5 and 60 %."""
    rate = rng.uniform(0.05, 0.6, studies)
    low, high = intervals.wilson(rng.binomial(n, rate) / n, n, LEVEL)
    return {"coverage": _share((low <= rate) & (rate <= high))}


def newcombe(rng: Rng, studies: int, n: int) -> Found:
    """Two independent samples; Fisher's exact test where there is no difference."""
    base, difference = rng.uniform(0.1, 0.5, studies), rng.uniform(-0.1, 0.3, studies)
    one, other = rng.binomial(n, base + difference) / n, rng.binomial(n, base) / n
    low, high = intervals.newcombe(one, n, other, n, LEVEL)
    null = zip(rng.binomial(n, base), rng.binomial(n, base))
    rejected = [tests.fisher(int(a), n, int(b), n) < 1 - LEVEL for a, b in null]
    return {"coverage": _share((low <= difference) & (difference <= high)), "type_one": _share(rejected)}


def paired(rng: Rng, studies: int, n: int) -> Found:
    """One pair of models on the same items: Newcombe's paired interval, McNemar's mid-p, and the power stated."""
    base, difference = rng.uniform(0.1, 0.5, studies), rng.uniform(-0.05, 0.2, studies)
    found = [intervals.newcombe_paired(table, LEVEL) for table in _tables(rng, n, base, difference)]
    low, high = np.array(found).T
    null = _tables(rng, n, base, np.zeros(studies))
    wanted = _detectable(rng, n)
    found_it = _tables(rng, n, np.full(studies, 0.3), np.full(studies, wanted))
    return {
        "coverage": _share((low <= difference) & (difference <= high)),
        "type_one": _share([_mid_p(table) < 1 - LEVEL for table in null]),
        "power": _share([_mid_p(table) < 1 - LEVEL for table in found_it]),
        "power_stated": 0.8,
    }


def equivalence(rng: Rng, studies: int, n: int) -> Found:
    """Two one-sided tests where the true difference is the margin: "no penalty" may be shown one time in twenty."""
    tables = _tables(rng, n, np.full(studies, 0.3), np.full(studies, MARGIN))
    narrow = np.array([intervals.newcombe_paired(table, 2 * LEVEL - 1) for table in tables])
    return {"type_one": _share((narrow[:, 0] > -MARGIN) & (narrow[:, 1] < MARGIN))}


def holm(rng: Rng, studies: int, n: int) -> Found:
    """Nine unified models without a penalty: any of them called different is an error."""
    p_values = [_mid_p(table) for table in _tables(rng, n, np.full(9 * studies, 0.3), np.zeros(9 * studies))]
    families = np.array(p_values).reshape(studies, 9)
    gc.freeze()  # statsmodels collects garbage at each call: of these objects there is none
    return {"type_one": _share([tests.adjust(pd.Series(family), "holm").min() < 1 - LEVEL for family in families])}


def rate_at_effective_n(rng: Rng, studies: int, families: int, size: int) -> Found:
    """A rate over families whose items succeed and fail together."""
    rate, hits = rng.uniform(0.05, 0.6, studies), []
    groups = _families(families, size)
    for truth in rate:
        values = _clustered(rng, families, size, truth)
        low, high = rate_sums(values, np.ones(len(values), bool), groups.codes, groups).interval(LEVEL)
        hits.append(low <= truth <= high)
    return {"coverage": _share(hits)}


def difference_at_effective_n(rng: Rng, studies: int, families: int, size: int) -> Found:
    """A paired difference over families, and random signs of families where there is none."""
    difference = rng.uniform(-0.05, 0.2, studies)
    sums = [_difference(rng, families, size, truth) for truth in difference]
    limits = np.array([one.interval(LEVEL) for one in sums])
    null = np.column_stack([_difference(rng, families, size, 0).top for _ in range(studies)])
    p_values = FamilyResampling(families, 2000, 0).sign_flip(null)
    return {
        "coverage": _share((limits[:, 0] <= difference) & (difference <= limits[:, 1])),
        "type_one": _share(p_values < 1 - LEVEL),
    }


def bootstrap(rng: Rng, studies: int, families: int, size: int, tasks: int) -> Found:
    """The mean over tasks of paired differences, each task with items of the same families."""
    truth = rng.uniform(-0.05, 0.2, studies)
    per_task = size // tasks
    top = np.empty((tasks, families, studies))
    for study, difference in enumerate(truth):
        sums = _difference_values(rng, families, per_task * tasks, difference)
        top[:, :, study] = sums.reshape(families, tasks, per_task).sum(axis=2).T
    bottom = np.full((families, studies), float(per_task))
    resampling = FamilyResampling(families, 2000, 0)
    draws = np.mean([resampling.ratios(part, bottom) for part in top], axis=0)
    low, high = percentiles(draws, LEVEL, families)
    return {"coverage": _share((low <= truth) & (truth <= high))}


def mantel_haenszel(rng: Rng, studies: int, strata: int, n: int) -> Found:
    """A common difference over strata whose rates differ, and the Cochran-Mantel-Haenszel test without one."""
    hits, rejected = [], []
    for difference in rng.uniform(-0.05, 0.2, studies):
        base = rng.uniform(0.1, 0.6, strata)
        found = tests.mantel_haenszel(_strata(rng, base, difference, n), LEVEL)
        hits.append(found.low <= difference <= found.high)
        rejected.append(tests.mantel_haenszel(_strata(rng, base, 0, n), LEVEL).p_value < 1 - LEVEL)
    return {"coverage": _share(hits), "type_one": _share(rejected)}


def over_models(rng: Rng, studies: int, models: int) -> Found:
    """Random effects: models' true penalties vary by 0 to 15 points about their mean, items add their own error."""
    hits, rejected = [], []
    for spread in rng.uniform(0, 0.15, studies):
        error = rng.uniform(0.01, 0.04, models)
        effects = rng.normal(0, np.hypot(spread, error))
        found = random_effects(effects + 0.1, error**2, LEVEL)
        hits.append(found.low <= 0.1 <= found.high)
        rejected.append(random_effects(effects, error**2, LEVEL).p_value < 1 - LEVEL)
    return {"coverage": _share(hits), "type_one": _share(rejected)}


def permutation(rng: Rng, studies: int, models: int, others: int) -> Found:
    """Who is unified, exactly permuted (one-sided)."""
    values = rng.uniform(0.1, 0.9, (studies, models + others))
    return {"type_one": _share([tests.permutation(row[:models], row[models:], 0) < 1 - LEVEL for row in values])}


def signs(rng: Rng, studies: int, models: int) -> Found:
    """Signs of the models' penalties, exactly permuted (one-sided)."""
    return {"type_one": _share([tests.sign_flip(row, 0) < 1 - LEVEL for row in rng.normal(0, 0.1, (studies, models))])}


def welch(rng: Rng, studies: int, models: int, others: int) -> Found:
    """Two samples of models, unified ones twice as spread."""
    hits, rejected = [], []
    for _ in range(studies):
        sample, other = rng.normal(0.5, 0.1, models), rng.normal(0.5, 0.05, others)
        shifted = tests.welch(sample + 0.1, other, LEVEL)
        hits.append(shifted.low <= 0.1 <= shifted.high)
        rejected.append(tests.welch(sample, other, LEVEL).p_value < 1 - LEVEL)
    return {"coverage": _share(hits), "type_one": _share(rejected)}


def over_seeds(rng: Rng, studies: int, seeds: int, n: int) -> Found:
    """Training seeds as the unit: penalties of seeds vary, and each is measured on ``n`` items."""
    level = rng.uniform(0.3, 0.5, (studies, seeds))
    shift = rng.normal(0.1, 0.05, (studies, seeds))
    values = (rng.binomial(n, level + shift) - rng.binomial(n, level)) / n
    low, high = np.array([intervals.student(row, LEVEL) for row in values]).T
    p_values = stats.ttest_1samp(values, 0.1, axis=1).pvalue
    return {"coverage": _share((low <= 0.1) & (high >= 0.1)), "type_one": _share(p_values < 1 - LEVEL)}


def interaction(rng: Rng, studies: int, seeds: int, levels: int, n: int) -> Found:
    """Seeds whose penalty is the same in every level on average, but spreads more in some levels than in others."""
    base = rng.uniform(0.2, 0.5, (studies, 1, levels))
    spread = rng.uniform(0.01, 0.08, (studies, 1, levels))
    shift = 0.1 + rng.normal(0, 0.05, (studies, seeds, 1)) + rng.normal(0, 1, (studies, seeds, levels)) * spread
    level = np.broadcast_to(base, shift.shape)
    penalties = (rng.binomial(n, np.clip(level + shift, 0, 1)) - rng.binomial(n, level)) / n
    return {"type_one": _share([within_seed_anova(one) < 1 - LEVEL for one in penalties])}


def _share(flags: Any) -> float:
    return float(np.mean(flags))


def _tables(rng: Rng, n: int, base: Floats, difference: Floats) -> Floats:
    """A table of each study: [both fail, first only, second only, neither], failures going together."""
    first, second = base + difference, base
    both = _SHARED * np.minimum(first, second) + (1 - _SHARED) * first * second
    cells = np.stack([both, first - both, second - both, 1 - first - second + both], axis=1)
    return np.array([rng.multinomial(n, row) for row in cells], float)


def _mid_p(table: Floats) -> float:
    return tests.mcnemar_mid_p(int(table[1]), int(table[2]))


def _detectable(rng: Rng, n: int) -> float:
    """The difference from a rate of 30 % that the program calls detectable, where it is the true one."""
    size = 0.1
    for _ in range(5):
        tables = _tables(rng, n, np.full(50, 0.3), np.full(50, size))
        size = float(np.mean([intervals.detectable(*intervals.newcombe_paired(one, LEVEL), LEVEL) for one in tables]))
    return size


def _families(families: int, size: int) -> Families:
    return Families.of(np.repeat(np.arange(families, dtype=np.int32), size), families, 0)


def _clustered(rng: Rng, families: int, size: int, rate: float) -> Floats:
    """Outcomes, family by family; half of the items share their family's difficulty."""
    hardness = np.where(rng.random((families, size)) < 0.5, rng.random((families, 1)), rng.random((families, size)))
    return (hardness < rate).astype(float).ravel()


def _difference_values(rng: Rng, families: int, size: int, difference: float) -> Floats:
    one, other = _both_models(rng, families, size, difference)
    return one - other


def _both_models(rng: Rng, families: int, size: int, difference: float) -> tuple[Floats, Floats]:
    """Two models on the same items: each shares its family's own difficulty, and half of the items' with the other."""
    shape = (families, size)
    item = rng.random(shape)
    sides = []
    for rate in (0.3 + difference, 0.3):
        own = np.where(rng.random(shape) < 0.5, rng.random((families, 1)), rng.random(shape))
        sides.append((np.where(rng.random(shape) < _SHARED, item, own) < rate).astype(float).ravel())
    return sides[0], sides[1]


def _difference(rng: Rng, families: int, size: int, difference: float) -> FamilySums:
    one, other = _both_models(rng, families, size, difference)
    groups = _families(families, size)
    return difference_sums(one, other[None, :], np.ones(len(one), bool), groups.codes, groups)


def _strata(rng: Rng, base: Floats, difference: float, n: int) -> Floats:
    sizes = np.full(len(base), float(n))
    return np.column_stack([rng.binomial(n, base + difference), sizes, rng.binomial(n, base), sizes]).astype(float)
