"""The worker's side of the protocol between unicost and a program that drives a model; see docs/workers.md.

One file of the standard library alone, because it runs in the environment of the model's own code, whatever that holds.
A worker imports nothing heavy at its top and ends with ``serve(...)`` under ``if __name__ == "__main__":``.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PROTOCOL = 1


@dataclass(frozen=True)
class Start:
    """What the model is loaded with; ``settings`` are the worker's own, those of the model's entry filled in."""

    weights: Path
    device: str
    dtype: str
    settings: SimpleNamespace


@dataclass(frozen=True)
class Turn:
    """One turn: ``role`` is ``system``, ``user`` or ``assistant``; ``images`` holds PNG or JPEG bytes."""

    role: str
    text: str
    images: tuple[bytes, ...] = ()

    def pictures(self) -> list[Any]:
        """The images as Pillow images, upright and in RGB."""
        from PIL import Image, ImageOps

        return [ImageOps.exif_transpose(Image.open(io.BytesIO(one))).convert("RGB") for one in self.images]


@dataclass(frozen=True)
class Request:
    """One instance; the last turn is the user's. ``decoding`` has the fields of a model's entry by their names."""

    id: str
    task: str
    turns: tuple[Turn, ...]
    seed: int
    decoding: SimpleNamespace
    settings: SimpleNamespace

    def system(self) -> str | None:
        """The text of the system turn, if there is one."""
        return next((turn.text for turn in self.turns if turn.role == "system"), None)

    def sampling(self, *known: str) -> SimpleNamespace:
        """The decoding; raises ``ValueError`` where it asks for sampling that the model's code does not know.

        ``known`` are the fields of sampling that it does know; of a greedy decoding only the penalty is looked at.
        """
        fields = {"do_sample": False, "repetition_penalty": 1.0}
        if self.decoding.do_sample:
            fields = {**fields, "temperature": 1.0, "top_p": 1.0, "top_k": 0}
        for field, neutral in fields.items():
            if field not in known and getattr(self.decoding, field) != neutral:
                raise ValueError(f"the model's code knows no {field}; set it to {neutral}")
        return self.decoding

    def only(self) -> Turn:
        """The one turn besides the system's; raises ``ValueError`` where there are more, for models without memory."""
        turns = [turn for turn in self.turns if turn.role != "system"]
        if len(turns) > 1:
            raise ValueError(f"the request has {len(turns)} turns and the model takes one")
        return turns[0]


@dataclass(frozen=True)
class Answer:
    """A text, or an image: PNG bytes or a Pillow image. ``prompt`` is what the model read, special tokens and all."""

    text: str | None = None
    image: Any = None
    finish_reason: str | None = None
    prompt: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def serve(
    *,
    tasks: Iterable[str],
    load: Callable[[Start], Any],
    answer: Callable[[Any, Request], Answer] | None = None,
    answer_many: Callable[[Any, Sequence[Request]], Sequence[Answer]] | None = None,
    images: int = 0,
    batch: int = 1,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Load the model and answer until there is nothing more to answer.

    ``answer(model, request)`` is called once an instance, with the seed of ``random``, NumPy and torch set to the
    instance's; ``answer_many(model, requests)`` in its place takes up to ``batch`` at once, answers in their order, and
    sees to the seeds itself. What either raises is an error of its instances. ``images`` is the most that a turn may
    hold; ``settings`` names what a model's entry may set, with defaults.
    """
    requests, replies = _channel()
    defaults = dict(settings or {})
    start = json.loads(_next_line(requests) or sys.exit("no start line on standard input"))
    if start["protocol"] != PROTOCOL:
        sys.exit(f"this worker speaks protocol {PROTOCOL}, and protocol {start['protocol']} is wanted")
    model = load(Start(Path(start["weights"]), start["device"], start["dtype"], _settings(defaults, start["settings"])))
    _write(replies, {"protocol": PROTOCOL, "tasks": sorted(tasks), "images": images, "batch": batch})
    for lines in _batches(requests):
        asked = [_request(line, defaults) for line in lines]
        if answer_many is not None:
            for request, reply in zip(asked, _tried(lambda some=asked: answer_many(model, some), len(asked))):
                _write(replies, {"id": request.id, **reply})
        else:
            for request in asked:
                _seed(request.seed)
                (reply,) = _tried(lambda one=request: [answer(model, one)], 1)
                _write(replies, {"id": request.id, **reply})


def _channel() -> tuple[Any, Any]:
    """The protocol's two streams; from here on, all that is printed goes to standard error, and nobody reads input."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies


def _next_line(requests: Any) -> str:
    """The next line that is not empty, or nothing at the end."""
    return next((line for line in iter(requests.readline, "") if line.strip()), "")


def _batches(requests: Any) -> Iterator[list[str]]:
    """The lines between empty lines; nothing is answered before the empty line that ends a batch."""
    lines: list[str] = []
    for line in iter(requests.readline, ""):
        if line.strip():
            lines.append(line)
        elif lines:
            yield lines
            lines = []


def _request(line: str, defaults: Mapping[str, Any]) -> Request:
    given = json.loads(line)
    turns = tuple(
        Turn(turn["role"], turn["text"], tuple(base64.b64decode(image) for image in turn["images"]))
        for turn in given["turns"]
    )
    settings = _settings(defaults, given["settings"])
    return Request(given["id"], given["task"], turns, given["seed"], SimpleNamespace(**given["decoding"]), settings)


def _settings(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> SimpleNamespace:
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        sys.exit(f"unknown setting '{unknown[0]}'; known: {', '.join(sorted(defaults)) or 'none'}")
    return SimpleNamespace(**{**defaults, **given})


def _seed(seed: int) -> None:
    """Seed every generator that is in use. NumPy takes 32 bits, so the others are folded in."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed((seed ^ (seed >> 32)) % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _tried(answer: Callable[[], Sequence[Answer]], number: int) -> list[dict[str, Any]]:
    """The answers as they are sent, or the same error for each.

    After an error of CUDA itself every further call would fail, so that ends the process.
    """
    try:
        return [_reply(one) for one in answer()]
    except Exception as error:
        traceback.print_exc()
        if "CUDA error" in str(error):
            raise
        return [{"error": {"kind": type(error).__name__, "message": str(error)}}] * number


def _reply(answer: Answer) -> dict[str, Any]:
    reply = {**vars(answer), "image": _png(answer.image)}
    return {key: value for key, value in reply.items() if value is not None}


def _png(image: Any) -> str | None:
    if image is None:
        return None
    if not isinstance(image, bytes):
        buffer = io.BytesIO()
        image.save(buffer, format="PNG")
        image = buffer.getvalue()
    return base64.b64encode(image).decode()


def _write(replies: Any, message: Mapping[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()
