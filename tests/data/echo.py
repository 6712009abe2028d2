"""A model made of arithmetic, to test the stage that asks models: quick, deterministic, and it fails on demand.

An answer is a function of the instance and its seed. Every batch that is asked, and every load, is a line of the file
``ECHO_LOG``. Words in the request make it fail: see ``_FAILURES``. It holds ``ECHO_HOLDS`` instances at once, half as
many where it draws, and above that its memory is full in the way of ``ECHO_MEMORY``. Run as a program it is one
``respond`` job of the adapter ``ECHO_ADAPTER``, which asks for ``ECHO_GPUS``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image as PillowImage
from unicost import registry
from unicost.config import Decoding, ModelRun
from unicost.interfaces import Answer
from unicost.models.respond import Summary, respond
from unicost.models.weights import fetch
from unicost.records import Instance, Task

PLUGIN = ("echo", "tests.data.echo:Echo")
"""Its name and place, to be registered by who uses it."""
STREAM = ("stream", "tests.data.echo:Stream")
"""The same for one that answers as an API does."""

_FAILURES: dict[str, BaseException] = {
    "value": ValueError("this cannot be answered"),
    "memory": RuntimeError("out of memory"),
    "defect": TypeError("a defect of the program"),
    "unfinished": NotImplementedError("a defect too"),
    "disk": OSError(28, "No space left on device"),
    "stop": KeyboardInterrupt(),
}


def _torch_is_full() -> None:
    import torch

    raise torch.OutOfMemoryError("Tried to allocate 20.00 GiB")


def _processor_is_full() -> None:
    import torch

    torch.empty(2**60, dtype=torch.uint8)


def _python_is_full() -> None:
    bytearray(2**62)


_FULL: dict[str, Callable[[], None]] = {"cuda": _torch_is_full, "cpu": _processor_is_full, "python": _python_is_full}


class Echo:
    """An adapter of two tasks."""

    version: ClassVar[int] = 1
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT, Task.TEXT_TO_IMAGE})

    def __init__(self, **options: Any) -> None:
        self._options = options

    def unsupported(self, instance: Instance) -> str | None:
        return "the echo knows no such word" if instance.turns[-1].text.startswith("unknown") else None

    def load(self, weights: Path) -> None:
        _note({"load": sorted(path.name for path in weights.iterdir()), "gpu": os.environ.get("CUDA_VISIBLE_DEVICES")})

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        _note({"ask": [instance.id for instance in instances]})
        time.sleep(float(os.environ.get("ECHO_SECONDS", "0")))
        if len(instances) > int(os.environ.get("ECHO_HOLDS", "64")) // (1 + (instances[0].task is Task.TEXT_TO_IMAGE)):
            _FULL[os.environ["ECHO_MEMORY"]]()
        for instance in instances:
            failure = _FAILURES.get(instance.turns[-1].text.split()[0])
            if failure is not None and "ECHO_MENDED" not in os.environ:
                raise failure
        return [_answer(instance, seed) for instance, seed in zip(instances, seeds, strict=True)]

    def close(self) -> None:
        _note({"close": True})


class Stream(Echo):
    """Answers the last first. Words make it misbehave: ``twice``, ``never``, ``error``; at ``slow`` it hangs."""

    def answer_each(self, instances: Sequence[Instance], seeds: Sequence[int]) -> Iterator[tuple[int, Answer]]:
        _note({"ask": [instance.id for instance in instances]})
        for place in reversed(range(len(instances))):
            word = instances[place].turns[-1].text.split()[0]
            if word == "slow":
                time.sleep(60)
            if word in _FAILURES:
                raise _FAILURES[word]
            if word == "error":
                yield place, Answer(error_kind="timeout", error_message="after 60 s")
            else:
                yield from [(place, _answer(instances[place], seeds[place]))] * {"never": 0, "twice": 2}.get(word, 1)


def _answer(instance: Instance, seed: int) -> Answer:
    digest = hashlib.sha256(f"{instance.content_hash()} {seed}".encode()).digest()
    if instance.task is not Task.TEXT_TO_IMAGE:
        return Answer(text=digest.hex(), finish_reason="stop", prompt_tokens=3, completion_tokens=1, prompt="p")
    buffer = io.BytesIO()
    PillowImage.new("RGB", (16, 16), (digest[0], digest[1], digest[2])).save(buffer, "PNG")
    return Answer(image_png=buffer.getvalue(), finish_reason="stop")


def _note(line: dict[str, Any]) -> None:
    """Append one line, which survives a kill."""
    handle = os.open(os.environ["ECHO_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, json.dumps(line).encode() + b"\n")
    os.close(handle)


def run_of(weights: Path, **changes: Any) -> ModelRun:
    """A run of the echo; its weights are a folder of two small files."""
    return ModelRun.model_validate(
        {
            "adapter": "echo",
            "weights": "folder",
            "checkpoint": str(weights),
            "batch_size": 8,
            "decoding": Decoding(),
            "gpus": int(os.environ.get("ECHO_GPUS", "0")),
        }
        | changes
    )


def weights_in(folder: Path) -> Path:
    """Fetch the echo's weights below ``folder``; the folder that they are in."""
    checkpoint = folder / "checkpoint"
    checkpoint.mkdir(parents=True)
    (checkpoint / "config.json").write_text('{"model_type": "echo"}')
    (checkpoint / "model.safetensors").write_bytes(b"nothing")
    fetch(run_of(checkpoint), folder / "weights")
    return folder / "weights"


def ask(folder: Path, output: str, **changes: Any) -> Summary:
    """Answer ``folder/benchmark.parquet`` with the echo."""
    changes = {"tasks": list(Task), "run": run_of(folder / "checkpoint"), "study_seed": 7} | changes
    return respond(
        model="echo",
        benchmark=folder / "benchmark.parquet",
        weights=folder / "weights",
        journal=folder / "journal.sqlite",
        output=folder / output,
        **changes,
    )


if __name__ == "__main__":
    registry.PLUGINS["adapter"].update([PLUGIN, STREAM])
    if len(sys.argv) > 3:
        limit = int(sys.argv[3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    folder = Path(sys.argv[1])
    ask(folder, sys.argv[2], run=run_of(folder / "checkpoint", adapter=os.environ.get("ECHO_ADAPTER", "echo")))
