"""Resampling of families: repeatable, of the right width, and honest under the null."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from unicost.statistics.resampling import FamilyResampling, percentiles


def test_equal_arguments_give_equal_bits_and_other_seeds_do_not():
    rng = np.random.default_rng(0)
    top, bottom = rng.integers(0, 4, (60, 3)).astype(float), np.full((60, 3), 4.0)
    draws = [FamilyResampling(60, 1_300, seed).ratios(top, bottom) for seed in (1, 1, 2)]
    assert draws[0].shape == (1_300, 3)
    assert draws[0].tobytes() == draws[1].tobytes()
    assert draws[0].tobytes() != draws[2].tobytes()


def test_a_statistic_does_not_depend_on_what_is_computed_beside_it():
    rng = np.random.default_rng(0)
    top, bottom = rng.integers(0, 4, (60, 3)).astype(float), np.full((60, 3), 4.0)
    resampling = FamilyResampling(60, 700, 1)
    assert np.array_equal(resampling.ratios(top, bottom)[:, [1]], resampling.ratios(top[:, [1]], bottom[:, [1]]))


def test_bootstrap_spread_is_the_cluster_robust_standard_error():
    rng = np.random.default_rng(4)
    sizes = rng.integers(1, 6, 200).astype(float)
    successes = rng.binomial(sizes.astype(int), rng.beta(2, 3, 200)).astype(float)
    rate = successes.sum() / sizes.sum()
    robust = np.sqrt(((successes - rate * sizes) ** 2).sum()) / sizes.sum()
    draws = FamilyResampling(200, 10_000, 0).ratios(successes[:, None], sizes[:, None])
    assert draws.std() == pytest.approx(robust, rel=0.03)
    low, high = percentiles(draws, 0.95, 200)
    assert high[0] - low[0] == pytest.approx(2 * stats.t.ppf(0.975, 199) * robust, rel=0.05)


def test_resamples_without_an_item_say_nothing():
    top, bottom = np.zeros((5, 1)), np.zeros((5, 1))
    bottom[0] = 1
    draws = FamilyResampling(5, 500, 0).ratios(top, bottom)
    assert np.isnan(draws).any() and not np.isnan(draws).all()


def test_sign_flip_agrees_with_listing_every_sign():
    sums = np.array([3.0, 1.0, -1.0, 2.0, 2.0, 0.0, 1.0])
    signs = np.array(list(product([1, -1], repeat=7)))
    exact = (np.abs(signs @ sums) >= abs(sums.sum())).mean()
    assert FamilyResampling(7, 20_000, 0).sign_flip(sums[:, None])[0] == pytest.approx(exact, abs=0.01)


def test_sign_flip_keeps_its_level_and_finds_a_shift():
    rng = np.random.default_rng(8)
    null = rng.integers(-2, 3, (40, 500)).astype(float)
    p_values = FamilyResampling(40, 999, 0).sign_flip(null)
    assert (p_values < 0.05).mean() <= 0.075
    assert FamilyResampling(40, 999, 0).sign_flip(null[:, :1] + 2)[0] == pytest.approx(0.001)
