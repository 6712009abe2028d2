"""What the contract tests ask every registered adapter, and how."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from unicost import registry
from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.records import Instance, Task

from tests.data.checkpoints import OPTIONS
from tests.data.instances import instance

# A worker is asked in worker/: what it can do depends on its program. Models behind an API have no checkpoint
# and are asked in test_served.py, servers of this machine in test_local_servers.py.
SERVED = ("gemini", "openai_chat", "openai_images")
_ELSEWHERE = (*SERVED, "llama_cpp", "transformers_serve", "worker")
ADAPTERS = [name for name in registry.names("adapter") if name not in _ELSEWHERE]
CASES = [(name, task) for name in ADAPTERS for task in sorted(registry.resolve("adapter", name).tasks)]
EDITING = [case for case in CASES if case[1] in (Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE)]
SEEING = [case for case in CASES if case[1] in (Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT)] + EDITING
DRAWING = [case for case in CASES if case[1] is Task.TEXT_TO_IMAGE] + EDITING
WRITING = [case for case in CASES if case not in DRAWING]
TALKING = [name for name in ADAPTERS if (name, Task.DIALOGUE) in CASES]
TALKS = [case for case in WRITING if case[0] in TALKING]
DIFFUSION = ("image_editor", "text_to_image")
TEXTS = ("draw a cat", "the red dog and the blue cat", "tell me what", "why", "how do you help with nothing please")
DECODINGS = (
    {},
    {"repetition_penalty": 1.3},
    {"do_sample": True, "temperature": 0.9, "top_k": 30, "top_p": 0.95},
    {"do_sample": True, "guidance_scale": 3.0},
)


def configured(name: str, **decoding: Any) -> dict[str, Any]:
    """``decoding`` and ``options`` of a model's entry; a diffusion pipeline takes its guidance as an option."""
    options = dict(OPTIONS.get(name, {}))
    if name in DIFFUSION and "guidance_scale" in decoding:
        options["guidance_scale"] = decoding.pop("guidance_scale")
    return {"decoding": Decoding(**decoding), "options": options}


def build(name: str, **settings: Any) -> Any:
    """The adapter with the options of its tiny checkpoint, nothing loaded."""
    return registry.resolve("adapter", name)(**OPTIONS.get(name, {}), **settings)


def asked(task: Task) -> list[Instance]:
    """Five instances of different lengths."""
    return [instance(f"item {'x' * number}", text, task) for number, text in enumerate(TEXTS)]


def first(answer: Answer) -> dict[str, float]:
    """The first tokens of an answer, zero for those that it does not name."""
    return defaultdict(float, json.loads(answer.first_tokens or "{}"))
