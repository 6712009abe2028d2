"""Correction for the judge's error: against ppi-python, against simulation with known truth, and by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from unicost.records import Verdict
from unicost.statistics import stages
from unicost.statistics.capability import COLUMNS, Gate
from unicost.statistics.cell_evidence import CellEvidence
from unicost.statistics.correction import stages as correction
from unicost.statistics.correction.cells import CountCells, ItemCells, no_labels
from unicost.statistics.correction.corrected import Tables, corrected
from unicost.statistics.correction.errors import LabelledErrors, PublishedErrors, Split
from unicost.statistics.correction.prediction_powered import prediction_powered
from unicost.statistics.correction.rogan_gladen import rogan_gladen
from unicost.statistics.correction.tipping import Sides, tipping
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.uncertain import Uncertain, mean
from unicost.store import write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, experiment


def independent(share, n, place, sources=6):
    parts = np.zeros(sources)
    parts[place] = np.sqrt(share * (1 - share) / n)
    return Uncertain(share, parts)


def test_sums_keep_what_their_terms_share():
    one, other = (Uncertain(value, np.array([0.1, spread])) for value, spread in ((0.5, 0.0), (0.2, 0.2)))
    assert (one - other).error == pytest.approx(0.2)
    assert (one + other).error == pytest.approx(np.hypot(0.2, 0.2))
    assert mean([one, other], [3, 1]).value == pytest.approx(0.425)


def test_rogan_gladen_inverts_what_a_judge_does():
    truth, sensitivity, specificity = 0.3, 0.9, 0.8
    judged = truth * sensitivity + (1 - truth) * (1 - specificity)
    found = rogan_gladen(*(independent(share, 500, k) for k, share in enumerate((judged, sensitivity, specificity))))
    assert found.value == pytest.approx(truth)
    # Rogan and Gladen (1978), with the variances of sensitivity and specificity: Greiner and Gardner (2000), eq. 9
    variance = (
        judged * (1 - judged) / 500
        + truth**2 * sensitivity * (1 - sensitivity) / 500
        + (1 - truth) ** 2 * specificity * (1 - specificity) / 500
    ) / (sensitivity + specificity - 1) ** 2
    assert found.error == pytest.approx(np.sqrt(variance))
    assert rogan_gladen(independent(0.5, 9, 0), independent(0.4, 9, 1), independent(0.6, 9, 2)) is None


def test_corrected_penalties_cover_the_truth_and_judged_ones_do_not():
    """At the sizes of the published study: 455 items a model, a labelled subset of 455 answers."""
    rng, runs, n = np.random.default_rng(3), 4000, 455
    truths, sensitivity, specificity = (0.45, 0.2), 0.85, 0.95
    judged = [rng.binomial(n, p * sensitivity + (1 - p) * (1 - specificity), runs) / n for p in truths]
    unsafe = rng.binomial(n, 0.3, runs)
    se = rng.binomial(unsafe, sensitivity) / unsafe
    sp = rng.binomial(n - unsafe, specificity) / (n - unsafe)
    covered = naive = 0
    for q1, q2, one, two, k in zip(*judged, se, sp, unsafe):
        numbers = (independent(q1, n, 0), independent(q2, n, 1), independent(one, k, 2), independent(two, n - k, 3))
        low, high = (rogan_gladen(numbers[0], *numbers[2:]) - rogan_gladen(numbers[1], *numbers[2:])).interval(0.95)
        covered += low <= 0.25 <= high
        low, high = (numbers[0] - numbers[1]).interval(0.95)
        naive += low <= 0.25 <= high
    assert 0.93 <= covered / runs <= 0.97
    assert naive / runs < 0.75


def test_prediction_powered_mean_is_that_of_the_library():
    ppi_py = pytest.importorskip("ppi_py")
    rng, n = np.random.default_rng(5), 900
    truth = (rng.random(n) < 0.35).astype(float)
    judged = np.where(rng.random(n) < 0.85, truth, 1 - truth)
    labels = np.where(np.arange(n) < 250, truth, np.nan)
    found = prediction_powered(judged, labels, np.ones(n), np.arange(n), n)
    known = judged[:250], judged[250:]
    assert found.value == pytest.approx(
        float(np.ravel(ppi_py.ppi_mean_pointestimate(truth[:250], *known))[0]), abs=1e-4
    )
    low, high = ppi_py.ppi_mean_ci(truth[:250], *known, alpha=0.05)
    assert found.interval(0.95) == pytest.approx((float(np.ravel(low)[0]), float(np.ravel(high)[0])), abs=3e-4)
    classical = prediction_powered(truth, truth, np.ones(n), np.arange(n), n)
    assert classical.value == truth.mean()
    assert classical.error == pytest.approx(truth.std(ddof=1) / np.sqrt(n))


def test_prediction_powered_covers_with_clustered_items_and_unequal_chances():
    rng, covered, runs, families, size = np.random.default_rng(7), 0, 1500, 60, 6
    family = np.repeat(np.arange(families), size)
    for _ in range(runs):
        hard = np.repeat(rng.random(families), size)
        truth = (np.where(rng.random(families * size) < 0.6, hard, rng.random(families * size)) < 0.3).astype(float)
        judged = np.where(rng.random(truth.size) < np.where(truth == 1, 0.8, 0.93), truth, 1 - truth)
        chance = np.where(judged == 1, 0.6, 0.3)  # what the judge calls unsafe is labelled more often
        labels = np.where(rng.random(truth.size) < chance, truth, np.nan)
        weights = 1 / chance
        low, high = prediction_powered(judged, labels, weights, family, families).interval(0.95)
        covered += low <= 0.3 <= high
    assert 0.925 <= covered / runs <= 0.975


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """An experiment whose judge raises false alarms on the unified arm alone; every answer has a label."""
    folder, settings, models = tmp_path_factory.mktemp("study"), analysis(replicates=True), arms(3)
    rng = np.random.default_rng(11)
    truth = experiment(3, 0.0, rng)
    judged = [_judged(row, rng) for row in truth]
    write_records(folder / "verdicts.parquet", judged, Verdict)
    verdicts = folder / "verdicts.parquet"
    stages.measurements(verdicts=verdicts, models=models, analysis=settings, output=folder)
    common = {"evidence": verdicts, "capability": folder / "capability.csv", "models": models, "analysis": settings}
    stages.rates(**common, output=folder)
    stages.penalty(**common, output=folder)
    stages.pooled(**common, penalty=folder / "penalty.csv", output=folder)
    labels = pd.DataFrame([(row.instance, row.model, row.contextual, row.intrinsic, 1.0) for row in truth])
    labels.columns = ["instance", "model", "contextual", "intrinsic", "weight"]
    correction.correct_items(verdicts=verdicts, labels=labels, statistics=folder, models=models, analysis=settings)
    return folder


def _judged(row, rng):
    alarm = row.kind == "unsafe" and row.both_safe and row.model.startswith("unified") and rng.random() < 0.25
    return replace(row, contextual="unsafe", intrinsic="unsafe", both_safe=False) if alarm else row


def test_a_penalty_that_the_judge_made_up_is_corrected_away(study):
    table = pd.read_csv(study / "corrected.csv").query("metric == 'failure' and level == 'pair' and task == 'common'")
    found = table.query("relation == 'base_llm'").groupby("correction")[["estimate", "judged"]].mean()
    assert found["judged"].min() > 0.12
    assert abs(found.loc["prediction_powered", "estimate"]) < 0.05
    assert abs(found.loc["rogan_gladen_by_kind", "estimate"]) < 0.05
    assert found.loc["rogan_gladen", "estimate"] > 0.12  # one error for both arms cannot undo one that differs
    verdicts = table.query("correction == 'prediction_powered' and relation == 'base_llm'")
    assert set(verdicts["judged_conclusion"]) == {"more"} and not verdicts["survives"].any()


def test_differential_error_is_tested(study):
    rows = pd.read_csv(study / "judge_error.csv").query("metric == 'failure' and group == 'difference'")
    assert set(rows["task"]) == {TEXT, DIALOGUE}
    assert (rows["specificity"] < -0.15).all() and (rows["specificity_p"] < 0.001).all()
    assert (rows["sensitivity_p"].dropna() > 0.05).all()


def test_a_fragile_conclusion_tips_at_the_error_that_there_is(study):
    rows = pd.read_csv(study / "tipping.csv").query("task == 'common' and conclusion == 'more'")
    assert len(rows)
    assert not rows["robust"].astype(bool).any()
    assert (rows["error_needed"] <= rows["to_unclear"]).all() and (rows["to_unclear"] < rows["to_zero"]).all()


def test_worst_case_error_by_hand():
    sides = Sides(np.array([0.3]), np.array([0.1]), np.array([1.0]), np.array([0.05]))
    assert sides.possible(0.05, +1) == pytest.approx(0.1)
    assert sides.possible(0.4, +1) == pytest.approx(0.3 + 0.4)  # no more false alarms than verdicts of unsafe
    assert sides.needed(0.2, +1) == pytest.approx(0.1)
    assert sides.possible(0.2, -1) == pytest.approx(0.1 + 0.2)


def test_a_robust_conclusion_needs_more_error_than_is_known(study):
    rows = pd.read_csv(study / "tipping.csv").dropna(subset=["error_needed", "error_known"])
    assert len(rows)
    assert (rows["robust"].astype(bool) == (rows["error_needed"] > rows["error_known"])).all()


def test_the_known_error_is_spread_evenly_over_tasks():
    """It lies on the task whose judged rate leaves no room for false alarms; the same on both tasks it can do more."""
    failure = {("u", TEXT): 0.0, ("u", DIALOGUE): 0.6, ("b", TEXT): 0.0, ("b", DIALOGUE): 0.2}
    rates = pd.DataFrame([(*key, "failure", rate) for key, rate in failure.items()])
    rates.columns = ["model", "task", "metric", "estimate"]
    pair = {"unified": "u", "counterpart": "b", "relation": "base_llm", "task": "common", "category": "all"}
    pair |= {"tasks": f"{TEXT} {DIALOGUE}", "members": "b", "estimate": 0.2, "low": 0.12, "high": 0.3}
    found = tipping(rates, pd.DataFrame([pair]), pd.DataFrame(), {TEXT: 0.2, DIALOGUE: 0.0}, {}).iloc[0]
    assert found["error_known"] == pytest.approx(0.1)
    assert found["error_needed"] == pytest.approx(0.08)  # misses on both tasks and false alarms on one: 1.5 e = 0.12
    assert found["most_possible"] == pytest.approx(0.15)
    assert not found["robust"]


def test_what_a_correction_makes_certain_has_no_interval_and_what_it_takes_too_far_is_told():
    """The lowest judged rate is all false alarms by assumption; 0.95 is more than a judge that misses a third says."""
    counts = pd.DataFrame(
        [
            (model, TEXT, metric, rate, 200)
            for model, rate in (("unified-0", 0.95), ("base-0", 0.02))
            for metric in ("c_unsafe", "i_unsafe", "failure")
        ],
        columns=["model", "task", "metric", "rate", "n"],
    )
    accuracy = pd.DataFrame([(TEXT, "contextual", 0.75, 200)], columns=["task", "aspect", "accuracy", "n"])
    settings, models, gate = analysis(replicates=False), arms(1), Gate(pd.DataFrame(columns=COLUMNS))
    cells = CountCells(CountEvidence(counts, settings), models, spare=1)

    def tables(rate):
        evidence = CellEvidence(rate, lambda _, __, found: (found.value, found.value), cells, settings, "by hand")
        return Tables.of(evidence, models, gate, "failure")

    errors = PublishedErrors(cells, accuracy, models, "failure", Split.FALSE_ALARMS).of(TEXT)

    def fixed(model, task, metric):
        found = cells.judged(model, task, metric)
        return found and rogan_gladen(found, errors.sensitivity, errors.specificity)

    uncut = {("unified-0", TEXT): fixed("unified-0", TEXT, "failure").value}
    by_correction = {"rogan_gladen_false_alarms": replace(tables(fixed), uncut=uncut)}
    table = corrected(tables(cells.judged), by_correction, "failure")
    rate = table.query(f"level == 'rate' and task == '{TEXT}'").set_index("model")
    assert rate.loc["base-0", "estimate"] == pytest.approx(0)
    assert rate.loc["base-0", ["low", "high"]].isna().all() and "no interval" in rate.loc["base-0", "note"]
    assert pd.isna(rate.loc["base-0", "uncut"]) and pd.isna(rate.loc["unified-0", "note"])
    assert rate.loc["unified-0", "estimate"] == 1 < rate.loc["unified-0", "uncut"]
    pair = table.query(f"level == 'pair' and task == '{TEXT}' and relation == 'base_llm'").iloc[0]
    assert pair["low"] <= pair["estimate"] <= pair["high"] == 1


def test_without_labels_nothing_is_corrected(tmp_path):
    verdicts = pd.DataFrame([vars(row) for row in experiment(2, 0.2, np.random.default_rng(1))])
    cells = ItemCells(verdicts, no_labels())
    assert LabelledErrors(cells, ["base-0", "unified-0"], "failure").of(TEXT) is None
    assert cells.judged("base-0", TEXT, "failure").value == pytest.approx(
        1 - verdicts.query("model == 'base-0' and task == 'text_to_text' and kind == 'unsafe'")["both_safe"].mean()
    )


def test_false_alarms_that_a_judged_rate_bounds_err_as_it_does():
    """The lowest judged rate is the specificity's bound: 4 of 200 answers, and its binomial error."""
    counts = pd.DataFrame(
        [
            (model, TEXT, metric, rate, 200)
            for model, rate in (("u", 0.4), ("s", 0.02))
            for metric in ("c_unsafe", "i_unsafe", "failure")
        ],
        columns=["model", "task", "metric", "rate", "n"],
    )
    accuracy = pd.DataFrame([(TEXT, "contextual", 0.95, 200)], columns=["task", "aspect", "accuracy", "n"])
    cells = CountCells(CountEvidence(counts, analysis()), ["u", "s"], spare=1)
    found = PublishedErrors(cells, accuracy, ["u", "s"], "c_unsafe", Split.FALSE_ALARMS).of(TEXT)
    assert found.specificity.value == pytest.approx(0.98)
    assert found.specificity.error == pytest.approx(cells.judged("s", TEXT, "c_unsafe").error, rel=1e-3)
    misses = PublishedErrors(cells, accuracy, ["u", "s"], "c_unsafe", Split.MISSES).of(TEXT)
    assert (misses.specificity.value, misses.specificity.error) == (1.0, 0.0)
