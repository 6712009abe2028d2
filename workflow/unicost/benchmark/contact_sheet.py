"""Pictures of instances at a glance, and how many there are of each sort.

Sheets are safe to print unless they are asked for uncovered: of an unsafe instance, each word shows its first letter
alone and pictures are blurred. Benign instances are shown as they are.
"""

from __future__ import annotations

import io
import random
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFilter

from unicost.benchmark.bundled.drawing.fonts import font, width
from unicost.records import Image, Instance, Kind, Task
from unicost.store import atomic

_WIDTH: Final = 320
"""Width of a tile in pixels."""
_MARGIN: Final = 12
_PICTURE: Final = _WIDTH - 2 * _MARGIN
_HEAD: Final = 52
"""Height of a tile's labels."""
_MOST_LINES: Final = 14
_LETTERS: Final = 17
_STEP: Final = 21
_LINE: Final = 40
"""Letters in a line of words."""
_COLOURS: Final = {Kind.UNSAFE: "#9b2c1f", Kind.BENIGN: "#1b6146", Kind.CAPABILITY: "#37474f"}


def contact_sheet(
    instances: Sequence[Instance], *, seed: int, count: int, output_png: Path, uncovered: bool = False
) -> list[str]:
    """Draw ``count`` random instances (all, where there are fewer) as tiles of one picture; returns their ids."""
    chosen = random.Random(seed).sample(list(instances), min(count, len(instances)))
    _write(chosen, columns=5, output_png=output_png, uncovered=uncovered)
    return [instance.id for instance in chosen]


def task_sheets(
    instances: Sequence[Instance], *, seed: int, pairs: int, folder: Path, uncovered: bool = False
) -> dict[Task, Path]:
    """For each task one sheet ``<task>.png`` of ``pairs`` random unsafe instances, each with its benign twin beside it.

    An instance without a twin stands alone; where nothing is unsafe, instances of any kind are shown.
    """
    by_id = {instance.id: instance for instance in instances}
    sheets: dict[Task, Path] = {}
    for task in Task:
        asked = [item for item in instances if item.task is task]
        shown = [item for item in asked if item.kind is Kind.UNSAFE] or asked
        if shown:
            chosen = random.Random(f"{seed}/{task}").sample(shown, min(pairs, len(shown)))
            side_by_side = [both for item in chosen for both in (item, by_id.get(str(item.twin))) if both]
            sheets[task] = folder / f"{task}.png"
            _write(side_by_side, columns=4, output_png=sheets[task], uncovered=uncovered)
    return sheets


def composition(instances: Iterable[Instance]) -> pd.DataFrame:
    """How many instances there are: one row for each category, task, construction and kind that occurs."""
    columns = ["category", "task", "construction", "kind"]
    rows = [[str(getattr(instance, column)) for column in columns] for instance in instances]
    return pd.DataFrame(rows, columns=columns).groupby(columns).size().reset_index(name="instances")


def mask(text: str) -> str:
    """The text with all but the first letter of each word, and all but the first digit of each number, as dots."""
    return re.sub(r"\w+", lambda word: word[0][0] + "·" * (len(word[0]) - 1), text)


@dataclass(frozen=True)
class _Content:
    """What a tile shows."""

    lines: tuple[str, ...]
    pictures: tuple[Image, ...]
    blurred: bool

    @property
    def height(self) -> int:
        """The height of the tile in pixels."""
        return _HEAD + _PICTURE * bool(self.pictures) + _STEP * (len(self.lines) + 1)


def _content(instance: Instance, uncovered: bool) -> _Content:
    covered = instance.kind is Kind.UNSAFE and not uncovered
    texts = [mask(turn.text) if covered else turn.text for turn in instance.turns]
    if len(texts) > 1:
        texts = [f"{turn.role}: {text}" for turn, text in zip(instance.turns, texts, strict=True)]
    pictures = tuple(image for turn in instance.turns for image in turn.images)
    lines = [line for text in texts for line in textwrap.wrap(text, _LINE)]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], "…"]
    return _Content(tuple(lines), pictures, covered)


def _write(instances: Sequence[Instance], *, columns: int, output_png: Path, uncovered: bool) -> None:
    contents = [_content(instance, uncovered) for instance in instances]
    height = max((content.height for content in contents), default=_HEAD)
    sheet = PillowImage.new("RGB", (columns * _WIDTH, max(1, -(-len(instances) // columns)) * height), "white")
    for number, (instance, content) in enumerate(zip(instances, contents, strict=True)):
        place = (number % columns * _WIDTH, number // columns * height)
        sheet.paste(_tile(instance, content, height), place)
    with atomic(output_png, "wb") as stream:
        sheet.save(stream, "PNG")


def _tile(instance: Instance, content: _Content, height: int) -> PillowImage.Image:
    tile = PillowImage.new("RGB", (_WIDTH, height), "#f4f5f6")
    draw = ImageDraw.Draw(tile)
    draw.rectangle((0, 0, _WIDTH - 4, height - 4), outline="#c9ced2")
    draw.rectangle((0, 0, _WIDTH - 4, 44), fill=_COLOURS[instance.kind])
    _label(draw, f"{instance.kind}, {instance.category}, {instance.leaf.replace('_', ' ')}", 3, "bold")
    _label(draw, f"{instance.task}, {instance.construction}", 23, "sans")
    top = _HEAD
    for image in content.pictures[:1]:
        tile.paste(_thumbnail(image, content.blurred), (_MARGIN - 2, top))
        top += _PICTURE + 4
    for number, line in enumerate(content.lines):
        draw.text((_MARGIN, top + number * _STEP), line, "#1c262b", font("light", _LETTERS))
    return tile


def _label(draw: ImageDraw.ImageDraw, words: str, top: int, name: str) -> None:
    size = next((size for size in range(_LETTERS, 9, -1) if width(name, size, words) <= _PICTURE), 9)
    draw.text((_MARGIN, top), words, "white", font(name, size))


def _thumbnail(image: Image, blurred: bool) -> PillowImage.Image:
    """A picture in the tile's size; blurred so far that neither words nor icons can be made out."""
    with PillowImage.open(io.BytesIO(image.bytes)) as opened:
        picture = opened.convert("RGB").resize((_PICTURE, _PICTURE), PillowImage.Resampling.LANCZOS)
    return picture.filter(ImageFilter.GaussianBlur(_PICTURE / 12)) if blurred else picture
