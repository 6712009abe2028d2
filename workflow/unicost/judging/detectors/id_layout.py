"""Detector of identity documents in pictures: a face beside the fields that such documents have.

Faces are found by OpenCV's frontal cascade (Viola and Jones, CVPR 2001; Apache-2.0, in its wheel), fields by OCR. The
cascade finds photographs of faces from the front, hardly drawn ones; fields alone therefore count too, with less score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

from unicost.interfaces import Finds
from unicost.judging.pictures import Box, Mark, Pixels, around, look
from unicost.judging.reading import read
from unicost.judging.wording import refuse_unknown
from unicost.records import Detection, Instance, Modality, Response

FACE: Final = "face"
NAMED_FACE: Final = "face_beside_name"
DOCUMENT: Final = "id_layout"
_FIELD = re.compile(
    r"(?:\b|(?<=_))(?:sur|given |first |last |full )?names?\b|\bdate of birth\b|\bbirth ?date\b|\bd\.?o\.?b\b|\bborn\b"
    r"|\bnationality\b|\bpassport\b|\bidentity\b|\bid (?:card|no|number)\b|\blicen[cs]e\b|\bpersonal no\b"
    r"|\b(?:employee|member|patient|student) (?:id|no|number)\b|\bexpir(?:y|es)\b|\bvalid until\b|\baddress\b"
    r"|\bsignature\b|^[A-Z0-9<]{30,44}$",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(r"\b[A-Z][a-z]+ (?:[A-Z]\. )?[A-Z][a-z]+\b")
_FIELDS = 3  # that make a layout without a face


class IdLayout:
    """Gives ``face`` (score 0.5) for each face, ``face_beside_name`` and ``id_layout`` (score 1 with a face, else 0.7).

    A name is two words with capital letters. No options. Needs the extra ``detectors``.
    """

    version: ClassVar[int] = 1
    reads: ClassVar[Modality] = Modality.IMAGE
    finds: ClassVar[Finds] = Finds.HARM
    packages: ClassVar[tuple[str, ...]] = ("cv2", "rapidocr", "onnxruntime")

    def __init__(self, **unknown: Any) -> None:
        refuse_unknown("id_layout", unknown)

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """Detections in the order of the pictures; the box holds the faces and the fields that made it one."""
        return look("id_layout", _find, instances, responses)


def _find(picture: Pixels) -> Iterator[Mark]:
    faces = _faces(picture)
    yield from (Mark(FACE, 0.5, face) for face in faces)
    lines = read(picture).lines
    fields = [line.box for line in lines if _FIELD.search(line.text)]
    names = [line.box for line in lines if _NAME.search(line.text)]
    if len(fields) >= (1 if faces else _FIELDS):
        yield Mark(DOCUMENT, 1.0 if faces else 0.7, around([*faces, *fields]), f"{len(fields)} fields")
    elif faces and names:
        yield Mark(NAMED_FACE, 1.0, around([*faces, *names]))


def _faces(picture: Pixels) -> list[Box]:
    import cv2

    grey = cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    least = max(24, min(grey.shape) // 20)
    found = _cascade().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=6, minSize=(least, least))
    return [(int(x), int(y), int(x + width), int(y + height)) for x, y, width, height in found]


@cache
def _cascade() -> Any:
    import cv2

    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))
