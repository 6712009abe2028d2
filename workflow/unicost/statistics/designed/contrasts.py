"""Linear combinations of arms within each seed: effects.csv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unicost.config import Contrast, Protocol
from unicost.statistics.designed.cells import OUTCOMES, Cells, Floats
from unicost.statistics.designed.seeds import OverSeeds

Flags = NDArray[np.bool_]

COLUMNS = [
    *["contrast", "prompt", "outcome", "estimate", "low", "high", "sd", "seeds"],
    *["detectable", "by_seed", "left_out", "bound_low", "bound_high"],
]


@dataclass(frozen=True)
class Effect:
    """A contrast in each seed that enters, and what was left out of it and why."""

    seeds: tuple[int, ...]
    over_seeds: OverSeeds
    left_out: tuple[str, ...]
    worst: tuple[OverSeeds, ...] = ()
    """The contrast if every unscored answer were what makes it smallest, and largest (failure alone)."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The means over seeds of ``worst``, NaN without it."""
        return (self.worst[0].mean, self.worst[1].mean) if self.worst else (np.nan, np.nan)

    def worst_interval(self, confidence: float, limits: tuple[float, float]) -> tuple[float, float]:
        """From the lower limit of the smallest to the upper limit of the largest, NaN without them.

        Student's intervals over seeds; together they cover the mean, whatever the unscored answers were, at least as
        often as each covers its own (J. L. Horowitz and C. F. Manski, Journal of the American Statistical Association
        95 (2000) 77-84).
        """
        if not self.worst:
            return np.nan, np.nan
        least, most = (over.interval(confidence, limits) for over in self.worst)
        return least[0], most[1]

    @property
    def by_seed(self) -> str:
        """``0:0.12;1:-0.03``."""
        return ";".join(f"{seed}:{value:.6g}" for seed, value in zip(self.seeds, self.over_seeds.values))


def effects(cells: Cells, protocol: Protocol) -> pd.DataFrame:
    """Every contrast over its prompts and over each prompt type among them, for every outcome."""
    rows = []
    for name, contrast in protocol.contrasts.items():
        for prompt in dict.fromkeys([contrast.prompts, *protocol.members(contrast.prompts)]):
            for outcome in OUTCOMES:
                found = effect(cells, protocol, contrast, outcome, prompt)
                over = found.over_seeds
                interval = over.interval(protocol.confidence, contrast.limits())
                detectable = over.detectable(1 - protocol.confidence)
                rows.append(
                    (
                        *(name, prompt, outcome, over.mean, *interval, over.sd, over.size),
                        *(detectable, found.by_seed, "; ".join(found.left_out), *found.bounds),
                    )
                )
    return pd.DataFrame(rows, columns=COLUMNS)


def effect(cells: Cells, protocol: Protocol, contrast: Contrast, outcome: str, prompts: str | None = None) -> Effect:
    """One contrast over its own prompts, or over one prompt type of them.

    A prompt type in which one arm has no value in any seed (it misses the gate, was not asked, or the outcome is not
    defined there) is left out for all arms; then the seeds enter in which every arm has a value in every one left.
    """
    absent = [arm for arm in contrast.terms if arm not in cells.arms]
    if absent:
        return _nothing(f"no answers of {', '.join(absent)}")
    plus = protocol.members(prompts or contrast.prompts)
    minus = protocol.members(contrast.minus_prompts) if contrast.minus_prompts else ()
    chosen = _Selection(cells, outcome, list(contrast.terms), list(dict.fromkeys([*plus, *minus])))
    taken, taken_off = chosen.weights(plus), chosen.weights(minus)
    if not chosen.enters.any() or not taken.any() or (minus and not taken_off.any()):
        return _nothing(*chosen.left_out())
    arms, weights = np.array(list(contrast.terms.values())), taken - taken_off
    values = np.einsum("a,asp,p->s", arms, chosen.taken(cells.rates[outcome]), weights)
    rounding = 1 / (12 * chosen.taken(cells.items[outcome]) ** 2)
    resolution = np.einsum("a,asp,p->s", arms**2, rounding, weights**2).mean() ** 0.5
    seeds = tuple(seed for seed, enters in zip(cells.seeds, chosen.enters) if enters)
    extremes = _extremes(cells, chosen, np.multiply.outer(arms, weights)) if outcome == "failure" else ()
    over, *worst = (OverSeeds(found, float(resolution)) for found in (values, *extremes))
    return Effect(seeds, over, tuple(chosen.left_out()), tuple(worst))


def _extremes(cells: Cells, chosen: _Selection, weights: Floats) -> tuple[Floats, ...]:
    """By seed, with what is unscored at its worst either way; ``weights`` is arms x usable prompt types.

    C. F. Manski, Nonparametric bounds on treatment effects, American Economic Review 80 (1990) 319-323.
    """
    least, most = (chosen.taken(bound) for bound in cells.bounds)
    added, taken_off = np.maximum(weights, 0), np.minimum(weights, 0)
    return tuple(
        np.einsum("ap,asp->s", added, one) + np.einsum("ap,asp->s", taken_off, other)
        for one, other in ((least, most), (most, least))
    )


def _nothing(*why: str) -> Effect:
    return Effect((), OverSeeds(np.array([]), 0.0), why)


class _Selection:
    """The part of the cells that a contrast is taken over: the prompt types and the seeds that enter."""

    def __init__(self, cells: Cells, outcome: str, arms: Sequence[str], prompts: Sequence[str]) -> None:
        self._cells, self._arms, self._prompts = cells, arms, prompts
        self._places = cells.places(arms, prompts)
        self._known = ~np.isnan(cells.rates[outcome][self._places])
        self.usable: Flags = np.asarray(self._known.any(axis=1).all(axis=0))
        self.enters: Flags = np.asarray(self._known[:, :, self.usable].all(axis=(0, 2)))

    def taken(self, array: Floats) -> Floats:
        """The entries of an array of the cells: arms x seeds that enter x usable prompt types."""
        return array[self._places][:, self.enters][:, :, self.usable]

    def weights(self, prompts: Sequence[str]) -> Floats:
        """The weights of the usable prompt types in the plain mean over those among ``prompts``; zeros without any."""
        member = np.isin(self._prompts, list(prompts))[self.usable]
        return np.asarray(member / max(member.sum(), 1), np.float64)

    def left_out(self) -> Iterator[str]:
        """What does not enter, with the first reason for it: prompt types, then seeds."""
        for place in np.flatnonzero(~self.usable).tolist():
            arm = int(np.argmin(self._known[:, :, place].any(axis=1)))
            yield f"{self._prompts[place]} ({self._reason(arm, slice(None), place)})"
        for seed in np.flatnonzero(~self.enters).tolist() if self.usable.any() else ():
            arm, place = np.argwhere(~self._known[:, seed] & self.usable)[0].tolist()
            yield f"seed {self._cells.seeds[seed]} ({self._reason(arm, seed, place)} in {self._prompts[place]})"

    def _reason(self, arm: int, seed: int | slice, prompt: int) -> str:
        """Why an arm has no value for a prompt type, in one seed or in any."""
        asked, passes = (array[self._places][arm, seed, prompt] for array in (self._cells.asked, self._cells.passes))
        if not asked.any():
            return f"{self._arms[arm]} was not asked"
        return f"{self._arms[arm]} {'has no such answer' if passes.any() else 'misses the gate'}"
