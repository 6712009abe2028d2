"""Is the penalty the same in every level, whatever the training seed? The seed is the unit.

Each seed has one penalty in each level. They are compared by a within-seed analysis of variance whose degrees of
freedom are corrected for levels that vary unlike each other or together (Greenhouse and Geisser 1959, Psychometrika
24:95); with two levels that is the paired t test. Beside it stands the exact test by signs of whole seeds' deviations
from their own mean, which assumes no normality and rejects nothing at 5 % with five seeds or fewer.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from unicost.statistics import intervals
from unicost.statistics.audits import count as counted
from unicost.statistics.interactions.counting import OTHER, UNIFIED, Counts, bounds, unscored

Floats = NDArray[np.float64]

FEWEST_SEEDS = 3
"""Fewer seeds with every level are no basis for a test."""
_MOST_EXACT = 16
"""Seeds up to which all signs are listed."""
_SAMPLED = 9_999
_ROUNDING = 1e-12


def over_seeds(counts: Counts, confidence: float, seed: int) -> list[dict[str, object]]:
    """A row for each level: the mean penalty over seeds with Student's interval, and the test over all levels."""
    if not counts.by_seed:
        return []
    sums = np.array(list(counts.by_seed.values()))
    scored, failed = np.moveaxis(sums[..., :2], -1, 0)
    rates = np.divide(failed, scored, out=np.full_like(failed, np.nan), where=scored > 0)
    penalties = rates[..., UNIFIED] - rates[..., OTHER]
    rows: list[dict[str, object]] = []
    tested = _test(penalties, counts.levels, list(counts.by_seed), 1 - confidence, seed)
    for place, level in enumerate(counts.levels):
        there = ~np.isnan(penalties[:, place])
        own = penalties[there, place]
        if not len(own):
            continue
        worst = bounds(sums[there, place]).mean(axis=0)
        low, high = np.clip(intervals.student(own, confidence), -1, 1)
        row = {"unit": "seed", "models": counts.models, "units": len(own), "n": int(scored[:, place].sum())}
        row |= {"level": level, "estimate": float(own.mean()), "low": float(low), "high": float(high)}
        row |= {"unscored": int(unscored(sums[there, place]).sum())}
        row |= {"low_bound": float(worst[0]), "high_bound": float(worst[1])}
        rows.append(row | tested)
    return rows


def within_seed_anova(penalties: Floats) -> float:
    """p-value that all levels have one mean (seeds x levels, no gaps); NaN where seeds do not differ in how they do."""
    seeds, levels = penalties.shape
    deviations = penalties - penalties.mean(axis=1, keepdims=True)
    means = deviations.mean(axis=0)
    rest = deviations - means
    if np.abs(rest).max() < _ROUNDING:
        return float("nan")
    statistic = float(seeds * (means @ means) / ((rest**2).sum() / (seeds - 1)))
    between = levels - 1
    epsilon = greenhouse_geisser(penalties)
    return float(stats.f.sf(statistic, epsilon * between, epsilon * between * (seeds - 1)))


def greenhouse_geisser(penalties: Floats) -> float:
    """How far the covariance of the levels is from sphericity: 1 for spherical, 1 / (levels - 1) at worst."""
    deviations = penalties - penalties.mean(axis=1, keepdims=True)
    covariance = np.cov(deviations, rowvar=False)
    return float(np.trace(covariance) ** 2 / ((penalties.shape[1] - 1) * (covariance**2).sum()))


def signs_of_seeds(penalties: Floats, seed: int) -> float:
    """Exact p-value that deviations of levels from a seed's mean are as often one way round as the other.

    Never below 0.5 ** (seeds - 1), for all signs turned round give the same.
    """
    deviations = penalties - penalties.mean(axis=1, keepdims=True)
    seeds, exact = len(penalties), len(penalties) <= _MOST_EXACT
    if exact:
        signs = np.array(list(product((1.0, -1.0), repeat=seeds)))
    else:
        drawn = np.random.default_rng(seed).choice((1.0, -1.0), (_SAMPLED, seeds))
        signs = np.vstack([np.ones(seeds), drawn])
    found = np.square(signs @ deviations).sum(axis=1)
    return float(np.mean(found >= found[0] - _ROUNDING))


def _test(penalties: Floats, levels: tuple[str, ...], seeds: list[int], level: float, seed: int) -> dict[str, object]:
    """``interaction_p``, ``permutation_p`` and ``note``: which seeds and levels enter, and what so few cannot show."""
    there = ~np.isnan(penalties)
    reached = np.asarray(there.sum(axis=0) >= FEWEST_SEEDS)
    complete = np.asarray(there[:, reached].all(axis=1))
    notes = []
    if not reached.all():
        few = ", ".join(name for name, enough in zip(levels, reached.tolist()) if not enough)
        notes.append(f"no test of {few}: too few seeds")
    if not complete.all():
        lacking = ", ".join(str(number) for number, whole in zip(seeds, complete.tolist()) if not whole)
        notes.append(f"seeds without every level left out: {lacking}")
    if len(levels) < 2:
        return {"note": "one level: no interaction"}
    if reached.sum() < 2 or complete.sum() < FEWEST_SEEDS:
        return {"note": "; ".join([*notes, f"no test: fewer than {counted(FEWEST_SEEDS, 'seed')} have two levels"])}
    kept = penalties[np.ix_(complete, reached)]
    p_value = within_seed_anova(kept)
    smallest = 0.5 ** (len(kept) - 1)
    if np.isnan(p_value):
        notes.append("no test: the seeds agree to the last answer, so how much they vary is unknown")
    if smallest >= level:
        notes.append(f"signs of {counted(len(kept), 'seed')} cannot reject, for no p is below {smallest:.3g}")
    return {"interaction_p": p_value, "permutation_p": signs_of_seeds(kept, seed), "note": "; ".join(notes)}
