"""The pooled penalty over the items of published counts, where models share counterparts.

A mean of differences, and the Mantel-Haenszel risk difference too, is a sum of rates with fixed weights. A counterpart
of several unified models is one rate whose weights add up, so its error counts whole and not as if it had been measured
anew for each: limits are those of the rates, squared and added (MOVER for linear functions: Zou, Huang and Zhang 2009,
Comput. Stat. Data Anal. 53:1080).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.evidence import FAILURE, Cell

Floats = NDArray[np.float64]
Place = tuple[str, str]
"""A model and a task."""
_STRATIFIED = "Mantel-Haenszel risk difference"


@dataclass(frozen=True)
class CountedItems:
    """A pooled difference with its interval, two-sided p-value, and ``narrow`` interval at level 2 * confidence - 1."""

    estimate: float
    low: float
    high: float
    p_value: float
    narrow: tuple[float, float]
    method: str


def pair_items(
    evidence: CountEvidence, pairs: Sequence[tuple[str, Sequence[Cell]]], *, stratified: bool
) -> CountedItems:
    """Pairs as unified model and cells: their mean (unified models, then counterparts, then tasks alike), or strata."""
    if stratified:
        cells = [cell for _, found in pairs for cell in found]
        return _mantel_haenszel(
            evidence, [(((cell.model, cell.task),), ((cell.against[0], cell.task),)) for cell in cells]
        )
    counterparts = Counter(unified for unified, _ in pairs)
    weights: dict[Place, float] = defaultdict(float)
    for unified, found in pairs:
        share = 1 / (len(counterparts) * counterparts[unified] * len(found))
        for cell in found:
            weights[cell.model, cell.task] += share
            for other in cell.against:
                weights[other, cell.task] -= share / len(cell.against)
    return _mean(evidence, weights)


def group_items(
    evidence: CountEvidence, sides: tuple[Sequence[str], Sequence[str]], tasks: Sequence[str], *, stratified: bool
) -> CountedItems:
    """Unified models together against specialised ones together: the difference of mean rates, or a stratum a task."""
    if stratified:
        strata = [tuple(tuple((name, task) for name in names) for names in sides) for task in tasks]
        return _mantel_haenszel(evidence, [(first, second) for first, second in strata])
    return _mean(
        evidence,
        {
            (name, task): sign / (len(names) * len(tasks))
            for sign, names in zip((1, -1), sides)
            for name in names
            for task in tasks
        },
    )


def _mean(evidence: CountEvidence, weights: Mapping[Place, float]) -> CountedItems:
    return _linear(evidence, weights, "mean over models and tasks by MOVER, normal test")


def _mantel_haenszel(
    evidence: CountEvidence, strata: Sequence[tuple[Sequence[Place], Sequence[Place]]]
) -> CountedItems:
    """Strata of two sides each; with counterparts in several strata these are not independent, as the test needs."""
    table = np.array([[*_count(evidence, first), *_count(evidence, second)] for first, second in strata])
    used = Counter(place for stratum in strata for side in stratum for place in side)
    if max(used.values()) == 1:
        found, narrow = (
            tests.mantel_haenszel(table, level)
            for level in (evidence.analysis.confidence, 2 * evidence.analysis.confidence - 1)
        )
        method = f"{_STRATIFIED}, Cochran-Mantel-Haenszel test"
        return CountedItems(found.estimate, found.low, found.high, found.p_value, (narrow.low, narrow.high), method)
    shares = table[:, 1] * table[:, 3] / (table[:, 1] + table[:, 3])
    weights: dict[Place, float] = defaultdict(float)
    for ((own,), (other,)), share in zip(strata, shares / shares.sum(), strict=True):
        weights[own] += share
        weights[other] -= share
    return _linear(evidence, weights, f"{_STRATIFIED}, shared counterparts by MOVER, normal test", whole=True)


def _linear(
    evidence: CountEvidence, weights: Mapping[Place, float], method: str, *, whole: bool = False
) -> CountedItems:
    """The weighted sum of published rates, or of those that ``whole`` counts of items give."""
    rates, sizes = np.array([evidence.rate(model, task, FAILURE) for model, task in weights]).T
    rates = np.round(rates * sizes) / sizes if whole else rates
    shares, confidence = np.array(list(weights.values())), evidence.analysis.confidence
    estimate = float(shares @ rates)

    def limits(level: float) -> tuple[float, float]:
        lows, highs = intervals.wilson(rates, sizes, level)
        below = np.where(shares > 0, rates - lows, highs - rates)
        above = np.where(shares > 0, highs - rates, rates - lows)
        return estimate - float(np.linalg.norm(shares * below)), estimate + float(np.linalg.norm(shares * above))

    low, high = limits(confidence)
    p_value = intervals.p_from_half_width(estimate, low, high, confidence)
    return CountedItems(estimate, low, high, p_value, limits(2 * confidence - 1), method)


def _count(evidence: CountEvidence, places: Sequence[Place]) -> Floats:
    """Failures and items of some models on some tasks together."""
    found = np.array([evidence.rate(model, task, FAILURE) for model, task in places])
    return np.array([np.round(found[:, 0] * found[:, 1]).sum(), found[:, 1].sum()])
