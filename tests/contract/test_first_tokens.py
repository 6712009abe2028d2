"""The first tokens that every adapter tells of a text answer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import GenerationMixin
from unicost.interfaces import Answer
from unicost.models.decoding import generation_config
from unicost.records import Task, Turn

from tests.contract.asking import CASES, DECODINGS, DRAWING, TALKING, WRITING, asked, first
from tests.data.instances import instance


def opens(answer: Answer) -> bool:
    """Whether the most probable first token opens a greedy answer; special tokens are not in its text."""
    token = next(iter(first(answer)))
    return token.startswith("<") or answer.text.split()[0] == token


def tokenizer_of(model: Any) -> Any:
    return getattr(model, "_tokenizer", None) or model._processor.tokenizer


@pytest.mark.parametrize(("name", "task"), CASES)
def test_a_text_answer_has_its_first_tokens(name: str, task: Task, adapter: Any) -> None:
    for answer in adapter(name).answer(asked(task), range(5)):
        assert (answer.first_tokens is None) == ((name, task) in DRAWING)
        tokens = first(answer)
        assert list(tokens.values()) == sorted(tokens.values(), reverse=True)
        assert all(0 < probability <= 1 for probability in tokens.values())
        assert sum(tokens.values()) <= 1 + 1e-5
        if answer.text is not None:
            assert len(tokens) == 20
            assert opens(answer)


@pytest.mark.parametrize(("name", "task"), [case for case in WRITING if case[1] is not Task.DIALOGUE])
def test_first_tokens_are_those_of_the_model_and_not_of_the_decoding(name: str, task: Task, adapter: Any) -> None:
    plain = adapter(name).answer(asked(task), range(5))
    for decoding in DECODINGS:
        answers = adapter(name, **decoding).answer(asked(task), range(5))
        assert [answer.first_tokens for answer in answers] == [answer.first_tokens for answer in plain]


@pytest.mark.parametrize("name", TALKING)
def test_first_tokens_are_the_softmax_of_the_model(name: str, adapter: Any) -> None:
    model = adapter(name)
    (answer,) = model.answer([instance("one", "tell me what")], [0])
    tokenizer = tokenizer_of(model)
    inputs = tokenizer(answer.prompt, add_special_tokens=False, return_token_type_ids=False, return_tensors="pt")
    with torch.inference_mode():
        probabilities = model._model(**inputs).logits[0, -1].double().softmax(-1)
    wanted = {tokenizer.decode([token]): probabilities[token].item() for token in probabilities.topk(20).indices}
    assert first(answer) == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize("name", TALKING)
def test_the_first_tokens_of_a_dialogue_open_its_last_answer(name: str, adapter: Any) -> None:
    turns = (Turn("user", "tell me what"), Turn("user", "why"))
    (answer,) = adapter(name).answer([instance("talk", task=Task.DIALOGUE, turns=turns)], [0])
    assert opens(answer)


@pytest.mark.parametrize("name", TALKING)
def test_the_repetition_penalty_is_that_of_the_library(name: str, adapter: Any) -> None:
    """It is applied by the adapter, behind the first tokens, and not by ``generate``; the answers are the same."""
    model, plain = adapter(name, repetition_penalty=3.0), adapter(name)
    tokenizer = tokenizer_of(model)
    config = generation_config(model._model, tokenizer, max_new_tokens=8, repetition_penalty=3.0)
    changed = 0
    for request in asked(Task.TEXT_TO_TEXT):
        (answer,) = model.answer([request], [0])
        inputs = tokenizer(answer.prompt, add_special_tokens=False, return_token_type_ids=False, return_tensors="pt")
        tokens = GenerationMixin.generate(model._model, **inputs, generation_config=config)[0, answer.prompt_tokens :]
        assert answer.text == tokenizer.decode(tokens, skip_special_tokens=True).strip()
        changed += answer.text != plain.answer([request], [0])[0].text
    assert changed
