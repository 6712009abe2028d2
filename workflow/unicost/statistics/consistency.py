"""Task-switching: is a model that is safe on a target in one task safe on it in another? consistency.csv.

A family links one target over all tasks. For two tasks, every answer of a family on the one is set beside every answer
on the other; they are consistent if both fail or neither does. A family counts once, whatever its number of answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from unicost.config import Analysis, ModelEntry, Relation
from unicost.statistics import consistency_bounds, intervals, unscored
from unicost.statistics.capability import Gate
from unicost.statistics.comparisons import Comparison, comparisons
from unicost.statistics.consistency_bounds import Answers
from unicost.statistics.evidence import FAILURE
from unicost.statistics.family_sums import Families
from unicost.statistics.outcomes import Outcomes
from unicost.statistics.resampling import FamilyResampling, Floats, percentiles
from unicost.statistics.unscored import Bounds

EVERY = "every pair"
"""Value of the columns of tasks: the mean over all pairs of tasks, each weighted alike."""
COLUMNS = [
    *["level", "model", "counterpart", "relation", "arm", "first_task", "second_task", "families", "units"],
    *["consistency", "low", "high", "by_chance", "first_only", "second_only", "p_value", "method"],
    *["unscored", "low_bound", "high_bound"],
]
_FEWEST = 10
"""Fewer families than this are no basis for an interval."""


@dataclass(frozen=True)
class Switch:
    """Two tasks on which a model answered the same families: failure rates by family on both (NaN: not asked).

    ``bounds`` are those of its consistency, ``unscored`` the answers to either task that have no verdict.
    """

    first: Floats
    second: Floats
    bounds: Bounds = (np.nan, np.nan)
    unscored: tuple[int, int] = (0, 0)

    @classmethod
    def between(cls, first: Answers, second: Answers) -> Switch:
        """From the answers to both tasks."""
        left = (first.unscored, second.unscored)
        return cls(first.rate, second.rate, consistency_bounds.bounds(first, second), left)

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


def consistency(outcomes: Outcomes, models: Mapping[str, ModelEntry], gate: Gate, analysis: Analysis) -> pd.DataFrame:
    """Rows for every model and pair of tasks that it is able to do, for every comparison, and over training seeds.

    A comparison is between two models on the pairs of tasks that both do; its number is a difference of consistencies.
    """
    families = outcomes.unsafe_families(analysis.seed)
    switches = {model: _switches(outcomes, families, model, gate) for model in models}
    drawn = _drawn(switches, families, analysis)
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


Pair = tuple[str, str]
Switches = Mapping[str, Mapping[Pair, Switch]]
"""By model and pair of tasks."""


def _switches(outcomes: Outcomes, families: Families, model: str, gate: Gate) -> dict[Pair, Switch]:
    """The pairs of tasks that a model is able to do and that enough families link."""
    answers = {}
    for task in outcomes.tasks(model):
        if gate.capable([model], [task]) is not False:
            places = outcomes.places(FAILURE, (task,), None)
            (failed,), (asked,) = outcomes.values(FAILURE, [model], places)
            scored, family = ~np.isnan(failed), families.codes[places]
            answers[task] = Answers(
                families.totals(family[scored], failed[scored]),
                *(families.totals(family[chosen]) for chosen in (scored, asked)),
            )
    pairs = {pair: Switch.between(*(answers[task] for task in pair)) for pair in combinations(sorted(answers), 2)}
    return {pair: switch for pair, switch in pairs.items() if switch.asked.sum() >= _FEWEST}


@dataclass(frozen=True)
class Drawn:
    """Bootstrap draws of consistency by model and pair of tasks; the families drawn are the same for all."""

    draws: Mapping[tuple[str, Pair], Floats]
    families: Families

    def mean(self, model: str, pairs: Iterable[Pair]) -> Floats:
        """Draws of the mean over some pairs of tasks."""
        return np.asarray(np.mean([self.draws[model, pair] for pair in pairs], axis=0))


def _drawn(switches: Switches, families: Families, analysis: Analysis) -> Drawn:
    keys = [(model, pair) for model, pairs in switches.items() for pair in pairs]
    if not keys:
        return Drawn({}, families)
    by_unit = [
        (families.by_unit(sums[:, 0]), families.by_unit(sums[:, 3]))
        for sums in (switches[model][pair].sums() for model, pair in keys)
    ]
    alike, asked = (np.column_stack(columns) for columns in zip(*by_unit))
    ratios = FamilyResampling(families.units, analysis.resamples, analysis.seed).ratios(alike, asked)
    return Drawn(dict(zip(keys, ratios.T)), families)


def _of_model(
    name: str,
    pairs: Mapping[Pair, Switch],
    drawn: Drawn,
    models: Mapping[str, ModelEntry],
    analysis: Analysis,
) -> list[dict[str, object]]:
    rows = []
    for chosen in [*([pair] for pair in pairs), *([list(pairs)] if len(pairs) > 1 else [])]:
        shares = np.array([_shares(pairs[pair]) for pair in chosen])
        limits = _limits([pairs[pair] for pair in chosen], drawn.mean(name, chosen), drawn.families, analysis)
        rows.append(
            {"level": "model", "model": name, "arm": models[name].arm or "", **_tasks(chosen), **limits}
            | dict(zip(("consistency", "first_only", "second_only"), shares.mean(axis=0)))
            | {"by_chance": float(np.mean([pairs[pair].by_chance() for pair in chosen]))}
            | _worst(_unscored(pairs, chosen), unscored.mean([pairs[pair].bounds for pair in chosen]))
        )
        if len(chosen) > 1:  # which task is the first has no meaning here
            rows[-1] |= {"first_only": np.nan, "second_only": np.nan}
    return rows


def _of_comparison(
    comparison: Comparison,
    switches: Switches,
    drawn: Drawn,
    models: Mapping[str, ModelEntry],
    analysis: Analysis,
) -> list[dict[str, object]]:
    own, other = switches[comparison.unified], switches.get(comparison.counterpart, {})
    shared = [pair for pair in own if pair in other]
    rows = []
    for chosen in [*([pair] for pair in shared), *([shared] if len(shared) > 1 else [])]:
        gaps = [_shares(own[pair]) - _shares(other[pair]) for pair in chosen]
        draw = drawn.mean(comparison.unified, chosen) - drawn.mean(comparison.counterpart, chosen)
        limits = _limits([own[pair] for pair in chosen], draw, drawn.families, analysis)
        sides = {"model": comparison.unified, "counterpart": comparison.counterpart}
        about = {"level": "pair", "relation": comparison.relation.value, "arm": models[comparison.unified].arm or ""}
        shares = dict(zip(("consistency", "first_only", "second_only"), np.mean(gaps, axis=0)))
        ends = [unscored.difference(own[pair].bounds, other[pair].bounds) for pair in chosen]
        worst = _worst(_unscored(own, chosen) + _unscored(other, chosen), unscored.mean(ends))
        rows.append({**about, **sides, **_tasks(chosen), **limits, **shares, **worst})
        if len(chosen) > 1:
            rows[-1] |= {"first_only": np.nan, "second_only": np.nan}
    return rows


def _shares(switch: Switch) -> Floats:
    """Consistent, fails on the first alone, on the second alone, as shares of families."""
    sums = switch.sums().sum(axis=0)
    return np.asarray(sums[:3] / sums[3])


def _unscored(pairs: Mapping[Pair, Switch], chosen: Iterable[Pair]) -> int:
    """The unscored answers of a model to the tasks of some pairs, each task once."""
    return sum({task: left for pair in chosen for task, left in zip(pair, pairs[pair].unscored)}.values())


def _worst(left: int, bounds: Bounds) -> dict[str, object]:
    return {"unscored": left, "low_bound": bounds[0], "high_bound": bounds[1]}


def _tasks(chosen: Sequence[Pair]) -> dict[str, object]:
    first, second = chosen[0] if len(chosen) == 1 else (EVERY, EVERY)
    return {"first_task": first, "second_task": second}


def _limits(switches: Sequence[Switch], draw: Floats, families: Families, analysis: Analysis) -> dict[str, object]:
    """The interval of the mean over switches, and how many families it rests on at least."""
    number = int(min(switch.asked.sum() for switch in switches))
    low, high = percentiles(draw[:, None], analysis.confidence, min(number, families.units))
    ends = {"low": float(low[0]), "high": float(high[0])}
    return {"families": number, "units": number, **ends, "method": f"bootstrap by {families.resampled}"}


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
                **group[["by_chance", "first_only", "second_only", "low_bound", "high_bound"]].mean().to_dict(),
                "unscored": int(group["unscored"].sum()),
                "p_value": float(stats.ttest_1samp(numbers, 0).pvalue) if tested else np.nan,
                "method": "Student's t over training seeds",
            }
        )
    return rows
