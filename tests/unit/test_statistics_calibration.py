"""Calibration of judges: known answers, Murphy's decomposition, honest and boastful judges, what is read of them."""

import json

import numpy as np
import pandas as pd
import pytest
from unicost.config import Resampling
from unicost.human.truth import labels_by_annotator
from unicost.records import Aspect, Judgement, Label, Verdict
from unicost.statistics import stages
from unicost.statistics.calibration.scores import Answers, equal_count_bins, scores, unsafe_share
from unicost.statistics.calibration.stated import histogram, probability_of_unsafe, read_stated
from unicost.statistics.calibration.table import calibration
from unicost.statistics.family_sums import Families, rate_sums
from unicost.store import write_records

from tests.unit.statistics_verdicts import verdict

FEW = Resampling(resamples=400)


def answers(stated, unsafe, families=None, weight=None):
    stated, unsafe = np.asarray(stated, float), np.asarray(unsafe, float)
    family = np.arange(len(stated)) if families is None else np.asarray(families)
    return Answers(stated, unsafe, np.ones(len(stated)) if weight is None else np.asarray(weight, float), family)


def test_bins_hold_equally_many_and_never_part_equal_probabilities():
    assert equal_count_bins(np.arange(200.0), 10).tolist() == sorted(20 * [*range(10)])
    assert equal_count_bins(np.full(7, 0.3), 10).tolist() == [0] * 7
    assert equal_count_bins(np.arange(9.0), 10).tolist() == [0] * 9, "so few answers make one bin"


def test_what_a_judge_is_less_sure_of_has_bins_of_its_own():
    """Nine tenths of the answers have one of two probabilities; ten bins are left for the others."""
    stated = np.concatenate([np.zeros(800), np.linspace(0.1, 0.9, 100).round(3), np.ones(100)])
    places = equal_count_bins(stated, 10)
    assert {*places[stated == 0]} == {0} and {*places[stated == 1]} == {11}
    assert np.bincount(places).tolist() == [800, *[10] * 10, 100] and (np.diff(places) >= 0).all()
    shared = np.concatenate([np.linspace(0, 0.4, 40), np.full(500, 0.5), np.linspace(0.6, 1, 40)])
    places = equal_count_bins(shared, 10)
    assert not {*places[shared < 0.5]} & {*places[shared > 0.5]}, "no bin reaches over a common probability"


def test_the_brier_score_comes_apart_as_murphys_does():
    """Three probabilities whose shares keep their order: then no isotonic regression finds more than Murphy (1973)."""
    stated = np.repeat([0.1, 0.5, 0.9], [20, 10, 20])
    unsafe = np.concatenate([np.arange(20) < 4, np.arange(10) < 6, np.arange(20) < 15]).astype(float)
    found = scores(answers(stated, unsafe), 0.95, 200, 0)
    shares, sizes, rate = np.array([0.2, 0.6, 0.75]), np.array([20, 10, 20]), 25 / 50
    assert found["brier"] == pytest.approx(np.mean((stated - unsafe) ** 2))
    assert found["miscalibration"] == pytest.approx(sizes @ (np.array([0.1, 0.5, 0.9]) - shares) ** 2 / 50)
    assert found["discrimination"] == pytest.approx(sizes @ (shares - rate) ** 2 / 50)
    assert found["uncertainty"] == pytest.approx(rate * (1 - rate))
    assert found["brier"] == pytest.approx(found["miscalibration"] - found["discrimination"] + found["uncertainty"])
    assert found["excess"] == pytest.approx(stated.mean() - rate)


def test_an_order_that_labels_contradict_is_pooled():
    """Isotonic regression by hand: shares 1 and 0 in the wrong order become one half."""
    found = scores(answers([0.2, 0.8], [1, 0]), 0.95, 100, 0)
    assert found["miscalibration"] == pytest.approx(0.64 - 0.25) and found["discrimination"] == pytest.approx(0)


def test_a_share_is_that_of_the_rates_where_weights_are_alike():
    rng = np.random.default_rng(1)
    family = np.repeat(np.arange(40), 3)
    unsafe = (np.repeat(rng.random(40), 3) < 0.4).astype(float)
    groups = Families.of(family.astype(np.int32), 40, 0)
    whole = rate_sums(unsafe, np.ones(120, bool), groups.codes, groups)
    assert unsafe_share(answers(unsafe, unsafe, family), 0.95)[1:] == pytest.approx(whole.interval(0.95))
    single = unsafe_share(answers(unsafe, unsafe), 0.95)
    assert single[1] > whole.interval(0.95)[0], "answers of their own families tell more"


def test_unequal_weights_move_the_share_and_widen_its_interval():
    unsafe = np.tile([1.0, 0.0], 50)
    even, uneven = (
        unsafe_share(answers(unsafe, unsafe, weight=weight), 0.95) for weight in (np.ones(100), 1 + 3 * unsafe)
    )
    assert uneven[0] == pytest.approx(0.8) and even[0] == 0.5
    assert uneven[2] - uneven[1] > (even[2] - even[1]) * 0.8 / 0.5 * 0.5


def _simulated(rng, bend, families=40, size=5):
    """A judge that states ``bend`` of the probability with which an answer is unsafe; families share their luck."""
    truth = np.round(rng.beta(0.6, 0.9, families * size), 3)
    family = np.repeat(np.arange(families), size)
    luck = np.where(rng.random(len(truth)) < 0.5, rng.random(families)[family], rng.random(len(truth)))
    return answers(bend(truth), luck < truth, family)


def test_an_honest_judge_is_taken_for_one():
    rng = np.random.default_rng(3)
    found = [scores(_simulated(rng, lambda p: p), 0.95, 150, 0) for _ in range(60)]
    covered = np.mean([row["excess_low"] <= 0 <= row["excess_high"] for row in found])
    rejected = np.mean([row["p_value"] < 0.05 for row in found])
    assert covered >= 0.85 and rejected <= 0.17  # four standard errors from 95 and 5 %
    ratio = np.mean([row["miscalibration"] for row in found]) / np.mean([row["by_chance"] for row in found])
    assert ratio == pytest.approx(1, abs=0.3)


def test_a_boastful_judge_is_found_out():
    rng = np.random.default_rng(4)
    found = scores(_simulated(rng, lambda p: np.round(p**4, 3), families=150), 0.95, 400, 0)
    assert found["p_value"] < 0.01 and found["miscalibration"] > 3 * found["by_chance"] and found["excess_high"] < 0


def test_one_family_has_no_interval():
    found = scores(answers([0.1, 0.9], [0, 1], families=[0, 0]), 0.95, 100, 0)
    assert found["brier"] == pytest.approx(0.01) and np.isnan([found["brier_low"], found["p_value"]]).all()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('{"probabilities": {"unsafe": 0.25, "safe": 0.75}}', 0.25),
        ('{"probabilities": {"toxic": 0.9}, "unsafe": 0.9}', 0.9),
        ('{"probabilities": {"toxic": 0.9}}', None),
        ('{"unsafe": "very"}', None),
        ("[0.5]", None),
        ("no JSON", None),
        (None, None),
    ],
)
def test_what_is_read_of_a_judgement(raw, said):
    found = probability_of_unsafe(raw)
    assert np.isnan(found) if said is None else found == said


@pytest.fixture
def study(tmp_path):
    """Sixty answers of one model: a judge that is honest and keeps quiet in the middle, one answer it cannot read."""
    rng, rows, reference, verdicts = np.random.default_rng(5), [], [], []
    for k in range(60):
        share = float(np.round(rng.random(), 3))
        label = Label.UNSCORED if 0.3 < share < 0.7 else Label.UNSAFE if share > 0.5 else Label.SAFE
        raw = None if k == 0 else json.dumps({"probabilities": {"unsafe": share}})
        rows.append(Judgement(f"i{k}", "m", "judge", Aspect.INTRINSIC, Label.UNSCORED if k == 0 else label, raw=raw))
        truth = Label.UNSCORED if k == 1 else Label.UNSAFE if rng.random() < share else Label.SAFE
        reference.append(Judgement(f"i{k}", "m", "construction", Aspect.INTRINSIC, truth))
        verdicts.append(verdict(f"i{k}", "m", f"f{k // 2}", False))
    for name, content, kind in (("j", rows, Judgement), ("r", reference, Judgement), ("v", verdicts, Verdict)):
        write_records(tmp_path / f"{name}.parquet", content, kind)
    return tmp_path


def test_a_study_from_judgements_to_tables(study):
    labels = labels_by_annotator(references=[study / "r.parquet"], labels=[], sample=None)
    stages.calibration(
        judgements=[study / "j.parquet"], labels=labels, verdicts=study / "v.parquet", analysis=FEW, output=study
    )
    table = pd.read_csv(study / "calibration.csv")
    whole = table[table["bin"] == "all"].set_index("answers")
    assert whole.loc["all", ["n", "unstated"]].tolist() == [58, 1]
    assert whole.loc["all", "n"] == whole.loc["scored", "n"] + whole.loc["unsure", "n"]
    assert whole.loc["all", "unsure"] == whole.loc["unsure", "n"] > 0 and whole.loc["scored", "unsure"] == 0
    assert 0.3 < whole.loc["unsure", "lowest"] <= whole.loc["unsure", "highest"] < 0.7
    bins = table[table["bin"] != "all"]
    assert len(bins) == 6 and bins["n"].sum() == 58 and bins["n"].between(8, 11).all() and bins["brier"].isna().all()
    assert (bins["highest"].to_numpy()[:-1] < bins["lowest"].to_numpy()[1:]).all()
    shown = pd.read_csv(study / "stated_probabilities.csv")
    assert shown["scored"].sum() + shown["unsure"].sum() == 59 and len(shown) == 20


def test_without_probabilities_or_labels_there_are_no_rows(study):
    stated = read_stated([study / "j.parquet"])
    labels = labels_by_annotator(references=[study / "r.parquet"], labels=[], sample=None)
    families = pd.DataFrame({"instance": [f"i{k}" for k in range(60)], "model": "m", "family": "f"})
    assert calibration(stated.assign(stated=np.nan), labels, families, FEW).empty
    assert calibration(stated, labels.iloc[:0], families, FEW).empty
    assert histogram(stated.assign(stated=np.nan)).empty
