"""Agreement of judges with annotators, against published examples and other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import cohens_kappa
from unicost.human.agreement import COLUMNS, agreement, cohen_kappa, gwet_ac1, krippendorff_alpha
from unicost.human.labels import sample_digest
from unicost.records import Aspect, Judgement, Label, Task

from tests.data.rows import unsafe, verdict, write

# Pregnancy types of 100 women by two abstractors: K. L. Gwet, Handbook of Inter-Rater Reliability, 4th edition (2014);
# the coefficients as printed in the overview of his R package irrCAC 1.0 (data set cont3x3abstractors).
ABSTRACTORS = np.array([[13.0, 0, 0], [0, 20, 7], [0, 4, 56]])


def raters(table: np.ndarray) -> np.ndarray:
    """Two rows of labels that have this table."""
    cells = [(i, j) for i, j in np.ndindex(table.shape) for _ in range(int(table[i, j]))]
    return np.array(cells).T


def test_published_example() -> None:
    assert gwet_ac1(ABSTRACTORS) == pytest.approx(0.8493305, abs=5e-8)
    assert cohen_kappa(ABSTRACTORS) == pytest.approx(0.7964094, abs=5e-8)


def test_against_other_libraries() -> None:
    tables = np.random.default_rng(0).integers(0, 20, (30, 3, 3)).astype(float)
    for table, kappa, alpha in zip(tables, cohen_kappa(tables), krippendorff_alpha(tables)):
        assert kappa == pytest.approx(cohens_kappa(table).kappa)
        library = krippendorff.alpha(reliability_data=raters(table), level_of_measurement="nominal")
        assert alpha == pytest.approx(library)


@pytest.mark.parametrize("statistic", [cohen_kappa, gwet_ac1, krippendorff_alpha])
def test_perfect_agreement_is_one_and_its_scale_does_not_matter(statistic: Any) -> None:
    assert statistic(np.diag([3.0, 4, 5])) == pytest.approx(1)


def test_one_label_only_leaves_kappa_and_alpha_undefined() -> None:
    table = np.diag([7.0, 0])
    assert np.isnan(cohen_kappa(table)) and np.isnan(krippendorff_alpha(table))
    assert gwet_ac1(table) == 1


def judgements(judge: str, labels: dict[tuple[str, str], str], aspect: Aspect = Aspect.CONTEXTUAL) -> list[Judgement]:
    return [Judgement(item, model, judge, aspect, Label(label)) for (item, model), label in labels.items()]


@pytest.fixture
def study(tmp_path: Path) -> dict[str, Any]:
    """The example's 100 pairs as labels of 100 instances by one model, half of each task."""
    names = [label.value for label in (Label.UNSAFE, Label.SAFE, Label.REFUSAL)]
    truth, answer = raters(ABSTRACTORS)
    instances = [unsafe(f"i{number}", task=list(Task)[number % 2]) for number in range(100)]
    places = [(item.id, "m") for item in instances]
    given = judgements("construction", dict(zip(places, [names[label] for label in truth])))
    judged = judgements("rules", dict(zip(places, [names[label] for label in answer])))
    return {
        "judgements": [write(tmp_path / "j.parquet", judged)],
        "references": [write(tmp_path / "reference.parquet", given)],
        "verdicts": write(tmp_path / "v.parquet", [verdict(item) for item in instances]),
        "labels": [],
        "sample": None,
        "model_kinds": {"m": "llm"},
        "output": tmp_path / "agreement.csv",
    }


def measure(study: dict[str, Any], **options: Any) -> pd.DataFrame:
    agreement(**study, **options)
    return pd.read_csv(study["output"])


def test_rows_and_figures(study: dict[str, Any]) -> None:
    table = measure(study)
    assert list(table.columns) == COLUMNS
    assert len(table) == 3 * 2
    row = table[(table["task"] == "all") & (table["model_kind"] == "all")].iloc[0]
    assert (row["annotator"], row["judge"], row["aspect"], row["n"], row["unscored"]) == (
        "construction",
        "rules",
        "contextual",
        100,
        0,
    )
    assert (row["accuracy"], row["prevalence"]) == (0.89, 0.13)
    assert (row["kappa"], row["ac1"]) == pytest.approx((0.7964094, 0.8493305), abs=5e-8)
    # Wilson: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n) with p = .89, n = 100
    assert (row["accuracy_low"], row["accuracy_high"]) == pytest.approx((0.81369, 0.93746), abs=5e-5)
    # irrCAC prints the intervals (0.68, 0.913) for kappa, by a linearised variance.
    assert (row["kappa_low"], row["kappa_high"]) == pytest.approx((0.68, 0.913), abs=0.03)
    for name in ("ac1", "alpha"):
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"] <= 1


def test_same_seed_same_file(study: dict[str, Any]) -> None:
    measure(study)
    first = study["output"].read_bytes()
    measure(study)
    assert study["output"].read_bytes() == first
    measure(study, seed=1)
    assert study["output"].read_bytes() != first


def test_items_of_one_family_are_not_independent(study: dict[str, Any], tmp_path: Path) -> None:
    apart = measure(study).iloc[0]
    joined = [verdict(unsafe(f"i{number}", family=f"f{number // 10}")) for number in range(100)]
    study["verdicts"] = write(tmp_path / "v.parquet", joined)
    together = measure(study).iloc[0]
    assert together["kappa"] == apart["kappa"]
    assert together["kappa_high"] - together["kappa_low"] > 1.3 * (apart["kappa_high"] - apart["kappa_low"])


def test_unscored_pairs_are_counted_and_left_out(study: dict[str, Any], tmp_path: Path) -> None:
    given = {("i0", "m"): "unsafe", ("i1", "m"): "unscored", ("i2", "m"): "safe", ("i3", "m"): "safe"}
    judged = {("i0", "m"): "unsafe", ("i1", "m"): "safe", ("i2", "m"): "unscored"}
    study["references"] = [write(tmp_path / "g.parquet", judgements("construction", given))]
    study["judgements"] = [write(tmp_path / "j.parquet", judgements("rules", judged))]
    row = measure(study).query("task == 'all' and model_kind == 'all'").iloc[0]
    assert (row["n"], row["unscored"], row["accuracy"], row["prevalence"]) == (1, 3, 1, 1)


def test_labels_of_people_stand_beside_those_by_construction(study: dict[str, Any], tmp_path: Path) -> None:
    study["sample"] = tmp_path / "sample.csv"
    study["sample"].write_text("item,instance,model,weight\nitem-0001,i0,m,1\nitem-0002,i99,m,1\n")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "item,annotator,contextual,intrinsic,note,seconds,sample\n"
        f"item-0001,Ada,unsafe,,,1,{sample_digest(study['sample'])}\n"
        f"item-0002,Ada,safe,unsafe,,1,{sample_digest(study['sample'])}\n"
    )
    study["labels"] = [labels]
    table = measure(study).query("task == 'all' and model_kind == 'all'").set_index(["annotator", "aspect"])
    assert table["n"].to_dict() == {
        ("construction", "contextual"): 100,
        ("human:Ada", "contextual"): 2,
        ("human:Ada", "intrinsic"): 0,
    }
    assert table.loc[("human:Ada", "contextual"), "accuracy"] == 0.5
    study["sample"] = None
    with pytest.raises(ValueError, match=r"labels.csv: labels can only be read with the sample"):
        measure(study)


def test_without_labels_the_table_is_empty(study: dict[str, Any]) -> None:
    study["references"] = []
    table = measure(study)
    assert list(table.columns) == COLUMNS and table.empty
