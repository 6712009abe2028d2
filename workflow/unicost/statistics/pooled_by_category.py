"""Penalties on the common tasks by category, the model or the training seed being the unit: pooled_by_category.csv."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from unicost.config import ModelEntry, Relation
from unicost.statistics.capability import Gate
from unicost.statistics.evidence import Evidence
from unicost.statistics.hypothesis_tests import adjust
from unicost.statistics.penalty import contrasts
from unicost.statistics.pooled import over_models, over_seeds, pools
from unicost.statistics.pooled_groups import against_group
from unicost.statistics.pooled_rows import Pool, Row
from unicost.statistics.rates import COMMON

COLUMNS = [
    *["relation", "category", "unit", "method", "models", "n", "estimate", "low", "high", "p_value", "p_adjusted"],
    *["permutation_p", "note", "arm", "unscored", "low_bound", "high_bound", "equivalent"],
]


def pooled_by_category(
    evidence: Evidence, models: Mapping[str, ModelEntry], penalties: pd.DataFrame, gate: Gate
) -> pd.DataFrame:
    """Every relation in every category; no rows for published tables, which have no categories.

    ``p_adjusted`` is Benjamini and Hochberg's over the categories of a relation and arm: they are exploratory.
    """
    asked = [contrast for contrast in contrasts(evidence, models, gate) if contrast.task == COMMON]
    capable = [contrast for contrast in asked if contrast.capable(gate) is not False]
    rows = []
    for category in evidence.categories:
        of = penalties[penalties["category"] == category].set_index(["unified", "counterpart", "relation", "task"])
        known = [contrast for contrast in capable if contrast.key in of.index]
        for pool in pools(known, models):
            if pool.subset == "all":
                found = _row(evidence, pool, of, models, category)
                rows += [vars(row) | {"category": category} for row in found]
    table = pd.DataFrame(rows, columns=COLUMNS)
    adjusted = table.groupby(["relation", "arm"])["p_value"].transform(adjust, method="fdr_bh")
    return table.assign(p_adjusted=adjusted)


def _row(
    evidence: Evidence, pool: Pool, penalties: pd.DataFrame, models: Mapping[str, ModelEntry], category: str
) -> list[Row]:
    if evidence.analysis.replicates:
        return [over_seeds(evidence, pool, penalties)]
    if pool.relation == Relation.GROUP:
        return against_group(evidence, pool, models, category)
    return [over_models(evidence, pool, penalties, models)]
