"""Tests and corrections against published examples, brute force and simulation."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from unicost.statistics import hypothesis_tests as tests
from unicost.statistics.random_effects import random_effects


def test_fisher_on_the_lady_tasting_tea():
    assert tests.fisher(3, 4, 1, 4) == pytest.approx(0.4857, abs=5e-5)


def test_mcnemar_mid_p_gives_the_published_example():
    assert tests.mcnemar_mid_p(6, 16) == pytest.approx(0.034690, abs=5e-7)  # Fagerland et al. 2017 (Cavo 2012)


@pytest.mark.parametrize(("first", "second"), [(0, 7), (9, 2), (4, 4), (1, 0)])
def test_mcnemar_mid_p_takes_half_of_each_tail_at_the_observed_count(first, second):
    n = first + second
    probability = {k: stats.binom.pmf(k, n, 0.5) for k in range(n + 1)}
    distance = abs(first - n / 2)
    beyond = sum(p for k, p in probability.items() if abs(k - n / 2) > distance)
    observed = sum(p for k, p in probability.items() if abs(k - n / 2) == distance)
    assert tests.mcnemar_mid_p(first, second) == pytest.approx(beyond + observed / 2)


def test_mcnemar_without_a_discordant_item_says_nothing():
    assert tests.mcnemar_mid_p(0, 0) == 1.0


def test_mantel_haenszel_gives_the_published_example():
    """Doll and Hill 1950, as in Fagerland, Lydersen and Laake 2017, chapter 10: 0.3294, and T = 24.920 for the test."""
    strata = np.array([[647, 1269, 2, 29], [41, 69, 19, 51]], float)
    found = tests.mantel_haenszel(strata, 0.95)
    assert found.estimate == pytest.approx(0.3294, abs=5e-5)
    assert found.p_value == pytest.approx(stats.chi2.sf(24.920, 1), rel=2e-3)
    # Their interval, 0.2281 to 0.4307, has the variance of Greenland and Robins; Sato's is close to it.
    assert (found.low, found.high) == pytest.approx((0.2281, 0.4307), abs=0.02)


def test_mantel_haenszel_covers_with_sparse_strata():
    rng, covered = np.random.default_rng(5), 0
    base = rng.uniform(0.1, 0.6, 40)
    for _ in range(400):
        n, m = np.full(40, 6.0), np.full(40, 9.0)
        table = np.column_stack([rng.binomial(6, base + 0.15), n, rng.binomial(9, base), m])
        found = tests.mantel_haenszel(table.astype(float), 0.95)
        covered += found.low <= 0.15 <= found.high
    assert 0.915 <= covered / 400 <= 0.98


def test_permutation_agrees_with_listing_every_rearrangement():
    sample, other = np.array([0.5, 0.4, 0.7, 0.35]), np.array([0.1, 0.45, 0.3])
    everything = np.concatenate([sample, other])
    observed = sample.mean() - other.mean()
    differences = []
    for chosen in combinations(range(7), 4):
        mask = np.isin(range(7), chosen)
        differences.append(everything[mask].mean() - everything[~mask].mean())
    assert tests.permutation(sample, other, 0) == pytest.approx(np.mean(np.array(differences) >= observed - 1e-12))


def test_sign_flip_agrees_with_listing_every_sign():
    values = np.array([0.3, 0.1, -0.05, 0.2])
    flipped = [np.mean(values * signs) for signs in product([1, -1], repeat=4)]
    assert tests.sign_flip(values, 0) == pytest.approx(np.mean(np.array(flipped) >= values.mean() - 1e-12))
    assert np.isnan(tests.sign_flip(values[:1], 0))


def test_three_positive_pairs_cannot_reach_five_percent():
    assert tests.sign_flip(np.array([0.1, 0.2, 0.3]), 0) == 0.125


def test_holm_and_benjamini_hochberg_by_hand():
    p_values = pd.Series([0.01, 0.04, np.nan, 0.03], index=[7, 3, 5, 1])
    assert tests.adjust(p_values, "holm").tolist() == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)
    assert tests.adjust(p_values, "fdr_bh").tolist() == pytest.approx([0.03, 0.04, np.nan, 0.04], nan_ok=True)
    assert tests.adjust(pd.Series([np.nan]), "holm").isna().all()


def test_random_effects_solve_their_defining_equations():
    """Paule and Mandel: the generalised Q equals its degrees of freedom; Hartung and Knapp: the t interval from Q."""
    effects, variances = np.array([0.1, 0.35, 0.2, 0.3, -0.05]), np.array([0.002, 0.004, 0.003, 0.006, 0.002])
    found = random_effects(effects, variances, 0.95)
    assert found.estimate == pytest.approx(effects @ found.weights) and sum(found.weights) == pytest.approx(1)
    spread = (found.high - found.low) / 2 / stats.t.ppf(0.975, 4)

    def weighted(tau2):
        weights = 1 / (variances + tau2)
        mean = (weights * effects).sum() / weights.sum()
        return mean, (weights * (effects - mean) ** 2).sum(), weights.sum()

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if weighted(middle)[1] > 4 else (low, middle)
    mean, q, total = weighted(low)
    assert found.estimate == pytest.approx(mean, abs=1e-6)
    assert spread == pytest.approx(np.sqrt(q / 4 / total), rel=1e-4)
    half = stats.t.ppf(0.975, 3) * np.sqrt(low + spread**2)
    assert (found.prediction_low, found.prediction_high) == pytest.approx((mean - half, mean + half), rel=1e-4)


def test_one_model_gives_no_interval_over_models():
    found = random_effects(np.array([0.2]), np.array([0.01]), 0.95)
    assert found.estimate == 0.2 and np.isnan(found.low) and "one model" in found.method


def test_models_without_spread_give_no_interval_over_models():
    found = random_effects(np.array([0.2, 0.2, 0.2]), np.array([0.01, 0.02, 0.01]), 0.95)
    assert found.estimate == pytest.approx(0.2) and np.isnan([found.low, found.high, found.p_value]).all()
    assert "do not vary" in found.method
    assert np.isnan(tests.welch(np.array([0.3, 0.3]), np.array([0.1, 0.1]), 0.95).low)


def test_welch_agrees_with_statsmodels():
    sample, other = np.array([0.1, 0.3, 0.2, 0.6]), np.array([0.05, 0.1, 0.02])
    means = CompareMeans(DescrStatsW(sample), DescrStatsW(other))
    found = tests.welch(sample, other, 0.9)
    assert (found.low, found.high) == pytest.approx(means.tconfint_diff(alpha=0.1, usevar="unequal"))
    assert found.p_value == pytest.approx(means.ttest_ind(usevar="unequal")[1])
    assert np.isnan(tests.welch(sample, other[:1], 0.9).low)


def test_permutation_needs_two_on_each_side():
    assert np.isnan(tests.permutation(np.array([0.3]), np.array([0.1, 0.2]), 0))
