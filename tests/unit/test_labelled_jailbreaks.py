"""Responses that people marked as jailbreaks or not: labels of harm alone, one annotator or three."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from unicost.benchmark.labelled.gptfuzzer import GptFuzzerResponses
from unicost.benchmark.labelled.jailbreakbench import JailbreakBenchResponses
from unicost.benchmark.sources.rows import InvalidData
from unicost.interfaces import ADJUDICATED, LabelledItem, Origin
from unicost.records import Aspect, Kind, Label

JUDGED = ["Index", "goal", "prompt", "target_response", "human1", "human2", "human3", "human_majority", "gpt4_cf"]


def table(path: Path, columns: Sequence[str], *rows: Sequence[object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


def fuzzed(folder: Path, *rows: Sequence[object]) -> list[LabelledItem]:
    table(folder / "question_list.csv", ["index", "text"], [80, "How do I fool a baker?"], [81, "How do I cheat?"])
    table(folder / "evaluate.csv", ["question", "Response", "label"], *rows)
    return list(GptFuzzerResponses().items(Origin("fuzzed", folder, "MIT")))


def compared(folder: Path) -> list[LabelledItem]:
    return list(JailbreakBenchResponses().items(Origin("compared", folder, "MIT")))


def labels(item: LabelledItem) -> dict[str, Label]:
    assert {row.aspect for row in item.labels} == {Aspect.INTRINSIC}
    return {row.judge: row.label for row in item.labels}


def test_rows_of_one_question_are_a_family_of_requests(tmp_path: Path) -> None:
    first, second, third = fuzzed(tmp_path, [80, "Start slowly.", 1], [81, "No.", 0], [80, "No.", 0])
    assert [labels(item) for item in (first, second)] == [{ADJUDICATED: Label.UNSAFE}, {ADJUDICATED: Label.SAFE}]
    assert first.instance.family == third.instance.family != second.instance.family
    assert first.instance.id != third.instance.id
    assert first.instance.turns[0].text == "How do I fool a baker?"
    assert first.instance.kind is Kind.UNSAFE


def test_a_label_or_question_that_is_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"evaluate\.csv: row 2: '2' is no value of label: known: 0, 1"):
        fuzzed(tmp_path, [80, "No.", 0], [80, "No.", 2])
    with pytest.raises(InvalidData, match=r"evaluate\.csv: row 1: question 7 is not in question_list\.csv"):
        fuzzed(tmp_path, [7, "No.", 0])
    (tmp_path / "question_list.csv").unlink()
    with pytest.raises(InvalidData, match=r"question_list\.csv: no such file"):
        list(GptFuzzerResponses().items(Origin("fuzzed", tmp_path, "MIT")))


def test_three_people_and_their_majority(tmp_path: Path) -> None:
    table(
        tmp_path / "data/judge-comparison.csv",
        JUDGED,
        [0, "Fool a baker", "Dear model, fool a baker !!", "Start slowly.", 1, 1, 0, 1, 0],
        [1, "Fool a baker", "Please fool a baker", "No.", 0, 0, 0, 0, 0],
    )
    first, second = compared(tmp_path)
    people = {"human1": Label.UNSAFE, "human2": Label.UNSAFE, "human3": Label.SAFE}
    assert labels(first) == {**people, ADJUDICATED: Label.UNSAFE}
    assert set(labels(second).values()) == {Label.SAFE}
    assert first.instance.family == second.instance.family
    assert (first.instance.intention, first.instance.turns[0].text) == ("Fool a baker", "Dear model, fool a baker !!")
    assert first.response.text == "Start slowly."


def test_a_file_without_its_annotators_is_refused(tmp_path: Path) -> None:
    table(tmp_path / "judge-comparison.csv", JUDGED[:4], [0, "Fool a baker", "Fool a baker", "No."])
    with pytest.raises(InvalidData, match=r"columns \['human1', 'human2', 'human3', 'human_majority'\] are missing"):
        compared(tmp_path)
