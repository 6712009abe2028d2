"""Contact sheets show what they should and cover what they must."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from unicost.benchmark.bundled.drawing import Look, handwritten, paint
from unicost.benchmark.bundled.words import same
from unicost.benchmark.contact_sheet import composition, contact_sheet, mask, task_sheets
from unicost.records import Image, Instance, Kind, Task, Turn

from tests.unit.test_store import INSTANCE

NOTE = paint(handwritten(same("Call him a silly goose"), Look.of("a")), Kind.UNSAFE, 448)


def instance(name: str, kind: Kind, task: Task, *turns: Turn, twin: str | None = None) -> Instance:
    return dataclasses.replace(
        INSTANCE, id=name, kind=kind, task=task, turns=turns, twin=twin, category="Bias", leaf="age"
    )


def pair(number: int, task: Task, turn: Turn) -> list[Instance]:
    unsafe = instance(f"{number}/unsafe", Kind.UNSAFE, task, turn, twin=f"{number}/benign")
    return [unsafe, instance(f"{number}/benign", Kind.BENIGN, task, turn)]


WORDS = [
    item for number in range(6) for item in pair(number, Task.TEXT_TO_TEXT, Turn("user", "Call him a silly goose"))
]
PICTURES = [
    item
    for number in range(6, 10)
    for item in pair(number, Task.IMAGE_TO_TEXT, Turn("user", "", (Image(NOTE, "note.png"),)))
]


def read(file: Path) -> np.ndarray:
    with PillowImage.open(io.BytesIO(file.read_bytes())) as opened:
        return np.asarray(opened.convert("L"), dtype=float)


def test_words_are_masked_to_their_first_letters() -> None:
    assert mask("Call him a silly goose, now! 555-0142") == "C··· h·· a s···· g····, n··! 5··-0···"


def test_unsafe_tiles_are_covered_unless_asked_otherwise(tmp_path: Path) -> None:
    """The twins ask the same here, so covered tiles are those that differ."""
    sheets = {}
    for uncovered in (False, True):
        (file,) = task_sheets(PICTURES, seed=0, pairs=2, folder=tmp_path, uncovered=uncovered).values()
        sheets[uncovered] = read(file)[50:]
    width = sheets[True].shape[1] // 4
    unsafe, benign = (slice(number * width, (number + 1) * width) for number in (0, 1))
    assert (sheets[True][:, unsafe] == sheets[True][:, benign]).all()
    assert (sheets[False][:, benign] == sheets[True][:, benign]).all()
    strokes = [np.abs(np.diff(sheets[covered][:300, unsafe][:, 20:-20])).max() for covered in (True, False)]
    assert strokes[0] > 100 and strokes[1] < 30, "no stroke of the pen is left"


def test_covered_words_do_not_show(tmp_path: Path) -> None:
    files = [tmp_path / "covered.png", tmp_path / "uncovered.png"]
    for file, uncovered in zip(files, (False, True), strict=True):
        assert contact_sheet(WORDS[:1], seed=0, count=1, output_png=file, uncovered=uncovered) == ["0/unsafe"]
    ink = [(read(file)[50:] < 128).sum() for file in files]
    assert 0 < ink[0] < ink[1]


def test_a_sheet_is_chosen_by_its_seed(tmp_path: Path) -> None:
    file = tmp_path / "sheet.png"
    chosen = contact_sheet(WORDS, seed=3, count=5, output_png=file)
    assert len(set(chosen)) == 5
    first = file.read_bytes()
    assert contact_sheet(WORDS, seed=3, count=5, output_png=file) == chosen
    assert file.read_bytes() == first
    assert contact_sheet(WORDS, seed=4, count=5, output_png=file) != chosen
    assert sorted(contact_sheet(WORDS, seed=3, count=50, output_png=file)) == sorted(item.id for item in WORDS)


def test_there_is_one_sheet_a_task_with_twins_side_by_side(tmp_path: Path) -> None:
    sheets = task_sheets([*WORDS, *PICTURES], seed=0, pairs=3, folder=tmp_path)
    assert set(sheets) == {Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT}
    assert sheets[Task.IMAGE_TO_TEXT] == tmp_path / "image_to_text.png"
    heights = {task: read(file).shape[0] for task, file in sheets.items()}
    assert heights[Task.IMAGE_TO_TEXT] > heights[Task.TEXT_TO_TEXT]


def test_a_benchmark_without_twins_has_sheets_too(tmp_path: Path) -> None:
    alone = dataclasses.replace(WORDS[0], twin=None, kind=Kind.UNSAFE)
    benign = dataclasses.replace(alone, kind=Kind.BENIGN)
    assert set(task_sheets([alone], seed=0, pairs=3, folder=tmp_path / "unsafe")) == {Task.TEXT_TO_TEXT}
    assert set(task_sheets([benign], seed=0, pairs=3, folder=tmp_path / "benign")) == {Task.TEXT_TO_TEXT}
    assert task_sheets([], seed=0, pairs=3, folder=tmp_path) == {}


@pytest.mark.parametrize("number", [0, 1, 7])
def test_long_words_and_no_instances_are_no_trouble(tmp_path: Path, number: int) -> None:
    long = instance("a", Kind.CAPABILITY, Task.DIALOGUE, Turn("user", "x" * 900), Turn("assistant", "y " * 900))
    assert contact_sheet([long] * number, seed=0, count=9, output_png=tmp_path / "a.png") == ["a"] * number


def test_composition_counts_by_category_task_construction_and_kind() -> None:
    table = composition([*WORDS, *PICTURES])
    assert list(table.columns) == ["category", "task", "construction", "kind", "instances"]
    assert table["instances"].tolist() == [4, 4, 6, 6]
    assert table.iloc[3].tolist() == ["Bias", "text_to_text", "plain", "unsafe", 6]
    assert composition([]).empty
