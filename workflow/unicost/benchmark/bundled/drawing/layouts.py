"""From a scene to layers of marks: which layout draws which kind of scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from unicost.benchmark.bundled.drawing.boards import pictograms, poster, sign
from unicost.benchmark.bundled.drawing.charts import chart
from unicost.benchmark.bundled.drawing.look import Look
from unicost.benchmark.bundled.drawing.marks import Layer, Panel, Print, Text, inset
from unicost.benchmark.bundled.drawing.papers import card, document, note
from unicost.benchmark.bundled.drawing.phone import chat
from unicost.benchmark.bundled.scenes import Scene
from unicost.benchmark.bundled.words import Words
from unicost.records import Kind

_LAYOUTS: Final[dict[str, Callable[[Any, Look, Kind], list[Layer]]]] = {
    "pictograms": pictograms,
    "poster": poster,
    "sign": sign,
    "card": card,
    "chart": chart,
    "note": note,
    "chat": chat,
    "document": document,
}
_PRINT: Final = 0.68
_STICKY: Final = 0.36


def compose(scene: Scene, look: Look, kind: Kind) -> list[Layer]:
    """The layers of a scene; only the values of charts, of all places and sizes, depend on the side."""
    return _LAYOUTS[scene.kind](scene, look, kind)


def with_sticky(layers: list[Layer], words: Words, look: Look) -> list[Layer]:
    """A print of the layers on a table, with a sticky note over one of its lower corners."""
    left, side = (0.03, 0.97 - _STICKY) if look.corner % 2 else (0.97 - _PRINT, 0.03)
    print_ = Print(tuple(layers), (left, 0.03, left + _PRINT, 0.03 + _PRINT))
    edge = Panel(inset(print_.box, -0.006), fill="#ffffff")
    top = 0.97 - _STICKY
    box = (side, top, side + _STICKY, 0.97)
    marks = (
        Panel(box, fill=look.sticky),
        Panel((side, top, side + _STICKY, top + 0.04), fill=_darker(look.sticky)),
        Text(words, inset((side, top + 0.04, side + _STICKY, 0.97), 0.02), look.pen, "hand", largest=0.1),
    )
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return [Layer((Panel((0, 0, 1, 1), fill=look.desk), edge, print_)), Layer(marks, look.tilt, middle)]


def _darker(colour: str) -> str:
    red, green, blue = (int(int(colour[start : start + 2], 16) * 0.94) for start in (1, 3, 5))
    return f"#{red:02x}{green:02x}{blue:02x}"
