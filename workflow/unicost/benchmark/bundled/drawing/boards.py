"""Layouts of what hangs on walls: pictograms, posters and signs."""

from __future__ import annotations

from typing import Final

from unicost.benchmark.bundled.drawing.look import Look, Palette
from unicost.benchmark.bundled.drawing.marks import (
    Box,
    Disc,
    Layer,
    Mark,
    Panel,
    Stroke,
    Symbol,
    Text,
    columns,
    inset,
    rows,
    square,
)
from unicost.benchmark.bundled.scenes import Pictograms, Poster, Sign
from unicost.benchmark.bundled.words import Words
from unicost.records import Kind

_ALL: Final[Box] = (0.0, 0.0, 1.0, 1.0)
_PLATES: Final = (
    ("#1d4e89", "#ffffff"),
    ("#ffffff", "#1c262b"),
    ("#1b6146", "#ffffff"),
    ("#ffd54a", "#1f1a05"),
    ("#9b2c1f", "#ffffff"),
    ("#f7f3e8", "#3a2a18"),
)


def pictograms(scene: Pictograms, look: Look, kind: Kind) -> list[Layer]:
    """Icons in a row on a board, the caption below."""
    del kind
    palette = look.palette
    marks: list[Mark] = [Panel(_ALL, fill=palette.ground)]
    if look.layout % 3:
        marks.append(Panel((0.05, 0.05, 0.95, 0.95), palette.paper, 0.04, palette.strong, 0.008))
    region: Box = (0.1, 0.12, 0.9, 0.7 if scene.caption else 0.88)
    cells = columns(region, len(scene.items), 0.035)
    for number, (item, cell) in enumerate(zip(scene.items, cells, strict=True)):
        place = square(cell, 0.5)
        colour = (palette.strong, palette.accent)[(number * (look.layout % 2)) % 2]
        if look.layout % 3 == 2:
            marks.append(Panel(place, palette.soft, 0.03))
            place = inset(place, 0.16 * (place[2] - place[0]))
        marks.append(Symbol(item, place, colour))
    if scene.caption:
        marks.append(Text(scene.caption, (0.1, 0.72, 0.9, 0.9), palette.ink, largest=0.085))
    return [Layer(tuple(marks))]


def poster(scene: Poster, look: Look, kind: Kind) -> list[Layer]:
    """A title over an icon and lines, on a plain ground or below a band of colour."""
    del kind
    layout = (_poster_in_the_middle, _poster_with_band, _poster_beside_icon)[look.layout % 3]
    return [Layer(tuple(layout(scene, look.palette)))]


def _poster_in_the_middle(scene: Poster, palette: Palette) -> list[Mark]:
    frame = Panel(inset(_ALL, 0.03), outline=palette.light, width=0.007)
    marks: list[Mark] = [Panel(_ALL, fill=palette.strong), frame]
    body = _poster_body(scene, marks, (0.09, 0.07, 0.91, 0.92), (palette.light, palette.light))
    return [*marks, *_lines(scene.lines, body, palette.light)]


def _poster_with_band(scene: Poster, palette: Palette) -> list[Mark]:
    marks: list[Mark] = [Panel(_ALL, fill=palette.paper), Panel((0, 0, 1, 0.3), fill=palette.strong)]
    marks.append(Text(scene.title, (0.07, 0.04, 0.93, 0.26), palette.light, "bold", 0.13))
    top = 0.34
    if scene.icon:
        bottom = 0.62 if scene.lines else 0.92
        marks.append(Symbol(scene.icon, square((0.1, top, 0.9, bottom)), palette.accent))
        top = bottom + 0.03
    return [*marks, *_lines(scene.lines, (0.08, top, 0.92, 0.95), palette.ink)]


def _poster_beside_icon(scene: Poster, palette: Palette) -> list[Mark]:
    marks: list[Mark] = [Panel(_ALL, fill=palette.soft), Panel((0.05, 0.05, 0.95, 0.95), palette.paper, 0.02)]
    marks.append(Panel((0.05, 0.9, 0.95, 0.95), fill=palette.accent))
    body = _poster_body(scene, marks, (0.11, 0.09, 0.89, 0.86), (palette.strong, palette.accent), font="title")
    return [*marks, *_lines(scene.lines, body, palette.ink, font="serif")]


def _poster_body(scene: Poster, marks: list[Mark], box: Box, colours: tuple[str, str], font: str = "bold") -> Box:
    """Add the title and the icon in their colours to ``marks``; returns what is left of the box for the lines."""
    left, top, right, bottom = box
    marks.append(Text(scene.title, (left, top, right, top + 0.22), colours[0], font, 0.13))
    top += 0.26
    if scene.icon:
        end = top + 0.3 if scene.lines else bottom
        marks.append(Symbol(scene.icon, square((left, top, right, end)), colours[1]))
        top = end + 0.03
    return left, top, right, bottom


def _lines(lines: tuple[Words, ...], box: Box, colour: str, font: str = "sans") -> list[Mark]:
    if not lines:
        return []
    height = min(0.14, (box[3] - box[1]) / len(lines))
    middle = (box[1] + box[3]) / 2
    box = (box[0], middle - height * len(lines) / 2, box[2], middle + height * len(lines) / 2)
    places = rows(box, len(lines))
    return [Text(line, place, colour, font, 0.075, group="lines") for line, place in zip(lines, places, strict=True)]


def sign(scene: Sign, look: Look, kind: Kind) -> list[Layer]:
    """A plate on a wall, on a post or on a string."""
    del kind
    plate, ink = _PLATES[look.layout % len(_PLATES)]
    ground = (_wall, _sky, _door)[look.corner % 3]
    box: Box = (0.07, 0.2, 0.93, 0.74)
    marks: list[Mark] = [*ground(look, box), Panel(box, plate, 0.035)]
    marks.append(Panel(inset(box, 0.02), round=0.025, outline=ink, width=0.007))
    inner = inset(box, 0.055)
    if scene.icon and look.layout % 2:
        marks.append(Symbol(scene.icon, square((inner[0], inner[1], inner[0] + 0.24, inner[3])), ink))
        inner = (inner[0] + 0.28, inner[1], inner[2], inner[3])
    elif scene.icon:
        marks.append(Symbol(scene.icon, square((inner[0], inner[1], inner[2], inner[1] + 0.19)), ink))
        inner = (inner[0], inner[1] + 0.21, inner[2], inner[3])
    marks.append(Text(scene.text, inner, ink, "bold", 0.13))
    return [Layer(tuple(marks))]


def _wall(look: Look, plate: Box) -> list[Mark]:
    """Bricks."""
    del plate
    marks: list[Mark] = [Panel(_ALL, fill=look.palette.soft)]
    for number, row in enumerate(rows(_ALL, 12)):
        marks.append(Stroke(((0, row[1]), (1, row[1])), look.palette.ground, 0.006))
        for x in range(4):
            across = x / 4 + (number % 2) / 8 + 0.06
            marks.append(Stroke(((across, row[1]), (across, row[3])), look.palette.ground, 0.006))
    return marks


def _sky(look: Look, plate: Box) -> list[Mark]:
    """Sky, grass and two posts."""
    marks: list[Mark] = [Panel(_ALL, fill="#cfe6f5"), Panel((0, 0.86, 1, 1), fill="#8fb573")]
    left = 0.12 + 0.03 * look.jitter[0]
    return [*marks, *(Panel((x, plate[1], x + 0.05, 0.95), "#6f7377") for x in (0.25 + left / 4, 0.66))]


def _door(look: Look, plate: Box) -> list[Mark]:
    """A door with a string from a nail."""
    marks: list[Mark] = [Panel(_ALL, fill=look.desk)]
    marks += [Stroke(((x, 0), (x, 1)), "#1d1712", 0.004) for x in (0.02, 0.98)]
    nail = (0.5, 0.07)
    marks += [Stroke(((plate[0] + 0.12, plate[1] + 0.02), nail, (plate[2] - 0.12, plate[1] + 0.02)), "#efe6d2", 0.008)]
    return [*marks, Disc((nail[0] - 0.014, nail[1] - 0.014, nail[0] + 0.014, nail[1] + 0.014), "#d8d8d8")]
