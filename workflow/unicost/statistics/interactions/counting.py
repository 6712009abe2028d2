"""Failures of unified models and of their counterparts by level of a factor, family of items and training seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unicost.config import ModelEntry, Relation
from unicost.statistics.capability import Gate
from unicost.statistics.comparisons import Comparison, comparisons
from unicost.statistics.evidence import FAILURE
from unicost.statistics.outcomes import Outcomes

Floats = NDArray[np.float64]

OTHER, UNIFIED = 0, 1
"""Sides."""
ACCESS = "access"
FACTORS = ("category", "task", "construction", ACCESS)


@dataclass(frozen=True)
class Counts:
    """Answers and failures of the comparisons of one relation.

    ``by_family`` is families x levels x sides x [scored, failed, asked], ``by_seed`` the same without families for each
    replicate (none for models that are no replicates); ``models`` is the number of models on both sides.
    """

    levels: tuple[str, ...]
    by_family: Floats
    by_seed: Mapping[int, Floats]
    models: int


@dataclass(frozen=True)
class Shared:
    """A comparison of two models on the tasks that both are able to do."""

    comparison: Comparison
    tasks: tuple[str, ...]


def by_relation(outcomes: Outcomes, models: Mapping[str, ModelEntry], gate: Gate) -> dict[str, list[Shared]]:
    """The comparisons of each relation; not those with a group, whose answers are of several models."""
    found: dict[str, list[Shared]] = {}
    for pair in comparisons(models):
        if pair.relation is not Relation.GROUP:
            own, other = (outcomes.tasks(name) for name in (pair.unified, pair.counterpart))
            able = [
                task
                for task in own
                if task in other and gate.capable([pair.unified, pair.counterpart], [task]) is not False
            ]
            if able:
                found.setdefault(pair.relation.value, []).append(Shared(pair, tuple(able)))
    return found


def count(outcomes: Outcomes, models: Mapping[str, ModelEntry], shared: Sequence[Shared], factor: str) -> Counts:
    """Count answers and failures by the levels of a factor."""
    families = outcomes.unsafe_families(seed=0)
    names = _levels(outcomes, models, factor)
    by_family = np.zeros((families.number, len(names), 2, 3))
    by_seed: dict[int, Floats] = {}
    for one in shared:
        pair, entry = one.comparison, models[one.comparison.unified]
        places = outcomes.places(FAILURE, one.tasks, None)
        level = (
            np.full(len(places), names.index(entry.access), np.int64)
            if factor == ACCESS
            else getattr(outcomes.verdicts, factor).codes[places].astype(np.int64)
        )
        for side, name in ((UNIFIED, pair.unified), (OTHER, pair.counterpart)):
            (failed,), (given,) = outcomes.values(FAILURE, [name], places)
            scored, cell = ~np.isnan(failed), families.codes[places].astype(np.int64) * len(names) + level
            counts = ((scored, None), (scored, failed[scored]), (given, None))
            sums = np.stack([_sums(cell[which], values, by_family) for which, values in counts], axis=-1)
            by_family[:, :, side] += sums
            if entry.replicate is not None:
                seed = by_seed.setdefault(entry.replicate, np.zeros((len(names), 2, 3)))
                seed[:, side] += sums.sum(axis=0)
    asked = by_family[..., 0].sum(axis=0).all(axis=1)  # levels that both sides were asked in
    kept = tuple(name for name, there in zip(names, asked) if there)
    members = {name for one in shared for name in (one.comparison.unified, one.comparison.counterpart)}
    return Counts(
        kept, by_family[:, asked], {seed: sums[asked] for seed, sums in sorted(by_seed.items())}, len(members)
    )


def bounds(counts: Floats) -> Floats:
    """The least and the most penalty if the unscored answers had gone one way (... x sides x [scored, failed, asked]).

    The last axis holds both; NaN where a side was asked nothing.
    """
    scored, failed, asked = np.moveaxis(counts, -1, 0)
    low, high = (
        np.divide(ends, asked, out=np.full_like(asked, np.nan), where=asked > 0)
        for ends in (failed, failed + asked - scored)
    )
    return np.stack([low[..., UNIFIED] - high[..., OTHER], high[..., UNIFIED] - low[..., OTHER]], axis=-1)


def unscored(counts: Floats) -> NDArray[np.int64]:
    """How many answers of both sides have no verdict."""
    return np.asarray((counts[..., 2] - counts[..., 0]).sum(axis=-1), np.int64)


def _levels(outcomes: Outcomes, models: Mapping[str, ModelEntry], factor: str) -> tuple[str, ...]:
    if factor == ACCESS:
        return tuple(sorted({entry.access for entry in models.values()}))
    names: tuple[str, ...] = getattr(outcomes.verdicts, factor).names
    return names


def _sums(cell: NDArray[np.int64], values: Floats | None, like: Floats) -> Floats:
    families, levels = like.shape[:2]
    return np.bincount(cell, values, families * levels).reshape(families, levels).astype(float)
