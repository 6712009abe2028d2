"""Layers to pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from math import cos, radians, sin
from typing import Final

from PIL import Image as PillowImage
from PIL import ImageDraw

from unicost.benchmark.bundled.drawing.fitting import Setting, settings
from unicost.benchmark.bundled.drawing.fonts import LINE_HEIGHT, font
from unicost.benchmark.bundled.drawing.marks import Box, Disc, Layer, Mark, Panel, Print, Slice, Stroke, Symbol, Text
from unicost.benchmark.bundled.icons import character
from unicost.records import Kind

OVERSAMPLING: Final = 2
"""Everything is drawn this many times larger and then reduced, because Pillow draws shapes without smooth edges."""
_SHADOW: Final = 70
"""Opacity of shadows, of 255."""
_SHADOW_OFFSET: Final = 0.012
_HALO: Final = 0.008


def paint(layers: Sequence[Layer], kind: Kind, resolution: int) -> bytes:
    """One side of a picture of ``resolution`` x ``resolution`` pixels, as PNG; the first layer is the ground."""
    return _png(_canvas(layers, kind, resolution, OVERSAMPLING))


def _canvas(layers: Sequence[Layer], kind: Kind, pixels: int, oversampling: int) -> PillowImage.Image:
    ground = PillowImage.new("RGB", (pixels * oversampling, pixels * oversampling), "white")
    _draw(ground, layers[0].marks, kind)
    canvas = ground.reduce(oversampling)
    for layer in layers[1:]:
        _lay(canvas, layer, kind, oversampling)
    return canvas


def _png(image: PillowImage.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def _lay(canvas: PillowImage.Image, layer: Layer, kind: Kind, oversampling: int) -> None:
    """Draw a layer on its own, turn and reduce it in one go, and lay it with a shadow over what is there."""
    pixels = canvas.width
    # Transparent pixels are white, so that edges do not darken where they are blended with them.
    sheet = PillowImage.new("RGBA", (pixels * oversampling, pixels * oversampling), (255, 255, 255, 0))
    _draw(sheet, layer.marks, kind)
    turn = _turn(layer, pixels, oversampling)
    turned = sheet.transform(canvas.size, PillowImage.Transform.AFFINE, turn, PillowImage.Resampling.BILINEAR)
    opacity = turned.getchannel("A")
    offset = round(_SHADOW_OFFSET * pixels)
    canvas.paste("black", (offset, offset), opacity.point(lambda value: value * _SHADOW // 255))
    canvas.paste(turned.convert("RGB"), (0, 0), opacity)


def _turn(layer: Layer, pixels: int, oversampling: int) -> tuple[float, float, float, float, float, float]:
    """The affine map from places on the picture to places on the drawn layer, both in pixels."""
    across, down = (part * pixels for part in layer.pivot)
    cosine, sine = cos(radians(layer.tilt)), sin(radians(layer.tilt))
    rows = (cosine, -sine, across - cosine * across + sine * down), (sine, cosine, down - sine * across - cosine * down)
    (a, b, c), (d, e, f) = ((oversampling * part for part in row) for row in rows)
    return a, b, c, d, e, f


def _draw(canvas: PillowImage.Image, marks: tuple[Mark, ...], kind: Kind) -> None:
    draw, pixels = ImageDraw.Draw(canvas), canvas.width
    set_texts = settings(marks)
    for mark in marks:
        match mark:
            case Text():
                _text(draw, mark, set_texts[mark], kind, pixels)
            case Symbol():
                _symbol(draw, mark, kind, pixels)
            case Stroke():
                points = [(x * pixels, y * pixels) for x, y in mark.points]
                draw.line(points, mark.colour, round(mark.width * pixels), joint="curve")
            case Panel() | Disc() | Slice():
                _shape(draw, mark, pixels)
            case Print():
                left, top, right, _ = _scaled(mark.box, pixels)
                # The layer that it is on is reduced later, and the print with it.
                canvas.paste(_canvas(mark.layers, kind, right - left, 1), (left, top))


def _shape(draw: ImageDraw.ImageDraw, mark: Panel | Disc | Slice, pixels: int) -> None:
    box = _scaled(mark.box, pixels)
    if isinstance(mark, Slice):
        if mark.end > mark.start:
            draw.pieslice(box, mark.start, mark.end, mark.fill)
        return
    fill, outline = mark.fill or None, mark.outline or None
    line = max(1, round(mark.width * pixels))
    if isinstance(mark, Disc):
        draw.ellipse(box, fill, outline, line)
    else:
        draw.rounded_rectangle(box, round(mark.round * pixels), fill, outline, line)


def _text(draw: ImageDraw.ImageDraw, mark: Text, setting: Setting, kind: Kind, pixels: int) -> None:
    left, top, right, bottom = (edge * pixels for edge in mark.box)
    lines, step = setting.on(kind), setting.size * LINE_HEIGHT[mark.font] * pixels
    letters = font(mark.font, int(setting.size * pixels))
    y = (top + bottom - step * (len(lines) - 1)) / 2
    anchor, x = ("mm", (left + right) / 2) if mark.align == "centre" else ("lm", left)
    halo = round(_HALO * pixels) if mark.halo else 0
    for number, line in enumerate(lines):
        place = (round(x), round(y + number * step))
        draw.text(place, line, mark.colour, letters, anchor, stroke_width=halo, stroke_fill=mark.halo or None)


@cache
def _extent(name: str) -> tuple[float, float]:
    """Width and height of an icon in units of the letters' size."""
    left, top, right, bottom = font("icons", 1000).getbbox(character(name))
    return (right - left) / 1000, (bottom - top) / 1000


def _symbol(draw: ImageDraw.ImageDraw, mark: Symbol, kind: Kind, pixels: int) -> None:
    name = mark.words.on(kind)
    left, top, right, bottom = (edge * pixels for edge in mark.box)
    across, down = _extent(name)
    drawn = font("icons", int(min((right - left) / across, (bottom - top) / down)))
    box = drawn.getbbox(character(name))
    x = (left + right - box[0] - box[2]) / 2
    y = (top + bottom - box[1] - box[3]) / 2
    draw.text((round(x), round(y)), character(name), mark.colour, drawn)


def _scaled(box: Box, pixels: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(edge * pixels) for edge in box)
    return left, top, right, bottom
