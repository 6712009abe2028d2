"""A worker without a model that does what the last word of a request says, so that failures can be had on demand."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from protocol import Answer, Request, Start, serve

PICTURE = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc```\0\0\0\4\0\1\xf6\x178U"
    b"\0\0\0\0IEND\xaeB`\x82"
)


def load(start: Start) -> Start:
    print("loading", start.weights.name)
    if start.settings.start == "die":
        sys.exit("no such checkpoint")
    return start


def answer(start: Start, request: Request) -> Answer:
    print("asked", request.turns[-1].text)
    word = request.turns[-1].text.split()[-1]
    if word == "die":
        print("a last word", file=sys.stderr)
        os._exit(3)
    if word == "hang":
        time.sleep(60)
    if word == "raise":
        raise ValueError("the prompt is too long")
    if word == "cuda":
        raise RuntimeError("CUDA error: device-side assert triggered")
    if word == "garbage":
        return Answer(image=b"no picture at all")
    if word == "number":
        return Answer(5)
    if word == "silence":
        return Answer()
    if word == "draw":
        return Answer(image=PICTURE)
    if word == "environment":
        return Answer(" ".join(sorted(os.environ)))
    heard = "|".join(f"{turn.role}:{turn.text}:{len(turn.images)}" for turn in request.turns)
    drawn = f"{random.random()} {request.settings.prefix} {request.decoding.max_new_tokens} {os.getpid()}"
    return Answer(f"{heard} {drawn}", finish_reason="stop", prompt=heard, prompt_tokens=3, completion_tokens=4)


def answer_many(start: Start, requests: Sequence[Request]) -> list[Answer]:
    return [Answer(f"{len(requests)} at once: {answer(start, one).text}") for one in requests]


if __name__ == "__main__":
    shared = {"tasks": ["text_to_text", "dialogue", "text_to_image", "image_to_text"], "load": load, "images": 2}
    settings = {"prefix": "plain", "start": "well"}
    if "many" in Path(sys.argv[0]).stem:
        serve(**shared, answer_many=answer_many, batch=3, settings=settings)
    else:
        serve(**shared, answer=answer, settings=settings)
