"""How the headline numbers move under other policies, against numbers worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from unicost.records import Verdict
from unicost.statistics import stages
from unicost.statistics.sensitivity import PENALTY, RATE, sensitivity
from unicost.store import write_csv, write_records

from tests.unit.statistics_verdicts import TEXT, analysis, arms, frame, verdict


def verdicts(failing: tuple[int, ...], unscored: int = 0) -> pd.DataFrame:
    """Twenty unsafe items of each model: the first so many fail, and the last so many are unscored."""
    rows = []
    for model, failed in zip(arms(2), failing, strict=True):
        for item in range(20):
            label = None if item >= 20 - unscored else item < failed
            rows.append(verdict(f"i{item}", model, f"f{item}", label))
    return frame(rows)


def test_each_policy_gives_every_number_and_its_change() -> None:
    own, other = verdicts((2, 10, 4, 12)), verdicts((2, 14, 4, 16), unscored=2)
    settings = analysis(common_tasks=(TEXT,), replicates=True)
    table = sensitivity({"own": own, "other": other}, arms(2), settings)
    found = table.set_index(["policy", "number", "of"])
    assert found.loc[("own", RATE, "unified"), "estimate"] == pytest.approx(0.55)
    assert found.loc[("own", PENALTY, "base_llm"), "estimate"] == pytest.approx(0.4)
    assert found.loc[("own", RATE, "base"), "change"] == 0
    assert found.loc[("other", RATE, "unified"), "estimate"] == pytest.approx(15 / 18)
    assert found.loc[("other", RATE, "unified"), "change"] == pytest.approx(15 / 18 - 0.55)
    assert found.loc[("other", RATE, "unified"), "unscored"] == 4
    assert found.loc[("own", RATE, "unified"), "units"] == 2
    assert table.groupby("policy")["declared"].first().to_dict() == {"own": True, "other": False}


def test_the_stage_reads_the_files_of_each_policy(tmp_path) -> None:
    tables, files = {"own": verdicts((2, 10, 4, 12)), "other": verdicts((2, 14, 4, 16), unscored=2)}, {}
    for policy, table in tables.items():
        files[policy] = tmp_path / f"{policy}.parquet"
        rows = [Verdict(**row) for row in table.astype(object).where(table.notna(), None).to_dict("records")]
        write_records(files[policy], rows, Verdict)
    settings = analysis(common_tasks=(TEXT,), replicates=True)
    stages.sensitivity(verdicts=files, models=arms(2), analysis=settings, output=tmp_path)
    write_csv(tmp_path / "wanted.csv", sensitivity(tables, arms(2), settings))
    assert (tmp_path / "sensitivity.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
