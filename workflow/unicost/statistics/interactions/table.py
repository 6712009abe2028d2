"""The penalty by level of each factor, and whether it differs between levels: interactions.csv.

With families of items as the unit the answer is about these very models; where models are replicates, a second one has
the training seed as the unit and is about the arms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from unicost.config import Analysis, ModelEntry
from unicost.statistics.capability import Gate
from unicost.statistics.hypothesis_tests import adjust
from unicost.statistics.interactions.by_family import by_family
from unicost.statistics.interactions.counting import ACCESS, FACTORS, by_relation, count
from unicost.statistics.interactions.over_seeds import over_seeds
from unicost.statistics.outcomes import Outcomes

COLUMNS = [
    *["relation", "factor", "level", "unit", "units", "models", "n", "estimate", "low", "high"],
    *["interaction_p", "interaction_p_adjusted", "permutation_p", "note", "unscored", "low_bound", "high_bound"],
]


def interactions(outcomes: Outcomes, models: Mapping[str, ModelEntry], gate: Gate, analysis: Analysis) -> pd.DataFrame:
    """Rows for each relation, factor, unit and level; one row without numbers where nothing can be fitted, with why.

    ``interaction_p_adjusted`` is by Benjamini and Hochberg over all tests with the same unit.
    """
    table = pd.DataFrame(list(_rows(outcomes, models, gate, analysis))).reindex(columns=COLUMNS)
    tests = table.drop_duplicates(["relation", "factor", "unit"]).set_index(["relation", "factor", "unit"])
    adjusted = tests.groupby("unit")["interaction_p"].transform(adjust, method="fdr_bh")
    keys = pd.MultiIndex.from_frame(table[["relation", "factor", "unit"]])
    return table.assign(interaction_p_adjusted=adjusted.reindex(keys).to_numpy(float))


def _rows(
    outcomes: Outcomes, models: Mapping[str, ModelEntry], gate: Gate, analysis: Analysis
) -> Iterator[dict[str, object]]:
    for relation, shared in by_relation(outcomes, models, gate).items():
        for factor in FACTORS:
            counts = count(outcomes, models, shared, factor)
            found = by_family(counts, analysis.confidence)
            if analysis.replicates and factor != ACCESS:  # replicates of an arm have one access
                found += over_seeds(counts, analysis.confidence, analysis.seed)
            for row in found:
                yield {"relation": relation, "factor": factor, **row}
