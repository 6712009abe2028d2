"""Where the Janus adapter goes around its library, it gives what the library gives."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from unicost.models.decoding import generation_config
from unicost.records import Task

from tests.data.instances import instance


def test_janus_gives_the_pixels_of_its_library(adapter: Any) -> None:
    """The same image as the processor's own post-processing, which cuts fractions off instead of rounding."""
    model = adapter("janus")
    tokens = torch.randint(0, 16, (16,), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        decoded = model._model.decode_image_tokens(tokens[None]).permute(0, 3, 1, 2)
    theirs = model._processor.postprocess(list(decoded), return_tensors="PIL.Image.Image")["pixel_values"][0]
    difference = np.asarray(PillowImage.open(io.BytesIO(model._png(tokens)))).astype(int) - np.asarray(theirs).astype(
        int
    )
    assert set(np.unique(difference)) <= {0, 1}


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_janus_draws_the_tokens_of_its_library(scale: float, adapter: Any) -> None:
    """Greedy tokens equal those of the library's own path: its guidance, its static cache (1.00001: it fails at 1)."""
    model = adapter("janus", guidance_scale=scale)
    inputs = model._tokenise(
        ["<s><|user|> draw a cat <|assistant|>", "<s><|user|> why <|assistant|>"], generation_mode="image"
    )
    tokenizer = model._processor.tokenizer
    start = {"boi_token_id": tokenizer.convert_tokens_to_ids("<boi>")}
    config = generation_config(model._model, tokenizer, guidance_scale=max(scale, 1.00001), generation_kwargs=start)
    theirs = model._model.generate(**inputs, generation_mode="image", generation_config=config)
    assert model._image_tokens(inputs, [0, 1]).tolist() == theirs.tolist()


@pytest.mark.parametrize(("scale", "rows"), [(1.0, 2), (4.0, 4)])
def test_only_guidance_computes_unconditional_scores(scale: float, rows: int, adapter: Any) -> None:
    model, seen = adapter("janus", guidance_scale=scale), []
    hook = model._model.model.generation_head.register_forward_hook(lambda _, __, scores: seen.append(len(scores)))
    model.answer([instance(name, "draw a cat", Task.TEXT_TO_IMAGE) for name in "ab"], [0, 1])
    hook.remove()
    assert seen == [rows] * 16


def test_an_image_does_not_depend_on_earlier_requests(adapter: Any) -> None:
    """The library's own cache grows with its longest request, and the scores change in their last bits."""
    model, kept = adapter("janus"), []
    short, long = (instance("one", text, Task.TEXT_TO_IMAGE) for text in ("draw a cat", "cat " * 90))
    hook = model._model.model.generation_head.register_forward_hook(lambda _, __, scores: kept.append(scores))
    for request in (short, long, short):
        model.answer([request], [0])
    hook.remove()
    steps = len(kept) // 3
    assert torch.equal(torch.stack(kept[:steps]), torch.stack(kept[-steps:]))


def test_janus_draws_from_the_prompt_of_its_chat_template(adapter: Any) -> None:
    (answer,) = adapter("janus").answer([instance("one", "draw a cat", Task.TEXT_TO_IMAGE)], [0])
    assert answer.prompt == "<s><|user|> draw a cat <|assistant|><boi>"
