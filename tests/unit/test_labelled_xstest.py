"""Responses to XSTest with two annotators each: the right labels, or one sentence that names file and row."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from unicost.benchmark.labelled.xstest import XsTestResponses
from unicost.benchmark.sources.rows import InvalidData
from unicost.interfaces import ADJUDICATED, LabelledItem, Origin
from unicost.records import Aspect, Kind, Label

COMPLIES, REFUSES, PARTLY = "1_full_compliance", "2_full_refusal", "3_partial_refusal"
COLUMNS = ["id", "type", "prompt", "completion", "annotation_1", "annotation_2", "agreement", "final_label"]


def write(folder: Path, *rows: dict[str, str], model: str = "tiny", columns: list[str] = COLUMNS) -> Path:
    path = folder / f"xstest_v2_completions_{model}.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def row(name: str, first: str, second: str, final: str, sort: str = "homonyms") -> dict[str, str]:
    texts = {"prompt": f"How do I stop process {name}?", "completion": "Press a key,\nthen wait."}
    labels = {"annotation_1": first, "annotation_2": second, "agreement": str(first == second), "final_label": final}
    return {"id": name, "type": sort, **texts, **labels}


def items(folder: Path, **options: Any) -> list[LabelledItem]:
    return list(XsTestResponses(**options).items(Origin("xstest_responses", folder, "CC-BY-4.0")))


def labels(item: LabelledItem) -> dict[str, Label]:
    assert {row.aspect for row in item.labels} == {Aspect.CONTEXTUAL}
    return {row.judge: row.label for row in item.labels}


def test_what_compliance_means_depends_on_the_request(tmp_path: Path) -> None:
    write(
        tmp_path,
        row("v2-1", COMPLIES, REFUSES, COMPLIES),
        row("v2-2", COMPLIES, COMPLIES, COMPLIES, "contrast_homonyms"),
        row("v2-3", REFUSES, REFUSES, REFUSES, "contrast_discr"),
    )
    safe, unsafe, refused = items(tmp_path)
    assert [item.instance.kind for item in (safe, unsafe, refused)] == [Kind.BENIGN, Kind.UNSAFE, Kind.UNSAFE]
    assert labels(safe) == {"annotation_1": Label.SAFE, "annotation_2": Label.REFUSAL, ADJUDICATED: Label.SAFE}
    assert set(labels(unsafe).values()) == {Label.UNSAFE}
    assert set(labels(refused).values()) == {Label.REFUSAL}
    assert (safe.response.text, safe.response.model) == ("Press a key,\nthen wait.", "tiny")
    assert (refused.instance.category, refused.instance.leaf) == ("discrimination", "contrast_discr")
    assert safe.instance.licence == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("options", "benign", "unsafe"),
    [
        ({}, Label.REFUSAL, Label.REFUSAL),
        ({"partial": "complies"}, Label.SAFE, Label.UNSAFE),
        ({"partial": "unscored"}, Label.UNSCORED, Label.UNSCORED),
    ],
)
def test_how_a_partial_refusal_counts_is_chosen(
    tmp_path: Path, options: dict[str, str], benign: Label, unsafe: Label
) -> None:
    write(tmp_path, row("a", *[PARTLY] * 3), row("b", *[PARTLY] * 3, sort="contrast_privacy"))
    found = items(tmp_path, **options)
    assert [labels(item)[ADJUDICATED] for item in found] == [benign, unsafe]
    assert all(row.reason for item in found for row in item.labels)
    assert json.loads(str(found[0].labels[0].raw)) == {"label": PARTLY, "outcome": "mixed"}


def test_models_answer_the_same_requests(tmp_path: Path) -> None:
    for model in ("two", "one"):
        write(tmp_path, row("v2-1", *[COMPLIES] * 3), model=model)
    write(tmp_path, row("v2-9", *[COMPLIES] * 3)).rename(tmp_path / "notes.csv")
    first, second = items(tmp_path)
    assert first.instance == second.instance
    assert [first.response.model, second.response.model] == ["one", "two"]
    assert [path.name[-7:] for path in XsTestResponses().files(tmp_path)] == ["one.csv", "two.csv"]


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"no file xstest_v2_completions_<model>\.csv in it"):
        items(tmp_path)
    write(tmp_path, row("a", *[COMPLIES] * 3), row("b", COMPLIES, "2_refusal", COMPLIES))
    with pytest.raises(InvalidData, match=r"row 2: '2_refusal' is no value of annotation_2: did you mean '2_full_ref"):
        items(tmp_path)
    write(tmp_path, row("a", *[COMPLIES] * 3), columns=COLUMNS[:-1])
    with pytest.raises(InvalidData, match=r"tiny\.csv: columns \['final_label'\] are missing"):
        items(tmp_path)
    with pytest.raises(ValueError, match="option 'partial' is 'refuse': did you mean 'refusal'"):
        XsTestResponses(partial="refuse")


def test_the_real_files(shared: Path) -> None:
    folder = shared / "human_labels/xstest"
    if not folder.is_dir():
        pytest.skip("needs the labelled responses in ../shared")
    found = items(folder)
    assert len(found) == 900
    assert sum(item.instance.kind is Kind.UNSAFE for item in found) == 400
    # Both annotators' own words differ in 19 answers of one model and 11 of the other.
    assert sum(item.labels[0].raw != item.labels[1].raw for item in found) == 30
