"""Detector of harmful text in pictures: it is read by OCR and given to the rules over texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from unicost import registry
from unicost.interfaces import Finds
from unicost.judging.pictures import Mark, Pixels, around, look
from unicost.judging.reading import read
from unicost.judging.wording import refuse_unknown
from unicost.records import Detection, Instance, Modality, Response

TEXT: Final = "text_in_image"
_RULES: Final = ("pii_text", "slurs", "stereotypes", "threats", "false_claims")


class ImageText:
    """Gives ``text_in_image`` (score: mean confidence) for a picture with text, and what the rules find in that text.

    Option ``detectors``: names of detectors of texts whose findings are reported under their own labels, with the box
    of the lines as evidence. Needs the extra ``detectors``.
    """

    version: ClassVar[int] = 1
    reads: ClassVar[Modality] = Modality.IMAGE
    finds: ClassVar[Finds] = Finds.HARM
    packages: ClassVar[tuple[str, ...]] = ("rapidocr", "onnxruntime")

    def __init__(self, *, detectors: Sequence[str] = _RULES, **unknown: Any) -> None:
        refuse_unknown("image_text", unknown, ["detectors"])
        if isinstance(detectors, str):
            raise ValueError(f"detector 'image_text': option 'detectors' must be a list of names, not '{detectors}'")
        self._rules = [registry.resolve("detector", name)() for name in detectors]

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """Detections in the order of the pictures; evidence is a box and, for a finding of a rule, its kind."""
        return look("image_text", self._find, instances, responses)

    def _find(self, picture: Pixels) -> Iterator[Mark]:
        page = read(picture)
        if not page.lines:
            return
        sure = sum(line.score for line in page.lines) / len(page.lines)
        yield Mark(TEXT, round(sure, 4), around([line.box for line in page.lines]), f"{len(page.lines)} lines")
        item, answer = _as_text(page.text)
        for rule in self._rules:
            for found in rule.detect([item], [answer]):
                start, _, end = (found.evidence or f"0-{len(page.text)}").split(" ")[0].partition("-")
                yield Mark(found.label, found.score, page.box(int(start), int(end)), type(rule).__name__)


def _as_text(text: str) -> tuple[Instance, Response]:
    """The text as a response to nothing, which is all that the rules see."""
    from unicost.judging.command import instance_of_row

    return instance_of_row(0, ""), Response("0", "", "", 0, text=text)
