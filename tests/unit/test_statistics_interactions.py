"""What the penalty depends on: a second model of statsmodels, published examples, simulated seeds, and what is told."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.anova import AnovaRM
from unicost.records import Task
from unicost.statistics.capability import Gate
from unicost.statistics.coded_verdicts import read_coded
from unicost.statistics.interactions.over_seeds import greenhouse_geisser, signs_of_seeds, within_seed_anova
from unicost.statistics.interactions.table import interactions
from unicost.statistics.outcomes import Outcomes

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, experiment, frame, verdict

OPEN = Gate(pd.DataFrame(columns=["model", "task", "capable"]))

MCCARTHY = np.array([
    [108, 103, 96, 84, 118, 110, 129, 90, 84, 96, 105, 113],
    [96, 117, 107, 85, 125, 107, 128, 84, 104, 100, 114, 117],
    [110, 127, 106, 92, 125, 96, 123, 101, 100, 103, 105, 132],
    [122, 133, 107, 99, 116, 91, 128, 113, 88, 105, 112, 130],
], float).T  # fmt: skip
"""Twelve children at four ages (Maxwell and Delaney 1990, Designing experiments and analyzing data, table 11.5)."""


def found_in(rows, models, gate=OPEN, **settings):
    return interactions(Outcomes(read_coded(frame(rows))), models, gate, analysis(**settings))


def test_families_as_the_unit_say_what_a_robust_logit_says():
    rows = experiment(3, 0.2, np.random.default_rng(4))
    table = found_in(rows, arms(3))
    found = table.query("relation == 'base_llm' and factor == 'category'").set_index("level")
    unsafe = frame(rows).query("kind == 'unsafe'").assign(failed=lambda x: 1 - x["both_safe"].astype(float))
    unsafe = unsafe.assign(unified=unsafe["model"].str.startswith("unified").astype(float))
    level = (unsafe["category"] == "Privacy").to_numpy(float)
    design = np.column_stack([1 - level, level, (1 - level) * unsafe["unified"], level * unsafe["unified"]])
    clusters = {"groups": pd.factorize(unsafe["family"])[0], "use_correction": False}
    logit = sm.GLM(unsafe["failed"].to_numpy(), design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds=clusters
    )
    wald = logit.wald_test(np.array([[0, 0, -1.0, 1.0]]), scalar=True, use_f=False)
    assert found["interaction_p"].iloc[0] == pytest.approx(float(wald.pvalue), rel=1e-6)
    means = unsafe.groupby(["category", "unified"])["failed"].mean().unstack()
    assert found.loc["Bias", "estimate"] == pytest.approx(means.loc["Bias", 1.0] - means.loc["Bias", 0.0], abs=1e-12)
    (base, shift), covariance = logit.params[[0, 2]], logit.cov_params()[np.ix_([0, 2], [0, 2])]
    risks = 1 / (1 + np.exp(-np.array([base + shift, base])))
    slopes = risks * (1 - risks)
    gradient = np.array([slopes[0] - slopes[1], slopes[0]])
    half = 1.959964 * np.sqrt(gradient @ covariance @ gradient)
    assert found.loc["Bias", "high"] - found.loc["Bias", "estimate"] == pytest.approx(half, rel=1e-6)
    assert set(table["unit"]) == {"family"}


def test_a_fit_that_cannot_be_is_told():
    """The unified arms fail on everything that is asked in dialogue."""
    rows = []
    for seed, family, task in np.ndindex(3, 60, 2):
        about = {"task": (TEXT, DIALOGUE)[task], "category": "Bias" if family % 2 else "Privacy"}
        rows.append(verdict(f"{task}-{family}", f"base-{seed}", f"f{family}", family % 3 == 0, **about))
        rows.append(verdict(f"{task}-{family}", f"unified-{seed}", f"f{family}", task == 1 or family % 4 == 0, **about))
    table = found_in(rows, arms(3))
    task = table.query("factor == 'task'")
    assert len(task) == 1 and task["estimate"].isna().all()
    assert task["note"].tolist() == ["no fit: all answers or none fail on one side in dialogue"]
    assert table.query("factor == 'access'")["note"].eq("one level: no interaction").all()


def test_the_analysis_of_variance_is_that_of_the_textbook_and_of_statsmodels():
    long = pd.DataFrame(
        [(child, age, score) for (child, age), score in np.ndenumerate(MCCARTHY)], columns=["child", "age", "score"]
    )
    library = AnovaRM(long, "score", "child", within=["age"]).fit().anova_table.iloc[0]
    assert library["F Value"] == pytest.approx(3.027, abs=5e-4)
    assert greenhouse_geisser(MCCARTHY) == pytest.approx(0.6095, abs=5e-5)
    assert within_seed_anova(MCCARTHY) == pytest.approx(0.075, abs=5e-4)


def test_two_levels_are_a_paired_t_test():
    penalties = np.random.default_rng(0).normal(size=(5, 2))
    from scipy import stats

    assert within_seed_anova(penalties) == pytest.approx(float(stats.ttest_rel(*penalties.T).pvalue))
    assert greenhouse_geisser(penalties) == pytest.approx(1)


def test_five_seeds_cannot_reject_by_their_signs():
    clear = np.arange(6.0) + np.random.default_rng(1).normal(scale=1e-3, size=(5, 6))
    assert signs_of_seeds(clear, 0) == 2 / 2**5
    assert within_seed_anova(clear) < 1e-6
    assert signs_of_seeds(np.tile(clear, (2, 1)), 0) == 2 / 2**10


def test_a_true_null_is_rejected_as_seldom_as_promised():
    """Levels that vary unlike each other and together: at most 6 % where 5 % are asked for."""
    rng, runs = np.random.default_rng(2), 2000
    spread = np.array([0.02, 0.02, 0.05, 0.08, 0.02, 0.1])
    for levels in (2, 3, 6):
        noise = rng.normal(size=(runs, 5, levels)) * spread[:levels] + rng.normal(scale=0.1, size=(runs, 5, 1))
        assert np.mean([within_seed_anova(one) < 0.05 for one in noise]) <= 0.06
    assert not np.mean([signs_of_seeds(one, 0) < 0.05 for one in noise[:200]])


@pytest.fixture(scope="module")
def dependent():
    """The unified arm of each seed fails on half of what is asked in dialogue and on none of the rest."""
    rows, rng = [], np.random.default_rng(3)
    for seed, family in np.ndindex(5, 60):
        for task in (TEXT, DIALOGUE, Task.IMAGE_TO_TEXT):
            about = {"task": task, "category": "Bias" if family % 2 else "Privacy"}
            rows.append(verdict(f"{task}-{family}", f"base-{seed}", f"f{family}", rng.random() < 0.2, **about))
            worse = 0.7 if task is DIALOGUE else 0.2
            rows.append(verdict(f"{task}-{family}", f"unified-{seed}", f"f{family}", rng.random() < worse, **about))
    return rows


def test_seeds_tell_where_the_penalty_lies(dependent):
    table = found_in(dependent, arms(5), replicates=True).query("unit == 'seed'")
    task = table.query("factor == 'task'").set_index("level")
    assert set(task.index) == {"text_to_text", "dialogue", "image_to_text"} and (task["units"] == 5).all()
    assert task.loc["dialogue", "low"] > 0.3 and task.loc["text_to_text", "low"] < 0 < task.loc["text_to_text", "high"]
    assert task["interaction_p"].max() < 0.01 and task["interaction_p_adjusted"].max() < 0.02
    assert (task["permutation_p"] >= 0.0625).all()
    assert task["note"].str.endswith("signs of 5 seeds cannot reject, for no p is below 0.0625").all()
    assert table.query("factor == 'category'")["interaction_p"].min() > 0.05
    assert "access" not in set(table["factor"])


def test_a_seed_that_lacks_a_level_does_not_enter_the_test(dependent):
    gate = Gate(pd.DataFrame([("unified-4", "dialogue", False)], columns=["model", "task", "capable"]))
    task = found_in(dependent, arms(5), gate, replicates=True).query("unit == 'seed' and factor == 'task'")
    assert task.set_index("level")["units"].to_dict() == {"dialogue": 4, "image_to_text": 5, "text_to_text": 5}
    assert task["note"].str.startswith("seeds without every level left out: 4").all()
    few = Gate(pd.DataFrame([(f"unified-{k}", "dialogue", False) for k in (2, 3, 4)], columns=gate_columns()))
    task = found_in(dependent, arms(5), few, replicates=True).query("unit == 'seed' and factor == 'task'")
    assert task["note"].str.startswith("no test of dialogue: too few seeds").all()
    assert task["interaction_p"].notna().all(), "the other two levels are compared"


def gate_columns():
    return ["model", "task", "capable"]


def test_models_that_are_no_replicates_have_no_seeds():
    models = {name: entry.model_copy(update={"replicate": None}) for name, entry in arms(1).items()}
    table = found_in(experiment(1, 0.2, np.random.default_rng(0)), models, replicates=True)
    assert set(table["unit"]) == {"family"}


def test_seeds_that_agree_to_the_last_answer_are_not_tested():
    penalties = np.tile([0.1, 0.3], (5, 1))
    assert np.isnan(within_seed_anova(penalties))
