"""The pipelines that the tests ask, with small pictures, and how they are asked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from unicost.records import Image, Instance, Task, Turn

from tests.data.instances import instance, picture

SIZED = {"num_inference_steps": 2, "height": 16, "width": 16}
SHORT = {"max_sequence_length": 32}
GENERATING: dict[str, dict[str, Any]] = {
    "stable_diffusion": SIZED,
    "stable_diffusion_xl": SIZED,
    "stable_diffusion_3": SIZED | SHORT,
    "pixart_sigma": SIZED | SHORT,
    "flux": SIZED | SHORT,
    "flux2_klein": SIZED | SHORT,
    "qwen_image": SIZED,
}
EDITING: dict[str, dict[str, Any]] = {
    "instruct_pix2pix": {"num_inference_steps": 2},
    "flux_kontext": SHORT | {"num_inference_steps": 2, "max_area": 16 * 16},
    "flux2_klein": SIZED | SHORT | {"most_images": None},
    "qwen_image_edit": SIZED,
    "qwen_image_edit_plus": SIZED | {"most_images": None},
}
UNGUIDED_WITHOUT = {"negative_prompt": " "}
"""What the adapters give Qwen-Image, whose library would otherwise draw without guidance."""
Load = Callable[..., Any]


def drawing(text: str) -> Instance:
    return instance("one", text, Task.TEXT_TO_IMAGE)


def editing(*turns: tuple[str, tuple[Image, ...]]) -> Instance:
    asked = tuple(Turn("user", text, shown) for text, shown in turns)
    return instance("one", task=Task.TEXT_IMAGE_TO_IMAGE, turns=asked)


def shown(seed: int) -> Image:
    """FLUX.2 takes no image below 64 pixels."""
    return picture(seed, 64)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(PillowImage.open(io.BytesIO(png)))


def made(adapter: Any, request: Instance, seed: int = 0) -> bytes:
    (answer,) = adapter.answer([request], [seed])
    assert answer.finish_reason == "stop"
    return answer.image_png


def edited(folder: Path, path: str, **values: Any) -> None:
    """Change keys of a JSON file of the checkpoint."""
    stored = json.loads((folder / path).read_text())
    (folder / path).write_text(json.dumps(stored | values))
