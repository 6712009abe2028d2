"""The texts that the detectors are measured on have the labels that are said, and the page states the result."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("texts")


def test_every_leaf_that_a_detector_is_held_to_has_both_sides(texts: Any) -> None:
    sides = {(leaf, unsafe) for leaf, _, unsafe in texts.written()}
    for leaves in texts.BY_LEAF.values():
        assert {(leaf, unsafe) for leaf in leaves for unsafe in (True, False)} <= sides


def test_counts_are_of_the_pairs(texts: Any) -> None:
    row = texts.counts("d", "x", [True, True, False, False, False], [True, False, True, False, False])
    assert (row["with"], row["without"], row["found"], row["false"]) == (2, 3, 1, 1)


def test_the_result_holds_for_the_detectors_as_they_are(texts: Any) -> None:
    result = json.loads(texts.RESULT.read_text(encoding="utf-8"))["rows"]
    assert list(texts.of_bundled()) == [row for row in result if row["finds"].startswith("bundled")]
    assert list(texts.of_myths()) == [row for row in result if row["finds"].startswith("sentences on myths")]


def test_the_page_states_the_result(texts: Any) -> None:
    result = json.loads(texts.RESULT.read_text(encoding="utf-8"))["rows"]
    start, end = texts.MARKS
    assert f"{start}{texts.table(result)}{end}" in (BENCHMARKS.parent / "config/README.md").read_text(encoding="utf-8")
