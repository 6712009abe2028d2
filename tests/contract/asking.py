"""What the contract tests ask every registered adapter, and how."""

from __future__ import annotations

import json
from collections import defaultdict

from unicost import registry
from unicost.interfaces import Answer
from unicost.records import Instance, Task

from tests.data.instances import instance

ADAPTERS = registry.names("adapter")
CASES = [(name, task) for name in ADAPTERS for task in sorted(registry.resolve("adapter", name).tasks)]
SEEING = [case for case in CASES if case[1] in (Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT)]
DRAWING = [case for case in CASES if case[1] is Task.TEXT_TO_IMAGE]
WRITING = [case for case in CASES if case not in DRAWING]
TEXTS = ("draw a cat", "the red dog and the blue cat", "tell me what", "why", "how do you help with nothing please")
DECODINGS = (
    {},
    {"repetition_penalty": 1.3},
    {"do_sample": True, "temperature": 0.9, "top_k": 30, "top_p": 0.95},
    {"do_sample": True, "guidance_scale": 3.0},
)


def asked(task: Task) -> list[Instance]:
    """Five instances of different lengths."""
    return [instance(f"item {'x' * number}", text, task) for number, text in enumerate(TEXTS)]


def first(answer: Answer) -> dict[str, float]:
    """The first tokens of an answer, zero for those that it does not name."""
    return defaultdict(float, json.loads(answer.first_tokens or "{}"))
