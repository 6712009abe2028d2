"""What is particular to Emu3: images as tokens on the way in, a grid of tokens on the way out."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from unicost import registry
from unicost.checkpoints.multimodal import messages
from unicost.config import Decoding, ModelRun
from unicost.models import images
from unicost.models.conversation import Unanswerable, render
from unicost.models.decoding import generation_config
from unicost.models.emu3 import Emu3
from unicost.models.respond import respond
from unicost.models.token_grid import TokenGrid
from unicost.models.weights import fetch
from unicost.records import Instance, Response, Task, Turn
from unicost.store import read_records, write_records

from tests.data.instances import instance, picture

TALK = (Turn("user", "draw a cat"), Turn("assistant", "yes"), Turn("user", "draw a dog"))
SMALL, LARGE, OTHER = picture(1), picture(2, 24), picture(3)


def loaded(checkpoints: dict[str, Path], *, decoding: Decoding | None = None, **options: Any) -> Any:
    model = Emu3(decoding=decoding or Decoding(max_new_tokens=8), **{"image_area": 256, **options})
    model.load(checkpoints["emu3"])
    return model


def drawing(text: str = "draw a cat", name: str = "one") -> Instance:
    return instance(name, text, Task.TEXT_TO_IMAGE)


def pixels(answer: Any) -> np.ndarray:
    return np.asarray(PillowImage.open(io.BytesIO(answer.image_png)))


def library_rows(model: Any, texts: list[str], negative: str, scale: float) -> tuple[list[list[int]], list[int]]:
    """Image tokens as the library's documentation generates them: greedy, by ``prefix_allowed_tokens_fn``."""
    processor, words = model._processor, model._processor.tokenizer
    options = {"padding": True, "return_tensors": "pt", "return_for_image_generation": True, "image_area": 256}
    inputs, unwanted = processor(text=texts, **options), processor(text=[negative] * len(texts), **options)
    height, width = inputs.pop("image_sizes")[0]
    closing = [words.eof_token_id, words.eoi_token_id, words.eos_token_id]

    def allowed(_: int, ids: torch.Tensor) -> list[int]:
        offset = len(ids) - torch.nonzero(ids == words.image_wrapper_token_id)[0].item()
        rows = (width + 1) * height
        if offset > rows:
            return [closing[offset - rows - 1]]
        return model._model.vocabulary_mapping.image_tokens if offset % (width + 1) else [line_end]

    line_end = words.convert_tokens_to_ids("<|extra_200|>")
    config = generation_config(model._model, words, max_new_tokens=height * (width + 1) + 3, guidance_scale=scale)
    output = model._model.generate(
        **inputs,
        generation_config=config,
        prefix_allowed_tokens_fn=allowed,
        negative_prompt_ids=unwanted["input_ids"],
        negative_prompt_attention_mask=unwanted["attention_mask"],
    )
    longest = inputs["input_ids"].shape[1]
    return output[:, longest:].tolist(), inputs["attention_mask"].sum(-1).tolist()


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_it_draws_the_tokens_of_its_library(scale: float, checkpoints: dict[str, Path]) -> None:
    model = loaded(checkpoints, decoding=Decoding(guidance_scale=scale), negative_prompt="the red house")
    kept: list[torch.Tensor] = []
    png = model._png
    model._png = lambda row, *size: (kept.append(row), png(row, *size))[1]
    texts = ["draw a cat", "why"]
    answers = model.answer([drawing(text, text) for text in texts], [0, 1])
    wanted, sizes = library_rows(model, texts, "the red house", scale)
    assert [row.tolist() for row in kept] == wanted
    assert [answer.prompt_tokens for answer in answers] == sizes
    assert [answer.completion_tokens for answer in answers] == [9, 9]


def test_its_pixels_are_those_of_its_library(adapter: Any) -> None:
    """The library cuts fractions off where the adapter rounds."""
    model = adapter("emu3")
    mapping = model._model.vocabulary_mapping
    line = [*mapping.image_tokens[3:5], mapping.eol_token_id]
    tokens = torch.tensor([*line, *line, 0, 0, 0])
    decoded = model._model.decode_image_tokens(image_tokens=tokens[None], height=2, width=2)
    theirs = model._processor.postprocess(list(decoded.float()), return_tensors="PIL.Image.Image")["pixel_values"][0]
    ours = np.asarray(PillowImage.open(io.BytesIO(model._png(tokens, 2, 2))))
    assert set(np.unique(ours.astype(int) - np.asarray(theirs).astype(int))) <= {0, 1}
    assert len(np.unique(ours)) > 9


def test_an_image_in_the_prompt_is_its_tokens(adapter: Any) -> None:
    """The same scores as with the library's pixels; as many tokens as its processor counts, and one start token."""
    model = adapter("emu3")
    turn = Turn("user", "tell me what", (LARGE,))
    prompt = render(model._processor, messages([turn]))
    shown = images.decode(LARGE)
    ours = model._tokenise([prompt], [shown])
    theirs = model._processor(text=[prompt.removeprefix("<s>")], images=[shown], return_tensors="pt")
    with torch.inference_mode():
        assert torch.allclose(model._model(**ours).logits, model._model(**theirs).logits, atol=1e-5)
    row, placeholder = ours["input_ids"][0], model._processor.image_token_id
    (count,) = model._processor._get_num_multimodal_tokens([(24, 24)])["num_image_tokens"]
    assert (theirs["input_ids"] == placeholder).sum() == count == 3 * (3 + 1)
    assert row.shape == theirs["input_ids"][0].shape
    assert placeholder not in row
    assert row[0] == 1
    assert (row == 1).sum() == 1


def test_an_image_is_read_alike_beside_a_larger_one(adapter: Any) -> None:
    """The library reads the padding of the smaller image too, and so takes other tokens for it."""
    model = adapter("emu3")
    shown = [images.decode(image) for image in (LARGE, *map(picture, range(6)))]
    prompts = ["<image> why"] * len(shown)
    together = model._tokenise(prompts, shown)["input_ids"]
    for row, prompt, image in zip(together, prompts, shown, strict=True):
        alone = model._tokenise([prompt], [image])["input_ids"][0]
        assert row[-len(alone) :].tolist() == alone.tolist()
    padded = model._processor(text=prompts, images=shown, padding=True, return_tensors="pt")
    shapes = padded["pixel_values"], padded["image_sizes"]
    assert model._model.model.get_image_tokens(*shapes).tolist() != model._image_tokens(*shapes).tolist()


def test_answers_to_images_of_several_sizes_do_not_depend_on_the_batch(adapter: Any) -> None:
    model = adapter("emu3")
    shown = [("one", (SMALL,)), ("two", (LARGE, OTHER)), ("none", ()), ("three", (OTHER,))]
    asked = [
        instance(name, task=Task.DIALOGUE, turns=(Turn("user", "tell me what", pictures),)) for name, pictures in shown
    ]
    together = [answer.text for answer in model.answer(asked, [0] * 4)]
    assert together == [model.answer([one], [0])[0].text for one in asked]
    assert len(set(together)) == 4


@pytest.mark.parametrize(("ratio", "area", "shape"), [("1:1", 256, (16, 16)), ("3:2", 384, (16, 24))])
def test_an_image_has_the_size_that_is_asked_for(
    ratio: str, area: int, shape: tuple[int, int], checkpoints: dict[str, Path]
) -> None:
    model = loaded(checkpoints, ratio=ratio, image_area=area, system_prompt="please", prompt_suffix=" red")
    (answer,) = model.answer([drawing()], [0])
    rows, columns = (side // 8 for side in shape)
    assert pixels(answer).shape == (*shape, 3)
    assert answer.completion_tokens == rows * (columns + 1) + 3
    assert answer.prompt == f"please draw a cat red<boi>{rows}*{columns}<|image token|>"


def test_a_negative_prompt_matters_under_guidance_alone(checkpoints: dict[str, Path]) -> None:
    def drawn(scale: float, negative: str) -> list[bytes]:
        decoding = Decoding(guidance_scale=scale, do_sample=True, top_k=8)
        model = loaded(checkpoints, decoding=decoding, negative_prompt=negative)
        return [answer.image_png for answer in model.answer([drawing(name=str(k)) for k in range(4)], range(4))]

    assert drawn(5.0, "") != drawn(5.0, "the blue house and the box")
    assert drawn(1.0, "") == drawn(1.0, "the blue house and the box")


def test_a_grid_leaves_no_token_out_of_place() -> None:
    grid = TokenGrid(2, 3, visual=[4, 6], line_end=1, closing=[0, 2], device="cpu")
    scores = torch.zeros(2, 8)
    left = [torch.isfinite(grid(None, scores)).all(0).nonzero().flatten().tolist() for _ in range(len(grid))]
    assert left == [*([[4, 6]] * 3 + [[1]]) * 2, [0], [2]]


def test_a_prompt_that_leaves_no_room_for_the_image_is_refused(adapter: Any) -> None:
    with pytest.raises(Unanswerable, match="the prompt has 123 tokens, the image 9, and the model's context holds 128"):
        adapter("emu3").answer([drawing("cat " * 119)], [0])


def test_a_drawing_out_of_a_conversation_is_never_asked(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    requests = [replace(drawing(name="talk"), turns=TALK), drawing(name="single")]
    write_records(tmp_path / "benchmark.parquet", requests, Instance)
    run = ModelRun(
        adapter="emu3", weights="folder", checkpoint=str(checkpoints["emu3"]), options={"image_area": 256}, batch_size=2
    )
    fetch(run, tmp_path / "weights")
    paths = {name: tmp_path / name for name in ("weights", "journal", "output")}
    respond(
        model="m", run=run, study_seed=0, tasks=list(Task), benchmark=tmp_path / "benchmark.parquet", shard=0, **paths
    )
    refused, drawn = read_records(tmp_path / "output", Response)
    assert (refused.error_kind, refused.error_message) == (
        "unsupported",
        "Emu3 draws from one text, and the request has 3 turns",
    )
    assert drawn.image is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [({"ratio": "square"}, "'ratio' must be width:height"), ({"image_area": 0}, "'image_area' must be a number")],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    run = ModelRun(adapter="emu3", weights="folder", checkpoint="somewhere", options=options)
    with pytest.raises(ValueError, match=message):
        run.build()


def test_a_checkpoint_of_its_namesake_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "Emu3"}')
    with pytest.raises(ValueError, match="a 'Emu3' checkpoint is not an Emu3 model of this kind"):
        registry.resolve("adapter", "emu3")().load(tmp_path)
