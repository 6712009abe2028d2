"""Several people: what holds, coverage, Label Studio, and agreement coefficients against published examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa
from unicost.human.labels import WrongLabels, read_labels, sample_digest
from unicost.human.people import gather
from unicost.human.several import agreement_of_people, coefficients, item_sums
from unicost.records import Aspect, Label

from tests.data.rows import unsafe, verdict, write

# Fleiss (1971) as in the example of Wikipedia's article: ten items, fourteen raters, five labels; kappa 0.210.
FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
HEADER = "item,annotator,contextual,intrinsic,note,seconds,sample\n"


def of(counts: Any) -> dict[str, float]:
    table = np.asarray(counts, dtype=float)
    found = coefficients(item_sums(table).sum(0), table.shape[1])
    return {name: float(value) for name, value in found.items()}


def test_fleiss_kappa_is_that_of_the_published_example_and_of_statsmodels() -> None:
    assert of(FLEISS)["fleiss"] == pytest.approx(0.210, abs=5e-4)
    assert of(FLEISS)["fleiss"] == pytest.approx(fleiss_kappa(np.array(FLEISS)))


def test_alpha_is_that_of_the_library_with_gaps() -> None:
    gaps = np.array([[2, 1, 0], [0, 2, 0], [1, 0, 3], [4, 0, 0], [0, 1, 1]], dtype=float)
    library = krippendorff.alpha(value_counts=gaps, level_of_measurement="nominal")
    assert of(gaps)["alpha"] == pytest.approx(library)


def test_ac1_of_several_is_that_of_two() -> None:
    # Gwet (2008), two raters and two labels: 118 and 2 items agreed, 5 not; AC1 0.957 by the definition for two.
    pairs = [[2, 0]] * 118 + [[1, 1]] * 5 + [[0, 2]] * 2
    share = (118 + 2.5) / 125
    chance = 2 * share * (1 - share)
    assert of(pairs)["ac1"] == pytest.approx((120 / 125 - chance) / (1 - chance))


def test_nothing_is_said_where_all_say_the_same() -> None:
    assert np.isnan(of([[3, 0]] * 4)["fleiss"]) and np.isnan(of([[3, 0]] * 4)["alpha"])


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.csv"
    path.write_text("item,instance,model\n" + "".join(f"item-{n},i{n},m\n" for n in range(4)))
    return path


def file(folder: Path, name: str, labels: dict[int, str]) -> Path:
    path = folder / f"{name}.csv"
    digest = sample_digest(folder / "sample.csv")
    path.write_text(HEADER + "".join(f"item-{n},{name},{label},,,,{digest}\n" for n, label in labels.items()))
    return path


def test_the_majority_holds_and_the_adjudicator_decides(sample: Path, tmp_path: Path) -> None:
    labels = [
        file(tmp_path, "Ada", {0: "unsafe", 1: "safe", 2: "safe", 3: "safe"}),
        file(tmp_path, "Bo", {0: "unsafe", 1: "unsafe", 2: "refusal"}),
        file(tmp_path, "adjudicator", {2: "refusal"}),
    ]
    given = gather(labels, sample)
    held = {row.instance: (row.judge, row.label) for row in given.held}
    assert held == {"i0": ("human", Label.UNSAFE), "i1": ("human", Label.UNSCORED), "i2": ("human", Label.REFUSAL)}
    assert given.differences[["item", "decided"]].to_numpy().tolist() == [["item-1", "unscored"], ["item-2", "refusal"]]
    covered = given.coverage.set_index(["annotator", "aspect"])
    assert covered.loc["human:Bo", "contextual"].tolist() == [4, 3, 0, 1]
    assert covered.loc[
        "human:Bo",
        "intrinsic",
    ].tolist() == [4, 0, 0, 4]


def test_one_person_in_two_files_and_empty_files_are_refused(sample: Path, tmp_path: Path) -> None:
    first = file(tmp_path, "Ada", {0: "safe"})
    (tmp_path / "again.csv").write_text(first.read_text())
    with pytest.raises(WrongLabels, match=r"again\.csv: annotator 'Ada' labels items that are in .*Ada\.csv too"):
        gather([first, tmp_path / "again.csv"], sample)
    with pytest.raises(WrongLabels, match=r"Bo\.csv: holds no label"):
        gather([file(tmp_path, "Bo", {})], sample)


def test_people_are_compared_by_task_with_intervals(sample: Path, tmp_path: Path) -> None:
    labels = [
        file(tmp_path, "Ada", {0: "unsafe", 1: "safe", 2: "safe"}),
        file(tmp_path, "Bo", {0: "unsafe", 1: "unsafe", 2: "safe", 3: "safe"}),
        file(tmp_path, "adjudicator", {1: "safe"}),
    ]
    outputs = {name: tmp_path / f"{name}.csv" for name in ("output", "coverage", "differences")}
    verdicts = write(tmp_path / "v.parquet", [verdict(unsafe(f"i{n}", family=f"f{n}")) for n in range(4)])
    agreement_of_people(labels=labels, sample=sample, verdicts=verdicts, model_kinds={"m": "llm"}, **outputs)
    row = pd.read_csv(outputs["output"]).iloc[0]
    assert (row["task"], row["model_kind"], row["people"], row["n"], row["single"]) == ("all", "all", 2, 3, 1)
    assert row["agreement"] == pytest.approx(2 / 3) and row["prevalence"] == 0.5
    table = np.array([[2, 0, 0], [1, 1, 0], [0, 2, 0]])
    assert row["fleiss"] == pytest.approx(fleiss_kappa(table))
    assert row["fleiss_low"] <= row["fleiss"] <= row["fleiss_high"]


EXPORT = [
    {
        "id": 1,
        "data": {"item": "item-0", "sample": "SAMPLE"},
        "annotations": [
            {
                "completed_by": {"id": 7, "email": "ada@example.org"},
                "lead_time": 4.5,
                "was_cancelled": False,
                "result": [
                    {"from_name": "contextual", "type": "choices", "value": {"choices": ["unsafe"]}},
                    {"from_name": "note", "type": "textarea", "value": {"text": ["clear"]}},
                ],
            },
            {"completed_by": 8, "was_cancelled": True, "result": []},
        ],
    }
]
FLAT = [
    {
        "item": "item-0",
        "sample": "SAMPLE",
        "contextual": "unsafe",
        "note": "clear",
        "annotator": "ada@example.org",
        "lead_time": 4.5,
    }
]


@pytest.mark.parametrize("export", [EXPORT, FLAT])
def test_annotations_come_back_from_label_studio(export: Any, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export).replace("SAMPLE", sample_digest(sample)))
    (row,) = read_labels(path, sample)
    assert (row.instance, row.judge, row.aspect, row.label) == (
        "i0",
        "human:ada@example.org",
        Aspect.CONTEXTUAL,
        Label.UNSAFE,
    )
    assert row.reason == "clear"


def test_what_is_no_export_is_refused(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    for text in ("[1]", '{"a": 1}', "no"):
        path.write_text(text)
        with pytest.raises(WrongLabels, match=r"neither the JSON file of the annotation page nor an export"):
            read_labels(path, sample)
    path.write_text(json.dumps([FLAT[0] | {"contextual": "usafe", "sample": sample_digest(sample)}]))
    with pytest.raises(WrongLabels, match=r"label 1: 'usafe' is not an? contextual label"):
        read_labels(path, sample)
