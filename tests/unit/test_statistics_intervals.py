"""Intervals against published worked examples, other libraries and exact coverage."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep
from unicost.statistics import intervals


@pytest.mark.parametrize(("count", "n"), [(0, 10), (3, 10), (10, 10), (263, 629)])
def test_wilson_agrees_with_scipy(count, n):
    low, high = intervals.wilson(count / n, n, 0.95)
    expected = stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_says_nothing_without_items():
    low, high = intervals.wilson(np.array([0.5, np.nan]), np.array([10, 0]), 0.95)
    assert np.isfinite(low[0]) and np.isnan(low[1]) and np.isnan(high[1])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),  # Newcombe 1998, Stat. Med. 17:873, table II
        ((7, 34), (1, 34), (0.0189, 0.3404)),  # Fagerland, Lydersen and Laake 2017, chapter 4 (Perondi 2004)
    ],
)
def test_newcombe_gives_the_published_examples(one, other, expected):
    found = intervals.newcombe(one[0] / one[1], one[1], other[0] / other[1], other[1], 0.95)
    assert found == pytest.approx(expected, abs=5e-5)


def test_newcombe_agrees_with_statsmodels():
    counts, n = np.array([0, 3, 90, 120]), np.array([40, 50, 200, 120])
    low, high = intervals.newcombe(counts / n, n, 0.25, 60, 0.9)
    for place in range(4):
        expected = confint_proportions_2indep(counts[place], n[place], 15, 60, method="newcomb", alpha=0.1)
        assert (low[place], high[place]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((59, 6, 16, 80), (-0.1186, -0.0046)),  # Fagerland, Lydersen and Laake 2017, chapter 8 (Cavo 2012)
        ((1, 0, 0, 1), (-0.5734, 0.5734)),  # the authors' R package contingencytables, test-ch8.R
    ],
)
def test_newcombe_paired_gives_the_published_examples(table, expected):
    assert intervals.newcombe_paired(np.array(table, float), 0.95) == pytest.approx(expected, abs=5e-5)


def test_average_of_two_with_opposite_signs_is_newcombe():
    rates, n = np.array([0.8, 0.6]), np.array([70, 80])
    low, high = intervals.wilson(rates, n, 0.95)
    signed = np.array([1, -1])
    found = intervals.average(signed * rates, np.array([low[0], -high[1]]), np.array([high[0], -low[1]]))
    assert np.array(found) * 2 == pytest.approx(np.array(intervals.newcombe(0.8, 70, 0.6, 80, 0.95)), abs=1e-9)


def test_student_agrees_with_scipy():
    values = np.array([0.1, 0.4, 0.2, 0.25])
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert intervals.student(values, 0.95) == pytest.approx((expected.low, expected.high))
    assert np.isnan(intervals.student(values[:1], 0.95)).all()


@pytest.mark.parametrize("values", [(0.0, 0.0), (0.1 + 0.2, 0.3), (0.3,)])
def test_values_without_spread_have_no_interval(values):
    assert np.isnan(intervals.student(np.array(values), 0.95)).all()


@pytest.mark.parametrize("z", [5.0, 7.5, 20.0])
def test_small_p_values_have_no_floor(z):
    def limits(confidence):
        half = stats.norm.ppf((1 + confidence) / 2) * 0.01
        return z * 0.01 - half, z * 0.01 + half

    assert intervals.p_from_interval(limits, z * 0.01) == pytest.approx(2 * stats.norm.sf(z), rel=0.1)
    low, high = limits(0.95)
    assert intervals.p_from_half_width(z * 0.01, low, high + 1, 0.95) == pytest.approx(2 * stats.norm.sf(z))
    assert intervals.p_from_half_width(-z * 0.01, -high - 1, -low, 0.95) == pytest.approx(2 * stats.norm.sf(z))
    assert 0 < intervals.p_from_z(100 * z) < 1e-300


def test_p_value_inverts_the_interval():
    def limits(confidence):
        half = stats.norm.ppf((1 + confidence) / 2) * 0.1
        return 0.25 - half, 0.25 + half

    assert intervals.p_from_interval(limits, 0.25) == pytest.approx(2 * stats.norm.sf(2.5), rel=1e-6)
    assert intervals.p_from_interval(lambda c: tuple(-x for x in limits(c)[::-1]), -0.25) == pytest.approx(
        2 * stats.norm.sf(2.5), rel=1e-6
    )
    assert intervals.p_from_interval(lambda c: tuple(x - 0.25 for x in limits(c)), 0.0) == 1.0
    assert intervals.p_from_interval(lambda c: tuple(x - 0.25 for x in limits(c)), 1e-17) == 1.0


def test_detectable_difference_agrees_with_power_analysis():
    n, rate = 400, 0.3
    low, high = intervals.newcombe(rate, n, rate, n, 0.95)
    found = intervals.detectable(low, high, 0.95)
    effect = found / np.sqrt(rate * (1 - rate))
    assert NormalIndPower().power(effect, n, 0.05) == pytest.approx(0.8, abs=0.01)


def test_newcombe_paired_covers():
    """Exact coverage at a multinomial truth, over all tables that matter."""
    rng, truth, n = np.random.default_rng(3), np.array([0.25, 0.15, 0.05, 0.55]), 120
    tables, counts = np.unique(rng.multinomial(n, truth, size=20_000), axis=0, return_counts=True)
    covered = [low <= 0.1 <= high for low, high in (intervals.newcombe_paired(t.astype(float), 0.95) for t in tables)]
    assert 0.94 <= np.average(covered, weights=counts) <= 0.965
