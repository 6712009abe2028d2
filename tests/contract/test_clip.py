"""CLIP chooses among its labels as its library's similarities say, and tells what it cannot be asked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from unicost.config import Decoding, ModelRun
from unicost.models import images
from unicost.models.clip import Clip
from unicost.models.conversation import Unanswerable
from unicost.records import Instance, Task, Turn

from tests.data.instances import instance, picture

LABELS = ["a cat", "a dog", "no"]


def loaded(checkpoints: dict[str, Path], **settings: Any) -> Clip:
    model = Clip(**{"labels": LABELS, "template": "{request} {label}", **settings})
    model.load(checkpoints["clip"])
    return model


def seen(number: int, text: str = "what is this") -> Instance:
    return instance(str(number), task=Task.IMAGE_TO_TEXT, turns=(Turn("user", text, (picture(number),)),))


def probabilities(model: Any, request: Instance, texts: list[str]) -> list[float]:
    """As the library's own example computes them."""
    words = model._tokenizer(texts, padding=True, return_tensors="pt")
    pixels = model._pixels(images.decode(request.turns[0].images[0]), return_tensors="pt")
    with torch.inference_mode():
        return model._model(**words, **pixels).logits_per_image.softmax(-1)[0].tolist()


def test_the_answer_is_the_label_that_its_library_prefers(checkpoints: dict[str, Path]) -> None:
    model, requests = loaded(checkpoints), [seen(number) for number in range(12)]
    answers = model.answer(requests, range(12))
    for request, answer in zip(requests, answers, strict=True):
        wanted = probabilities(model, request, ["what is this a cat", "what is this a dog", "what is this no"])
        assert answer.text == LABELS[wanted.index(max(wanted))]
        assert json.loads(answer.first_tokens) == pytest.approx({"a": wanted[0] + wanted[1], "no": wanted[2]}, abs=2e-6)
        assert answer.prompt == "what is this a cat\nwhat is this a dog\nwhat is this no"
    assert len({answer.text for answer in answers}) > 1


def test_the_answer_depends_on_the_request_where_the_template_holds_it(checkpoints: dict[str, Path]) -> None:
    requests = [seen(1, text) for text in ("what is this", "why", "no help", "tell me")]
    reading, blind = loaded(checkpoints), loaded(checkpoints, template="it is {label}")
    assert len({answer.first_tokens for answer in reading.answer(requests, range(4))}) == 4
    assert len({answer.first_tokens for answer in blind.answer(requests, range(4))}) == 1


def test_labels_are_drawn_as_often_as_they_are_probable(checkpoints: dict[str, Path]) -> None:
    model = loaded(checkpoints, decoding=Decoding(do_sample=True))
    drawn = Counter(answer.text for answer in model.answer([seen(1)] * 400, range(400)))
    texts = [f"what is this {label}" for label in LABELS]
    for label, wanted in zip(LABELS, probabilities(model, seen(1), texts), strict=True):
        assert drawn[label] / 400 == pytest.approx(wanted, abs=0.1)


def test_a_shared_list_of_texts_is_read_once(checkpoints: dict[str, Path]) -> None:
    model, sizes = loaded(checkpoints, template="it is {label}"), []
    model._model.text_model.register_forward_hook(lambda _, __, output: sizes.append(len(output.pooler_output)))
    model.answer([seen(number) for number in range(5)], range(5))
    assert sizes == [3]


def test_a_request_cannot_use_the_places_of_the_template(checkpoints: dict[str, Path]) -> None:
    (answer,) = loaded(checkpoints, labels=["no", "{request}"]).answer([seen(1, "{label}")], [0])
    assert answer.prompt == "{label} no\n{label} {request}"


def test_a_text_beyond_the_context_is_refused(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(Unanswerable, match="a text has 84 tokens and the model's context holds 77"):
        loaded(checkpoints).answer([seen(1, "cat " * 26)], [0])


@pytest.mark.parametrize(
    ("task", "turns", "template", "why"),
    [
        (Task.IMAGE_TO_TEXT, (Turn("user", "why", (picture(1),)),), "{label}", None),
        (Task.TEXT_IMAGE_TO_TEXT, (Turn("user", "why", (picture(1),)),), "{request} {label}", None),
        (Task.TEXT_IMAGE_TO_TEXT, (Turn("user", "why", (picture(1),)),), "{label}", "would go unread"),
        (Task.IMAGE_TO_TEXT, (Turn("user", "why", (picture(1), picture(2))),), "{label}", "the request has 2"),
        (Task.IMAGE_TO_TEXT, (Turn("user", "why"),), "{label}", "the request has 0"),
        (Task.IMAGE_TO_TEXT, (Turn("system", "no"), Turn("user", "why", (picture(1),))), "{label}", "a single turn"),
    ],
)
def test_what_it_cannot_be_asked_is_known_without_loading(
    task: Task, turns: tuple[Turn, ...], template: str, why: str | None
) -> None:
    said = Clip(labels=LABELS, template=template).unsupported(instance("one", task=task, turns=turns))
    assert said is None if why is None else why in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "'labels' must list two or more different answers"),
        ({"labels": ["yes"]}, "'labels' must list two or more"),
        ({"labels": ["yes", "yes"]}, "'labels' must list two or more"),
        ({"labels": "yes"}, "'labels' must list two or more"),
        ({"labels": ["yes", " "]}, "'labels' must list two or more"),
        ({"labels": ["yes", "no"], "template": "a photo"}, "'template' must hold {label}"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    run = ModelRun(adapter="clip", weights="folder", checkpoint="somewhere", options=options)
    with pytest.raises(ValueError, match=message):
        run.build()


def test_a_system_prompt_is_refused() -> None:
    run = ModelRun(
        adapter="clip", weights="folder", checkpoint="x", options={"labels": LABELS}, system_prompt="be brief"
    )
    with pytest.raises(ValueError, match="takes no system_prompt"):
        run.build()
