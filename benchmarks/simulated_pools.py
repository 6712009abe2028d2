"""Simulated studies of what several numbers give together: pools with shared counterparts, corrections, ratios."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from unicost.config import Analysis
from unicost.statistics import intervals
from unicost.statistics.correction.cells import share
from unicost.statistics.correction.prediction_powered import prediction_powered
from unicost.statistics.correction.rogan_gladen import rogan_gladen
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.counted_items import pair_items
from unicost.statistics.evidence import FAILURE, Cell
from unicost.statistics.family_sums import Families, FamilySums, difference_sums, mean_of
from unicost.statistics.findings import Interval
from unicost.statistics.interactions.by_family import Fit
from unicost.statistics.interactions.counting import OTHER, UNIFIED, Counts
from unicost.statistics.item_evidence import interval
from unicost.statistics.resampling import FamilyResampling
from unicost.statistics.uncertain import Uncertain

Floats = NDArray[np.float64]
Found = dict[str, float]
Rng = np.random.Generator

LEVEL: Final = 0.95
_RECURRING: Final = 1 / 3
"""How often a family that is prone to differ does so in a training seed."""


def shared_counterparts(rng: Rng, studies: int, *, pairs: int, others: int, tasks: int, n: int) -> Found:
    """Published counts: unified models of which several have one and the same counterpart."""
    models = [f"u{pair}" for pair in range(pairs)] + [f"s{other}" for other in range(others)]
    places = [(model, f"t{task}") for model in models for task in range(tasks)]
    frame = pd.DataFrame(places, columns=["model", "task"]).assign(metric=FAILURE, n=n)
    cells = [
        (f"u{pair}", tuple(Cell(f"u{pair}", f"t{task}", (f"s{pair % others}",)) for task in range(tasks)))
        for pair in range(pairs)
    ]
    analysis = Analysis(common_tasks=tuple(f"t{task}" for task in range(tasks)))
    hits, rejected = [], []
    for difference in rng.uniform(0.0, 0.25, studies):
        base = rng.uniform(0.05, 0.4, tasks)
        limits = []
        for shift in (difference, 0.0):
            truth = np.concatenate([np.tile(base + shift, (pairs, 1)), np.tile(base, (others, 1))])
            counts = frame.assign(rate=rng.binomial(n, truth).ravel() / n)
            limits.append(pair_items(CountEvidence(counts, analysis), cells, stratified=False))
        hits.append(limits[0].low <= difference <= limits[0].high)
        rejected.append(limits[1].p_value < 1 - LEVEL)
    return {"coverage": _share(hits), "type_one": _share(rejected)}


def rare_differences(rng: Rng, studies: int, families: int, seeds: int, differing: tuple[float, float]) -> Found:
    """The mean over training seeds whose models answer the same items: few families differ, most of them one way.

    ``differing`` bounds the share of families prone to differ; each does so in a seed one time in three. Signs of
    families are tested where as many are prone to the one way as to the other.
    """
    groups = Families.of(np.arange(families, dtype=np.int32), families, 0)
    shares = rng.uniform(*differing, studies)
    means = [mean_of(_rare_cells(rng, groups, seeds, 0.85 * share, 0.15 * share)) for share in shares]
    null = np.column_stack([mean_of(_rare_cells(rng, groups, seeds, share / 2, share / 2)).top for share in shares])
    resampling, tops = FamilyResampling(families, 2000, 0), np.column_stack([mean.top for mean in means])
    draws = resampling.ratios(tops, np.full(tops.shape, 1 / families)).T  # every seed has one item of each family
    limits = [interval(mean, draw, LEVEL, "family")[0] for mean, draw in zip(means, draws)]
    hits = [low <= 0.7 * share * _RECURRING <= high for (low, high), share in zip(limits, shares)]
    return {"coverage": _share(hits), "type_one": _share((resampling.sign_flip(null) < 1 - LEVEL).tolist())}


def corrected_by_errors(rng: Rng, studies: int, families: int, size: int, labelled: float) -> Found:
    """Rogan and Gladen's rate: sensitivity 80 %, specificity 93 % and the judged rate, all with their errors."""
    hits = []
    for rate in rng.uniform(0.15, 0.6, studies):
        truth, judged, labels, family = _judged(rng, families, size, rate, labelled)
        known, ones = ~np.isnan(labels), np.ones(len(truth))
        sides = [_rate((judged == side).astype(float), known * (truth == side), family, families) for side in (1, 0)]
        found = rogan_gladen(_rate(judged, ones, family, families), *sides)
        hits.append(found is not None and _holds(found, rate))
    return {"coverage": _share(hits)}


def corrected_by_labels(rng: Rng, studies: int, families: int, size: int, labelled: float) -> Found:
    """The prediction-powered rate from verdicts on all answers and labels on some."""
    hits = []
    for rate in rng.uniform(0.15, 0.6, studies):
        _, judged, labels, family = _judged(rng, families, size, rate, labelled)
        found = prediction_powered(judged, labels, (~np.isnan(labels)).astype(float), family, families)
        hits.append(found is not None and _holds(found, rate))
    return {"coverage": _share(hits)}


def marginal_effects(rng: Rng, studies: int, families: int, levels: int, size: int) -> Found:
    """Effects of being unified in the levels of a factor, and the Wald test of families where all are alike."""
    hits, rejected = [], []
    for shift in rng.uniform(0.0, 0.2, studies):
        base = rng.uniform(0.15, 0.5, levels)
        _, low, high = _fit(rng, families, size, base, base + shift).effects(LEVEL)
        hits.append(low[0] <= shift <= high[0])
        odds = 2 * base / (1 - base)
        rejected.append(_fit(rng, families, size, base, odds / (1 + odds)).interaction() < 1 - LEVEL)
    return {"coverage": _share(hits), "type_one": _share(rejected)}


def differences_of_differences(rng: Rng, studies: int, families: int, size: int) -> Found:
    """Contextual minus intrinsic unsafe rate of one model minus the same of another, over families of items."""
    hits, rejected = [], []
    family = np.repeat(np.arange(families), size)
    for truth in rng.uniform(-0.1, 0.1, studies):
        gaps = []
        for added in (truth, 0.0):
            one, other = (_aspects(rng, family, families, 0.3 + extra, 0.2) for extra in (added, 0.0))
            gaps.append(one - other)
        hits.append(_holds(gaps[0], truth))
        rejected.append(gaps[1].p_value < 1 - LEVEL)
    return {"coverage": _share(hits), "type_one": _share(rejected)}


def risk_ratios(rng: Rng, studies: int, n: int) -> Found:
    """How many times as often: the ratio of two independent rates."""
    hits = []
    for base, ratio in zip(rng.uniform(0.05, 0.3, studies), rng.uniform(0.8, 3.0, studies)):
        sides = []
        for rate in (base * ratio, base):
            found = rng.binomial(n, rate) / n
            sides.append(Interval(found, *(float(limit) for limit in intervals.wilson(found, n, LEVEL))))
        more = sides[0].relative_to(sides[1])
        hits.append(more.low <= ratio - 1 <= more.high)
    return {"coverage": _share(hits)}


def _rare_cells(rng: Rng, groups: Families, seeds: int, worse: float, better: float) -> list[FamilySums]:
    """One cell a seed: failures of 30 %, of which families prone to be worse or better in a seed depart."""
    kind = rng.choice(3, size=groups.number, p=[1 - worse - better, worse, better])
    cells = []
    for _ in range(seeds):
        found = np.where(rng.random(groups.number) < _RECURRING, kind, 0)
        same = rng.random(groups.number) < 0.3
        one, other = (np.where(found == 0, same, found == way).astype(float) for way in (1, 2))
        cells.append(difference_sums(one, other[None, :], np.ones(len(one), bool), groups.codes, groups))
    return cells


def _judged(
    rng: Rng, families: int, size: int, rate: float, labelled: float
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """True outcomes of items that go together in families, verdicts of a judge that errs, labels of some, families."""
    family = np.repeat(np.arange(families), size)
    truth = (_luck(rng, family, families) < rate).astype(float)
    right = rng.random(len(truth)) < np.where(truth == 1, 0.8, 0.93)
    labels = np.where(rng.random(len(truth)) < labelled, truth, np.nan)
    return truth, np.where(right, truth, 1 - truth), labels, family


def _luck(rng: Rng, family: NDArray[np.int64], families: int) -> Floats:
    """Uniform numbers, half of which their family shares."""
    items = len(family)
    return np.where(rng.random(items) < 0.5, rng.random(families)[family], rng.random(items))


def _rate(values: Floats, weights: Floats, family: NDArray[np.int64], families: int) -> Uncertain:
    found = share(values, np.asarray(weights, float), family, families=families, sources=families + 1, place=families)
    if found is None:
        raise ValueError("no answer has weight")
    return found


def _aspects(rng: Rng, family: NDArray[np.int64], families: int, contextual: float, intrinsic: float) -> Uncertain:
    """One model's gap: whoever is unsafe by itself is unsafe for the request too."""
    luck, ones = _luck(rng, family, families), np.ones(len(family))
    first, second = (_rate((luck < rate).astype(float), ones, family, families) for rate in (contextual, intrinsic))
    return first - second


def _fit(rng: Rng, families: int, size: int, other: Floats, unified: Floats) -> Fit:
    """Families with ``size`` items in every level, which both sides answer; rates by level."""
    rates = np.empty((len(other), 2))
    rates[:, OTHER], rates[:, UNIFIED] = other, unified
    counts = np.empty((families, *rates.shape, 2))
    shape = (families, *rates.shape, size)
    luck = np.where(rng.random(shape) < 0.5, rng.random((families, 1, 1, 1)), rng.random(shape))
    counts[..., 0], counts[..., 1] = size, (luck < rates[..., None]).sum(axis=-1)
    return Fit.of(Counts(tuple(f"level {place}" for place in range(len(other))), counts, {}, 2))


def _holds(found: Uncertain, truth: float) -> bool:
    low, high = found.interval(LEVEL)
    return low <= truth <= high


def _share(flags: list[bool]) -> float:
    return float(np.mean(flags))
