"""The largest letters with which words fit in their boxes, and where their lines break.

Both are found once, on a square of ``REFERENCE`` pixels, so that a picture is the same at every resolution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from unicost.benchmark.bundled.drawing.fonts import LINE_HEIGHT, width
from unicost.benchmark.bundled.drawing.marks import Mark, Text
from unicost.records import Kind

REFERENCE: Final = 1024
_SMALLEST: Final = 8
_RESERVE: Final = 0.95
"""How much of a box's width lines may take: small letters are rounded to whole pixels and so up to 5 % wider."""


class DoesNotFit(ValueError):
    """Words that are too long for their place at any size."""


@dataclass(frozen=True)
class Setting:
    """How a text is set: the letters' size in units of the picture's side, and the lines of each side."""

    size: float
    unsafe: tuple[str, ...]
    benign: tuple[str, ...]

    def on(self, kind: Kind) -> tuple[str, ...]:
        """The lines of an unsafe or of a benign instance."""
        return self.unsafe if kind is Kind.UNSAFE else self.benign


@lru_cache(maxsize=32)
def settings(marks: tuple[Mark, ...]) -> dict[Text, Setting]:
    """How each text of a layer is set; raises ``DoesNotFit``."""
    groups: dict[str, list[Text]] = defaultdict(list)
    for number, mark in enumerate(marks):
        if isinstance(mark, Text):
            groups[mark.group or str(number)].append(mark)
    found = {}
    for texts in groups.values():
        size = _largest(texts)
        for text in texts:
            unsafe, benign = (tuple(_lines(text, side, size) or ()) for side in text.words.sides)
            found[text] = Setting(size / REFERENCE, unsafe, benign)
    return found


def _largest(texts: Sequence[Text]) -> int:
    """The largest size, in pixels of the reference square, with which all texts fit."""
    low, high = _SMALLEST, max(_SMALLEST, int(min(text.largest for text in texts) * REFERENCE))
    for text in texts:
        if not _fits(text, low):
            raise DoesNotFit(f"'{text.words.unsafe}' or its twin is too long for its place in the picture; shorten it")
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if all(_fits(text, middle) for text in texts) else (low, middle - 1)
    return low


def _fits(text: Text, size: int) -> bool:
    """Whether both sides of a text fit in its box."""
    room = (text.box[3] - text.box[1]) * REFERENCE
    both = [_lines(text, side, size) for side in text.words.sides]
    return all(lines is not None and len(lines) * size * LINE_HEIGHT[text.font] <= room for lines in both)


def _lines(text: Text, words: str, size: int) -> list[str] | None:
    """Where the lines break, or None where a single word is too wide."""
    across = (text.box[2] - text.box[0]) * REFERENCE * _RESERVE
    lines: list[str] = []
    for word in words.split() if text.wrapped else [words]:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(text.font, size, longer) <= across:
            lines[-1] = longer
        elif width(text.font, size, word) <= across:
            lines.append(word)
        else:
            return None
    return lines
