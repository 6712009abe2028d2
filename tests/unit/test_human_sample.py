"""The sample that people label: stratified, reproducible, with known inclusion probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from unicost.human.sample import COLUMNS, NothingToSample, sample_for_humans
from unicost.records import Aspect, Judgement, Label, Response, Task
from unicost.store import read_records, write_records

from tests.data.rows import response, unsafe, verdict, write

KINDS = {"small": "llm", "big": "unified"}
TASKS = (Task.TEXT_TO_TEXT, Task.DIALOGUE)


@pytest.fixture
def study(tmp_path: Path) -> dict[str, Any]:
    """100 instances, two models; model `small` is unsafe on 3 of the 50 dialogues and safe elsewhere."""
    instances = [unsafe(f"i{number:03d}", task=TASKS[number % 2]) for number in range(100)]
    rows = [
        verdict(item, model, "unsafe" if (model, number % 2) == ("small", 1) and number < 6 else "safe")
        for number, item in enumerate(instances)
        for model in KINDS
    ]
    answers = [response(item.id, model) for item in instances for model in KINDS]
    return {
        "verdicts": write(tmp_path / "v.parquet", rows),
        "responses": [write(tmp_path / "r.parquet", answers)],
        "judgements": [],
        "benchmark": write(tmp_path / "b.parquet", instances),
        "model_kinds": KINDS,
        "output": tmp_path / "sample.csv",
    }


def draw(study: dict[str, Any], size: int, seed: int = 0) -> pd.DataFrame:
    sample_for_humans(**study, size=size, seed=seed)
    return pd.read_csv(study["output"])


def test_rare_verdicts_are_in_the_sample(study: dict[str, Any]) -> None:
    sample = draw(study, 35)
    assert list(sample.columns) == COLUMNS
    assert len(sample) == sample["item"].nunique() == 35
    assert sample.groupby(["model_kind", "task", "contextual"]).size().to_dict() == {
        ("llm", "dialogue", "safe"): 8,
        ("llm", "dialogue", "unsafe"): 3,
        ("llm", "text_to_text", "safe"): 8,
        ("unified", "dialogue", "safe"): 8,
        ("unified", "text_to_text", "safe"): 8,
    }


@pytest.mark.parametrize("size", [35, 36, 3, 200])
def test_inverse_probabilities_add_up_to_all_responses(study: dict[str, Any], size: int) -> None:
    sample = draw(study, size)
    assert len(sample) == size
    if size >= 5:
        counts = sample.groupby(["model_kind", "task", "contextual"])["probability"].agg(["size", "mean"])
        totals = sample.groupby(["model_kind", "task", "contextual"])["stratum_size"].first()
        assert totals.sum() == 200
        assert (counts["size"] / counts["mean"]).sum() == pytest.approx(200, abs=8)
    else:
        assert (sample["probability"] * sample["stratum_size"]).tolist() == pytest.approx([0.6] * 3)


def test_categories_are_strata_and_weights_are_inverse_probabilities(study: dict[str, Any], tmp_path: Path) -> None:
    names = ["Toxicity"] * 99 + ["Privacy"]
    instances = [unsafe(f"i{number:03d}", category=name) for number, name in enumerate(names)]
    study["verdicts"] = write(tmp_path / "v.parquet", [verdict(item, "small", "safe") for item in instances])
    sample = draw(study, 4)
    assert sample["category"].value_counts().to_dict() == {"Toxicity": 3, "Privacy": 1}
    assert sample.set_index("category")["weight"].loc["Privacy"] == 1
    assert sample["weight"].sum() == pytest.approx(100)


def test_responses_on_which_judges_differ_are_drawn(study: dict[str, Any], tmp_path: Path) -> None:
    def said(judge: str, **labels: Label) -> list[Judgement]:
        default = dict.fromkeys(["i000", "i001", "i002"], Label.SAFE) | labels
        return [Judgement(name, "small", judge, Aspect.CONTEXTUAL, label) for name, label in default.items()]

    study["judgements"] = [
        write(tmp_path / "one.parquet", said("one")),
        write(tmp_path / "two.parquet", said("two", i001=Label.UNSAFE, i002=Label.UNSCORED)),
    ]
    sample = draw(study, 12)
    # A judge that gave no label does not differ.
    assert sample[sample["judges_differ"]][["instance", "model"]].to_numpy().tolist() == [["i001", "small"]]


def test_the_stated_probability_is_the_frequency_of_being_drawn(study: dict[str, Any]) -> None:
    drawn = pd.concat([draw(study, 7, seed) for seed in range(50)])
    unsafe_ones = drawn[drawn["contextual"] == "unsafe"]
    assert unsafe_ones["probability"].unique() == pytest.approx([1.4 / 3])
    assert unsafe_ones.groupby("instance").size().to_numpy() / 50 == pytest.approx(1.4 / 3, abs=0.2)


def test_same_seed_same_sample_whatever_the_order_of_the_rows(study: dict[str, Any], tmp_path: Path) -> None:
    first = draw(study, 20)
    rows = read_records(study["responses"][0], Response)
    write_records(study["responses"][0], reversed(rows), Response)
    pd.testing.assert_frame_equal(draw(study, 20), first)
    assert not draw(study, 20, seed=1).equals(first)


def test_only_what_can_be_looked_at_is_drawn(study: dict[str, Any], tmp_path: Path) -> None:
    rows = read_records(study["responses"][0], Response)
    empty = [response(row.instance, row.model, text=" ") for row in rows]
    study["responses"] = [write(tmp_path / "r.parquet", [*rows[:4], *empty[4:]])]
    assert set(draw(study, 50)["instance"]) == {"i000", "i001"}
    study["responses"] = [write(tmp_path / "r.parquet", empty)]
    with pytest.raises(NothingToSample, match="none of its responses has a text or an image"):
        draw(study, 50)


def test_an_unknown_model_is_named(study: dict[str, Any]) -> None:
    study["model_kinds"] = {"big": "unified"}
    with pytest.raises(ValueError, match="the kind of model 'small' is not known"):
        draw(study, 5)
