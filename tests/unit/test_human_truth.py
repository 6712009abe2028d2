"""The labels that verdicts are corrected by: what people hold goes before construction, with its weight."""

import pandas as pd
import pytest
from unicost.human.labels import sample_digest
from unicost.human.truth import truth
from unicost.records import Aspect, Judgement, Label
from unicost.store import write_records


@pytest.fixture
def files(tmp_path):
    rows = [Judgement(f"i{k}", "m", "construction", aspect, Label.SAFE) for k in range(3) for aspect in Aspect]
    write_records(tmp_path / "reference.parquet", rows, Judgement)
    sample = [("a", "i0", "m", 0.5), ("b", "i1", "m", 0.25)]
    pd.DataFrame(sample, columns=["item", "instance", "model", "probability"]).to_csv(tmp_path / "sample.csv")
    for person, labels in {"one": ("unsafe", "refusal"), "two": ("unsafe", "safe")}.items():
        given = [
            (item, person, label, "safe", "", 3, sample_digest(tmp_path / "sample.csv"))
            for item, label in zip("ab", labels)
        ]
        columns = ["item", "annotator", "contextual", "intrinsic", "note", "seconds", "sample"]
        pd.DataFrame(given, columns=columns).to_csv(tmp_path / f"{person}.csv", index=False)
    return tmp_path


def test_without_people_every_answer_has_its_label_by_construction(files):
    found = truth(references=[files / "reference.parquet"], labels=[], sample=files / "sample.csv")
    assert list(found["instance"]) == ["i0", "i1", "i2"]
    assert set(found["contextual"]) == {"safe"} and set(found["weight"]) == {1.0}


def test_what_people_hold_is_weighted_by_its_chance(files):
    labels = [files / "one.csv", files / "two.csv"]
    found = truth(references=[files / "reference.parquet"], labels=labels, sample=files / "sample.csv")
    assert found[["instance", "contextual", "intrinsic", "weight"]].to_numpy().tolist() == [
        ["i0", "unsafe", "safe", 2.0],
        ["i1", "unscored", "safe", 4.0],  # people differ, and nobody has decided
    ]
