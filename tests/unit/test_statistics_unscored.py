"""What unscored answers could change: cases small enough to be filled by hand, and by trying every way to fill them."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from unicost.records import Label, Verdict
from unicost.statistics import stages
from unicost.statistics.capability import COLUMNS, Gate
from unicost.statistics.cell_evidence import CellEvidence
from unicost.statistics.coded_verdicts import read_coded
from unicost.statistics.consistency import consistency
from unicost.statistics.consistency_bounds import Answers, bounds
from unicost.statistics.correction import stages as correction
from unicost.statistics.correction.cells import ItemCells, no_labels
from unicost.statistics.correction.coded_cells import CodedCells
from unicost.statistics.evidence import Cell, Question
from unicost.statistics.gap_penalty import gap_penalty
from unicost.statistics.interactions.table import interactions
from unicost.statistics.outcomes import Outcomes
from unicost.statistics.uncertain import Uncertain
from unicost.statistics.unscored import difference, mean, over_asked
from unicost.store import write_records

from tests.unit.statistics_verdicts import DIALOGUE, TEXT, analysis, arms, frame, verdict

OPEN = Gate(pd.DataFrame(columns=COLUMNS))
FAILED = {"base-0": 2, "unified-0": 5}
"""Of 20 items a task; the base has 1 unscored answer in each task, the unified model 4 (in dialogue 2)."""
LEFT = {("base-0", TEXT): 1, ("base-0", DIALOGUE): 1, ("unified-0", TEXT): 4, ("unified-0", DIALOGUE): 2}


def rows():
    """The first items fail, the last ones are unscored; the two tasks of an item are one family."""
    return [
        verdict(
            *(f"{task}-{place}", name, f"f{place}"),
            None if place >= 20 - LEFT[name, task] else place < failed,
            task=task,
            category="Bias" if place % 2 else "Privacy",
        )
        for (name, failed), task, place in product(FAILED.items(), (TEXT, DIALOGUE), range(20))
    ]


def outcomes(verdicts=None):
    return Outcomes(read_coded(frame(verdicts or rows())))


def limits(row):
    return row[["low_bound", "high_bound"]].tolist()


def test_a_rate_is_bounded_by_all_and_by_none():
    assert over_asked(0.25, 16, 20) == pytest.approx((4 / 20, 8 / 20))
    assert over_asked(0.25, 20, 20) == (0.25, 0.25)
    low, high = over_asked(-0.02, 10, 20)  # corrected rates may leave [0, 1]
    assert low == -0.02 and high == pytest.approx(0.49)
    assert difference((0.2, 0.4), (0.1, 0.15)) == pytest.approx((0.05, 0.3))
    assert mean([(0.0, 0.4), (0.2, 0.4)], [1, 3]) == pytest.approx((0.15, 0.4))


def test_both_aspects_of_an_unscored_answer_may_go_opposite_ways(tmp_path):
    """One model: 5 of 20 fail in both aspects; 3 answers have no contextual verdict and 1 of these no intrinsic one."""
    found = []
    for place in range(20):
        row = verdict(f"i{place}", "base-0", f"f{place}", place < 5)
        if place >= 17:
            row = replace(row, contextual=Label.UNSCORED, both_safe=None)
        found.append(replace(row, intrinsic=Label.UNSCORED) if place == 19 else row)
    write_records(tmp_path / "verdicts.parquet", found, Verdict)
    pd.DataFrame(columns=COLUMNS).to_csv(tmp_path / "capability.csv", index=False)
    of = {"evidence": tmp_path / "verdicts.parquet", "capability": tmp_path / "capability.csv"}
    stages.rates(**of, models=arms(1), analysis=analysis(), output=tmp_path)
    row = pd.read_csv(tmp_path / "gap.csv").iloc[0]
    assert row["unscored"] == 3 and row["estimate"] == 0
    assert limits(row) == pytest.approx([5 / 20 - 6 / 20, 8 / 20 - 5 / 20])


def test_the_difference_of_differences_takes_the_worst_of_both_models():
    """Failures are in both aspects: the gap of a model is zero, give or take the share of its unscored answers."""
    settings = analysis(replicates=False)
    table = gap_penalty(CodedCells(outcomes()), arms(1), OPEN, settings).query("relation == 'base_llm'")
    pair = table.query("level == 'pair'").set_index("task")
    assert limits(pair.loc[TEXT]) == pytest.approx([-5 / 20, 5 / 20])
    assert limits(pair.loc[DIALOGUE]) == pytest.approx([-3 / 20, 3 / 20])
    assert limits(pair.loc["common"]) == pytest.approx([-4 / 20, 4 / 20])
    assert pair["unscored"].to_dict() == {TEXT: 5, DIALOGUE: 3, "common": 8}  # of both sides
    pool = table.query("level == 'pool' and subset == 'all' and unit == 'model'").iloc[0]
    assert limits(pool) == pytest.approx([-4 / 20, 4 / 20]) and pool["unscored"] == 8


def test_cells_of_both_kinds_know_what_was_asked():
    items, coded = ItemCells(frame(rows()), no_labels()), CodedCells(outcomes())
    for (name, task), left in LEFT.items():
        for cells in (items, coded):
            assert (cells.asked(name, task), cells.size(name, task)) == (20, 20 - left)
            assert cells.size(name, task, "i_unsafe") == 20 - left
    assert items.asked("nobody", TEXT) == coded.asked("nobody", TEXT) == 0


def test_corrected_numbers_are_bounded_by_what_is_true_of_the_unscored(tmp_path):
    """A judge without error on the answers that it scored: bounds are those of the counts."""
    models, settings = arms(1), analysis()
    write_records(tmp_path / "verdicts.parquet", rows(), Verdict)
    verdicts = tmp_path / "verdicts.parquet"
    stages.measurements(verdicts=verdicts, models=models, analysis=settings, output=tmp_path)
    of = {"evidence": verdicts, "capability": tmp_path / "capability.csv", "models": models, "analysis": settings}
    stages.rates(**of, output=tmp_path)
    stages.penalty(**of, output=tmp_path)
    stages.pooled(**of, penalty=tmp_path / "penalty.csv", output=tmp_path)
    labels = frame(rows()).query("contextual != 'unscored'")[["instance", "model", "contextual", "intrinsic"]]
    about = {"labels": labels.assign(weight=1.0), "statistics": tmp_path, "models": models, "analysis": settings}
    correction.correct_items(verdicts=verdicts, **about)
    table = pd.read_csv(tmp_path / "corrected.csv").query("metric == 'failure' and correction == 'prediction_powered'")
    rate = table.query("level == 'rate' and model == 'unified-0'").set_index("task")
    assert limits(rate.loc[TEXT]) == pytest.approx([5 / 20, 9 / 20])
    assert limits(rate.loc["all_supported"]) == pytest.approx([10 / 40, 16 / 40])
    pair = table.query(f"level == 'pair' and relation == 'base_llm' and task == '{TEXT}'").iloc[0]
    assert limits(pair) == pytest.approx([(5 - 3) / 20, (9 - 2) / 20])
    rates = pd.read_csv(tmp_path / "rates.csv").query("metric == 'failure' and model == 'unified-0'").set_index("task")
    assert limits(rates.loc["all_supported"]) == pytest.approx(limits(rate.loc["all_supported"]))


def test_evidence_of_cells_keeps_bounds_of_rates_within_one():
    class Sizes:
        def tasks(self, _):
            return (TEXT,)

        def size(self, *_):
            return 8

        def asked(self, *_):
            return 10

    evidence = CellEvidence(
        lambda *_: Uncertain(1.1, np.zeros(1)), lambda *_: over_asked(1.1, 8, 10), Sizes(), analysis(), "by hand"
    )
    found = evidence.estimate([Question((Cell("one", TEXT),))])[0]
    assert (found.low_bound, found.high_bound, found.unscored) == (pytest.approx(0.88), 1.0, 2)


def test_consistency_is_bounded_by_every_way_to_fill_the_gaps():
    """Three families of two answers a task, two of them with gaps, and one that was not asked in the second task."""
    first = Answers(np.array([1.0, 0, 2, 1]), np.array([1.0, 2, 2, 2]), np.array([2.0, 2, 2, 2]))
    second = Answers(np.array([0.0, 1, 1, 0]), np.array([1.0, 1, 2, 0]), np.array([2.0, 2, 2, 0]))
    filled = []
    for one, two, three in product((0, 1), repeat=3):
        f, g = np.array([1 + one, 0, 2]) / 2, np.array([two, 1 + three, 1]) / 2
        filled.append(np.mean(f * g + (1 - f) * (1 - g)))
    assert bounds(first, second) == pytest.approx((min(filled), max(filled)))
    assert (first.unscored, second.unscored) == (1, 2)


def test_a_difference_of_consistencies_and_its_mean_over_seeds_are_bounded():
    table = consistency(outcomes(), arms(1), OPEN, analysis(replicates=True)).set_index("level")
    own = table.loc["model"].set_index("model")
    # The unified model: 16 families are scored on both tasks and agree; 4 have a gap, 2 of them on text alone,
    # where dialogue is safe.
    assert own.loc["unified-0", "consistency"] == 1 and own.loc["unified-0", "unscored"] == 6
    assert limits(own.loc["unified-0"]) == pytest.approx([16 / 20, 1])
    assert limits(own.loc["base-0"]) == pytest.approx([19 / 20, 1])
    pair, seeds = table.loc["pair"], table.loc["seeds of pairs"]
    assert limits(pair) == pytest.approx([16 / 20 - 1, 1 - 19 / 20]) == limits(seeds)
    assert pair["unscored"] == seeds["unscored"] == 8


@pytest.mark.parametrize("unit", ["family", "seed"])
def test_levels_of_an_interaction_are_bounded_side_by_side(unit):
    table = interactions(outcomes(), arms(1), OPEN, analysis(replicates=True)).query(f"unit == '{unit}'")
    task = table.query("factor == 'task'").set_index("level")
    assert limits(task.loc[TEXT]) == pytest.approx([(5 - 3) / 20, (9 - 2) / 20])
    assert limits(task.loc[DIALOGUE]) == pytest.approx([(5 - 3) / 20, (7 - 2) / 20])
    assert task["unscored"].to_dict() == {TEXT: 5, DIALOGUE: 3}


def test_nothing_unscored_leaves_nothing_open():
    whole = [verdict(r.instance, r.model, r.family, bool(r.both_safe is False), task=r.task) for r in rows()]
    tables = {
        "consistency": consistency(outcomes(whole), arms(1), OPEN, analysis()),
        "estimate": gap_penalty(CodedCells(outcomes(whole)), arms(1), OPEN, analysis()),
    }
    for name, table in tables.items():
        assert table["unscored"].eq(0).all()
        assert table["low_bound"].tolist() == pytest.approx(table[name].tolist()) == table["high_bound"].tolist()
