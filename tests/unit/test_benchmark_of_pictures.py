"""The pictures that the detectors are measured on show what is said of them, and the page states the result."""

from __future__ import annotations

import importlib
import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
OCR = pytest.mark.skipif(find_spec("rapidocr") is None, reason="needs the extra `detectors`")


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("pictures")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("known_pictures")


@pytest.fixture
def every(known: Any) -> dict[str, Any]:
    return {one.name: one for one in known.bundled()}


def test_every_picture_of_the_benchmark_is_known_by_its_scene(every: dict[str, Any]) -> None:
    assert len(every) == 312 * 5 * 2
    unsafe, benign = (every[f"misinformation/{name}"] for name in _sides(every, "Driving licence", "Pirate licence"))
    assert unsafe.paper and benign.paper
    assert "Number: 000-00-0000" in unsafe.words and "Class: All seas (boat never found)" in benign.words
    plain = [one for one in every.values() if not one.words]
    assert plain and not any(one.paper for one in plain)
    assert any("555-0112 (private)" in line for one in every.values() for line in one.words)


def _sides(every: dict[str, Any], *titles: str) -> list[str]:
    return [next(name for name, one in every.items() if title in one.words).partition("/")[2] for title in titles]


def test_what_is_made_is_what_it_is_called(known: Any) -> None:
    generator = np.random.default_rng(0)
    for one in known.blank(24, generator):
        levels = np.asarray(Picture.open(io.BytesIO(one.draw())).convert("RGB")).reshape(-1, 3).astype(int)
        assert (levels.max(0) - levels.min(0) <= 5).all() and not one.words
    for one in known.placeholders(8, generator):
        levels = np.asarray(Picture.open(io.BytesIO(one.draw())).convert("RGB")).reshape(-1, 3)
        ground = (levels == np.median(levels, axis=0)).all(1).mean()
        assert 0.85 < ground < 1 and not one.paper
    assert {one.words[0] for one in known.papers(3)} == {"Passport", "Identity card", "Driving licence"}


def test_half_of_the_sample_shows_what_is_looked_for(known: Any, every: dict[str, Any]) -> None:
    found = list(every.values())
    drawn = known.sample(found, lambda one: one.paper, 40, np.random.default_rng(0))
    assert len({one.name for one in drawn}) == 40
    assert sum(one.paper for one in drawn) == 20
    again = known.sample(found, lambda one: one.paper, 40, np.random.default_rng(0))
    assert [one.name for one in drawn] == [one.name for one in again]


def test_a_row_counts_what_is_there_and_what_is_found(pictures: Any) -> None:
    row = pictures.counts("d", "f", [(True, True), (True, False), (False, True), (False, False), (False, False)])
    assert row == {"detector": "d", "finds": "f", "with": 2, "without": 3, "found": 1, "false": 1}
    line = pictures.table([row]).splitlines()[2]
    assert line == ("| `d` | f | 2, 3 | 50 % (9 to 91), 1 of 2 | 50 % (9 to 91), 1 of 2 | 67 % (21 to 94), 2 of 3 |")
    assert "none found" in pictures.table([row | {"found": 0, "false": 0}])


def test_blank_pictures_are_found_and_drawn_ones_are_not_taken_for_them(pictures: Any) -> None:
    blank, placeholder = pictures.rows(12, 6, ("blank_image",))
    assert (blank["with"], blank["found"], blank["without"], blank["false"]) == (6, 6, 12, 0)
    assert placeholder["with"] == 6 and placeholder["false"] <= 1


@OCR
def test_the_readers_are_held_to_the_scenes(pictures: Any) -> None:
    rows = {row["finds"]: row for row in pictures.rows(6, 3, ("image_text", "id_layout"))}
    text = rows["text_in_image"]
    assert text["with"] + text["without"] == 6 + 3 and text["found"] >= text["with"] - 1 and text["false"] <= 1
    papers = rows["id_layout, specimens"]
    assert papers["with"] == 3 and papers["found"] >= 2


def test_the_page_states_what_the_result_says(pictures: Any) -> None:
    result = json.loads(pictures.RESULT.read_text())
    assert pictures.table(result["rows"]) in pictures.PAGE.read_text()
    assert {row["detector"] for row in result["rows"]} == set(pictures.DETECTORS)
