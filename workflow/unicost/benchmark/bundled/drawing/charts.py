"""Layouts of charts.

Twins share one scale, so that equal values look equal in both, unless one side would dwarf the other: then each has its
own, as a chart of its values alone would.
"""

from __future__ import annotations

from typing import Final

from unicost.benchmark.bundled.drawing.look import Look
from unicost.benchmark.bundled.drawing.marks import Box, Disc, Layer, Mark, Panel, Slice, Stroke, Text, columns, rows
from unicost.benchmark.bundled.scenes import Chart
from unicost.benchmark.bundled.words import Words
from unicost.records import Kind

_PLOT: Final[Box] = (0.1, 0.26, 0.94, 0.76)
_SHORT: Final = 3
_DWARFS: Final = 3.0
_SLICES: Final = ("#1d4e89", "#c8553d", "#e0a030", "#4a8f6a", "#7b5ea7", "#7d8a94")


def chart(scene: Chart, look: Look, kind: Kind) -> list[Layer]:
    """A titled chart with a number at each value and the source below."""
    palette = look.palette
    marks: list[Mark] = [
        Panel((0, 0, 1, 1), fill=_ground(look)),
        Text(scene.title, (0.06, 0.04, 0.94, 0.19), palette.ink, "bold", 0.08),
    ]
    marks += (_pie if scene.form == "pie" else _axes)(scene, look, kind)
    if scene.unit and _is_long(scene.unit):
        marks.append(Text(scene.unit, (0.06, 0.19, 0.94, 0.24), palette.ink, "light", 0.045, "left"))
    if scene.source:
        source = Words(f"Source: {scene.source.unsafe}", f"Source: {scene.source.benign}")
        marks.append(Text(source, (0.06, 0.92, 0.94, 0.98), palette.ink, "light", 0.042, "left"))
    return [Layer(tuple(marks))]


def _ground(look: Look) -> str:
    return look.palette.paper if look.layout % 2 else look.palette.ground


def _numbers(scene: Chart) -> list[Words]:
    """Each value as it is written, on both sides."""
    units = scene.unit.sides if scene.unit and not _is_long(scene.unit) else ("", "")
    written = [
        [_written(value, unit) for value in values]
        for values, unit in zip((scene.values.unsafe, scene.values.benign), units, strict=True)
    ]
    return [Words(unsafe, benign) for unsafe, benign in zip(*written, strict=True)]


def _is_long(unit: Words) -> bool:
    """Whether a unit is written once above the chart and not at each number."""
    return max(map(len, unit.sides)) > _SHORT


def _written(value: float, unit: str) -> str:
    number = f"{value:g}" if value < 1e5 else f"{value:,.0f}"
    return f"{number}{unit}" if unit in ("", "%", "°", "°C") else f"{number} {unit}"


def _axes(scene: Chart, look: Look, kind: Kind) -> list[Mark]:
    """Bars, or a line through points, over a common scale."""
    palette = look.palette
    left, top, right, bottom = _PLOT
    marks: list[Mark] = [
        Stroke(((left, y), (right, y)), palette.soft, 0.003) for _, y, _, _ in rows((left, top, right, bottom), 4)
    ]
    marks.append(Stroke(((left - 0.01, bottom), (right, bottom)), palette.ink, 0.006))
    cells = columns((left, top, right, bottom), len(scene.labels), 0.02)
    tallest = _tallest(scene, kind)
    tops = [bottom - (bottom - top - 0.07) * value / tallest for value in scene.values.on(kind)]
    marks += (_bars if scene.form == "bar" else _line)(cells, tops, bottom, look)
    for label, number, cell, y in zip(scene.labels, _numbers(scene), cells, tops, strict=True):
        above = (cell[0] - 0.01, y - 0.08, cell[2] + 0.01, y - 0.017)
        marks += [
            Text(label, (cell[0], bottom + 0.015, cell[2], 0.9), palette.ink, "sans", 0.05, group="labels"),
            Text(number, above, palette.ink, "bold", 0.05, group="numbers", halo=_ground(look)),
        ]
    return marks


def _tallest(scene: Chart, kind: Kind) -> float:
    """The value at the top of the scale."""
    tops = max(scene.values.unsafe), max(scene.values.benign)
    return max(tops) if max(tops) <= _DWARFS * min(tops) else max(scene.values.on(kind))


def _bars(cells: list[Box], tops: list[float], bottom: float, look: Look) -> list[Mark]:
    colours = (look.palette.strong, look.palette.accent) if look.layout % 3 == 0 else (look.palette.strong,)
    marks: list[Mark] = []
    for number, (cell, top) in enumerate(zip(cells, tops, strict=True)):
        margin = 0.18 * (cell[2] - cell[0])
        box = (cell[0] + margin, min(top, bottom - 0.004), cell[2] - margin, bottom)
        marks.append(Panel(box, colours[number % len(colours)]))
    return marks


def _line(cells: list[Box], tops: list[float], bottom: float, look: Look) -> list[Mark]:
    del bottom
    points = tuple(((cell[0] + cell[2]) / 2, top) for cell, top in zip(cells, tops, strict=True))
    dots = [Disc((x - 0.015, y - 0.015, x + 0.015, y + 0.015), look.palette.accent) for x, y in points]
    return [Stroke(points, look.palette.accent, 0.012), *dots]


def _pie(scene: Chart, look: Look, kind: Kind) -> list[Mark]:
    """Slices from twelve o'clock on, and a legend with the numbers."""
    disc: Box = (0.05, 0.3, 0.5, 0.75)
    values = scene.values.on(kind)
    marks: list[Mark] = []
    start = -90.0
    for number, value in enumerate(values):
        end = start + 360 * value / sum(values)
        marks.append(Slice(disc, start, end, _SLICES[number]))
        start = end
    height = min(0.12, 0.6 / len(values))
    middle = (disc[1] + disc[3]) / 2
    places = rows((0.55, middle - height * len(values) / 2, 0.97, middle + height * len(values) / 2), len(values))
    for number, (label, written, place) in enumerate(zip(scene.labels, _numbers(scene), places, strict=True)):
        centre = (place[1] + place[3]) / 2
        marks.append(Panel((place[0], centre - 0.02, place[0] + 0.04, centre + 0.02), _SLICES[number]))
        both = Words(f"{label.unsafe}: {written.unsafe}", f"{label.benign}: {written.benign}")
        box = (place[0] + 0.06, place[1], place[2], place[3])
        marks.append(Text(both, box, look.palette.ink, "sans", 0.05, "left", "labels"))
    return marks
