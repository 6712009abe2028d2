"""What each arm does, by prompt type and group: arm_outcomes.csv."""

from __future__ import annotations

import numpy as np
import pandas as pd

from unicost.config import Protocol
from unicost.statistics.designed.cells import OUTCOMES, Cells
from unicost.statistics.designed.seeds import OverSeeds

COLUMNS = ["arm", "prompt", "outcome", "estimate", "low", "high", "seeds", "left_out", "bound_low", "bound_high"]


def arm_outcomes(cells: Cells, protocol: Protocol) -> pd.DataFrame:
    """Every arm on every prompt type and group that it was asked whole, for every outcome that is defined there.

    A group counts whole or not at all, so that arms stay comparable: only seeds that pass the gate in all of its
    prompt types enter, and ``left_out`` counts the others.
    """
    rows = []
    for arm in cells.arms:
        for prompt in (*protocol.prompts, *protocol.groups):
            places = cells.places([arm], protocol.members(prompt))
            asked = cells.asked[places][0].all(axis=1)
            if asked.any():
                rows += [(arm, prompt, outcome, *_row(cells, protocol, places, outcome, asked)) for outcome in OUTCOMES]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table[table["seeds"].gt(0) | table["left_out"].gt(0)].reset_index(drop=True)


def _row(
    cells: Cells, protocol: Protocol, places: tuple[np.ndarray, ...], outcome: str, asked: np.ndarray
) -> tuple[float, ...]:
    """Estimate, low, high, seeds, left out, and the bounds for what is unscored (failure alone)."""
    passes = asked & cells.passes[places][0].all(axis=1)
    values = cells.rates[outcome][places][0].mean(axis=1)
    enters = passes & ~np.isnan(values)
    items = cells.items[outcome][places][0][enters]
    resolution = float(np.sqrt((1 / (12 * items**2)).mean())) / np.sqrt(items.shape[1]) if enters.any() else 0.0
    over = OverSeeds(values[enters], resolution)
    bounds = [bound[places][0][enters].mean() for bound in cells.bounds] if enters.any() else [np.nan, np.nan]
    return (
        *(over.mean, *over.interval(protocol.confidence, (0, 1)), over.size, int((asked & ~passes).sum())),
        *(bounds if outcome == "failure" else (np.nan, np.nan)),
    )
