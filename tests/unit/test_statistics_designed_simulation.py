"""Simulated experiments with known effects: intervals cover, tests keep their level, the detectable effect is found."""

import numpy as np
import pandas as pd
import pytest
from unicost.config import Contrast
from unicost.statistics.designed import contrasts
from unicost.statistics.designed.cells import Cells
from unicost.statistics.designed.seeds import OverSeeds

from tests.unit.designed_outcomes import PROTOCOL, row

SEEDS, ITEMS, STUDIES = 5, 120, 1200


def studies(difference: float, spread: float, seed: int) -> list[OverSeeds]:
    """Arms a and b of many studies; rates vary between seeds, alike in both arms but for ``spread``."""
    rng = np.random.default_rng(seed)
    rows = []
    for study in range(STUDIES):
        level = rng.uniform(0.3, 0.5, SEEDS)
        for arm, rates in (("a", level + rng.normal(difference, spread, SEEDS)), ("b", level)):
            counts = rng.binomial(ITEMS, np.clip(rates, 0, 1))
            rows += [row(f"{arm}{study}", k, "words", int(count), ITEMS) for k, count in enumerate(counts)]
    cells = Cells(pd.DataFrame(rows), ["words"])
    return [
        contrasts.effect(
            cells,
            PROTOCOL,
            Contrast(label="", prompts="words", terms={f"a{study}": 1, f"b{study}": -1}),
            "failure",
        ).over_seeds
        for study in range(STUDIES)
    ]


@pytest.mark.parametrize(("difference", "spread"), [(0.0, 0.0), (0.1, 0.05), (0.2, 0.1)])
def test_intervals_cover_the_true_difference(difference, spread):
    found = studies(difference, spread, seed=5)
    intervals = np.array([one.interval(0.95, (-1, 1)) for one in found])
    covered = (intervals[:, 0] <= difference) & (difference <= intervals[:, 1])
    assert 0.93 <= covered.mean() <= 0.97
    shown = np.array([one.p_value for one in found]) < 0.05
    assert (shown == (intervals[:, 0] > 0) | (intervals[:, 1] < 0)).all()
    if difference == 0:
        assert shown.mean() <= 0.06


@pytest.mark.parametrize(("size", "level"), [(2, 0.0125), (3, 0.05), (5, 0.0125)])
def test_the_detectable_effect_is_found_four_times_in_five(size, level):
    unit = OverSeeds(np.array([-1.0, 1.0] * size)[:size], 0.0)
    effect = unit.detectable(level) / unit.sd
    rng = np.random.default_rng(7)
    found = [OverSeeds(rng.normal(effect, 1, size), 0.0).p_value < level for _ in range(4000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)


def test_few_seeds_have_no_interval():
    none, one = OverSeeds(np.array([]), 0.0), OverSeeds(np.array([0.4]), 0.001)
    assert np.isnan(none.mean) and np.isnan(none.interval(0.95, (-1, 1))).all()
    assert one.mean == 0.4 and np.isnan([*one.interval(0.95, (-1, 1)), one.sd, one.p_value, one.detectable(0.05)]).all()
