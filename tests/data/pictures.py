"""Pictures whose content is known."""

from __future__ import annotations

import io

from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from unicost.records import Image


def encoded(picture: Picture.Image, kind: str = "PNG") -> Image:
    """The picture as the records hold it."""
    buffer = io.BytesIO()
    picture.save(buffer, format=kind)
    return Image(buffer.getvalue())


def flat(colour: str, size: int = 128) -> Picture.Image:
    """A square of one colour."""
    return Picture.new("RGB", (size, size), colour)


def card(*lines: str) -> Image:
    """A white card with lines of black words."""
    picture = Picture.new("RGB", (640, 90 + 60 * len(lines)), "white")
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((30, 40 + 60 * number), line, fill="black", font=ImageFont.load_default(30))
    return encoded(picture)
