"""What the editing pipelines of diffusers make of pictures, words and turns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from unicost.models import images
from unicost.models.image_editor import PIPELINES
from unicost.records import Image

from tests.contract.diffusion.asking import EDITING, UNGUIDED_WITHOUT, Load, editing, made, pixels, shown
from tests.data.instances import picture

SEVERAL = ["flux2_klein", "qwen_image_edit_plus"]


@pytest.mark.parametrize("name", EDITING)
def test_an_edit_depends_on_image_words_and_seed(name: str, editor: Load) -> None:
    model = editor(name)
    requests = [editing(("a cat", (shown(1),))), editing(("a cat", (shown(2),))), editing(("why", (shown(1),)))]
    answers = model.answer([*requests, requests[0]], [0] * 4)
    assert answers[3] == answers[0]
    drawn = [answer.image_png for answer in answers[:3]] + [made(model, requests[0], 1)]
    assert len(set(drawn)) == 4


@pytest.mark.parametrize("name", EDITING)
def test_an_edit_is_the_library_s(name: str, folders: dict[str, Path], editor: Load) -> None:
    import diffusers

    model = editor(name)
    theirs = model._drawing._pipeline(
        prompt="a cat",
        image=images.decode(shown(1)),
        generator=torch.Generator().manual_seed(5),
        **{key: value for key, value in EDITING[name].items() if key != "most_images"},
        **(UNGUIDED_WITHOUT if name.startswith("qwen") else {}),
    ).images[0]
    assert type(model._drawing._pipeline) in {getattr(diffusers, known) for known in PIPELINES}
    assert np.array_equal(pixels(made(model, editing(("a cat", (shown(1),))), 5)), np.asarray(theirs))


@pytest.mark.parametrize("name", SEVERAL)
def test_two_images_count_both_and_in_their_order(name: str, editor: Load) -> None:
    one, two, three = shown(1), shown(2), shown(3)
    seen = [(one, two), (two, one), (one, three), (one,)]
    assert len({made(editor(name), editing(("a cat", pair))) for pair in seen}) == len(seen)


@pytest.mark.parametrize("name", ["instruct_pix2pix", "qwen_image_edit_plus"])
def test_four_turns_edit_what_the_turn_before_made(name: str, editor: Load) -> None:
    """A turn with an image of its own edits that one."""
    model, words = editor(name), ("a cat", "a dog", "a tree", "a house")
    current = shown(1)
    for number, text in enumerate(words):
        current = Image(made(model, editing((text, (current,))), 3 + (number << 32)))
    first, *later = words
    chained = editing((first, (shown(1),)), *((text, ()) for text in later))
    assert made(model, chained, 3) == current.bytes
    own = editing((first, (shown(1),)), ("a dog", (shown(2),)))
    assert made(model, own, 3) == made(model, editing(("a dog", (shown(2),))), 3 + (1 << 32))


def test_a_cut_instruction_of_an_earlier_turn_is_remarked(editor: Load) -> None:
    (answer,) = editor("instruct_pix2pix").answer([editing(("b" * 99, (picture(1),)), ("why", ()))], [0])
    assert answer.finish_reason == "truncated_prompt"
    assert answer.prompt == "why"


def test_large_images_are_scaled_down(editor: Load) -> None:
    wide = Image(images.png(np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)))
    drawn = made(editor("instruct_pix2pix", longest_side=32), editing(("a cat", (wide,))))
    assert pixels(drawn).shape == (16, 32, 3)
    assert pixels(made(editor("instruct_pix2pix"), editing(("a cat", (wide,))))).shape == (32, 64, 3)


def test_guidance_of_qwen_has_the_negative_prompt_without_which_there_is_none(editor: Load) -> None:
    request = editing(("draw a cat", (shown(1),)))
    guided, unguided, other = (
        made(editor("qwen_image_edit_plus", **options), request)
        for options in ({}, {"true_cfg_scale": 1.0}, {"negative_prompt": "a dog"})
    )
    assert len({guided, unguided, other}) == 3
    assert editor("qwen_image_edit_plus")._drawing.settings["negative_prompt"] == " "
