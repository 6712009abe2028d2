"""What the adapter of workers asks and is answered, with real processes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PillowImage
from unicost.config import Decoding
from unicost.models.worker import Worker
from unicost.records import Task, Turn

from tests.contract.asking import asked
from tests.contract.worker.reading import text
from tests.data.instances import instance, picture
from tests.data.working import add_worker

TINY = (Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT, Task.TEXT_TO_IMAGE)


@pytest.mark.parametrize("task", TINY)
def test_a_real_model_answers_by_seed_alone_whatever_its_code_prints(task: Task, tiny: Worker) -> None:
    one = asked(task)[1]
    answer, other, again = tiny.answer([one] * 3, [1, 2, 1])
    assert answer == again
    assert answer != other
    assert answer.error_kind is None
    assert (answer.image_png is None) == (task is not Task.TEXT_TO_IMAGE)
    assert one.turns[0].text in answer.prompt
    assert answer.prompt_tokens > 5
    if task is Task.TEXT_TO_IMAGE:
        assert PillowImage.open(io.BytesIO(answer.image_png)).size == (4, 4)


def test_a_real_model_sees_the_image(tiny: Worker) -> None:
    base = asked(Task.IMAGE_TO_TEXT)[0]
    seen = [replace(base, turns=(replace(base.turns[0], images=(picture(seed),)),)) for seed in (1, 2, 3, 1)]
    texts = [answer.text for answer in tiny.answer(seen, [0] * 4)]
    assert texts[0] == texts[3]
    assert len(set(texts)) > 1


def test_a_dialogue_meets_its_own_answers(tiny: Worker) -> None:
    first, last = Turn("user", "tell me what"), Turn("user", "why")
    alone, both = (
        instance(name, task=Task.DIALOGUE, turns=turns)
        for name, turns in (("alone", (first,)), ("both", (first, last)))
    )
    one, two = tiny.answer([alone, both], [7, 7])
    assert two.prompt == f"<s><|user|> tell me what <|assistant|> {one.text} <|user|> why <|assistant|>"


def test_the_worker_gets_the_request_whole(unruly: Any) -> None:
    worker = unruly(settings={"prefix": "other"}, decoding=Decoding(max_new_tokens=7), system_prompt="be kind")
    shown = instance("shown", task=Task.IMAGE_TO_TEXT, turns=(Turn("user", "look", (picture(1), picture(2))),))
    (answer,) = worker.answer([shown], [3])
    assert answer.prompt == "system:be kind:0|user:look:2"
    assert text(answer).endswith(" other 7")
    assert (answer.finish_reason, answer.prompt_tokens, answer.completion_tokens) == ("stop", 3, 4)


def test_a_seed_reaches_the_worker_in_every_round(unruly: Any) -> None:
    worker = unruly()
    turns = tuple(Turn("user", word) for word in ("one", "two"))
    (rounds,) = worker.answer([instance("talk", task=Task.DIALOGUE, turns=turns)], [5])
    same, other = worker.answer([instance("a", "two"), instance("b", "two")], [5, 6])
    draws = {text(answer).split()[-3] for answer in (rounds, same, other)}
    assert len(draws) == 3


def test_a_large_batch_of_large_images_does_not_block(unruly: Any) -> None:
    shown = Turn("user", "look", (picture(1, 400), picture(2, 400)))
    answers = unruly("many").answer(
        [instance(f"i{k}", task=Task.IMAGE_TO_TEXT, turns=(shown,)) for k in range(3)], [1] * 3
    )
    assert all(text(answer) for answer in answers)


def test_answers_may_come_in_any_order(place: Path) -> None:
    add_worker(place, "backwards", BACKWARDS)
    worker = Worker(worker="backwards")
    worker.load(place / "weights")
    answers = worker.answer([instance(word, word) for word in ("one", "two", "three")], range(3))
    worker.close()
    assert [answer.text for answer in answers] == ["one", "two", "three"]


BACKWARDS = """
import json, sys
print('{"protocol": 1, "tasks": ["text_to_text"], "batch": 3}', flush=True)
sys.stdin.readline()
lines = []
for line in sys.stdin:
    if line.strip():
        lines.append(json.loads(line))
    elif lines:
        for request in reversed(lines):
            print(json.dumps({"id": request["id"], "text": request["turns"][-1]["text"]}), flush=True)
        lines = []
"""
