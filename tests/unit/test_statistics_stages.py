"""The stages of an experiment from verdicts to tables: columns, a planted penalty, seeds, the gate, repeatability."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from unicost.records import Kind, Label, Verdict
from unicost.statistics import stages
from unicost.store import UnreadableFile, write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, experiment, verdict

SEEDS = 3
COLUMNS = {
    "counts": ["model", "task", "category", "metric", "n", "count", "unscored"],
    "rates": ["model", "task", "metric", "n", "unscored", "estimate", "low", "high"],
    "rates_by_category": ["model", "category", "metric", "n", "unscored", "estimate", "low", "high"],
    "penalty": [
        *["unified", "counterpart", "relation", "task", "category", "n", "estimate", "low", "high"],
        *["p_value", "p_adjusted", "method"],
    ],
    "penalty_by_metric": ["unified", "counterpart", "relation", "task", "category", "metric"],
    "pooled": ["relation", "task", "subset", "unit", "method", "models", "n", "estimate", "low", "high", "p_value"],
    "pooled_by_category": ["relation", "category", "unit", "method", "models", "n", "estimate", "low", "high"],
    "gap": ["model", "task", "n", "c_unsafe", "i_unsafe", "estimate", "low", "high"],
    "capability": ["model", "task", "n", "estimate", "low", "high", "capable"],
    "utility": ["model", "task", "estimate", "low", "high", "source"],
    "models": ["model", "display_name", "kind", "access", "arm", "replicate", "family", "lineage", "base"],
}


def run(folder, settings, seeds=SEEDS, rows=None):
    models = arms(seeds)
    verdicts = folder / "verdicts.parquet"
    write_records(verdicts, rows or experiment(seeds, 0.25, np.random.default_rng(2)), Verdict)
    stages.measurements(verdicts=verdicts, models=models, analysis=settings, output=folder)
    common = {"evidence": verdicts, "capability": folder / "capability.csv", "models": models, "analysis": settings}
    stages.rates(**common, output=folder)
    stages.penalty(**common, output=folder)
    stages.pooled(**common, penalty=folder / "penalty.csv", output=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("experiment")
    run(path, analysis(capability_gate=0.9, replicates=True))
    return path


def table(folder, name):
    return pd.read_csv(folder / f"{name}.csv")


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items())
def test_every_table_starts_with_the_promised_columns(folder, name, columns):
    assert list(table(folder, name))[: len(columns)] == columns
    assert len(table(folder, name))


def test_the_planted_penalty_is_found(folder):
    rows = table(folder, "penalty").query("relation == 'base_llm' and task == 'text_to_text' and category == 'all'")
    assert len(rows) == SEEDS
    assert ((rows["low"] < 0.25) & (rows["high"] > 0.25) & (rows["p_adjusted"] < 0.05)).all()
    assert (rows["detectable"] < 0.25).all() and not rows["equivalent"].any()


def test_primary_tests_are_the_common_tasks_and_one_for_each_unified_model(folder):
    rows = table(folder, "penalty").query("p_family == 'primary' and relation == 'base_llm'")
    assert rows["task"].unique() == ["common"] and len(rows) == SEEDS
    capable = rows[rows["capable"].astype(str) == "True"].sort_values("p_value")
    holm = np.maximum.accumulate(capable["p_value"].to_numpy() * np.arange(len(capable), 0, -1))
    assert capable["p_adjusted"].to_numpy() == pytest.approx(holm)


def test_an_unable_model_is_marked_and_left_out_of_pooling(folder):
    unable = table(folder, "penalty").query(f"unified == 'unified-{SEEDS - 1}' and category == 'all'").set_index("task")
    assert unable.loc[[DIALOGUE, "common"], "capable"].eq(False).all()
    assert unable.loc[[DIALOGUE, "common"], "p_adjusted"].isna().all()
    pooled = table(folder, "pooled").query("relation == 'base_llm' and unit == 'seed'").set_index("task")
    assert pooled["models"].to_dict() == {TEXT: SEEDS, DIALOGUE: SEEDS - 1, "common": SEEDS - 1}


def test_seeds_and_items_give_one_estimate_with_two_intervals(folder):
    rows = table(folder, "pooled").query("relation == 'base_llm' and task == 'text_to_text'").set_index("unit")
    penalties = table(folder, "penalty").query(
        "relation == 'base_llm' and task == 'text_to_text' and category == 'all'"
    )
    assert rows.loc["seed", "estimate"] == pytest.approx(penalties["estimate"].mean())
    assert rows.loc["item", "estimate"] == pytest.approx(rows.loc["seed", "estimate"])
    assert rows.loc["seed", "permutation_p"] == 0.5**SEEDS
    assert "2 degrees of freedom" in rows.loc["seed", "note"]


def test_pools_say_what_is_unscored_and_whether_nothing_is_there(tmp_path):
    """A tenth of the answers is unscored: bounds hold the estimate, and those of pools are the pairs' means."""
    rows = [
        replace(row, contextual=Label.UNSCORED, intrinsic=Label.UNSCORED, both_safe=None)
        if place % 10 == 0 and row.kind == Kind.UNSAFE
        else row
        for place, row in enumerate(experiment(SEEDS, 0.25, np.random.default_rng(2)))
    ]
    run(tmp_path, analysis(replicates=True, margin=0.9), rows=rows)
    pools = table(tmp_path, "pooled").query("relation == 'base_llm' and task == 'common'").set_index("unit")
    pairs = table(tmp_path, "penalty").query("relation == 'base_llm' and task == 'common' and category == 'all'")
    assert pools["unscored"].tolist() == [pairs["unscored"].sum()] * 2 and pairs["unscored"].min() > 0
    for bound in ("low_bound", "high_bound"):
        assert pools[bound].tolist() == pytest.approx([pairs[bound].mean()] * 2)
    assert ((pools["low_bound"] < pools["estimate"]) & (pools["estimate"] < pools["high_bound"])).all()
    assert pools["equivalent"].all()


def test_categories_are_pooled_over_seeds_and_adjusted_together(folder):
    rows = table(folder, "pooled_by_category").query("relation == 'base_llm'").set_index("category")
    pairs = table(folder, "penalty").query("relation == 'base_llm' and task == 'common' and capable")
    assert rows.index.tolist() == ["Bias", "Privacy"] and set(rows["unit"]) == {"seed"}
    for category, row in rows.iterrows():
        own = pairs[pairs["category"] == category]
        known = stats.ttest_1samp(own["estimate"], 0)
        assert row[["models", "n", "estimate"]].tolist() == pytest.approx(
            [SEEDS - 1, own["n"].sum(), own["estimate"].mean()]
        )
        assert row[["low", "high"]].tolist() == pytest.approx(np.clip(list(known.confidence_interval()), -1, 1))
        assert row["p_value"] == pytest.approx(known.pvalue)
    assert rows["p_adjusted"].tolist() == pytest.approx(stats.false_discovery_control(rows["p_value"]))


def test_categories_of_distinct_models_have_the_model_as_the_unit(tmp_path):
    """Three seeds taken for three models: random effects against their bases, Welch against the group of all bases."""
    run(tmp_path, analysis(capability_gate=0.9, resamples=100))
    rows = table(tmp_path, "pooled_by_category").set_index(["relation", "category"])
    assert set(rows["unit"]) == {"model"} and rows["method"]["base_llm"].str.startswith("random effects").all()
    assert rows.loc[("group", "Bias"), "method"].startswith("Welch")
    assert rows.loc[("group", "Bias"), "low"] < 0.25 < rows.loc[("group", "Bias"), "high"]


def test_one_seed_has_no_interval_over_seeds(tmp_path):
    run(tmp_path, analysis(replicates=True, resamples=100), seeds=1)
    row = table(tmp_path, "pooled").query("relation == 'base_llm' and unit == 'seed'").iloc[0]
    assert row[["low", "high", "p_value", "permutation_p"]].isna().all()
    assert row["note"] == "one seed: no interval over seeds"


def test_counts_add_up_over_categories(folder):
    counts = table(folder, "counts")
    whole = counts[counts["category"] == "all"].set_index(["model", "task", "metric"])[["n", "count", "unscored"]]
    parts = counts[counts["category"] != "all"].groupby(["model", "task", "metric"])[["n", "count", "unscored"]].sum()
    assert whole.sort_index().equals(parts.sort_index())


def test_the_same_verdicts_give_the_same_bytes(folder, tmp_path):
    run(tmp_path, analysis(capability_gate=0.9, replicates=True))
    for name in COLUMNS:
        assert (tmp_path / f"{name}.csv").read_bytes() == (folder / f"{name}.csv").read_bytes()


def test_a_truncated_file_of_verdicts_is_refused(folder, tmp_path):
    broken = tmp_path / "verdicts.parquet"
    broken.write_bytes((folder / "verdicts.parquet").read_bytes()[:-500])
    with pytest.raises(UnreadableFile, match=r"verdicts\.parquet: not a whole Parquet file"):
        stages.measurements(verdicts=broken, models=arms(SEEDS), analysis=analysis(), output=tmp_path)


def test_seeds_that_agree_exactly_have_no_interval(tmp_path):
    """Two seeds with the same penalty tell that the spread is small, not that it is zero."""
    models, verdicts = arms(2), tmp_path / "verdicts.parquet"
    rows = [verdict(f"i{i}", model, f"f{i}", "unified" in model and i < 6) for i in range(40) for model in models]
    write_records(verdicts, rows, Verdict)
    settings = analysis(replicates=True)
    stages.measurements(verdicts=verdicts, models=models, analysis=settings, output=tmp_path)
    common = {"evidence": verdicts, "capability": tmp_path / "capability.csv", "models": models, "analysis": settings}
    stages.penalty(**common, output=tmp_path)
    stages.pooled(**common, penalty=tmp_path / "penalty.csv", output=tmp_path)
    row = (
        table(tmp_path, "pooled").query("unit == 'seed' and relation == 'base_llm' and task == 'text_to_text'").iloc[0]
    )
    assert row["estimate"] == pytest.approx(0.15) and row[["low", "high", "p_value"]].isna().all()
    assert row["permutation_p"] == 0.25 and "do not vary: no interval" in row["note"]
