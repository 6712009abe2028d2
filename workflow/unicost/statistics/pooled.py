"""Penalties pooled over unified models, with the item, the model or the training seed as the unit: pooled.csv.

Items answer whether *these* models differ. A claim about unification is one about models in general, so it needs the
model (or, in an experiment, the training seed) as the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unicost.config import Analysis, Closeness, ModelEntry, Relation
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals, unscored
from unicost.statistics.audits import count
from unicost.statistics.capability import Gate
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.counted_items import pair_items
from unicost.statistics.evidence import ALL, Evidence
from unicost.statistics.lineages import over_groups
from unicost.statistics.penalty import Contrast, contrasts
from unicost.statistics.pooled_groups import against_group, open_against_closed
from unicost.statistics.pooled_rows import COLUMNS, Pool, Row, by_item, counted
from unicost.statistics.random_effects import random_effects
from unicost.statistics.rates import COMMON

Floats = NDArray[np.float64]
_NAN = float("nan")


def pooled(
    evidence: Evidence,
    models: Mapping[str, ModelEntry],
    penalties: pd.DataFrame,
    gate: Gate,
    tasks: Collection[str] | None = None,
) -> pd.DataFrame:
    """Every relation on every task (or some ``tasks``), by subset of the unified models, at both levels of inference.

    Comparisons that fail the capability gate are left out. Open unified models stand against closed ones beside it,
    where models are no replicates. ``p_adjusted`` is Benjamini and Hochberg's, over the tasks of one relation, subset,
    unit and arm; the one test of a penalty on ``common`` is not adjusted.
    """
    asked = [contrast for contrast in contrasts(evidence, models, gate) if tasks is None or contrast.task in tasks]
    capable = [contrast for contrast in asked if contrast.capable(gate) is not False]
    estimates = penalties[penalties["category"] == ALL].set_index(["unified", "counterpart", "relation", "task"])
    rows: list[Row] = []
    for pool in pools(capable, models):
        if evidence.analysis.replicates:
            note = "these training runs only"
            found = [over_seeds(evidence, pool, estimates), *by_item(evidence, pool, note)]
        elif pool.relation == Relation.GROUP:
            found = against_group(evidence, pool, models)
        else:
            found = [over_models(evidence, pool, estimates, models), *_items(evidence, pool, estimates)]
        rows += [replace(row, same_as=pool.same_as) for row in found]
    if not evidence.analysis.replicates:
        rows += open_against_closed(evidence, models, gate, tasks)
    return _adjusted(pd.DataFrame([asdict(row) for row in rows], columns=COLUMNS))


SUBSETS: dict[str, Callable[[ModelEntry, str], bool]] = {
    "all": lambda _, __: True,
    "open": lambda entry, _: entry.access == "open",
    "closed": lambda entry, _: entry.access == "closed",
    "paired": lambda _, closeness: closeness in (Closeness.PARENT, Closeness.SAME_BASE),
}
"""Which contrasts a subset holds, by the unified model's entry and the closeness of its counterpart."""


def pools(found: list[Contrast], models: Mapping[str, ModelEntry]) -> Iterator[Pool]:
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


def _adjusted(table: pd.DataFrame) -> pd.DataFrame:
    """Fill ``p_adjusted``; open against closed is a secondary question, on ``common`` too."""
    grid = table[(table["task"] != COMMON) | (table["relation"] == Relation.CLOSED.value)]
    families = grid.groupby(["relation", "subset", "unit", "arm"])["p_value"]
    return table.assign(p_adjusted=families.transform(tests.adjust, method="fdr_bh").reindex(table.index))


def over_seeds(evidence: Evidence, pool: Pool, penalties: pd.DataFrame) -> Row:
    """The mean over training seeds with Student's interval; ``penalties`` are indexed as ``Contrast.key``."""
    effects, _ = _effects(pool, penalties, evidence.analysis)
    values = np.asarray(effects, np.float64)
    low, high = np.clip(intervals.student(values, evidence.analysis.confidence), -1, 1)
    n, seeds = int(_penalties(_first_each(pool), penalties)["n"].sum()), len(values)
    p_value = float(stats.ttest_1samp(values, 0).pvalue) if intervals.varied(values) else _NAN
    return Row(
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


def _seed_note(values: Floats) -> str:
    seeds = len(values)
    if seeds < 2:
        return "one seed: no interval over seeds"
    freedom = count(seeds - 1, "degree") + " of freedom"
    if not intervals.varied(values):
        freedom = "which do not vary: no interval over seeds"
    return f"{seeds} seeds, {freedom}; the smallest possible one-sided permutation p is {0.5**seeds:.3g}"


def over_models(evidence: Evidence, pool: Pool, penalties: pd.DataFrame, models: Mapping[str, ModelEntry]) -> Row:
    """Random effects over unified models; ``penalties`` as for ``over_seeds``."""
    effects, variances = _effects(pool, penalties, evidence.analysis)
    n = int(_penalties(_first_each(pool), penalties)["n"].sum())
    confidence, margin = evidence.analysis.confidence, evidence.analysis.margin
    values = np.asarray(effects, np.float64)
    by_model, narrow = (random_effects(values, variances, level) for level in (confidence, 2 * confidence - 1))
    return Row(
        *(pool.relation, pool.task, pool.subset, "model", by_model.method, len(effects), n),
        *(by_model.estimate, by_model.low, by_model.high, by_model.p_value),
        *(by_model.i_squared, by_model.prediction_low, by_model.prediction_high),
        permutation_p=tests.sign_flip(values, evidence.analysis.seed),
        note=_lineage_note(pool),
        equivalent=intervals.within((narrow.low, narrow.high), margin),
        **(_bounds(pool, penalties, by_model.weights) | over_groups(effects, models, confidence)),
    )


def _items(evidence: Evidence, pool: Pool, penalties: pd.DataFrame) -> list[Row]:
    """The difference over the items of these very models."""
    if not isinstance(evidence, CountEvidence):
        return by_item(evidence, pool, "these models only")
    pairs = [(contrast.comparison.unified, contrast.cells) for contrast in pool.contrasts]
    found, first = pair_items(evidence, pairs, stratified=pool.task != COMMON), _first_each(pool)
    return [counted(evidence, pool, found, len(first), int(_penalties(first, penalties)["n"].sum()))]


def _bounds(pool: Pool, penalties: pd.DataFrame, weights: Sequence[float] = ()) -> dict[str, Any]:
    """What is unscored on the unified models' items, and the mean over models, weighted as theirs, of the bounds."""
    rows = _penalties(pool.contrasts, penalties).reset_index()
    by_model = rows.groupby("unified", sort=False)[["low_bound", "high_bound"]].mean()
    low, high = unscored.mean(by_model.to_numpy(np.float64), weights or None)
    left = int(_penalties(_first_each(pool), penalties)["unscored"].sum())
    return {"unscored": left, "low_bound": low, "high_bound": high}


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
