"""Task-switching and power: known answers."""

import numpy as np
import pandas as pd
import pytest
from unicost.statistics.capability import Gate
from unicost.statistics.coded_verdicts import read_coded
from unicost.statistics.consistency import Switch, consistency
from unicost.statistics.outcomes import Outcomes
from unicost.statistics.power import power

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, frame, verdict

OPEN = Gate(pd.DataFrame(columns=["model", "task", "capable"]))


def test_consistency_by_hand():
    switch = Switch(np.array([1.0, 0.0, 0.5, np.nan]), np.array([1.0, 1.0, 0.0, 1.0]))
    assert switch.sums()[:3].tolist() == [[1, 0, 0, 1], [0, 0, 1, 1], [0.5, 0.5, 0, 1]]
    assert switch.sums()[3].tolist() == [0, 0, 0, 0]
    assert switch.by_chance() == pytest.approx(0.5 * 2 / 3 + 0.5 / 3)


@pytest.fixture(scope="module")
def switched():
    """The base fails on the same targets in both tasks; the unified arms fail on others, in dialogue alone."""
    rows = []
    for seed in (0, 1, 2):
        for family in range(60):
            bad = family % 3 == 0
            for task, unified in ((TEXT, False), (DIALOGUE, family % 3 == 1 or family == seed)):
                about = {"task": task, "category": "Bias" if family % 2 else "Privacy"}
                rows.append(verdict(f"{task}-{family}", f"base-{seed}", f"f{family}", bad, **about))
                rows.append(verdict(f"{task}-{family}", f"unified-{seed}", f"f{family}", unified, **about))
    return frame(rows)


def test_who_switches_and_which_way(switched):
    table = consistency(Outcomes(read_coded(switched)), arms(3), OPEN, analysis(replicates=True))
    one = table.query("level == 'model'").set_index("model")
    assert one.loc["base-0", "consistency"] == 1
    assert one.loc["unified-0", "consistency"] == pytest.approx(1 - 21 / 60)
    assert one.loc["unified-0", "first_only"] == pytest.approx(21 / 60)  # dialogue comes first
    assert one.loc["unified-0", "second_only"] == 0
    pair = table.query("level == 'pair'")
    assert len(pair) == 3 and (pair["high"] < 0).all()
    seeds = table.query("level == 'seeds of pairs'").iloc[0]
    assert seeds["units"] == 3 and seeds["high"] < 0 and seeds["p_value"] < 0.01


def test_power_is_what_simulated_tests_have():
    """A detectable difference is found four times in five, by items and with few units."""
    rng, runs, units = np.random.default_rng(2), 4000, 7
    half = 2.4469 * 0.03 / np.sqrt(units)  # Student's quantile for six degrees of freedom
    row = {"estimate": 0.05, "low": 0.05 - half, "high": 0.05 + half, "unit": "model", "models": units, "n": 100}
    row |= {"relation": "vlm", "task": "common", "subset": "all", "arm": "", "method": "t", "p_value": 0.01}
    pairs = pd.DataFrame([{**row, "category": "all", "unified": "a", "counterpart": "b"}])
    table = power(pairs, pd.DataFrame([row]), analysis())
    smallest = table.query("level == 'pool'")["detectable"].iloc[0]
    samples = rng.normal(smallest, 0.03, (runs, units))
    statistic = samples.mean(axis=1) / (samples.std(axis=1, ddof=1) / np.sqrt(units))
    assert (np.abs(statistic) > 2.4469).mean() == pytest.approx(0.8, abs=0.03)
    # by items the interval's half is 1.96 standard errors, and 80 % power takes 0.84 more
    assert table.query("level == 'pair'")["detectable"].iloc[0] == pytest.approx(
        half / 1.96 * (1.96 + 0.8416), rel=1e-3
    )
