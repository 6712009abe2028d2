"""Layouts of what lies on a table: cards, handwritten notes and documents."""

from __future__ import annotations

from typing import Final

from unicost.benchmark.bundled.drawing.look import Look
from unicost.benchmark.bundled.drawing.marks import Box, Disc, Layer, Mark, Panel, Stroke, Symbol, Text, inset, rows
from unicost.benchmark.bundled.scenes import Card, Document, Note
from unicost.benchmark.bundled.words import Words
from unicost.records import Kind

_ALL: Final[Box] = (0.0, 0.0, 1.0, 1.0)


def card(scene: Card, look: Look, kind: Kind) -> list[Layer]:
    """A card with a coloured head, the icon at the left, and the fields with their names in small letters."""
    del kind
    palette = look.palette
    box: Box = (0.04, 0.12, 0.96, 0.88)
    head = (box[0], box[1], box[2], box[1] + 0.16)
    marks: list[Mark] = [
        Panel(box, palette.paper, 0.035, palette.strong, 0.006),
        Panel(head, palette.strong, 0.035),
        Panel((head[0], head[3] - 0.05, head[2], head[3]), palette.strong),
        Text(scene.title, inset(head, 0.04, 0.02), palette.light, "bold", 0.085),
    ]
    left = box[0] + 0.05
    if scene.icon:
        photo = (left, head[3] + 0.05, left + 0.2, head[3] + 0.3)
        marks += [Panel(photo, palette.soft, 0.02), Symbol(scene.icon, inset(photo, 0.03), palette.strong)]
        marks += _barcode((left, box[3] - 0.13, left + 0.2, box[3] - 0.06), look)
        left += 0.24
    marks += _fields(scene.fields, (left, head[3] + 0.03, box[2] - 0.04, box[3] - 0.03), look)
    ground = Layer((Panel(_ALL, fill=look.desk if look.layout % 2 else palette.ground),))
    return [ground, Layer(tuple(marks), look.tilt * 0.5)]


def _fields(fields: tuple[tuple[Words, Words], ...], box: Box, look: Look) -> list[Mark]:
    marks: list[Mark] = []
    height = min(0.18, (box[3] - box[1]) / len(fields))
    for number, (name, content) in enumerate(fields):
        top = box[1] + number * height
        middle = top + 0.36 * height
        line = top + 0.96 * height
        palette = look.palette
        marks += [
            Text(name, (box[0], top, box[2], middle), palette.accent, "sans", 0.042, "left", "names"),
            Text(content, (box[0], middle, box[2], line), palette.ink, "sans", 0.065, "left", "contents"),
            Stroke(((box[0], line), (box[2], line)), palette.soft, 0.004),
        ]
    return marks


def _barcode(box: Box, look: Look) -> list[Mark]:
    marks: list[Mark] = []
    x = box[0]
    for number in range(40):
        bar = 0.003 + 0.002 * (abs(look.jitter[number % len(look.jitter)]) * (number + 3) % 1)
        if x + bar > box[2]:
            break
        if number % 2 == 0:
            marks.append(Panel((x, box[1], x + bar, box[3]), look.palette.ink))
        x += bar
    return marks


def _desk(look: Look) -> Layer:
    """The table under a sheet."""
    marks: list[Mark] = [Panel(_ALL, fill=look.desk)]
    if look.layout % 2:
        for number in range(1, 6):
            y = number / 6 + 0.02 * look.jitter[number]
            marks.append(Stroke(((0, y), (1, y + 0.01 * look.jitter[number + 1])), "#2b211a", 0.003))
    return Layer(tuple(marks))


def note(scene: Note, look: Look, kind: Kind) -> list[Layer]:
    """Lines of handwriting on a ruled sheet that lies on a table."""
    del kind
    sheet: Box = (0.06, 0.1, 0.94, 0.9)
    height = min(0.13, 0.66 / len(scene.lines))
    ruled = max(5, round(0.66 / height))
    marks = _sheet(sheet, look)
    places = rows((sheet[0] + 0.06, 0.17, sheet[2] - 0.04, 0.17 + height * ruled), ruled)
    marks += [Stroke(((sheet[0], y), (sheet[2], y)), "#bcd0e5", 0.003) for _, _, _, y in places]
    for number, (line, place) in enumerate(zip(scene.lines, places, strict=False)):
        shift = 0.012 * look.jitter[number]
        box = (place[0] + 0.012 + shift, place[1], place[2], place[3])
        marks.append(Text(line, box, look.pen, "hand", 0.125, "left", "lines", wrapped=False))
    return [_desk(look), Layer(tuple(marks), look.tilt)]


def handwritten(words: Words, look: Look) -> list[Layer]:
    """A photographed note: one request in handwriting on a plain sheet that lies on a table."""
    top = 0.16 if look.layout % 2 else 0.1
    sheet: Box = (0.08, top, 0.92, 1 - top)
    marks = [*_sheet(sheet, look), Text(words, inset(sheet, 0.07), look.pen, "hand", 0.115, "left")]
    return [_desk(look), Layer(tuple(marks), look.tilt)]


def _sheet(box: Box, look: Look) -> list[Mark]:
    marks: list[Mark] = [Panel(box, fill=look.paper)]
    if look.layout % 3 == 0:
        middle = 0.5 + 0.15 * look.jitter[0]
        marks.append(Panel((middle - 0.09, box[1] - 0.025, middle + 0.09, box[1] + 0.03), "#e6dcb8"))
    elif look.layout % 3 == 1:
        marks.append(Disc((0.485, box[1] + 0.015, 0.515, box[1] + 0.045), look.palette.accent))
    return marks


def document(scene: Document, look: Look, kind: Kind) -> list[Layer]:
    """A letter or certificate: a title, a rule, the lines, and a round seal below where there is one."""
    del kind
    palette = look.palette
    page: Box = (0.05, 0.025, 0.95, 0.975)
    marks: list[Mark] = [Panel(page, fill=look.paper)]
    if look.layout % 2:
        marks.append(Panel(inset(page, 0.02), outline=palette.strong, width=0.008))
    align = "centre" if look.layout % 2 else "left"
    marks += [
        Text(scene.title, (0.11, 0.08, 0.89, 0.22), palette.strong, "title", 0.1, align),
        Stroke(((0.11, 0.235), (0.89, 0.235)), palette.accent, 0.006),
    ]
    bottom = 0.68 if scene.seal else 0.9
    height = min(0.13, (bottom - 0.26) / len(scene.lines))
    places = rows((0.11, 0.26, 0.89, 0.26 + height * len(scene.lines)), len(scene.lines))
    for line, place in zip(scene.lines, places, strict=True):
        marks.append(Text(line, place, palette.ink, "serif", 0.06, align, "lines"))
    if scene.seal:
        marks += _seal(scene.seal, look)
    return [_desk(look), Layer(tuple(marks), look.tilt * 0.4)]


def _seal(words: Words, look: Look) -> list[Mark]:
    left = 0.62 if look.corner % 2 else 0.37
    box = (left, 0.685, left + 0.26, 0.945)
    colour = look.palette.accent
    return [
        Disc(box, outline=colour, width=0.009),
        Disc(inset(box, 0.016), outline=colour, width=0.004),
        Text(words, inset(box, 0.035, 0.06), colour, "bold", 0.055),
    ]
