"""Two samples of models: unified against specialised ones, and open against closed unified ones.

The second asks whether the penalty depends on access: both kinds stand against the same specialised models, so that
their penalties differ by as much as their failure does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import comb

import numpy as np
import pandas as pd

from unicost.config import ModelEntry, ModelKind, Relation
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics import intervals
from unicost.statistics.audits import count
from unicost.statistics.capability import Gate
from unicost.statistics.comparisons import Comparison, unified
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.counted_items import group_items
from unicost.statistics.evidence import ALL, Cell, Estimate, Evidence, Question
from unicost.statistics.lineages import groups_against
from unicost.statistics.penalty import Contrast
from unicost.statistics.pooled_rows import Pool, Row, by_item, counted
from unicost.statistics.rates import COMMON

_CONFOUNDED = "association: they differ in size, date, maker and data too"


def against_group(evidence: Evidence, pool: Pool, models: Mapping[str, ModelEntry], category: str = ALL) -> list[Row]:
    """Unified models against specialised ones; of one category, with the model as the unit alone.

    On ``common``, only models that support all of its tasks enter, so that both samples answer the same question.
    """
    tasks = _tasks(evidence, pool.task)
    wanted = {contrast.comparison.unified for contrast in pool.contrasts}
    able = _able(evidence, models, tasks)
    own = [name for name in able if name in wanted]
    others = [name for name in able if models[name].kind not in (ModelKind.UNIFIED, ModelKind.CONTROL)]
    note = f"{len(own)} unified against {count(len(others), 'specialised model')}"
    return _two_samples(evidence, pool, (own, others), models, note=note, category=category)


def open_against_closed(
    evidence: Evidence, models: Mapping[str, ModelEntry], gate: Gate, wanted: Collection[str] | None
) -> list[Row]:
    """Open unified models minus closed ones, on every task (or those ``wanted``) that both support and can do."""
    supported = {task: None for name in unified(models) for task in evidence.tasks(name)}
    rows: list[Row] = []
    for task in (*supported, COMMON):
        if wanted is not None and task not in wanted:
            continue
        tasks = _tasks(evidence, task)
        able = [name for name in _able(evidence, models, tasks) if gate.capable([name], tasks) is not False]
        own, others = ([name for name in unified(models, access) if name in able] for access in ("open", "closed"))
        contrasts = tuple(_contrast(name, tuple(others), task, tasks) for name in own)
        pool = Pool(Relation.CLOSED.value, task, "open", "", contrasts)
        note = f"{len(own)} open against {count(len(others), 'closed unified model')}; {_CONFOUNDED}"
        if min(len(own), len(others)) > 1:
            note += f"; no permutation p is below {1 / comb(len(own) + len(others), len(own)):.2g}"
        rows += _two_samples(evidence, pool, (own, others), models, note=note)
    return rows


def _tasks(evidence: Evidence, task: str) -> tuple[str, ...]:
    return evidence.analysis.common_tasks if task == COMMON else (task,)


def _able(evidence: Evidence, models: Mapping[str, ModelEntry], tasks: Collection[str]) -> list[str]:
    """The models with scored answers on all of some tasks."""
    return [name for name in models if set(tasks) <= set(evidence.tasks(name))]


def _contrast(name: str, others: tuple[str, ...], task: str, tasks: tuple[str, ...]) -> Contrast:
    pair = Comparison(name, Relation.CLOSED.value, Relation.CLOSED, "", others)
    return Contrast(pair, task, tasks, tuple(Cell(name, one, others) for one in tasks))


def _two_samples(
    evidence: Evidence,
    pool: Pool,
    sides: tuple[Sequence[str], Sequence[str]],
    models: Mapping[str, ModelEntry],
    *,
    note: str,
    category: str = ALL,
) -> list[Row]:
    """Welch's interval and the exact permutation of which side a model is on, beside the items of these models."""
    own, others = sides
    if not own or not others:
        return []
    tasks, confidence = _tasks(evidence, pool.task), evidence.analysis.confidence
    found = {name: _failure(evidence, name, tasks, category) for name in (*own, *others)}
    first, second = (np.array([found[name].estimate for name in names]) for names in sides)
    n = sum(found[name].n for name in own)
    welch, narrow = (tests.welch(first, second, level) for level in (confidence, 2 * confidence - 1))
    lows, highs = (
        [float(np.mean([getattr(found[name], end) for name in names])) for names in sides]
        for end in ("low_bound", "high_bound")
    )
    row = Row(
        *(pool.relation, pool.task, pool.subset, "model"),
        *("Welch's t between models, exact permutation", len(own), n),
        *(welch.estimate, welch.low, welch.high, welch.p_value),
        permutation_p=tests.permutation(first, second, evidence.analysis.seed),
        note=note,
        unscored=sum(one.unscored for one in found.values()),
        low_bound=lows[0] - highs[1],
        high_bound=highs[0] - lows[1],
        equivalent=intervals.within((narrow.low, narrow.high), evidence.analysis.margin),
        **groups_against(pd.Series(first, list(own)), pd.Series(second, list(others)), models, confidence),
    )
    if category != ALL:
        return [row]
    if not isinstance(evidence, CountEvidence):
        return [row, *by_item(evidence, pool, "these models only")]
    items = group_items(evidence, sides, tasks, stratified=pool.task != COMMON)
    return [row, counted(evidence, pool, items, len(own), n)]


def _failure(evidence: Evidence, model: str, tasks: tuple[str, ...], category: str) -> Estimate:
    found = evidence.estimate([Question(tuple(Cell(model, task) for task in tasks), category=category)])[0]
    if found is None:
        raise ValueError(f"model '{model}' has no scored answers on {', '.join(tasks)}, category '{category}'")
    return found
