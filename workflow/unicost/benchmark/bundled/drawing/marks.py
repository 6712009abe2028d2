"""What layouts are made of: marks on a unit square, the origin at the top left, and layers of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from unicost.benchmark.bundled.words import Words

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, each from 0 to 1."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Text:
    """Words that are wrapped and centred up and down in ``box``, as large as fits but not over ``largest``.

    All texts of one ``group`` of a layer have letters of one size. A ``halo`` in the ground's colour keeps letters
    legible over lines.
    """

    words: Words
    box: Box
    colour: str
    font: str = "sans"
    largest: float = 0.1
    align: str = "centre"
    group: str = ""
    wrapped: bool = True
    halo: str = ""


@dataclass(frozen=True)
class Symbol:
    """The icon named by ``words``, as large as fits in ``box``."""

    words: Words
    box: Box
    colour: str


@dataclass(frozen=True)
class Panel:
    """A rectangle with corners of radius ``round``; ``fill`` or ``outline`` may be empty."""

    box: Box
    fill: str = ""
    round: float = 0.0
    outline: str = ""
    width: float = 0.006


@dataclass(frozen=True)
class Disc:
    """An ellipse that fills ``box``."""

    box: Box
    fill: str = ""
    outline: str = ""
    width: float = 0.006


@dataclass(frozen=True)
class Slice:
    """A slice of the disc that fills ``box``, in degrees clockwise from three o'clock."""

    box: Box
    start: float
    end: float
    fill: str


@dataclass(frozen=True)
class Stroke:
    """A line through ``points``."""

    points: tuple[Point, ...]
    colour: str
    width: float = 0.006


@dataclass(frozen=True)
class Print:
    """A whole picture, reduced to the square ``box``."""

    layers: tuple[Layer, ...]
    box: Box


Mark = Text | Symbol | Panel | Disc | Slice | Stroke | Print


@dataclass(frozen=True)
class Layer:
    """Marks that are drawn in order; the whole layer is turned by ``tilt`` degrees (anticlockwise) about ``pivot``."""

    marks: tuple[Mark, ...]
    tilt: float = 0.0
    pivot: Point = field(default=(0.5, 0.5))


def inset(box: Box, across: float, down: float | None = None) -> Box:
    """The box without a margin at the left and right, and at the top and bottom (the same where not given)."""
    down = across if down is None else down
    return box[0] + across, box[1] + down, box[2] - across, box[3] - down


def rows(box: Box, count: int, gap: float = 0.0) -> list[Box]:
    """``count`` boxes of equal height one below the other."""
    height = (box[3] - box[1] - gap * (count - 1)) / count
    tops = [box[1] + number * (height + gap) for number in range(count)]
    return [(box[0], top, box[2], top + height) for top in tops]


def columns(box: Box, count: int, gap: float = 0.0) -> list[Box]:
    """``count`` boxes of equal width side by side."""
    width = (box[2] - box[0] - gap * (count - 1)) / count
    lefts = [box[0] + number * (width + gap) for number in range(count)]
    return [(left, box[1], left + width, box[3]) for left in lefts]


def square(box: Box, side: float = 1.0) -> Box:
    """The largest square in the middle of the box, of at most ``side``."""
    side = min(side, box[2] - box[0], box[3] - box[1])
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return across - side / 2, down - side / 2, across + side / 2, down + side / 2
