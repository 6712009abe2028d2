"""Text in pictures, read by RapidOCR (PP-OCR models, Apache-2.0; its wheel carries them)."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, NamedTuple

from unicost.judging.pictures import Box, Pixels, around


class Line(NamedTuple):
    """A line of text with the reader's confidence in [0, 1]."""

    text: str
    score: float
    box: Box


class Page(NamedTuple):
    """All lines of a picture as one text; ``starts`` are the positions at which the lines begin in it."""

    text: str
    lines: tuple[Line, ...]
    starts: tuple[int, ...]

    def box(self, start: int, end: int) -> Box:
        """The box around the lines that hold ``text[start:end]``."""
        places = zip(self.lines, self.starts)
        held = [line.box for line, begin in places if begin < end and start < begin + len(line.text)]
        return around(held or [line.box for line in self.lines])


def read(picture: Pixels, least: float = 0.5) -> Page:
    """The lines from top to bottom, without those that were read with less confidence than ``least``."""
    result = _engine()(picture[:, :, ::-1])
    lines = []
    if result.txts is not None:
        for text, score, corners in zip(result.txts, result.scores, result.boxes):
            if score >= least and text.strip():
                left, top = corners.min(0)
                right, bottom = corners.max(0)
                lines.append(Line(text.strip(), float(score), (int(left), int(top), int(right), int(bottom))))
    starts, length = [], 0
    for line in lines:
        starts.append(length)
        length += len(line.text) + 1
    # A line that begins with a capital letter may be a sentence of its own; any other goes on with the one before.
    text = "".join(("\n" if line.text[0].isupper() else " ") + line.text for line in lines)[1:]
    return Page(text, tuple(lines), tuple(starts))


@cache
def _engine() -> Any:
    """One engine for the process, on as many threads as OMP_NUM_THREADS says (one by default); quiet."""
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    settings = {
        "Global.log_level": "error",
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return RapidOCR(params=settings)
