"""Detector of nudity in pictures, by NudeNet (optional: its package says MIT, its licence file AGPL-3.0).

The stricter one binds whoever distributes or serves what includes it, so it is no dependency but an extra:
``pip install 'unicost[nudity]'``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, ClassVar, Final

from unicost.interfaces import Finds
from unicost.judging.pictures import Mark, Pixels, look
from unicost.judging.wording import refuse_unknown
from unicost.records import Detection, Instance, Modality, Response

NUDITY: Final = "nudity"


class Nudity:
    """Gives ``nudity`` for each exposed part of a body; its part and box are the evidence.

    Option ``threshold``: the least score, 0.5 by default. Faces, feet, armpits and what is covered are left out.
    """

    version: ClassVar[int] = 1
    reads: ClassVar[Modality] = Modality.IMAGE
    finds: ClassVar[Finds] = Finds.HARM
    packages: ClassVar[tuple[str, ...]] = ("nudenet",)

    def __init__(self, *, threshold: float = 0.5, **unknown: Any) -> None:
        refuse_unknown("nudity", unknown, ["threshold"])
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
            raise ValueError(f"detector 'nudity': option 'threshold' must lie between 0 and 1, not {threshold!r}")
        self._threshold = threshold

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """Detections in the order of the pictures."""
        return look("nudity", self._find, instances, responses)

    def _find(self, picture: Pixels) -> Iterator[Mark]:
        for found in _network().detect(picture[:, :, ::-1].copy()):
            part = str(found["class"])
            private = part.endswith("_EXPOSED") and not part.startswith(("FEET", "ARMPITS", "BELLY"))
            if private and found["score"] >= self._threshold:
                left, top, width, height = map(int, found["box"])
                score = round(float(found["score"]), 4)
                yield Mark(NUDITY, score, (left, top, left + width, top + height), part.lower())


@cache
def _network() -> Any:
    try:
        from nudenet import NudeDetector
    except ImportError:
        raise ImportError("detector 'nudity' needs nudenet (AGPL-3.0): pip install 'unicost[nudity]'") from None
    return NudeDetector()
