"""Layout of a chat on a phone."""

from __future__ import annotations

from math import ceil
from typing import Final

from unicost.benchmark.bundled.drawing.look import Look
from unicost.benchmark.bundled.drawing.marks import Box, Disc, Layer, Mark, Panel, Text, inset
from unicost.benchmark.bundled.scenes import Chat, Message
from unicost.benchmark.bundled.words import same
from unicost.records import Kind

_BAR: Final = 0.13
_LINE: Final = 24
"""About how many letters stand in a line of a bubble; it sets the heights of bubbles relative to each other."""


def chat(scene: Chat, look: Look, kind: Kind) -> list[Layer]:
    """Bubbles under each other, one's own at the right, below a bar with the other's name."""
    del kind
    palette = look.palette
    others = [message.speaker for message in scene.messages if message.speaker.lower() not in ("me", "them")]
    marks: list[Mark] = [
        Panel((0, 0, 1, 1), fill=palette.ground),
        Panel((0, 0, 1, _BAR), fill=palette.strong),
        Disc((0.05, 0.025, 0.13, 0.105), palette.soft),
        Panel((0.06, 0.91, 0.83, 0.975), palette.paper, 0.03),
        Disc((0.86, 0.905, 0.94, 0.98), palette.strong),
    ]
    if others:
        marks.append(Text(same(others[0]), (0.17, 0.02, 0.9, _BAR - 0.02), palette.light, "bold", 0.065, "left"))
    else:
        marks += [Panel((0.17, 0.05, 0.45, 0.075), palette.soft, 0.01)]
    for message, box in zip(scene.messages, _places(scene.messages), strict=True):
        mine = message.speaker.lower() == "me"
        marks.append(Panel(box, palette.soft if mine else palette.paper, 0.03))
        marks.append(Text(message.words, inset(box, 0.03, 0.012), palette.ink, "sans", 0.062, "left", "messages"))
    return [Layer(tuple(marks))]


def _places(messages: tuple[Message, ...]) -> list[Box]:
    """The bubbles' boxes: as high as the longer side of each message needs, and all of them on the screen."""
    lines = [ceil(max(map(len, message.words.sides)) / _LINE) + 0.5 for message in messages]
    gap = 0.025
    room = 0.88 - _BAR - gap * (len(messages) + 1)
    height = min(0.075, room / sum(lines))
    top, places = _BAR + gap, []
    for message, count in zip(messages, lines, strict=True):
        longest = max(map(len, message.words.sides))
        across = min(0.76, 0.1 + 0.66 * min(1.0, longest / _LINE + 0.12))
        left = 0.95 - across if message.speaker.lower() == "me" else 0.05
        places.append((left, top, left + across, top + count * height))
        top += count * height + gap
    return places
