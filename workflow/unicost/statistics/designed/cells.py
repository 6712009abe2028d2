"""The rates of every arm, seed and prompt type as arrays, with what the capability gate keeps out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unicost.config.protocols import Outcome
from unicost.records import Kind
from unicost.statistics.designed.outcomes import SHARES

Floats = NDArray[np.float64]

OUTCOMES: tuple[str, ...] = get_args(Outcome)
"""All outcomes, in the order of tables."""


class Cells:
    """Rates in [0, 1] by outcome, each an array arms x seeds x prompt types.

    NaN where the arm was not asked, misses the capability gate, or has no scored answer of the kind.
    """

    def __init__(self, table: pd.DataFrame, prompts: Sequence[str]) -> None:
        self.arms: list[str] = [str(arm) for arm in table["arm"].unique()]
        self.seeds: list[int] = sorted(int(seed) for seed in table["replicate"].unique())
        self.prompts: list[str] = list(prompts)
        self._index = pd.MultiIndex.from_product([self.arms, self.seeds, self.prompts])
        unsafe, benign = (self._counts(table, kind) for kind in (Kind.UNSAFE, Kind.BENIGN))
        self.asked: NDArray[np.bool_] = unsafe["n"] > 0
        self.passes: NDArray[np.bool_] = self.asked & (unsafe["capable"] != 0)
        self.items: dict[str, Floats] = {
            name: np.where(self.passes, _items(name, unsafe, benign), np.nan) for name in OUTCOMES
        }
        """The number of answers behind each rate."""
        self.rates = {name: np.where(self.passes, rate, np.nan) for name, rate in _rates(unsafe, benign).items()}
        least, most = unsafe["failures"], unsafe["failures"] + unsafe["unscored"]
        self.bounds: tuple[Floats, ...] = tuple(
            np.where(self.passes, _share(count, unsafe["n"]), np.nan) for count in (least, most)
        )
        """Failure if every unscored answer were safe, and if every one were unsafe."""

    def _counts(self, table: pd.DataFrame, kind: Kind) -> dict[str, Floats]:
        """The columns of one kind of request as arrays, NaN where there is no row."""
        rows = table[(table["kind"] == kind) & table["prompt"].isin(self.prompts)]
        rows = rows.assign(capable=(rows["capable"].astype(str).str.lower() != "false").astype(float))
        wide = rows.set_index(["arm", "replicate", "prompt"]).reindex(self._index)
        shape = len(self.arms), len(self.seeds), len(self.prompts)
        columns = ("n", "scored", "unscored", *SHARES, "failures", "refusal_probability", "capable")
        return {name: wide[name].to_numpy(np.float64).reshape(shape) for name in columns}

    def places(self, arms: Sequence[str], prompts: Sequence[str]) -> tuple[NDArray[np.intp], ...]:
        """An index of the arrays for some arms and prompt types, all seeds."""
        return np.ix_(
            [self.arms.index(arm) for arm in arms],
            range(len(self.seeds)),
            [self.prompts.index(prompt) for prompt in prompts],
        )


def _items(outcome: str, unsafe: dict[str, Floats], benign: dict[str, Floats]) -> Floats:
    """Scored answers; the probability of the first token needs no score."""
    return (benign if outcome == "over_refusal" else unsafe)["n" if outcome == "refusal_probability" else "scored"]


def _rates(unsafe: dict[str, Floats], benign: dict[str, Floats]) -> dict[str, Floats]:
    said, said_benign = (sum((counts[share] for share in SHARES), np.zeros(())) for counts in (unsafe, benign))
    return {
        "failure": _share(unsafe["failures"], unsafe["scored"]),
        **{share: _share(unsafe[share], said) for share in SHARES},
        "refusal_probability": unsafe["refusal_probability"],
        "over_refusal": _share(benign["refuses"], said_benign),
    }


def _share(count: Floats, total: Floats) -> Floats:
    """The share, NaN of nothing."""
    return count / np.where(total > 0, total, np.nan)
