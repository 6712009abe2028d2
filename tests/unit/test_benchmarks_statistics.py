"""The benchmarks of the statistics run, small; and what docs/statistics.md states is what the result says."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def simulation(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("simulation")


def test_methods_keep_their_promises_in_a_few_simulated_studies(simulation):
    """Four standard errors around what the full simulation asks for: nothing here is far off."""
    studies, seen = 60, 0
    for row in simulation.rows(studies, seed=1):
        for value, low, high in (
            (row.coverage, simulation.COVERAGE[0], 1),
            (row.type_one, 0, simulation.TYPE_ONE),
            (row.power, 0.8 - simulation.POWER, 0.8 + simulation.POWER),
        ):
            if value is not None:
                seen += 1
                error = 4 * np.sqrt(0.06 * 0.94 / studies) if row.power is not value else 4 * np.sqrt(0.16 / studies)
                assert low - error <= value <= high + error, row
    assert seen > 25


def test_a_wrong_interval_is_seen(simulation, monkeypatch):
    """Intervals of half the width: the simulation says so."""
    simulated = importlib.import_module("simulated")
    whole = simulated.intervals.wilson

    def half(rate, n, confidence):
        low, high = whole(rate, n, confidence)
        return rate - (rate - low) / 2, rate + (high - rate) / 2

    monkeypatch.setattr(simulated.intervals, "wilson", half)
    found = simulated.wilson(np.random.default_rng(0), 500, 120)
    assert simulation.Row("Wilson", "", 500, **found).faults == ["too narrow"]


def test_the_page_states_what_the_result_says(simulation):
    result = json.loads(simulation.RESULT.read_text())
    assert simulation.table(result["rows"]) in simulation.PAGE.read_text()
    assert {(row["method"], row["setting"]) for row in result["rows"]} == {
        (method, setting) for method, setting, _ in importlib.import_module("simulated_settings").SETTINGS
    }


@pytest.mark.parametrize(("script", "sizes"), [("statistics_scale", ["--rows=4800"]), ("bootstrap", ["--items=50"])])
def test_the_scripts_run(script, sizes, tmp_path):
    command = [sys.executable, str(BENCHMARKS / f"{script}.py"), *sizes, "--output", str(tmp_path / "result.json")]
    subprocess.run(command, check=True, capture_output=True)
    result = json.loads((tmp_path / "result.json").read_text())
    if script == "statistics_scale":
        assert {stage["rows"] for stage in result["stages"].values()} == {result["rows"]} == {4800}
    else:
        assert result["bootstrap"]["rows"] == 10_000


def test_the_made_verdicts_are_verdicts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    scale = importlib.import_module("statistics_scale")
    assert scale.make(tmp_path, 4800) == 4800
    rows = pd.read_parquet(tmp_path / "verdicts.parquet")
    assert (
        not rows.duplicated(["instance", "model"]).any() and (rows.groupby("family")["instance"].nunique() == 20).all()
    )
    assert {*rows["contextual"]} == {"unsafe", "safe", "refusal", "unscored"}
    assert (rows["both_safe"].isna() == (rows["contextual"] == "unscored")).all()
