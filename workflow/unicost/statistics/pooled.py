"""Penalties pooled over unified models, with the item, the model or the training seed as the unit: pooled.csv.

Items answer whether *these* models differ. A claim about unification is one about models in general, so it needs the
model (or, in an experiment, the training seed) as the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unicost.config import Analysis, Closeness, ModelEntry, ModelKind, Relation
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals
from unicost.statistics.audits import count
from unicost.statistics.capability import Gate
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.counted_items import CountedItems, group_items, pair_items
from unicost.statistics.evidence import ALL, Cell, Estimate, Evidence, Question
from unicost.statistics.lineages import lineages_against, over_lineages
from unicost.statistics.penalty import Contrast, contrasts
from unicost.statistics.random_effects import random_effects
from unicost.statistics.rates import COMMON

Floats = NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """A row of pooled.csv; ``models`` unified models (or seeds) and ``n`` items, ``permutation_p`` is one-sided.

    ``low_bound`` and ``high_bound`` are the estimate if the ``unscored`` items had all gone one way, ``same_as`` names
    an earlier subset of the very same pairs; ``lineage_...`` see ``lineages``.
    """

    relation: str
    task: str
    subset: str
    unit: str
    method: str
    models: int
    n: int
    estimate: float
    low: float
    high: float
    p_value: float
    i_squared: float = _NAN
    prediction_low: float = _NAN
    prediction_high: float = _NAN
    permutation_p: float = _NAN
    note: str = ""
    arm: str = ""
    unscored: int = 0
    low_bound: float = _NAN
    high_bound: float = _NAN
    equivalent: bool | None = None
    same_as: str = ""
    lineages: int | None = None
    lineage_estimate: float = _NAN
    lineage_low: float = _NAN
    lineage_high: float = _NAN
    lineage_p: float = _NAN


COLUMNS = list(Row.__dataclass_fields__)


@dataclass(frozen=True)
class Pool:
    """Contrasts that are pooled together, with the row's first columns."""

    relation: str
    task: str
    subset: str
    arm: str
    contrasts: tuple[Contrast, ...]
    same_as: str = ""


def pooled(
    evidence: Evidence,
    models: Mapping[str, ModelEntry],
    penalties: pd.DataFrame,
    gate: Gate,
    tasks: Collection[str] | None = None,
) -> pd.DataFrame:
    """Every relation on every task (or some ``tasks``), by subset of the unified models, at both levels of inference.

    Comparisons that fail the capability gate are left out.
    """
    asked = [contrast for contrast in contrasts(evidence, models, gate) if tasks is None or contrast.task in tasks]
    capable = [contrast for contrast in asked if contrast.capable(gate) is not False]
    estimates = penalties[penalties["category"] == ALL].set_index(["unified", "counterpart", "relation", "task"])
    rows: list[Row] = []
    for pool in _pools(capable, models):
        if evidence.analysis.replicates:
            found = _over_seeds(evidence, pool, estimates)
        elif pool.relation == Relation.GROUP:
            found = _against_group(evidence, pool, models)
        else:
            found = _over_models(evidence, pool, estimates, models)
        rows += [replace(row, same_as=pool.same_as) for row in found]
    return pd.DataFrame([asdict(row) for row in rows], columns=COLUMNS)


SUBSETS: dict[str, Callable[[ModelEntry, str], bool]] = {
    "all": lambda _, __: True,
    "open": lambda entry, _: entry.access == "open",
    "closed": lambda entry, _: entry.access == "closed",
    "paired": lambda _, closeness: closeness in (Closeness.PARENT, Closeness.SAME_BASE),
}
"""Which contrasts a subset holds, by the unified model's entry and the closeness of its counterpart."""


def _pools(found: list[Contrast], models: Mapping[str, ModelEntry]) -> Iterator[Pool]:
    """Group contrasts by relation, task and arm, then into subsets of the unified models that are not empty."""
    groups: dict[tuple[str, str, str], list[Contrast]] = {}
    for contrast in found:
        pair = contrast.comparison
        arm = models[pair.unified].arm or ""
        groups.setdefault((pair.relation.value, contrast.task, arm), []).append(contrast)
    for (relation, task, arm), members in groups.items():
        known: dict[tuple[Contrast, ...], str] = {}
        for subset, belongs in SUBSETS.items() if not arm else [("all", SUBSETS["all"])]:
            chosen = tuple(c for c in members if belongs(models[c.comparison.unified], c.comparison.closeness))
            if chosen:
                yield Pool(relation, task, subset, arm, chosen, known.setdefault(chosen, ""))
                known[chosen] = known[chosen] or subset


def _over_seeds(evidence: Evidence, pool: Pool, penalties: pd.DataFrame) -> list[Row]:
    """The mean over training seeds: Student's interval over seeds, and a bootstrap of items for these very seeds."""
    effects, _ = _effects(pool, penalties, evidence.analysis)
    values = np.asarray(effects, np.float64)
    low, high = np.clip(intervals.student(values, evidence.analysis.confidence), -1, 1)
    n, seeds = int(_penalties(_first_each(pool), penalties)["n"].sum()), len(values)
    p_value = float(stats.ttest_1samp(values, 0).pvalue) if intervals.varied(values) else _NAN
    by_seed = Row(
        *(pool.relation, pool.task, pool.subset, "seed", "Student's t over training seeds", seeds, n),
        *(float(values.mean()), float(low), float(high), p_value),
        permutation_p=tests.sign_flip(values, evidence.analysis.seed),
        note=_seed_note(values),
        arm=pool.arm,
        equivalent=intervals.within(
            intervals.student(values, 2 * evidence.analysis.confidence - 1), evidence.analysis.margin
        ),
        **_bounds(pool, penalties),
    )
    return [by_seed, *_by_item(evidence, pool, "these training runs only")]


def _seed_note(values: Floats) -> str:
    seeds = len(values)
    if seeds < 2:
        return "one seed: no interval over seeds"
    freedom = count(seeds - 1, "degree") + " of freedom"
    if not intervals.varied(values):
        freedom = "which do not vary: no interval over seeds"
    return f"{seeds} seeds, {freedom}; the smallest possible one-sided permutation p is {0.5**seeds:.3g}"


def _by_item(evidence: Evidence, pool: Pool, note: str) -> list[Row]:
    cells = tuple(cell for contrast in pool.contrasts for cell in contrast.cells)
    found = evidence.estimate([Question(cells)])[0]
    if found is None or found.p_value is None:
        return []
    head = (pool.relation, pool.task, pool.subset, "item", found.method, len(pool.contrasts), found.n)
    numbers = (found.estimate, found.low, found.high, found.p_value)
    within = intervals.within(found.narrow, evidence.analysis.margin)
    bounds: dict[str, Any] = {"unscored": found.unscored, "low_bound": found.low_bound, "high_bound": found.high_bound}
    return [Row(*head, *numbers, note=note, arm=pool.arm, equivalent=within, **bounds)]


def _over_models(
    evidence: Evidence, pool: Pool, penalties: pd.DataFrame, models: Mapping[str, ModelEntry]
) -> list[Row]:
    """Random effects over unified models, beside the difference over the items of these very models."""
    effects, variances = _effects(pool, penalties, evidence.analysis)
    n = int(_penalties(_first_each(pool), penalties)["n"].sum())
    confidence, margin = evidence.analysis.confidence, evidence.analysis.margin
    values = np.asarray(effects, np.float64)
    by_model, narrow = (random_effects(values, variances, level) for level in (confidence, 2 * confidence - 1))
    row = Row(
        *(pool.relation, pool.task, pool.subset, "model", by_model.method, len(effects), n),
        *(by_model.estimate, by_model.low, by_model.high, by_model.p_value),
        *(by_model.i_squared, by_model.prediction_low, by_model.prediction_high),
        permutation_p=tests.sign_flip(values, evidence.analysis.seed),
        note=_lineage_note(pool),
        equivalent=intervals.within((narrow.low, narrow.high), margin),
        **(_bounds(pool, penalties) | over_lineages(effects, models, confidence)),
    )
    if not isinstance(evidence, CountEvidence):
        return [row, *_by_item(evidence, pool, "these models only")]
    pairs = [(contrast.comparison.unified, contrast.cells) for contrast in pool.contrasts]
    return [row, _counted(evidence, pool, pair_items(evidence, pairs, stratified=pool.task != COMMON), len(effects), n)]


def _counted(evidence: CountEvidence, pool: Pool, found: CountedItems, models: int, n: int) -> Row:
    """The row of the items of published counts, none of which are unscored."""
    return Row(
        *(pool.relation, pool.task, pool.subset, "item", found.method, models, n),
        *(found.estimate, found.low, found.high, found.p_value),
        note="these models only; items taken as independent",
        low_bound=found.estimate,
        high_bound=found.estimate,
        equivalent=intervals.within(found.narrow, evidence.analysis.margin),
    )


def _bounds(pool: Pool, penalties: pd.DataFrame) -> dict[str, Any]:
    """What is unscored on the unified models' items, and the mean over models of the estimates' bounds."""
    rows = _penalties(pool.contrasts, penalties).reset_index()
    low, high = rows.groupby("unified", sort=False)[["low_bound", "high_bound"]].mean().mean()
    unscored = int(_penalties(_first_each(pool), penalties)["unscored"].sum())
    return {"unscored": unscored, "low_bound": float(low), "high_bound": float(high)}


def _effects(pool: Pool, penalties: pd.DataFrame, analysis: Analysis) -> tuple[pd.Series[float], Floats]:
    """Penalty and variance of each unified model; several counterparts of one model count as their mean.

    The variance of that mean is at most the mean variance, whatever the correlation.
    """
    z = stats.norm.ppf((1 + analysis.confidence) / 2)
    rows = _penalties(pool.contrasts, penalties).reset_index()
    rows["variance"] = ((rows["high"] - rows["low"]) / (2 * z)) ** 2
    means = rows.groupby("unified", sort=False)[["estimate", "variance"]].mean()
    return means["estimate"].astype(float), means["variance"].to_numpy(float)


def _penalties(found: Iterable[Contrast], penalties: pd.DataFrame) -> pd.DataFrame:
    return penalties.loc[[contrast.key for contrast in found]]


def _first_each(pool: Pool) -> list[Contrast]:
    """One contrast for each unified model, so that its items count once."""
    return list({contrast.comparison.unified: contrast for contrast in reversed(pool.contrasts)}.values())


def _lineage_note(pool: Pool) -> str:
    counterparts = {contrast.comparison.counterpart for contrast in pool.contrasts}
    lineages = f"{len(counterparts)} counterpart{'s' if len(counterparts) > 1 else ''}"
    return f"{lineages} in all: models of one lineage are not independent"


def _against_group(evidence: Evidence, pool: Pool, models: Mapping[str, ModelEntry]) -> list[Row]:
    """Two samples of models: Welch's interval and the exact permutation of who is unified.

    On ``common``, only models that support all of its tasks enter, so that both samples answer the same question.
    """
    tasks = evidence.analysis.common_tasks if pool.task == COMMON else (pool.task,)
    able = [name for name in models if set(tasks) <= set(evidence.tasks(name))]
    wanted = {contrast.comparison.unified for contrast in pool.contrasts}
    unified = [name for name in able if name in wanted]
    others = [name for name in able if models[name].kind not in (ModelKind.UNIFIED, ModelKind.CONTROL)]
    if not unified or not others:
        return []
    found = {name: _failure(evidence, name, tasks) for name in (*unified, *others)}
    first, second = (np.array([found[name].estimate for name in names]) for names in (unified, others))
    n, confidence = sum(found[name].n for name in unified), evidence.analysis.confidence
    welch, narrow = (tests.welch(first, second, level) for level in (confidence, 2 * confidence - 1))
    least, most = (
        float(
            np.mean([getattr(found[name], own) for name in unified])
            - np.mean([getattr(found[o], other) for o in others])
        )
        for own, other in (("low_bound", "high_bound"), ("high_bound", "low_bound"))
    )
    row = Row(
        *(pool.relation, pool.task, pool.subset, "model"),
        *("Welch's t between models, exact permutation", len(unified), n),
        *(welch.estimate, welch.low, welch.high, welch.p_value),
        permutation_p=tests.permutation(first, second, evidence.analysis.seed),
        note=f"{len(unified)} unified against {count(len(others), 'specialised model')}",
        unscored=sum(found[name].unscored for name in unified),
        low_bound=least,
        high_bound=most,
        equivalent=intervals.within((narrow.low, narrow.high), evidence.analysis.margin),
        **lineages_against(pd.Series(first, unified), second, models, confidence),
    )
    if not isinstance(evidence, CountEvidence):
        return [row, *_by_item(evidence, pool, "these models only")]
    items = group_items(evidence, (unified, others), tasks, stratified=pool.task != COMMON)
    return [row, _counted(evidence, pool, items, len(unified), n)]


def _failure(evidence: Evidence, model: str, tasks: tuple[str, ...]) -> Estimate:
    found = evidence.estimate([Question(tuple(Cell(model, task) for task in tasks))])[0]
    if found is None:
        raise ValueError(f"model '{model}' has no scored answers on {', '.join(tasks)}")
    return found
