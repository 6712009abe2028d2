"""The audit of an experiment: planted penalties over seeds, the gate, missing arms, and what the evidence says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from unicost.config import Claim, Counterpart, ModelEntry
from unicost.config.loading import read_yaml
from unicost.records import Verdict
from unicost.statistics import claims, replicates, stages
from unicost.statistics.evidence import ALL
from unicost.statistics.findings import Findings
from unicost.store import write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, experiment

_FILE = Path(__file__).parents[2] / "config" / "claims.yaml"
CLAIMS = {name: Claim(**entry) for name, entry in read_yaml(_FILE).items()}
CATEGORIES = ("Bias", "Harmfulness", "Misinformation", "Privacy", "Toxicity", "Unfairness")
RELATIONS = {"base_llm": "base", "control": "control", "vlm": "understanding", "generator": "generation"}
KINDS = {"base": "llm", "control": "control", "understanding": "vlm", "generation": "generator", "unified": "unified"}
WOBBLE = 0.01


def all_arms(seeds):
    models = {}
    for seed in range(seeds):
        pairs = tuple(
            Counterpart(model=f"{arm}-{seed}", relation=relation, closeness="same_base")
            for relation, arm in RELATIONS.items()
        )
        for arm, kind in KINDS.items():
            others = pairs if arm == "unified" else ()
            models[f"{arm}-{seed}"] = ModelEntry(
                display_name=f"{arm} {seed}", kind=kind, arm=arm, replicate=seed, counterparts=others
            )
    return models


def planted(seeds, relations, *, metrics=None, failures=None, gain=0.0, unable=()):
    """Findings in which every seed has the same penalty by relation, metric or task, give or take ``WOBBLE``."""
    units = [(f"unified-{seed}", seed, WOBBLE * (-1) ** seed, seed not in unable) for seed in range(seeds)]
    penalty = [
        (name, f"{RELATIONS[relation]}-{seed}", relation, task, category, value + wobble, capable)
        for name, seed, wobble, capable in units
        for relation, value in relations.items()
        for task in ("common", TEXT)
        for category in (ALL, *CATEGORIES)
    ]
    by_metric = [
        (name, f"base-{seed}", "base_llm", "common", ALL, metric, value + wobble, capable)
        for name, seed, wobble, capable in units
        for metric, value in (metrics or {}).items()
    ]
    rates = [
        (name, task, "failure", value + wobble * place, capable)
        for name, _, wobble, capable in units
        for place, (task, value) in enumerate((failures or {}).items())
    ]
    counts = [
        (name, DIALOGUE, category, "failure", 0.5 + WOBBLE * place * (1 + wobble))
        for name, _, wobble, _ in units
        for place, category in enumerate(("Unfairness", "Privacy", "Bias", "Misinformation"))
    ]
    utility = [
        (f"{arm}-{seed}", TEXT, 0.9 + (arm == "unified") * (gain + wobble))
        for _, seed, wobble, _ in units
        for arm in KINDS
    ]
    key = ["unified", "counterpart", "relation", "task", "category"]
    tables = {
        "penalty": pd.DataFrame(penalty, columns=[*key, "estimate", "capable"]),
        "penalty_by_metric": pd.DataFrame(by_metric, columns=[*key, "metric", "estimate", "capable"]),
        "rates": pd.DataFrame(rates, columns=["model", "task", "metric", "estimate", "capable"]),
        "counts": pd.DataFrame(counts, columns=["model", "task", "category", "metric", "rate"]),
        "utility": pd.DataFrame(utility, columns=["model", "task", "estimate"]),
    }
    return Findings(tables, all_arms(seeds), analysis(capability_gate=0.9, replicates=True))


def verdict(name, findings):
    return claims.audit({name: CLAIMS[name]}, findings).iloc[0]


@pytest.mark.parametrize(
    ("name", "relations", "expected"),
    [
        ("degrades_underlying_llm", {"base_llm": 0.2, "control": 0.1}, "supported"),
        ("degrades_underlying_llm", {"base_llm": 0.2, "control": -0.1}, "contradicted"),
        ("degrades_underlying_llm", {"base_llm": 0.2, "control": 0.0}, "contradicted"),
        ("degrades_underlying_llm", {"base_llm": 0.2}, "inconclusive"),
        ("degrades_underlying_llm", {"base_llm": -0.2}, "contradicted"),
        ("degrades_underlying_llm", {"control": 0.2}, "not_testable"),
        ("open_less_safe_than_specialised", {"vlm": 0.2, "generator": 0.1}, "supported"),
        ("open_less_safe_than_specialised", {"vlm": 0.2, "generator": -0.1}, "contradicted"),
        ("open_less_safe_than_specialised", {"vlm": 0.2}, "inconclusive"),
        ("open_less_safe_than_specialised", {"base_llm": 0.2}, "not_testable"),
        ("degrades_in_every_category", {"base_llm": 0.2}, "supported"),
        ("degrades_in_every_category", {"base_llm": -0.2}, "contradicted"),
        ("fails_more_by_stated_range", {"base_llm": 0.2, "vlm": 0.2}, "not_testable"),
    ],
)
def test_eight_seeds_show_a_planted_penalty(name, relations, expected):
    assert verdict(name, planted(8, relations))["verdict"] == expected


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_few_seeds_show_nothing_and_the_evidence_says_so(seeds):
    row = verdict("degrades_underlying_llm", planted(seeds, {"base_llm": 0.6, "control": 0.5}))
    assert row["verdict"] == ("supported" if seeds == 3 else "inconclusive")
    assert ("can show nothing by themselves (it takes 3)" in row["evidence"]) == (seeds < 3)
    assert np.isnan(row["low"]) == (seeds == 1) and np.isnan(row["p_value"]) == (seeds < 3)


def test_seeds_decide_as_they_do_for_declared_hypotheses():
    """Five seeds: support, contradiction by sign, and an effect shown to be none; the note says by which test."""
    shown, against, none = (
        verdict("degrades_underlying_llm", planted(5, {"base_llm": base, "control": 0.1})) for base in (0.2, -0.1, 0.0)
    )
    assert [row["verdict"] for row in (shown, against, none)] == ["supported", "contradicted", "contradicted"]
    assert none["low"] > -0.02 and none["high"] < 0.02  # the part that decided, not the smallest of all
    values = [WOBBLE * (-1) ** seed for seed in range(5)]
    assert none["p_value"] == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert none["note"].startswith("two-sided, Student's t over training seeds; contradicted by an effect shown")


def test_seeds_without_spread_show_nothing():
    effect = replicates.Effect(pd.Series([0.2] * 8), analysis(replicates=True))
    assert str(effect) == "+20.0 points (8 seeds, no interval)" and not effect.above()
    assert effect.more() == "20.0 points more (8 seeds, no interval)"


def test_evidence_speaks_of_less_and_of_single_categories_in_words():
    less = verdict("open_less_safe_than_specialised", planted(8, {"vlm": -0.2, "generator": -0.1}))
    assert "the unified arm fails 20.0 points less (" in less["evidence"] and "-20.0" not in less["evidence"]
    findings = planted(8, {"base_llm": 0.2})
    alike = verdict("degrades_in_every_category", findings)["evidence"]
    assert "in 6 categories: in each, by +20.0 points" in alike and "least in" not in alike
    one = findings.tables["penalty"].query("category in ['all', 'Bias']")
    single = Findings({**findings.tables, "penalty": one}, findings.models, findings.analysis)
    assert "in 1 category: in Bias, by" in verdict("degrades_in_every_category", single)["evidence"]


@pytest.mark.parametrize(("arm", "words"), [("base", "than the base."), ("generation", "than the specialised arms.")])
def test_the_group_is_named_by_who_is_in_it(arm, words):
    findings = planted(8, {"base_llm": 0.2})
    group = findings.tables["penalty"].assign(relation="group", members=lambda t: arm + t["unified"].str[-2:])
    findings = Findings({**findings.tables, "penalty": group}, findings.models, findings.analysis)
    assert verdict("fails_more_by_stated_range", findings)["evidence"].endswith(words)


def test_seeds_that_fail_the_gate_do_not_enter():
    findings = planted(8, {"base_llm": 0.2, "control": 0.1}, unable=(1, 3, 5, 7))
    effect = replicates.penalty(findings, "base_llm")
    assert list(effect.by_seed.index) == ["0", "2", "4", "6"]
    assert effect.number.estimate == pytest.approx(0.2 + WOBBLE)
    nobody = planted(8, {"base_llm": 0.2, "control": 0.1}, unable=range(8))
    assert verdict("degrades_underlying_llm", nobody)["verdict"] == "not_testable"


@pytest.mark.parametrize(
    ("contextual", "intrinsic", "expected"),
    [(0.2, 0.0, "supported"), (0.2, 0.1, "contradicted"), (-0.2, 0.0, "contradicted"), (0.2, 0.02, "inconclusive")],
)
def test_intrinsic_safety_is_kept_only_below_the_margin(contextual, intrinsic, expected):
    findings = planted(8, {}, metrics={"c_unsafe": contextual, "i_unsafe": intrinsic})
    assert verdict("loses_contextual_not_intrinsic", findings)["verdict"] == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (("image_to_text", DIALOGUE, TEXT), "supported"),
        ((TEXT, DIALOGUE, "image_to_text"), "contradicted"),
        ((DIALOGUE, TEXT), "inconclusive"),
    ],
)
def test_the_order_of_tasks_needs_every_step(order, expected):
    failures = {task: 0.8 - 0.2 * place for place, task in enumerate(order)}
    assert verdict("task_order", planted(8, {"base_llm": 0.2}, failures=failures))["verdict"] == expected


def test_categories_are_ranked_over_the_tasks_that_the_arm_can_do():
    weak = planted(8, {}, failures={DIALOGUE: 0.5})
    row = verdict("weakest_in_bias_and_misinformation", weak)
    assert row["verdict"] == "supported" and "Misinformation 53.0%, Bias 52.0%, Privacy" in row["evidence"]
    unable = planted(8, {}, failures={DIALOGUE: 0.5}, unable=range(8))
    assert verdict("weakest_in_bias_and_misinformation", unable)["verdict"] == "not_testable"


@pytest.mark.parametrize(("gain", "expected"), [(0.05, "supported"), (-0.05, "contradicted"), (0.0, "contradicted")])
def test_capability_must_rise_for_safety_to_be_its_price(gain, expected):
    assert verdict("capability_for_safety", planted(8, {"base_llm": 0.2}, gain=gain))["verdict"] == expected


def measured(folder, seeds, models, **settings):
    """Run the stages on real verdicts of base and unified arms, of which the study holds ``models``."""
    options = analysis(replicates=True, resamples=100, **settings)
    rows = [row for row in experiment(seeds, 0.25, np.random.default_rng(2), families=20) if row.model in models]
    path = folder / "verdicts.parquet"
    write_records(path, rows, Verdict)
    stages.measurements(verdicts=path, models=models, analysis=options, output=folder)
    common = {"evidence": path, "capability": folder / "capability.csv", "models": models, "analysis": options}
    stages.rates(**common, output=folder)
    stages.penalty(**common, output=folder)
    stages.pooled(**common, penalty=folder / "penalty.csv", output=folder)
    stages.claims(statistics=folder, claims=CLAIMS, models=models, analysis=options, output=folder)
    return Findings.read(folder, models, options), pd.read_csv(folder / "claims.csv").set_index("claim")


@pytest.mark.parametrize(
    ("seeds", "kept", "gate", "testable"),
    [
        (3, ("base", "unified"), 0.9, True),
        (1, ("base", "unified"), None, True),
        (1, ("base", "unified"), 0.9, False),  # the unified arm of the last seed cannot do dialogue
        (2, ("unified",), None, False),
        (2, ("base",), None, False),
    ],
)
def test_a_reduced_study_is_audited_and_speaks_of_its_arms_only(tmp_path, seeds, kept, gate, testable):
    models = {name: entry for name, entry in arms(seeds).items() if entry.arm in kept}
    _, audit = measured(tmp_path, seeds, models, capability_gate=gate)
    assert list(audit.index) == list(CLAIMS)
    assert set(audit["verdict"]) <= {"inconclusive", "not_testable"}
    for sentence in (part for evidence in audit["evidence"] for part in evidence.rstrip(".").split(". ")):
        assert "iniature arms" in sentence and "published" not in sentence and "nan" not in sentence
    rows = audit.loc[["degrades_underlying_llm", "loses_contextual_not_intrinsic", "degrades_in_every_category"]]
    assert rows["verdict"].ne("not_testable").eq(testable).all() and rows["estimate"].notna().eq(testable).all()


def test_the_effect_over_seeds_is_the_pooled_one(tmp_path):
    findings, _ = measured(tmp_path, 3, arms(3), capability_gate=0.9)
    for task in (TEXT, DIALOGUE, "common"):
        row, effect = findings.pooled("base_llm", task, "all", "seed"), replicates.penalty(findings, "base_llm", task)
        assert len(effect.by_seed) == row["models"]
        expected = row[["estimate", "low", "high"]].astype(float)
        number = effect.number
        assert (number.estimate, number.low, number.high) == pytest.approx(tuple(expected))
        if len(effect.by_seed) > 2:
            assert effect.p_value == pytest.approx(float(row["p_value"]))


def test_an_experiment_without_replicates_has_the_model_as_the_unit():
    findings = planted(8, {"base_llm": 0.2, "control": 0.1})
    tables = {**findings.tables, "rates_by_category": pd.DataFrame({"model": ["unified-0"]})}
    row = verdict("degrades_underlying_llm", Findings(tables, findings.models, analysis()))
    assert row["verdict"] == "supported" and "8 models" in row["evidence"] and "iniature" not in row["evidence"]
