"""Answers from items: pairing, unscored items, families, benign twins, and honest intervals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from unicost.records import Kind, Label, Task
from unicost.statistics import intervals
from unicost.statistics.capability import Gate, capability
from unicost.statistics.evidence import Cell, Question
from unicost.statistics.hypothesis_tests import mcnemar_mid_p
from unicost.statistics.item_evidence import ItemEvidence

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, experiment, frame, verdict

PAIR = Question((Cell("u", TEXT, ("s",)),))
MEAN = Question((Cell("u", TEXT, ("s",)), Cell("u", DIALOGUE, ("s",))))


def paired(both, first, second, neither, family=lambda i: f"f{i}"):
    """Items of two models with a given table of failures."""
    outcomes = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    rows = []
    for i, (u, s) in enumerate(outcomes):
        rows += [verdict(f"i{i}", "u", family(i), u), verdict(f"i{i}", "s", family(i), s)]
    return rows


def answer(rows, question, **settings):
    return ItemEvidence(frame(rows), analysis(**settings)).estimate([question])[0]


def test_one_item_a_family_gives_newcombe_and_mcnemar():
    found = answer(paired(59, 6, 16, 80), PAIR)
    assert found.estimate == pytest.approx(-10 / 161)
    assert (found.low, found.high) == intervals.newcombe_paired(np.array([59, 6, 16, 80.0]), 0.95)
    assert found.p_value == mcnemar_mid_p(6, 16)
    assert (found.n, found.n_counterpart, found.method) == (161, 161, "Newcombe paired, McNemar mid-p")


def test_one_item_a_family_gives_wilson():
    found = answer(paired(3, 4, 0, 13), Question((Cell("u", TEXT),)))
    low, high = intervals.wilson(7 / 20, 20, 0.95)
    assert (found.estimate, found.low, found.high, found.p_value) == (7 / 20, low, high, None)


def test_families_widen_the_interval():
    rows = paired(0, 30, 10, 40)
    clustered = paired(0, 30, 10, 40, family=lambda i: f"f{i // 5}")
    alone, together = answer(rows, PAIR), answer(clustered, PAIR, resamples=4000)
    assert together.estimate == alone.estimate
    assert together.method == "Newcombe paired at effective n, sign flips by family"
    assert together.high - together.low > 1.5 * (alone.high - alone.low)
    assert together.p_value > alone.p_value


def test_copies_of_an_item_tell_nothing_new():
    """Four identical answers a family count as one: the interval is that of the families, with Student's quantile."""
    once = paired(0, 12, 6, 22)
    copied = [replace(row, instance=f"{row.instance}-{i}") for row in once for i in range(4)]
    alone, four = answer(once, PAIR), answer(copied, PAIR)
    assert four.estimate == alone.estimate
    assert four.high - four.low == pytest.approx((alone.high - alone.low) * stats.t.ppf(0.975, 39) / 1.96, rel=0.02)


def test_agreement_of_all_families_is_not_certainty():
    found = answer(paired(80, 0, 0, 0, family=lambda i: f"f{i // 4}"), Question((Cell("u", TEXT),)))
    low, high = intervals.wilson(1.0, 20, 0.95)
    assert (found.low, found.high) == (low, high) and found.method == "Wilson at effective n"


def test_a_mean_of_cells_that_never_vary_is_not_certain_either():
    rows = paired(0, 0, 0, 30)
    rows += [verdict(f"d{i}", name, f"f{i}", False, task=DIALOGUE) for i in range(30) for name in ("u", "s")]
    found = answer(rows, MEAN)
    assert found.estimate == 0 and found.p_value == 1
    assert found.method.startswith("Newcombe paired at effective n (few families differ)")
    assert (found.low, found.high) == pytest.approx(intervals.newcombe_paired(np.array([0, 0, 0, 30.0]), 0.95))


@pytest.mark.parametrize(
    ("first", "second", "few"), [(0, 0, True), (1, 0, True), (5, 4, True), (5, 5, False), (0, 10, False)]
)
def test_rare_events_are_not_resampled(first, second, few):
    """Ten families have to differ over the whole mean, in whichever cell; with fewer the whole has one table."""
    rows = paired(0, first, 0, 100 - first)
    rows += [
        verdict(f"d{i}", name, f"f{i}", i >= 100 - second and name == "u", task=DIALOGUE)
        for i in range(100)
        for name in "us"
    ]
    found = answer(rows, MEAN)
    assert found.method.startswith("Newcombe paired at effective n (few families differ)" if few else "bootstrap")
    assert found.low <= found.estimate <= found.high and found.high > 0.01
    if few and first + second:
        table = np.array([0.0, first + second, 0.0, 200.0 - first - second])
        size = (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 99)) ** 2  # each family differs once: no design effect
        assert (found.low, found.high) == pytest.approx(intervals.newcombe_paired(table * size, 0.95), rel=0.01)


def test_copies_of_a_cell_tell_nothing_new():
    """Seeds that all do the same are one seed: the interval of their mean is that of one."""
    alone = paired(2, 6, 1, 91)
    again = [replace(row, instance=f"{row.instance}-again", task=DIALOGUE) for row in alone]
    one, mean = answer(alone, PAIR), answer(alone + again, MEAN)
    assert mean.method == "Newcombe paired at effective n (few families differ), sign flips by family"
    assert mean.estimate == one.estimate
    assert mean.high - mean.low == pytest.approx((one.high - one.low) * stats.t.ppf(0.975, 99) / 1.96, rel=0.02)


def test_interval_and_signs_of_rare_differences_agree():
    """Five seeds that share 120 families: where signs show a difference, the interval excludes zero."""
    rng, agree = np.random.default_rng(3), []
    tasks = list(Task)[:5]
    for _ in range(20):
        worse = rng.random(120)
        rows = [
            verdict(
                f"{task}-{i}", name, f"f{i}", bool(worse[i] < 0.2 and rng.random() < 0.3 and name == "u"), task=task
            )
            for task in tasks
            for i in range(120)
            for name in "us"
        ]
        found = answer(rows, Question(tuple(Cell("u", task, ("s",)) for task in tasks)))
        agree.append((found.p_value < 0.05) == (found.low > 0))
    assert all(agree)


def test_unscored_items_leave_the_denominator_and_set_the_bounds():
    rows = paired(0, 6, 0, 4)
    rows += [verdict("x", "u", "fx", None), verdict("x", "s", "fx", False)]
    rate, difference = (answer(rows, question) for question in (Question((Cell("u", TEXT),)), PAIR))
    assert (rate.n, rate.unscored, rate.estimate) == (10, 1, 0.6)
    assert (rate.low_bound, rate.high_bound) == pytest.approx((6 / 11, 7 / 11))
    assert (difference.n, difference.unscored, difference.estimate) == (10, 1, 0.6)
    assert (difference.low_bound, difference.high_bound) == pytest.approx((6 / 11, 7 / 11))


def test_items_that_one_side_was_not_asked_are_no_pairs():
    rows = [*paired(0, 6, 0, 4), verdict("x", "u", "fx", True)]
    assert (answer(rows, PAIR).n, answer(rows, PAIR).unscored) == (10, 0)
    assert answer(rows, Question((Cell("u", TEXT, ("nobody",)),))) is None


def test_a_group_is_the_mean_of_its_members():
    rows = paired(2, 8, 0, 10) + [verdict(f"i{i}", "t", f"f{i}", i < 10) for i in range(20)]
    found = answer(rows, Question((Cell("u", TEXT, ("s", "t")),)))
    assert found.estimate == pytest.approx(10 / 20 - (2 / 20 + 10 / 20) / 2)
    assert (found.n, found.n_counterpart) == (20, 40)


def test_common_weights_tasks_alike_and_pooled_weights_items_alike():
    rows = paired(0, 8, 0, 2)
    rows += [verdict(f"d{i}", "u", f"d{i}", i < 10, task=DIALOGUE) for i in range(40)]
    cells = (Cell("u", TEXT), Cell("u", DIALOGUE))
    assert answer(rows, Question(cells)).estimate == pytest.approx((0.8 + 0.25) / 2)
    assert answer(rows, Question(cells, pooled=True)).estimate == pytest.approx(18 / 50)


def test_benign_twins_measure_refusal_and_help():
    answers = [(Label.REFUSAL, None), (Label.SAFE, True), (Label.SAFE, False), (Label.SAFE, None), (Label.UNSAFE, True)]
    rows = [
        verdict(f"b{i}", "u", f"b{i}", False, kind=Kind.BENIGN, contextual=label, correct=right)
        for i, (label, right) in enumerate(answers)
    ]
    cell = (Cell("u", TEXT),)
    assert answer(rows, Question(cell, "over_refusal")).estimate == pytest.approx(1 / 5)
    assert answer(rows, Question(cell, "helpful")).estimate == pytest.approx(2 / 5)
    assert answer(rows, Question(cell)) is None


def test_the_gap_is_paired_within_the_model():
    rows = [
        verdict(f"i{i}", "u", f"f{i}", True, intrinsic=Label.SAFE if i % 4 == 0 else Label.UNSAFE) for i in range(40)
    ]
    found = answer(rows, Question((Cell("u", TEXT, ("u",)),), "c_unsafe", minus="i_unsafe"))
    assert found.estimate == pytest.approx(0.25)
    assert (found.low, found.high) == intervals.newcombe_paired(np.array([30, 10, 0, 0.0]), 0.95)


def test_a_model_that_cannot_do_a_task_is_gated():
    rows = experiment(1, 0.1, np.random.default_rng(0))
    settings = analysis(capability_gate=0.9)
    table = capability(ItemEvidence(frame(rows), settings), arms(1), [TEXT, DIALOGUE], settings)
    gate = Gate(table)
    assert gate.capable(["unified-0"], [TEXT]) is True
    assert gate.capable(["unified-0", "base-0"], [TEXT, DIALOGUE]) is False
    assert gate.capable(["stranger"], [TEXT]) is None
    assert Gate(table.assign(capable=None)).capable(["unified-0"], [DIALOGUE]) is None


def test_the_same_items_in_another_order_give_the_same_bits():
    rows = experiment(1, 0.1, np.random.default_rng(0), families=20)
    question = Question((Cell("unified-0", TEXT, ("base-0",)), Cell("unified-0", DIALOGUE, ("base-0",))))
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    assert answer(rows, question) == answer(shuffled, question)


@pytest.mark.parametrize("penalty", [0.0, 0.2])
def test_intervals_cover_and_tests_keep_their_level_with_families(penalty):
    """A small simulation: three standard errors around 95 % and 5 %."""
    rng, studies = np.random.default_rng(11), 50
    question = Question((Cell("unified-0", TEXT, ("base-0",)),))
    found = [answer(experiment(1, penalty, rng, families=30), question) for _ in range(studies)]
    assert 0.85 <= np.mean([one.low <= penalty <= one.high for one in found]) <= 1
    rejected = np.mean([one.p_value < 0.05 for one in found])
    assert rejected <= 0.15 if penalty == 0 else rejected > 0.8
