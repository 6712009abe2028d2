"""Where a benchmark has no benign instances, over-refusal is said not to be measured: never left out, never zero."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from unicost.reporting import numbers, summary, tables
from unicost.reporting.sources import Sources

from tests.unit import reporting_tables as samples


@pytest.fixture
def study(tmp_path: Path) -> Sources:
    return samples.experiment(tmp_path / "study")


def with_over_refusal(study: Sources, *tasks: str) -> None:
    """Give the study rates of over-refusal on these tasks alone."""
    path = study.statistics / "rates.csv"
    rates = pd.read_csv(path)
    rates = rates[rates["metric"] != "over_refusal"]
    measured = rates[(rates["metric"] == "c_reject") & rates["task"].isin(tasks)].assign(metric="over_refusal")
    pd.concat([rates, measured]).to_csv(path, index=False)


def printed(study: Sources, folder: Path) -> str:
    numbers.write_numbers({"study": study}, {"study": samples.EXPERIMENT}, folder / "numbers.json")
    summary.write_summary(folder / "numbers.json", folder / "summary.txt", {})
    return (folder / "summary.txt").read_text()


def test_nothing_benign(study: Sources, tmp_path: Path) -> None:
    with_over_refusal(study)
    assert set(tables.build("rates", study).frame["Over-refusal (%)"]) == {"not measured"}
    text = printed(study, tmp_path)
    assert "over-refusal: not measured (no answers to benign requests; name `controls` in config/datasets.yaml)" in text


def test_controls_for_some_tasks(study: Sources, tmp_path: Path) -> None:
    with_over_refusal(study, "text_to_text")
    frame = tables.build("rates", study).frame
    shown = frame.groupby("Task")["Over-refusal (%)"].agg(set)
    assert shown["Dialogue"] == {"not measured"}
    assert "not measured" not in shown["Text to text"]
    assert "over-refusal: measured on 1 of 2 tasks" in printed(study, tmp_path)


def test_all_tasks_measured_needs_no_word(study: Sources, tmp_path: Path) -> None:
    with_over_refusal(study, "text_to_text", "dialogue", "common", "all_supported")
    assert "not measured" not in set(tables.build("rates", study).frame["Over-refusal (%)"])
    assert "over-refusal" not in printed(study, tmp_path)


def test_published_tables_know_no_over_refusal(tmp_path: Path) -> None:
    frame = tables.build("rates", samples.published(tmp_path / "published")).frame
    assert "Over-refusal (%)" not in frame
