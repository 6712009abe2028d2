"""The adapters of diffusers pipelines on each kind of pipeline that they are meant for."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from unicost.checkpoints.loading import BadCheckpoint
from unicost.models import images
from unicost.models.conversation import Unanswerable
from unicost.models.image_editor import PIPELINES, ImageEditor
from unicost.models.text_to_image import TextToImage
from unicost.records import Image, Instance, Task, Turn

from tests.data.diffusion_checkpoints import EDITORS, GENERATORS
from tests.data.instances import instance, picture

SIZED = {"num_inference_steps": 2, "height": 16, "width": 16}
SHORT = {"max_sequence_length": 32}
GENERATING: dict[str, dict[str, Any]] = {
    "stable_diffusion": SIZED,
    "stable_diffusion_xl": SIZED,
    "flux": SIZED | SHORT,
    "flux2_klein": SIZED | SHORT,
}
EDITING: dict[str, dict[str, Any]] = {
    "instruct_pix2pix": {"num_inference_steps": 2},
    "flux_kontext": SHORT | {"num_inference_steps": 2, "max_area": 16 * 16},
    "flux2_klein": SIZED | SHORT | {"most_images": None},
    "qwen_image_edit_plus": SIZED | {"most_images": None},
}
SEVERAL = ["flux2_klein", "qwen_image_edit_plus"]
CHECKED = {"stable_diffusion": TextToImage, "instruct_pix2pix": ImageEditor}
Load = Callable[..., Any]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("pipelines")
    for name, build in (GENERATORS | EDITORS).items():
        build(base / name)
    return {name: base / name for name in GENERATORS | EDITORS}


@pytest.fixture(autouse=True)
def small_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """These two scale every input image to a megapixel."""
    from diffusers.pipelines.flux import pipeline_flux_kontext
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus

    monkeypatch.setattr(pipeline_flux_kontext, "PREFERRED_KONTEXT_RESOLUTIONS", [(16, 16)])
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", 32 * 32)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", 32 * 32)


@pytest.fixture(scope="session")
def generator(folders: dict[str, Path]) -> Load:
    return _loader(TextToImage, folders, GENERATING)


@pytest.fixture(scope="session")
def editor(folders: dict[str, Path]) -> Load:
    return _loader(ImageEditor, folders, EDITING)


def _loader(kind: Any, folders: dict[str, Path], options: dict[str, dict[str, Any]]) -> Load:
    kept: dict[str, Any] = {}

    def load(name: str, **changes: Any) -> Any:
        key = f"{name} {changes}"
        if key not in kept:
            kept[key] = kind(**options[name] | changes)
            kept[key].load(folders[name])
        return kept[key]

    return load


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


@pytest.mark.parametrize("name", GENERATING)
def test_a_picture_is_the_library_s(name: str, folders: dict[str, Path], generator: Load) -> None:
    from diffusers import AutoPipelineForText2Image

    pipeline = AutoPipelineForText2Image.from_pretrained(folders[name], requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(prompt="draw a cat", generator=torch.Generator().manual_seed(5), **GENERATING[name]).images[0]
    assert np.array_equal(pixels(made(generator(name), drawing("draw a cat"), 5)), np.asarray(theirs))


@pytest.mark.parametrize("name", GENERATING)
def test_a_picture_depends_on_its_words_and_seed_alone(name: str, generator: Load) -> None:
    model = generator(name)
    requests = [drawing("draw a cat"), drawing("why"), drawing("draw a cat"), drawing("draw a cat")]
    one, other, reseeded, again = (answer.image_png for answer in model.answer(requests, [1, 1, 2, 1]))
    assert one == again == made(model, requests[0], 1)
    assert len({one, other, reseeded}) == 3


def test_a_scheduler_that_draws_by_itself_is_seeded_too(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["flux"], tmp_path / "flux")
    edited(folder, "scheduler/scheduler_config.json", stochastic_sampling=True)
    model = TextToImage(**GENERATING["flux"])
    model.load(folder)
    before = torch.get_rng_state()
    first, *others = (made(model, drawing("draw a cat"), seed) for seed in (1, 1, 2))
    assert first == others[0] != others[1]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", GENERATING)
def test_a_picture_says_how_it_was_drawn(name: str, generator: Load) -> None:
    with PillowImage.open(io.BytesIO(made(generator(name), drawing("why")))) as opened:
        told = json.loads(opened.text["sampling"])
        assert opened.size == (16, 16)
    defaults = {
        "stable_diffusion": {"guidance_scale": 7.5, "eta": 0.0, "guidance_rescale": 0.0},
        "stable_diffusion_xl": {"guidance_scale": 5.0, "eta": 0.0, "guidance_rescale": 0.0},
        "flux": {"guidance_scale": 3.5, "true_cfg_scale": 1.0},
        "flux2_klein": {"guidance_scale": 4.0},
    }
    assert told == GENERATING[name] | defaults[name]


def test_guidance_of_qwen_has_the_negative_prompt_without_which_there_is_none(editor: Load) -> None:
    request = editing(("draw a cat", (shown(1),)))
    guided, unguided, other = (
        made(editor("qwen_image_edit_plus", **options), request)
        for options in ({}, {"true_cfg_scale": 1.0}, {"negative_prompt": "a dog"})
    )
    assert len({guided, unguided, other}) == 3
    assert editor("qwen_image_edit_plus")._drawing.settings["negative_prompt"] == " "


@pytest.mark.parametrize("name", GENERATING)
def test_a_prompt_that_is_cut_is_remarked(name: str, generator: Load) -> None:
    short, long = generator(name).answer([drawing("why"), drawing("cat " * 90)], [0, 0])
    assert (short.finish_reason, long.finish_reason) == ("stop", "truncated_prompt")
    assert short.prompt_tokens < 32
    assert long.prompt_tokens > 77


@pytest.mark.parametrize("name", ["stable_diffusion", "stable_diffusion_xl"])
def test_clip_reads_75_tokens_between_its_start_and_end(name: str, generator: Load) -> None:
    model = generator(name)
    whole, cut = model.answer([drawing("b " * 75), drawing("b " * 76)], [0, 0])
    assert (whole.finish_reason, cut.finish_reason) == ("stop", "truncated_prompt")
    assert made(model, drawing("b " * 75), 0) == whole.image_png == cut.image_png


def test_a_prompt_that_one_encoder_reads_whole_is_not_cut(generator: Load) -> None:
    """CLIP reads 77 tokens of it and T5 all."""
    (answer,) = generator("flux", max_sequence_length=256).answer([drawing("b" * 120)], [0])
    assert answer.finish_reason == "stop"
    assert answer.prompt_tokens > 77


@pytest.mark.parametrize(("colour", "reason"), [(-1.0, "black"), (0.0, "constant")])
def test_a_picture_of_one_colour_is_remarked(
    colour: float, reason: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    """A decoder whose last layer gives the same for every pixel."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(folders["stable_diffusion"], tmp_path / "constant")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors["decoder.conv_out.weight"].zero_()
    tensors["decoder.conv_out.bias"].fill_(colour)
    save_file(tensors, path, metadata={"format": "pt"})
    model = TextToImage(**GENERATING["stable_diffusion"])
    model.load(folder)
    short, long = model.answer([drawing("why"), drawing("b" * 99)], [0, 0])
    assert (short.finish_reason, long.finish_reason) == (reason, f"truncated_prompt, {reason}")
    assert short.image_png is not None


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("strict", [False, True])
def test_a_withheld_picture_is_no_picture(name: str, strict: bool, folders: dict[str, Path], tmp_path: Path) -> None:
    """The strict checker's thresholds are below every similarity; those of the tiny checkpoint are above."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(folders[name], tmp_path / name)
    path = folder / "safety_checker" / "model.safetensors"
    tensors = load_file(path)
    tensors["concept_embeds_weights"].fill_(-2.0 if strict else 2.0)
    save_file(tensors, path, metadata={"format": "pt"})
    request = drawing("why") if name == "stable_diffusion" else editing(("why", (picture(1),)), ("a cat", ()))
    answers = []
    for safety_checker in (False, True):
        model = CHECKED[name](safety_checker=safety_checker, num_inference_steps=2)
        model.load(folder)
        answers += model.answer([request], [0])
    alone, checked = answers
    assert alone.image_png is not None
    if not strict:
        assert checked == alone
    else:
        assert (checked.image_png, checked.finish_reason) == (None, "filtered")
        assert "filtered by the system" in checked.provider_refusal


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
        **({"negative_prompt": " "} if name.startswith("qwen") else {}),
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


def test_what_cannot_be_asked_is_said_without_loading() -> None:
    one, two = picture(1), picture(2)
    generator, single, several = TextToImage(), ImageEditor(), ImageEditor(most_images=None)
    turns = (Turn("user", "a cat"), Turn("user", "a dog"))
    assert "2 turns" in generator.unsupported(instance("talk", task=Task.TEXT_TO_IMAGE, turns=turns))
    assert generator.unsupported(drawing("why")) is None
    assert single.unsupported(editing(("a cat", (one,)), ("a dog", ()))) is None
    assert "2 images and the editor takes 1" in single.unsupported(editing(("a cat", (one, two))))
    assert several.unsupported(editing(("a cat", (one, two)))) is None
    assert "first turn has no image" in several.unsupported(editing(("a cat", ()), ("a dog", (one,))))
    given = (Turn("user", "a cat", (one,)), Turn("assistant", "done"), Turn("user", "a dog"))
    assert "assistant" in several.unsupported(instance("talk", task=Task.TEXT_IMAGE_TO_IMAGE, turns=given))


def test_what_cannot_be_asked_is_not_answered(generator: Load, editor: Load) -> None:
    with pytest.raises(Unanswerable, match="'one': a turn has 2 images"):
        editor("instruct_pix2pix").answer([editing(("a cat", (picture(1), picture(2))))], [0])
    with pytest.raises(Unanswerable, match="'one': it holds an image"):
        generator("flux").answer([editing(("a cat", (picture(1),)))], [0])


@pytest.mark.parametrize("kind", [TextToImage, ImageEditor])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_steps": 4}, "unknown key 'num_steps': did you mean 'num_inference_steps'"),
        ({"num_inference_steps": 0}, "num_inference_steps: .* greater than or equal to 1"),
        ({"system_prompt": "help"}, "no system message"),
    ],
)
def test_options_that_are_none_are_refused(kind: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        kind(**options)
    assert "\n" not in str(raised.value)


def test_guidance_among_the_decoding_is_refused() -> None:
    from unicost.config import Decoding

    with pytest.raises(ValueError, match="options.guidance_scale"):
        TextToImage(decoding=Decoding(guidance_scale=3.0))


@pytest.mark.parametrize(
    ("kind", "name", "options", "message"),
    [
        (TextToImage, "stable_diffusion_xl", {"safety_checker": True}, "without safety checker"),
        (TextToImage, "stable_diffusion", {"true_cfg_scale": 2.0}, "has no `true_cfg_scale`"),
        (TextToImage, "instruct_pix2pix", {}, "does not draw from text"),
        (ImageEditor, "stable_diffusion", {}, "does not edit as it is told"),
        (ImageEditor, "instruct_pix2pix", {"most_images": 2}, "takes 1 image; set most_images: 1"),
        (ImageEditor, "flux_kontext", {"most_images": None}, "takes 1 image; set most_images: 1"),
    ],
)
def test_what_the_pipeline_cannot_heed_is_refused(
    kind: Any, name: str, options: dict[str, Any], message: str, folders: dict[str, Path]
) -> None:
    with pytest.raises(BadCheckpoint, match=message):
        kind(**options).load(folders[name])


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (None, "a folder with model_index.json is needed"),
        ("{", "not the JSON of a pipeline"),
        ('{"_class_name": ["pipeline", "Own"]}', "not the JSON of a pipeline"),
        ('{"_class_name": "OwnPipeline"}', "a OwnPipeline does not"),
    ],
)
def test_another_folder_is_refused(index: str | None, message: str, tmp_path: Path) -> None:
    if index:
        (tmp_path / "model_index.json").write_text(index)
    for kind in (TextToImage, ImageEditor):
        with pytest.raises(BadCheckpoint, match=message):
            kind().load(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: shutil.rmtree(folder / "scheduler"), "cannot be loaded"),
        (lambda folder: (folder / "tokenizer" / "tokenizer.json").unlink(), "no vocabulary of a CLIPTokenizer"),
        (lambda folder: edited(folder, "model_index.json", unet=["own_code", "Own"]), "cannot be loaded"),
        (lambda folder: edited(folder, "unet/config.json", cross_attention_dim=8), "cannot be loaded"),
    ],
)
def test_a_damaged_folder_is_refused(
    damage: Callable[[Path], None], message: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["stable_diffusion"], tmp_path / "damaged")
    damage(folder)
    with pytest.raises(BadCheckpoint, match=message) as raised:
        TextToImage().load(folder)
    assert "\n" not in str(raised.value)


def test_images_go_through_pillow(folders: dict[str, Path], editor: Load) -> None:
    model = TextToImage(safety_checker=True)
    model.load(folders["stable_diffusion"])
    assert type(model._drawing._pipeline.feature_extractor).__name__ == "CLIPImageProcessorPil"
    processor = editor("qwen_image_edit_plus")._drawing._pipeline.processor
    assert type(processor.image_processor).__name__ == "Qwen2VLImageProcessorPil"


def test_no_watermark_is_added(generator: Load) -> None:
    assert generator("stable_diffusion_xl")._drawing._pipeline.watermark is None


def test_a_folder_of_a_pipeline_is_a_checkpoint(folders: dict[str, Path], tmp_path: Path) -> None:
    from unicost.models.weights import link_folder

    link_folder(str(folders["flux"]), tmp_path / "weights")
    model = TextToImage(**GENERATING["flux"])
    model.load(tmp_path / "weights")
    assert replace(model.answer([drawing("why")], [0])[0], image_png=None).finish_reason == "stop"
