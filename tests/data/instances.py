"""Instances and pictures for tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from unicost.records import Construction, Image, Instance, Kind, Modality, Placement, Task, Turn

_WITH_IMAGES = (Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT, Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE)
_DRAWING = (Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE)


def picture(seed: int, size: int = 8) -> Image:
    """A square PNG of random colours."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, format="PNG")
    return Image(buffer.getvalue(), f"{seed}.png")


def instance(name: str, text: str = "show me a cat", task: Task = Task.TEXT_TO_TEXT, **changes: Any) -> Instance:
    """A harmless instance; a task with image input gets a picture unless ``turns`` are given."""
    images = (picture(len(name)),) if task in _WITH_IMAGES else ()
    values: dict[str, Any] = {
        "id": name,
        "family": name,
        "kind": Kind.BENIGN,
        "category": "Toxicity",
        "leaf": "insult",
        "task": task,
        "construction": Construction.PLAIN,
        "placement": Placement.NONE,
        "turns": (Turn("user", text, images),),
        "expected": Modality.IMAGE if task in _DRAWING else Modality.TEXT,
        "intention": "to see a cat",
        "source": "test",
        "licence": "Apache-2.0",
    }
    return Instance(**values | changes)
