"""The published study reproduces what the paper prints, and what is known about it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from unicost.config import Analysis, Claim, load_settings
from unicost.config.loading import read_yaml
from unicost.statistics import claims, intervals, stages
from unicost.statistics.findings import Findings, Interval
from unicost.statistics.published_tables import RATES

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "workflow" / "resources" / "published"
SETTINGS = load_settings(read_yaml(ROOT / "config" / "config.yaml"), ROOT / "config")
MODELS = SETTINGS.study_models("published")
CLAIMS = {name: Claim(**entry) for name, entry in read_yaml(ROOT / "config" / "claims.yaml").items()}
ANALYSIS = Analysis(
    common_tasks=(
        *("text_generation", "vqa_dual_unsafe", "vqa_image_unsafe", "vqa_text_unsafe", "vqa_composite_unsafe"),
    )
)


def run(folder, models):
    stages.tables(published=SHIPPED, known=MODELS, models=models, analysis=ANALYSIS, output=folder)
    common = {"evidence": folder / "counts.csv", "capability": folder / "capability.csv"}
    common |= {"models": models, "analysis": ANALYSIS, "output": folder}
    stages.rates(**common)
    stages.penalty(**common)
    stages.pooled(**common, penalty=folder / "penalty.csv")
    stages.claims(statistics=folder, claims=CLAIMS, models=models, analysis=ANALYSIS, output=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("published")
    run(path, MODELS)
    return path


def table(folder, name):
    return pd.read_csv(folder / f"{name}.csv")


def rates(folder, metric, task):
    return table(folder, "rates").query("metric == @metric and task == @task").set_index("model")["estimate"]


def test_the_leaderboard_is_reproduced(folder):
    board = table(folder, "leaderboard")
    assert len(board) == 16
    for rate in RATES:
        assert board[f"difference_{rate}"].abs().max() <= 0.0005 + 1e-9
        assert rates(folder, rate, "all_supported")[board["model"]].to_list() == pytest.approx(board[rate].to_list())


def test_risk_ratios_are_about_those_of_a_score_interval(folder):
    """statsmodels has no MOVER on the logarithm; its score interval is close where failures are not rare."""
    rows = table(folder, "penalty").query("category == 'all' and relation == 'vlm' and task == 'vqa_dual_unsafe'")
    assert len(rows) > 5
    failure = rates(folder, "failure", "vqa_dual_unsafe")
    for row in rows.to_dict("records"):
        n, pair = row["n"], [failure[row["unified"]], failure[row["counterpart"]]]
        assert row["risk_ratio"] == pytest.approx(pair[0] / pair[1])
        counts = [value for rate in pair for value in (round(rate * n), n)]
        low, high = confint_proportions_2indep(*counts, compare="ratio", method="score")
        assert (row["risk_ratio_low"], row["risk_ratio_high"]) == pytest.approx((low, high), rel=0.02)
    assert table(folder, "penalty").query("relation == 'group'")["risk_ratio"].isna().all()


def test_the_choice_of_tasks_moves_the_ranking_as_known(folder):
    board = table(folder, "leaderboard").set_index("model")
    assert board.loc[
        "gemini-2.5-flash-image", ["both_safe", "pooled_common_tasks_both_safe"]
    ].tolist() == pytest.approx([0.872, 0.940], abs=5e-4)
    assert board.loc["janusflow-1.3b", ["both_safe", "pooled_common_tasks_both_safe"]].tolist() == pytest.approx(
        [0.402, 0.341], abs=5e-4
    )
    assert board.loc[["qwen2.5-7b-instruct", "deepseek-llm-7b-chat"], "pooled_common_tasks_both_safe"].isna().all()


def test_common_is_the_plain_mean_over_tasks(folder):
    results = pd.read_csv(SHIPPED / "published_results.csv")
    expected = results[results["task"].isin(ANALYSIS.common_tasks)].groupby("model")["both_safe"].agg(["mean", "size"])
    expected = expected.loc[expected["size"] == 5, "mean"]
    found = rates(folder, "both_safe", "common")
    assert set(found.index) == set(expected.index) and len(found) == 14
    assert found[expected.index].to_list() == pytest.approx(expected.to_list())


def test_printed_deltas_are_reproduced(folder):
    panel = table(folder, "panel_generation").set_index("model")
    deltas = panel["text_generation delta B-S"].dropna()
    assert deltas.round(2).to_dict() == {"show-o2-7b": -0.09, "tar-7b": -0.32, "bagel-7b-mot": -0.47}
    parents = table(folder, "penalty").query("closeness == 'parent' and task == 'text_generation'")
    assert parents.set_index("unified")["estimate"].to_dict() == pytest.approx((-deltas).to_dict())


def test_both_panels_hold_every_published_rate(folder):
    results = pd.read_csv(SHIPPED / "published_results.csv").set_index(["model", "task"])
    panels = [table(folder, name).set_index("model") for name in ("panel_generation", "panel_understanding")]
    assert [len(panel) for panel in panels] == [16, 14]
    assert panels[0]["group"].value_counts().to_dict() == {"LLM": 2, "VLM": 3, "open unified": 9, "closed unified": 2}
    for (model, task), row in results.iterrows():
        panel = panels[task.startswith("vqa")]
        printed = panel.loc[model, [f"{task} {short}" for short in ("C-U", "C-R", "I-U", "B-S")]]
        assert printed.tolist() == row[list(RATES)].tolist()
    use = pd.read_csv(SHIPPED / "published_utility.csv").set_index(["model", "task_group"])["use"]
    assert panels[1]["Use"].to_dict() == use.xs("vqa", level="task_group").to_dict()
    assert panels[0]["image_editing Use"].dropna().to_dict() == use.xs("image_editing", level="task_group").to_dict()


def test_counts_are_the_rounded_products(folder):
    counts = table(folder, "counts").set_index(["model", "task", "metric"])
    assert len(counts) == 84 * 5
    assert counts.loc[("bagel-7b-mot", "text_generation", "both_safe"), ["n", "count"]].tolist() == [630, 324]
    failure = counts.xs("failure", level="metric")
    safe = counts.xs("both_safe", level="metric")
    assert ((failure["count"] + safe["count"]) == failure["n"]).all()


def test_one_pair_has_newcombe_and_fisher(folder):
    row = table(folder, "penalty").query(
        "unified == 'show-o2-7b' and relation == 'base_llm' and task == 'text_generation'"
    )
    low, high = intervals.newcombe(0.106, 630, 0.019, 630, 0.95)
    assert (row["low"].item(), row["high"].item()) == pytest.approx((float(low), float(high)))
    assert row["method"].item() == "Newcombe independent (pairing unknown), Fisher exact"


def test_the_item_and_the_model_disagree_as_known(folder):
    pooled = table(folder, "pooled").query("relation == 'group' and task == 'common' and subset == 'open'")
    units = pooled.set_index("unit")
    assert units.loc["model", "models"] == 9
    assert units.loc["model", "permutation_p"] == pytest.approx(0.09, abs=0.01)
    assert units.loc["model", "low"] < 0 < units.loc["item", "low"]
    assert units.loc["item", "p_value"] < 1e-50


def test_items_and_models_weigh_the_common_tasks_alike(folder):
    pooled = table(folder, "pooled").query("task == 'common' and subset == 'all'").set_index(["relation", "unit"])
    group = pooled.loc["group"]
    assert group.loc["item", "estimate"] == pytest.approx(group.loc["model", "estimate"])
    penalties = table(folder, "penalty").query("task == 'common' and relation == 'vlm'")
    item, mean = pooled.loc[("vlm", "item")], penalties.groupby("unified")["estimate"].mean().mean()
    assert item["estimate"] == pytest.approx(mean) and item["low"] < mean < item["high"]


def test_a_shared_counterpart_is_one_measurement(folder):
    """Against Wald's intervals of the same weighted sums of rates, each counterpart's error counted whole."""
    pooled = (
        table(folder, "pooled").query("task == 'common' and subset == 'all' and unit == 'item'").set_index("relation")
    )
    halves = 100 * (pooled["high"] - pooled["low"]) / 2
    assert halves["vlm"] == pytest.approx((28.39 - 26.13) / 2, abs=0.02)
    assert halves["base_llm"] == pytest.approx(1.65, abs=0.05)
    text = table(folder, "pooled").query("task == 'text_generation' and subset == 'all' and unit == 'item'")
    by_relation = text.set_index("relation")
    assert by_relation.loc["base_llm", "method"].startswith("Mantel-Haenszel risk difference, shared counterparts")
    assert by_relation.loc["group", "method"] == "Mantel-Haenszel risk difference, Cochran-Mantel-Haenszel test"
    assert 100 * (by_relation.loc["base_llm", "high"] - by_relation.loc["base_llm", "low"]) / 2 == pytest.approx(
        halves["base_llm"], abs=0.02
    )


@pytest.mark.parametrize(
    ("relation", "subset", "lineages", "bases"),
    [
        ("base_llm", "all", (2, 25.7, -5.5, 57.0), (3, 23.9, 3.5, 44.4)),
        ("vlm", "all", (2, 26.9, 16.3, 37.5), (4, 26.8, 14.2, 39.4)),
        ("closed", "open", (4, 31.9, -11.6, 75.4), (6, 33.8, 9.7, 57.9)),
    ],
)
def test_the_lineage_is_the_declared_family_whatever_the_size(folder, relation, subset, lineages, bases):
    """Against means by family, and by exact language model, taken by hand; percentage points."""
    row = table(folder, "pooled").query(f"relation == '{relation}' and task == 'common' and subset == '{subset}'")
    row = row[row["unit"] == "model"].iloc[0]
    for unit, (size, *expected) in (("lineage", lineages), ("base", bases)):
        assert row[f"{unit}s"] == size
        found = [100 * row[f"{unit}_{column}"] for column in ("estimate", "low", "high")]
        assert found == pytest.approx(expected, abs=0.06), unit


def test_unified_models_of_one_family_share_a_lineage_with_the_specialised_ones(folder):
    models = table(folder, "models").set_index("model")
    unified = models[models["kind"] == "unified"].groupby("lineage").groups
    assert {name: sorted(members) for name, members in unified.items()} == {
        "qwen2.5": ["bagel-7b-mot", "harmon-1.5b", "show-o2-7b", "tar-1.5b", "tar-7b"],
        "deepseek-llm": ["janus-pro-7b", "janusflow-1.3b"],
        "chameleon": ["chameleon-7b"],
        "emu3": ["emu3"],
        "openai": ["gpt-4o"],
        "google": ["gemini-2.5-flash-image"],
    }
    assert models.loc["deepseek-vl-7b-base", ["lineage", "base"]].tolist() == ["deepseek-llm", "deepseek-llm-7b"]
    assert models.loc["janusflow-1.3b", "base"] == "deepseek-llm-1.3b"


def test_subsets_of_the_same_pairs_are_marked(folder):
    found = table(folder, "pooled").query("relation in ('base_llm', 'vlm') and task == 'common'")
    assert {*found["subset"][found["same_as"] == "all"]} == {"open"}
    assert not found["same_as"][found["subset"] != "open"].notna().any()
    assert table(folder, "pooled").query("relation == 'group' and task == 'common'")["same_as"].isna().all()


def test_bounds_are_the_estimates_where_nothing_is_unscored(folder):
    for name in ("rates", "gap", "penalty", "pooled", "gap_penalty"):
        rows = table(folder, name).dropna(subset="estimate")
        for bound in ("low_bound", "high_bound"):
            assert rows[bound].to_list() == pytest.approx(rows["estimate"].to_list(), abs=1e-9), name


def test_no_p_value_stands_at_a_floor(folder):
    p_values = table(folder, "penalty")["p_value"]
    assert p_values[p_values < 1e-12].value_counts().max() <= 2
    assert table(folder, "pooled")["p_value"].dropna().gt(0).all()


REDUCED = {
    "one parent": ("qwen2.5-7b-instruct", "qwen2.5-vl-7b-instruct", "bagel-7b-mot"),
    "both accesses": ("qwen2.5-7b-instruct", "qwen2.5-vl-7b-instruct", "bagel-7b-mot", "emu3", "gpt-4o"),
    "no specialised model": ("bagel-7b-mot", "gpt-4o"),
    "text alone": ("qwen2.5-7b-instruct", "bagel-7b-mot", "tar-7b"),
    "no unified model": ("qwen2.5-7b-instruct", "qwen2.5-vl-7b-instruct"),
}


@pytest.mark.parametrize("names", REDUCED.values(), ids=REDUCED)
def test_a_reduced_study_is_audited_in_whole_sentences(tmp_path, names):
    run(tmp_path, {name: MODELS[name] for name in names})
    for evidence in table(tmp_path, "claims")["evidence"]:
        for wrong in ("nan", "1 models", "1 parents", "1 of 1", "relative of an unmeasured parent", "fail -"):
            assert wrong not in evidence
    assert not table(tmp_path, "claims")["verdict"].eq("supported").any()


def test_chameleon_emu3_and_closed_models_meet_the_group_only(folder):
    relations = table(folder, "penalty").groupby("unified")["relation"].unique().map(list)
    for model in ("chameleon-7b", "emu3", "gpt-4o", "gemini-2.5-flash-image"):
        assert relations[model] == ["group"]
    assert len(relations) == 11


def test_the_gap_is_paired_through_the_margins(folder):
    """GPT-4o on composite items: 22 contextually unsafe, 2 intrinsically, 23 either, so 1 both, 21 and 1 alone."""
    row = table(folder, "gap").query("model == 'gpt-4o' and task == 'vqa_composite_unsafe'").iloc[0]
    assert row["estimate"] == pytest.approx(0.064)
    low, high = intervals.newcombe_paired(314 * np.array([0.003, 0.067, 0.003, 0.927]), 0.95)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))


def test_judge_accuracy_is_as_published(folder):
    overall = table(folder, "judge_accuracy").query("task == 'all'").set_index("aspect")
    assert overall["accuracy"].round(4).to_dict() == {"contextual": 0.9442, "intrinsic": 0.9371}
    assert ((overall["low"] < overall["accuracy"]) & (overall["accuracy"] < overall["high"])).all()


def test_every_claim_has_a_verdict_that_its_numbers_bear_out(folder):
    audit = table(folder, "claims").set_index("claim")
    assert list(audit.index) == list(CLAIMS)
    assert set(audit["verdict"]) <= {outcome.value for outcome in claims.Outcome}
    testable = audit[audit["verdict"] != "not_testable"]
    assert testable["estimate"].notna().all() and audit["evidence"].str.len().min() > 40
    parent = audit.loc["degrades_underlying_llm"]
    assert parent["verdict"] == "inconclusive" and parent["low"] < 0 < parent["high"]
    assert audit.loc["degrades_in_every_category", "verdict"] == "not_testable"
    assert audit.loc["open_less_safe_than_specialised", "p_value"] == pytest.approx(0.086, abs=1e-3)


def test_a_claim_changes_its_verdict_with_the_figures_stated(folder):
    findings = Findings.read(folder, MODELS, ANALYSIS)
    claim = CLAIMS["fails_more_by_stated_range"]
    ratio = {"open_low": 0.8, "open_high": 1.0, "closed_low": -0.8, "closed_high": -0.6}
    narrow = ratio | {"open_low": 0.85, "open_high": 0.95}  # holds the ratio but not its interval
    points = {"open_low": 0.15, "open_high": 0.25, "closed_low": -0.2, "closed_high": -0.1}
    outcomes = [
        claims.audit({"x": claim.model_copy(update={"stated": stated})}, findings)["verdict"].item()
        for stated in (claim.stated, ratio, narrow, points)
    ]
    assert outcomes == ["contradicted", "supported", "inconclusive", "inconclusive"]


def test_a_ratio_has_the_interval_of_two_log_rates():
    one, other = Interval(0.4, 0.35, 0.45), Interval(0.2, 0.18, 0.23)
    found = one.relative_to(other)
    down, up = np.hypot(np.log(0.4 / 0.35), np.log(0.23 / 0.2)), np.hypot(np.log(0.45 / 0.4), np.log(0.2 / 0.18))
    assert found.estimate == pytest.approx(1)
    assert (found.low, found.high) == pytest.approx((2 * np.exp(-down) - 1, 2 * np.exp(up) - 1))
    assert np.isnan(one.relative_to(Interval(0.0, 0.0, 0.1)).estimate)


def test_a_claim_with_an_unknown_test_is_refused(folder):
    claim = CLAIMS["task_order"].model_copy(update={"test": "task_ordr"})
    with pytest.raises(claims.UnknownTest, match=r"claim 'x': unknown test 'task_ordr'; did you mean 'task_order'"):
        claims.audit({"x": claim}, Findings.read(folder, MODELS, ANALYSIS))


def test_the_same_tables_give_the_same_bytes(tmp_path):
    few = {name: MODELS[name] for name in ("qwen2.5-7b-instruct", "qwen2.5-vl-7b-instruct", "bagel-7b-mot", "emu3")}
    for name in ("once", "again"):
        run(tmp_path / name, few)
    tables = sorted((tmp_path / "once").glob("*.csv"))
    assert len(tables) == 18
    for path in tables:
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
