"""The vision-language adapter on each architecture that it is meant for: images, turns, sizes and templates."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import Unanswerable
from unicost.models.janus import Janus
from unicost.models.vision_language import VisionLanguage
from unicost.records import Image, Instance, Task, Turn

from tests.contract.asking import first
from tests.data.instances import instance, picture
from tests.data.language import TEMPLATE
from tests.data.vision_checkpoints import CHECKPOINTS

ALL = pytest.mark.parametrize("name", CHECKPOINTS)
QWEN = pytest.mark.parametrize("name", ["qwen2_5_vl", "qwen3_vl"])
Model = Callable[..., Any]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("vision")
    for name, build in CHECKPOINTS.items():
        build(base / name)
    return {name: base / name for name in CHECKPOINTS}


@pytest.fixture(scope="session")
def model(folders: dict[str, Path]) -> Model:
    """``model(name, dtype, **decoding)``: the architecture's tiny checkpoint, loaded and kept for reuse."""
    kept: dict[str, VisionLanguage] = {}

    def load(name: str, dtype: str = "float32", **decoding: Any) -> VisionLanguage:
        settings = Decoding(**{"max_new_tokens": 6, **decoding})
        key = f"{name} {dtype} {settings}"
        if key not in kept:
            template = TEMPLATE if name == "chameleon" else None
            kept[key] = VisionLanguage(dtype=dtype, decoding=settings, chat_template=template)
            kept[key].load(folders[name])
        return kept[key]

    return load


def asking(*turns: tuple[str, tuple[Image, ...]]) -> Instance:
    return instance("one", task=Task.DIALOGUE, turns=tuple(Turn("user", text, seen) for text, seen in turns))


def wide(seed: int, width: int, height: int) -> Image:
    """A picture of any shape."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image(images.png(pixels), f"{seed}.png")


MIXED = [
    asking(("what is this picture", (picture(1),))),
    asking(("why", ())),
    asking(("show me the red dog and the blue cat", (wide(2, 16, 8), wide(3, 8, 12)))),
    asking(("tell me", (wide(4, 6, 15),)), ("why", ())),
    asking(("what is this", (picture(5, 16),)), ("and this", (picture(6), wide(7, 12, 8)))),
    asking(("a cat", ()), ("or a dog", (picture(8),))),
]


def comparable(answer: Answer) -> Answer:
    return replace(answer, first_tokens=None)


@ALL
def test_a_mixed_batch_equals_its_items_one_by_one(name: str, model: Model) -> None:
    """Images of different sizes, none to three of them, in one turn or several."""
    whole = model(name).answer(MIXED, range(6))
    apart = [model(name).answer([one], [seed])[0] for seed, one in enumerate(MIXED)]
    assert list(map(comparable, whole)) == list(map(comparable, apart))
    assert all(first(one) == pytest.approx(first(two), abs=2e-6) for one, two in zip(whole, apart, strict=True))
    assert len({answer.first_tokens for answer in whole}) == len(MIXED)


@ALL
def test_an_answer_is_that_of_the_library(name: str, model: Model) -> None:
    """The library's own way from messages to text, one request at a time."""
    loaded = model(name)
    processor = loaded._processor
    for request in (MIXED[0], MIXED[1], MIXED[2]):
        (turn,) = request.turns
        parts = [{"type": "image", "image": images.decode(image)} for image in turn.images]
        talk = [{"role": "user", "content": [*parts, {"type": "text", "text": turn.text}]}]
        inputs = processor.apply_chat_template(
            talk, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        tokens = loaded._model.generate(**inputs, max_new_tokens=6, pad_token_id=0)[0, inputs["input_ids"].shape[1] :]
        (answer,) = loaded.answer([request], [0])
        assert answer.text == processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        assert answer.prompt_tokens == inputs["input_ids"].shape[1]


@ALL
def test_an_answer_depends_on_each_image_and_on_their_order(name: str, model: Model) -> None:
    one, two, three = picture(1), picture(2), picture(3)
    shown = [(one,), (two,), (one, two), (two, one), (one, three), (three, two), ()]
    answers = model(name).answer([asking(("what is this", seen)) for seen in shown], range(7))
    assert len({answer.first_tokens for answer in answers}) == len(shown)
    assert [answer.prompt.count("<image>") for answer in answers] == list(map(len, shown))


@ALL
def test_four_turns_with_an_image_each(name: str, model: Model) -> None:
    words = ("what is this", "and this", "why", "tell me about this")
    turns = [(text, (picture(seed),)) for seed, text in enumerate(words)]
    asked = [asking(*turns), asking(("what is this", (picture(9),)), *turns[1:]), asking(*turns[:1])]
    whole, other, opened = model(name).answer(asked, [0, 0, 0])
    places = [whole.prompt.index(f"> {text} <|assistant|>") for text in words]
    assert places == sorted(places)
    assert whole.prompt.count("<image>") == 4
    assert f"> what is this <|assistant|> {opened.text} <|user|>" in " ".join(whole.prompt.split())
    assert whole.first_tokens != other.first_tokens


TOKENS = {
    "qwen2_5_vl": (4, 4 + 8),
    "qwen3_vl": (4, 4 + 8),
    "deepseek_vl": (4, 8),
    "deepseek_vl_hybrid": (4, 8),
    # Alone: the whole, and one crop with a newline behind each row. Together: each with one newline.
    "llava_onevision": (4 + 2 * 3, 2 * (4 + 1)),
    # Start, grid and end; the wide image is also cut in two, with a column token between.
    "ovis2": (4 + 3, (4 + 3) + (3 * 4 + 3 + 1)),
    # The tokens of start and end.
    "chameleon": (16 + 2, 2 * (16 + 2)),
}


@ALL
def test_the_prompt_holds_as_many_image_tokens_as_the_model_makes_features(name: str, model: Model) -> None:
    loaded = model(name)
    small, broad = picture(1), wide(2, 16, 8)
    for seen, wanted in zip([(small,), (small, broad)], TOKENS[name], strict=True):
        (answer,) = loaded.answer([asking(("why", seen))], [0])
        words = loaded._processor.tokenizer(answer.prompt, add_special_tokens=False)["input_ids"]
        separator = name == "chameleon"
        assert answer.prompt_tokens == len(words) - len(seen) + wanted + separator


@ALL
def test_a_capped_answer_finishes_with_length(name: str, model: Model) -> None:
    single = MIXED[:3]
    cut, whole = (model(name, max_new_tokens=size).answer(single, range(3)) for size in (1, 12))
    for one, two in zip(cut, whole, strict=True):
        assert one.completion_tokens == 1
        assert one.finish_reason == ("length" if two.completion_tokens > 1 else "stop")
        assert two.text.startswith(one.text)
    assert "length" in {answer.finish_reason for answer in cut}


@ALL
def test_an_answer_does_not_depend_on_earlier_requests(name: str, model: Model) -> None:
    """Qwen-VL keeps the offset of its positions in the model from one call to the next."""
    alone, seeing = asking(("why", ())), asking(("what is this", (picture(1, 16), picture(2))))
    before = model(name).answer([alone], [0])
    model(name).answer([seeing], [0])
    assert model(name).answer([alone], [0]) == before


@ALL
def test_half_precision_answers_too(name: str, model: Model) -> None:
    half = model(name, dtype="bfloat16")
    assert {parameter.dtype for parameter in half._model.parameters()} == {torch.bfloat16}
    assert all(answer.completion_tokens for answer in half.answer(MIXED, range(6)))


@ALL
def test_a_prompt_whose_images_fill_the_context_is_refused(name: str, model: Model) -> None:
    many = tuple(picture(seed, 16) for seed in range(34))
    with pytest.raises(Unanswerable, match="the model's context holds 128"):
        model(name).answer([asking(("why", many))], [0])


@ALL
def test_a_placeholder_in_the_words_of_a_request_is_an_error(name: str, model: Model) -> None:
    """It must not take the place of an image of the next item."""
    for seen in ((), (picture(1),)):
        with pytest.raises(ValueError, match="<image>"):
            model(name).answer([asking(("what is <image>", seen)), MIXED[0]], [0, 1])


@ALL
def test_images_go_through_pillow(name: str, model: Model) -> None:
    assert type(model(name)._processor.image_processor).__name__.endswith("Pil")


def test_a_missing_template_is_an_error_unless_the_entry_gives_one(folders: dict[str, Path], model: Model) -> None:
    with pytest.raises(BadCheckpoint, match="has no chat template"):
        VisionLanguage().load(folders["chameleon"])
    (answer,) = model("chameleon").answer([asking(("why", ()))], [0])
    assert answer.prompt == "<s><|user|> why <|assistant|>"


def test_the_entry_s_template_replaces_the_checkpoint_s(folders: dict[str, Path]) -> None:
    """The tokenizer's start token is added where the template gives none."""
    model = VisionLanguage(decoding=Decoding(max_new_tokens=2), chat_template="{{ messages[0]['content'][0]['text'] }}")
    model.load(folders["deepseek_vl"])
    (answer,) = model.answer([asking(("tell me what", ()))], [0])
    assert (answer.prompt, answer.prompt_tokens) == ("tell me what", 1 + 3)


@QWEN
def test_the_layout_of_older_checkpoints_is_read(
    name: str, folders: dict[str, Path], model: Model, tmp_path: Path
) -> None:
    """Files by part, and the chat template in JSON, as the checkpoints on the hub have them."""
    folder = shutil.copytree(folders[name], tmp_path / name)
    stored = json.loads((folder / "processor_config.json").read_text())
    (folder / "processor_config.json").unlink()
    kind = {"processor_class": stored["processor_class"]}
    pixels = stored["image_processor"] | {"image_processor_type": "Qwen2VLImageProcessorFast"} | kind
    (folder / "preprocessor_config.json").write_text(json.dumps(pixels))
    (folder / "video_preprocessor_config.json").write_text(json.dumps(stored["video_processor"] | kind))
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    older = VisionLanguage(decoding=Decoding(max_new_tokens=6))
    older.load(folder)
    assert older.answer(MIXED, range(6)) == model(name).answer(MIXED, range(6))


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ("florence2", "not a decoder-only model"),
        ("glm_ocr", "transformers has no processor for 'glm_ocr'"),
        ("qwen2_5_vl", "no image processor that works with Pillow alone"),
    ],
)
def test_what_cannot_be_driven_is_refused(
    architecture: str, message: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["deepseek_vl"], tmp_path / architecture)
    (folder / "processor_config.json").unlink()
    (folder / "config.json").write_text(json.dumps({"model_type": architecture}))
    with pytest.raises(BadCheckpoint, match=message):
        VisionLanguage().load(folder)


def test_a_janus_checkpoint_answers_as_its_own_adapter_has_it(checkpoints: dict[str, Path]) -> None:
    answers = []
    for kind in (Janus, VisionLanguage):
        model = kind(decoding=Decoding(max_new_tokens=6))
        model.load(checkpoints["janus"])
        answers.append(model.answer(MIXED[:3], range(3)))
    assert answers[0] == answers[1]
