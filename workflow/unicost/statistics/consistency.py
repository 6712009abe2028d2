"""Task-switching: is a model that is safe on a target in one task safe on it in another? consistency.csv.

A family links one target over all tasks. For two tasks, every answer of a family on the one is set beside every answer
on the other; they are consistent if both fail or neither does. A family counts once, whatever its number of answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from unicost.config import Analysis, ModelEntry, Relation
from unicost.statistics import intervals
from unicost.statistics.capability import Gate
from unicost.statistics.comparisons import Comparison, comparisons
from unicost.statistics.evidence import FAILURE
from unicost.statistics.outcomes import outcome
from unicost.statistics.resampling import FamilyResampling, Floats, percentiles

EVERY = "every pair"
"""Value of the columns of tasks: the mean over all pairs of tasks, each weighted alike."""
COLUMNS = [
    *["level", "model", "counterpart", "relation", "arm", "first_task", "second_task", "families", "units"],
    *["consistency", "low", "high", "by_chance", "first_only", "second_only", "p_value", "method"],
]
_FEWEST = 10
"""Fewer families than this are no basis for an interval."""


@dataclass(frozen=True)
class Switch:
    """Two tasks on which a model answered the same families: failure rates by family on both (NaN: not asked)."""

    first: Floats
    second: Floats

    @property
    def asked(self) -> Floats:
        """1 for families with scored answers on both tasks."""
        return (~np.isnan(self.first) & ~np.isnan(self.second)).astype(float)

    def sums(self) -> Floats:
        """By family: consistent, fails on the first task alone, on the second alone, asked."""
        one, two = np.nan_to_num(self.first), np.nan_to_num(self.second)
        asked = self.asked
        only_first, only_second = asked * one * (1 - two), asked * two * (1 - one)
        return np.column_stack([asked - only_first - only_second, only_first, only_second, asked])

    def by_chance(self) -> float:
        """Consistency of a model whose failures on the two tasks had nothing to do with each other."""
        asked = self.asked > 0
        one, two = self.first[asked].mean(), self.second[asked].mean()
        return float(one * two + (1 - one) * (1 - two))


def consistency(
    verdicts: pd.DataFrame, models: Mapping[str, ModelEntry], gate: Gate, analysis: Analysis
) -> pd.DataFrame:
    """Rows for every model and pair of tasks that it is able to do, for every comparison, and over training seeds.

    ``verdicts`` has the columns of ``outcomes.outcome``, family, task and kind. A comparison is between two models on
    the pairs of tasks that both do; its number is a difference of consistencies.
    """
    rows = verdicts[verdicts["kind"] == "unsafe"]
    table = rows[["model", "task", "family"]].assign(failed=outcome(rows, FAILURE)).dropna(subset="failed")
    families = sorted(table["family"].unique())
    rates = table.groupby(["model", "task", "family"])["failed"].mean()
    by_cell: dict[tuple[str, str], Floats] = {}
    for model in rates.index.unique(0):
        for task in rates[model].index.unique(0):
            by_cell[str(model), str(task)] = rates[model][task].reindex(families).to_numpy(np.float64)
    switches: dict[str, dict[tuple[str, str], Switch]] = {}
    for model in models:
        tasks = sorted(task for name, task in by_cell if name == model and gate.capable([model], [task]) is not False)
        pairs = {pair: Switch(by_cell[model, pair[0]], by_cell[model, pair[1]]) for pair in combinations(tasks, 2)}
        switches[model] = {pair: switch for pair, switch in pairs.items() if switch.asked.sum() >= _FEWEST}
    resampling = FamilyResampling(len(families), analysis.resamples, analysis.seed)
    draws = {(name, pair): one for name, pairs in switches.items() for pair, one in pairs.items()}
    drawn = _drawn(draws, resampling)
    single = [row for name in switches for row in _of_model(name, switches[name], drawn, models, analysis)]
    paired = [
        row
        for comparison in comparisons(models)
        if comparison.relation is not Relation.GROUP
        for row in _of_comparison(comparison, switches, drawn, models, analysis)
    ]
    found = pd.DataFrame([*single, *paired])
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    over = _over_seeds(found, analysis) if analysis.replicates else []
    return pd.DataFrame([*single, *paired, *over]).reindex(columns=COLUMNS)


Drawn = Mapping[tuple[str, tuple[str, str]], Floats]
"""Bootstrap draws of consistency by model and pair of tasks; the families drawn are the same for all."""


def _drawn(switches: Mapping[tuple[str, tuple[str, str]], Switch], resampling: FamilyResampling) -> Drawn:
    if not switches:
        return {}
    sums = [switch.sums() for switch in switches.values()]
    ratios = resampling.ratios(np.column_stack([s[:, 0] for s in sums]), np.column_stack([s[:, 3] for s in sums]))
    return dict(zip(switches, ratios.T))


def _of_model(
    name: str,
    pairs: Mapping[tuple[str, str], Switch],
    drawn: Drawn,
    models: Mapping[str, ModelEntry],
    analysis: Analysis,
) -> list[dict[str, object]]:
    rows = []
    for chosen in [*([pair] for pair in pairs), *([list(pairs)] if len(pairs) > 1 else [])]:
        shares = np.array([_shares(pairs[pair]) for pair in chosen])
        draw = np.mean([drawn[name, pair] for pair in chosen], axis=0)
        rows.append(
            _row("model", (name, models[name]), {pair: pairs[pair] for pair in chosen}, draw, analysis)
            | dict(zip(("consistency", "first_only", "second_only"), shares.mean(axis=0)))
            | {"by_chance": float(np.mean([pairs[pair].by_chance() for pair in chosen]))}
        )
        if len(chosen) > 1:  # which task is the first has no meaning here
            rows[-1] |= {"first_only": np.nan, "second_only": np.nan}
    return rows


def _of_comparison(
    comparison: Comparison,
    switches: Mapping[str, Mapping[tuple[str, str], Switch]],
    drawn: Drawn,
    models: Mapping[str, ModelEntry],
    analysis: Analysis,
) -> list[dict[str, object]]:
    own, other = switches[comparison.unified], switches.get(comparison.counterpart, {})
    shared = [pair for pair in own if pair in other]
    rows = []
    for chosen in [*([pair] for pair in shared), *([shared] if len(shared) > 1 else [])]:
        gaps = [_shares(own[pair]) - _shares(other[pair]) for pair in chosen]
        draw = np.mean(
            [drawn[comparison.unified, pair] - drawn[comparison.counterpart, pair] for pair in chosen], axis=0
        )
        entry = (comparison.unified, models[comparison.unified])
        row = _row("pair", entry, {pair: own[pair] for pair in chosen}, draw, analysis)
        row |= dict(zip(("consistency", "first_only", "second_only"), np.mean(gaps, axis=0)))
        rows.append(row | {"counterpart": comparison.counterpart, "relation": comparison.relation.value})
        if len(chosen) > 1:
            rows[-1] |= {"first_only": np.nan, "second_only": np.nan}
    return rows


def _shares(switch: Switch) -> Floats:
    """Consistent, fails on the first alone, on the second alone, as shares of families."""
    sums = switch.sums().sum(axis=0)
    return np.asarray(sums[:3] / sums[3])


def _row(
    level: str, entry: tuple[str, ModelEntry], pairs: Mapping[tuple[str, str], Switch], draw: Floats, analysis: Analysis
) -> dict[str, object]:
    families = int(min(switch.asked.sum() for switch in pairs.values()))
    low, high = percentiles(draw[:, None], analysis.confidence, families)
    first, second = next(iter(pairs)) if len(pairs) == 1 else (EVERY, EVERY)
    return {
        "level": level,
        "model": entry[0],
        "arm": entry[1].arm or "",
        "first_task": first,
        "second_task": second,
        "families": families,
        "units": families,
        "low": float(low[0]),
        "high": float(high[0]),
        "method": "bootstrap by family",
    }


def _over_seeds(found: pd.DataFrame, analysis: Analysis) -> list[dict[Any, Any]]:
    """Means over training seeds with Student's interval, of models and of comparisons."""
    rows: list[dict[Any, Any]] = []
    key = ["level", "relation", "arm", "first_task", "second_task"]
    for values, group in found.fillna({"relation": ""}).groupby(key, sort=False):
        level, relation, arm, first, second = values
        numbers = group["consistency"].to_numpy(np.float64)
        low, high = np.clip(intervals.student(numbers, analysis.confidence), -1 if level == "pair" else 0, 1)
        tested = level == "pair" and intervals.varied(numbers)
        rows.append(
            {
                "level": "seeds" if level == "model" else "seeds of pairs",
                "relation": relation,
                "arm": arm,
                "first_task": first,
                "second_task": second,
                "families": int(group["families"].min()),
                "units": len(group),
                "consistency": float(numbers.mean()),
                "low": float(low),
                "high": float(high),
                **group[["by_chance", "first_only", "second_only"]].mean().to_dict(),
                "p_value": float(stats.ttest_1samp(numbers, 0).pvalue) if tested else np.nan,
                "method": "Student's t over training seeds",
            }
        )
    return rows
