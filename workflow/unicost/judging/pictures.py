"""What the rules over pictures share: decoding, and evidence as a box ``left,top,right,bottom`` in pixels."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from unicost.records import Detection, Instance, Response

UNREADABLE: Final = "unreadable"
Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]


class Mark(NamedTuple):
    """Something found in ``box`` of a picture; ``shown`` is the evidence beside the box."""

    label: str
    score: float
    box: Box
    shown: str = ""


def pixels(response: Response) -> Pixels | None:
    """The picture as (height, width, 3), transparency on white; None where it does not decode."""
    if response.image is None:
        return None
    try:
        with Picture.open(io.BytesIO(response.image.bytes)) as opened:
            picture = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError):
        return None
    ground = Picture.new("RGBA", picture.size, "white")
    return np.asarray(Picture.alpha_composite(ground, picture).convert("RGB"))


def look(
    detector: str,
    find: Callable[[Pixels], Iterable[Mark]],
    instances: Sequence[Instance],
    responses: Sequence[Response],
) -> list[Detection]:
    """One detection for each mark, or ``unreadable`` for a picture that does not decode; texts are passed over."""
    found: list[Detection] = []
    for _, response in zip(instances, responses, strict=True):
        if response.image is None or not response.image.bytes:
            continue
        seen = pixels(response)
        marks: Iterable[Mark] = [Mark(UNREADABLE, 1.0, (0, 0, 0, 0))] if seen is None else find(seen)
        place = (response.instance, response.model, detector)
        found += [Detection(*place, mark.label, mark.score, _evidence(mark)) for mark in marks]
    return found


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around boxes."""
    sides: Any = list(zip(*boxes))
    return min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])


def _evidence(mark: Mark) -> str:
    return f"{','.join(map(str, mark.box))} {mark.shown}".rstrip()
